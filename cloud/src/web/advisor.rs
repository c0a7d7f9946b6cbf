//! The advisor's list by urgency, and everything about one car on one page.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::DAY_MS;
use serde::Deserialize;

use super::care::{self, DeedBar};
use super::charts::{Chart, charts};
use super::page::{Page, Section};
use super::render::Drawn;
use super::spark::{Spark, spark};
use super::view::{
    self, Fact, ItemView, NoticeRow, PartLine, RecordLine, ServiceLine, TileView, TripRow, TroubleView, TyreView,
};
use super::{AppState, Reader, render};
use crate::accounts::Advisor;
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;
use crate::store::{History, QueueCursor};
use crate::traces::traces;

/// How many cars one look goes through; the list is sorted, so the urgent ones are among them.
const LOOK_THROUGH: usize = 500;

/// How many cars a page shows.
const SHOWN: usize = 50;

/// How many messages a vehicle's page shows.
const MESSAGES: usize = 12;

#[derive(Template)]
#[template(path = "advisor/queue.html")]
struct QueuePage {
    page: Page,
    filter: Filter,
    query: String,
    list: List,
    bar: DeedBar,
}

#[derive(Template)]
#[template(path = "advisor/list.html")]
struct ListFragment {
    page: Page,
    list: List,
}

#[derive(Template)]
#[template(path = "advisor/vehicle.html")]
struct VehiclePage {
    page: Page,
    name: String,
    score: u32,
    parts: Vec<PartLine>,
    facts: Vec<Fact>,
    items: Vec<ItemView>,
    services: Vec<ServiceLine>,
    tiles: Vec<TileView>,
    tyres: Vec<TyreView>,
    troubles: Vec<TroubleView>,
    notices: Vec<NoticeRow>,
    trips: Vec<TripRow>,
    traces: String,
    charts: Vec<Chart>,
    outside: Spark,
    gaps: Vec<String>,
    records: Vec<RecordLine>,
    device: String,
    care: Drawn,
    told: Drawn,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
}

impl Filter {
    /// What the list was narrowed to, as a form carries it along.
    pub(crate) fn of(q: &str, show: &str) -> Self {
        Self { q: q.to_owned(), show: show.to_owned() }
    }
}

/// The cars that match.
pub(crate) struct List {
    entries: Vec<Entry>,
    matching: usize,
    any: bool,
}

struct Entry {
    href: String,
    name: String,
    id: String,
    tone: &'static str,
    score: u32,
    parts: Vec<PartLine>,
    told: Option<String>,
    /// Whom of the workshop the owner spoke with last.
    spoke: Option<String>,
    contact: Option<String>,
    odometer: Option<String>,
}

/// `GET /advisor`.
pub(crate) async fn queue(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let page = Page::of(&reader, &advisor.0.account, "queue-title", Section::Queue);
    let list = list(&state, &advisor, &reader, &filter).await?;
    let query = format!("q={}&show={}", render::escape(&filter.q), render::escape(&filter.show));
    let bar = DeedBar::of(&state, &advisor.0.account, &reader.format(&advisor.0.account, None)).await?;
    render::html(&QueuePage { page, filter, query, list, bar })
}

/// The list alone, for the live stream.
pub(crate) async fn list_fragment(
    state: &AppState,
    advisor: &Advisor,
    reader: &Reader,
    filter: &Filter,
) -> Result<String, Problem> {
    let page = Page::of(reader, &advisor.0.account, "queue-title", Section::Queue);
    let list = list(state, advisor, reader, filter).await?;
    render::text(&ListFragment { page, list })
}

async fn list(state: &AppState, advisor: &Advisor, reader: &Reader, filter: &Filter) -> Result<List, Problem> {
    let visible = visible(state, advisor).await?;
    let any = !visible.is_empty();
    let matching = matching(&visible, filter, state.now_ms());
    advisor.lists(state, matching.iter().take(SHOWN).copied()).await?;
    let care = state.care();
    let mut calls = Vec::with_capacity(SHOWN);
    for vehicle in matching.iter().take(SHOWN) {
        calls.push(care.calls(vehicle, 1).await?.into_iter().next());
    }
    let names = care::names(state, calls.iter().flatten().map(|call| call.by.clone())).await?;
    let entries = matching.iter().zip(&calls).map(|(vehicle, call)| {
        let format = reader.format(&advisor.0.account, Some(vehicle));
        let spoke = call.as_ref().map(|call| care::last_contact(call, &names, &format));
        Entry { spoke, ..entry(vehicle, &format) }
    });
    Ok(List { entries: entries.collect(), matching: matching.len(), any })
}

/// The ids of the cars that a page narrowed so shows.
pub(crate) async fn shown(state: &AppState, advisor: &Advisor, filter: &Filter) -> Result<Vec<String>, Problem> {
    let visible = visible(state, advisor).await?;
    let matching = matching(&visible, filter, state.now_ms());
    Ok(matching.iter().take(SHOWN).map(|vehicle| vehicle.device.to_string()).collect())
}

fn matching<'a>(visible: &'a [Vehicle], filter: &Filter, now_ms: u64) -> Vec<&'a Vehicle> {
    let wanted = filter.q.trim().to_lowercase();
    let matches = |vehicle: &&Vehicle| {
        let names = [vehicle.profile.model_name.to_lowercase(), vehicle.device.as_str().to_lowercase()];
        let found = wanted.is_empty() || names.iter().any(|name| name.contains(&wanted));
        let shown = match filter.show.as_str() {
            "open" => vehicle.open_notices(now_ms).any(|notice| notice.subject.kind() == NoticeKind::Reminder),
            "trouble" => vehicle
                .state
                .troubles
                .iter()
                .any(|trouble| trouble.status != milepost_protocol::trouble::TroubleStatus::Cleared),
            _ => true,
        };
        found && shown
    };
    visible.iter().filter(matches).collect()
}

/// The cars that the advisor may see, the most urgent first.
pub(crate) async fn visible(state: &AppState, advisor: &Advisor) -> Result<Vec<Vehicle>, Problem> {
    let mut visible = Vec::new();
    let mut after: Option<QueueCursor> = None;
    loop {
        let entries = state.service.queue(after.take(), 100).await?;
        let Some(last) = entries.last() else { break };
        after = Some(QueueCursor { urgency: last.urgency, device: last.device.clone() });
        let devices: Vec<_> = entries.iter().map(|entry| entry.device.clone()).collect();
        let vehicles = state.service.vehicles(&devices).await?;
        visible.extend(vehicles.into_iter().filter(|vehicle| advisor.may_see(vehicle)));
        if entries.len() < 100 || visible.len() >= LOOK_THROUGH {
            break;
        }
    }
    // The list in the store follows commits; the score also follows time. What is shown is sorted by what is shown.
    let now_ms = state.now_ms();
    visible.sort_by_cached_key(|vehicle| std::cmp::Reverse(view::scored(vehicle, now_ms).score));
    Ok(visible)
}

fn entry(vehicle: &Vehicle, format: &Format) -> Entry {
    let urgency = view::scored(vehicle, format.now_ms);
    let contact_ms = vehicle.state.last_received_ms;
    let contact = (contact_ms > 0).then(|| format.age(contact_ms));
    Entry {
        href: format!("/advisor/vehicles/{}", vehicle.device),
        name: view::vehicle_name(format.localizer, vehicle),
        id: vehicle.device.to_string(),
        tone: view::urgency_tone(&urgency),
        score: urgency.score,
        parts: view::parts(&urgency, format),
        told: view::told(vehicle, format),
        spoke: None,
        contact: contact.map(|age| format.localizer.with("last-contact", [("age", age.into())])),
        odometer: vehicle.state.totals.odometer_m.map(|metres| format.odometer(metres.into())),
    }
}

/// `GET /advisor/vehicles/{vehicle}`.
pub(crate) async fn vehicle(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let format = reader.format(&advisor.0.account, Some(&vehicle));
    let mut page = Page::of(&reader, &advisor.0.account, "queue-title", Section::Queue);
    let name = view::vehicle_name(format.localizer, &vehicle);
    page.title.clone_from(&name);
    let rows = state.service.history(History::newest(vehicle.device.clone(), MESSAGES)).await?;
    let urgency = view::scored(&vehicle, format.now_ms);
    let (care, told) = care::parts(&state, &advisor, &reader, &vehicle).await?;
    render::html(&VehiclePage {
        device: vehicle.device.to_string(),
        care,
        told,
        page,
        name,
        score: urgency.score,
        parts: view::parts(&urgency, &format),
        facts: view::facts(&vehicle, &format),
        items: view::items(&vehicle, &format),
        services: view::services(&vehicle, &[], &format, None),
        tiles: view::tiles(&vehicle, &format),
        tyres: view::tyres(&vehicle, &format),
        troubles: view::troubles(&vehicle, &format),
        notices: view::notice_rows(&vehicle, &format),
        trips: view::recent(&vehicle, &format),
        traces: format!("/api/v1/queue/{}/traces", vehicle.device),
        charts: charts(&traces(&state.service, &vehicle, Purposes::WORKSHOP).await?, &format),
        outside: outside(&vehicle, &format),
        gaps: view::gaps(&vehicle, &format),
        records: view::records(&rows, &format),
    })
}

/// The outside temperature's days; nothing else draws it.
fn outside(vehicle: &Vehicle, format: &Format) -> Spark {
    let days: Vec<(u64, f64)> =
        vehicle.state.outside.days().iter().map(|day| (u64::from(day.day) * DAY_MS, f64::from(day.mean_c))).collect();
    spark(format.localizer.text("chart-outside"), &days, 3 * DAY_MS, format, |celsius| format.celsius(celsius))
}

//! The service book's pages: one item with its reasons, and everything that was done.
//!
//! Every form is a plain one; what it leads to is said once on the page behind it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_engine::service_book::{EventId, Reason};
use milepost_protocol::NoticeId;
use milepost_protocol::plan::ItemId;
use serde::Deserialize;

use super::form::{Completed, odometer};
use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::{self, Flash, Reminder, ServiceLine};
use super::{AppState, Opened, render};
use crate::accounts::{Act, Granted, Own, See};
use crate::api::services::set_standing;
use crate::api::{Problem, told_of};
use crate::attachments::Attachment;
use crate::domain::{OTHER_WORK, Remarks, Vehicle};
use crate::i18n::{Format, item_name};
use crate::sheets;

/// The longest text beside a record, in characters.
const MAX_TEXT: usize = 500;

#[derive(Template)]
#[template(path = "owner/services.html")]
struct ServicesPage {
    page: Page,
    base: String,
    api: String,
    today: String,
    unit: &'static str,
    items: Vec<(u16, String)>,
    services: Vec<ServiceLine>,
    aside: Vec<(u16, String)>,
    csv: String,
    csv_error: Option<String>,
    flash: Option<Flash>,
}

#[derive(Template)]
#[template(path = "owner/reminder.html")]
struct ReminderPage {
    page: Page,
    base: String,
    today: String,
    unit: &'static str,
    odometer_field: Option<u64>,
    reminder: Reminder,
    reasons: [(&'static str, &'static str); 5],
    flash: Option<Flash>,
}

/// Work as the forms send it.
#[derive(Debug, Deserialize)]
pub(crate) struct WorkForm {
    #[serde(default)]
    item: u16,
    date: String,
    #[serde(default)]
    odometer: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    cost: String,
}

impl WorkForm {
    fn parse(&self, format: &Format, present_m: Option<u32>) -> Result<(Completed, Remarks), Problem> {
        let is_today = self.date == format.date_field(format.now_ms);
        let at_ms = if is_today { None } else { Some(format.parse_date(&self.date).ok_or_else(Problem::invalid)?) };
        let odometer_m = odometer(&self.odometer, format, present_m)?;
        let cost = self.cost.trim().replace(',', ".");
        let cost_cents = if cost.is_empty() {
            None
        } else {
            let value = cost.parse::<f64>().ok().filter(|value| (0.0..1e9).contains(value));
            Some((value.ok_or_else(Problem::invalid)? * 100.0).round() as u64)
        };
        let text = |text: &str| match text.trim() {
            text if text.chars().count() <= MAX_TEXT => Ok(text.to_owned()),
            _ => Err(Problem::invalid()),
        };
        let remarks =
            Remarks { title: text(&self.title)?, note: text(&self.note)?, place: text(&self.place)?, cost_cents };
        Ok((Completed { at_ms, odometer_m }, remarks))
    }
}

/// A snooze as the form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct SnoozeForm {
    days: u16,
    reason: String,
}

/// A snooze's days, 1 to 90, and its reason by its code.
pub(crate) fn parse_snooze(days: u16, reason: &str) -> Result<(u16, Reason), Problem> {
    let reason = match reason {
        "no_time" => Reason::NoTime,
        "appointment" => Reason::Appointment,
        "awaiting_part" => Reason::AwaitingPart,
        "cost" => Reason::Cost,
        "advised" => Reason::Advised,
        _ => return Err(Problem::invalid()),
    };
    if (1..=90).contains(&days) { Ok((days, reason)) } else { Err(Problem::invalid()) }
}

/// Whether an item applies, as the form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct AppliesForm {
    applies: bool,
}

/// Records of another system, pasted.
#[derive(Debug, Deserialize)]
pub(crate) struct ImportForm {
    csv: String,
}

/// `GET /vehicles/{vehicle}/services`.
pub(crate) async fn list(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let flash = did.flash(&format);
    let page = owner_page(&state, &owner, &reader, &vehicle, "services-title", Section::Services).await?;
    let attachments = state.attachments.of_vehicle(&vehicle).await?;
    render::html(&services_page(page, &vehicle, &attachments, &format, flash, None))
}

fn services_page(
    page: Page,
    vehicle: &Vehicle,
    attachments: &[Attachment],
    format: &Format,
    flash: Option<Flash>,
    refused: Option<(String, String)>,
) -> ServicesPage {
    let name = |item: ItemId| (item.0, item_name(format.localizer, item));
    let mut items: Vec<_> = vehicle.items().iter().map(|item| name(item.rule.item)).collect();
    items.push(name(OTHER_WORK));
    let (csv, csv_error) = refused.map_or((String::new(), None), |(csv, error)| (csv, Some(error)));
    ServicesPage {
        page,
        base: format!("/vehicles/{}", vehicle.device),
        api: format!("/api/v1/vehicles/{}/services/export", vehicle.device),
        today: format.date_field(format.now_ms),
        unit: format.unit.code(),
        items,
        services: view::services(vehicle, attachments, format, None),
        aside: view::set_aside(vehicle, format),
        csv,
        csv_error,
        flash,
    }
}

/// `POST /vehicles/{vehicle}/services`.
pub(crate) async fn enter(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Own>,
    Form(form): Form<WorkForm>,
) -> Result<Response, Problem> {
    let (done, remarks) = form.parse(&format, vehicle.state.usage().odometer_m)?;
    let item = ItemId(form.item);
    if item == OTHER_WORK && remarks.title.is_empty() {
        return Err(Problem::invalid());
    }
    state.service.complete(&vehicle.device, item, done.at_ms, done.odometer_m, remarks, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=recorded", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/services/{service}`.
pub(crate) async fn edit(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Own>,
    Path((_, service)): Path<(String, u64)>,
    Form(form): Form<WorkForm>,
) -> Result<Response, Problem> {
    let known = vehicle.book.services().into_iter().find(|known| known.id == EventId(service));
    let known = known.ok_or_else(Problem::not_found)?;
    let (done, remarks) = form.parse(&format, known.done.odometer_m)?;
    // A date that was left as it came means the moment as it stands, and not noon.
    let same_day = form.date == format.date_field(known.done.at_ms);
    let at_ms = if same_day { None } else { Some(done.at_ms.unwrap_or(format.now_ms)) };
    state.service.edit(&vehicle.device, EventId(service), at_ms, done.odometer_m, remarks, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=edited", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/services/{service}/erase`.
pub(crate) async fn erase(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, service)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    set_standing(&state, &vehicle, EventId(service), false, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=erased", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/services/{service}/restore`.
pub(crate) async fn restore(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, service)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    set_standing(&state, &vehicle, EventId(service), true, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=restored", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/services/import`: a file that does not read comes back with its text and its error.
pub(crate) async fn import(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Form(form): Form<ImportForm>,
) -> Result<Response, Problem> {
    let refused = match sheets::read(&form.csv, &format) {
        Ok(records) => match state.service.import(&vehicle.device, records, owner.actor()).await {
            Ok(_) => return Ok(render::see_other(&format!("/vehicles/{}/services?did=imported", vehicle.device))),
            Err(error) => Problem::from(error),
        },
        Err(error) => Problem::sheet(&error),
    };
    let said = refused.detail(format.localizer);
    let page = owner_page(&state, &owner, &reader, &vehicle, "services-title", Section::Services).await?;
    let attachments = state.attachments.of_vehicle(&vehicle).await?;
    let page = render::html(&services_page(page, &vehicle, &attachments, &format, None, Some((form.csv, said))))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `GET /vehicles/{vehicle}/items/{item}`.
pub(crate) async fn item(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<See>,
    Path((_, item)): Path<(String, u16)>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let reminder = view::reminder(&vehicle, ItemId(item), &format).ok_or_else(Problem::not_found)?;
    let mut page = owner_page(&state, &owner, &reader, &vehicle, "services-title", Section::Services).await?;
    page.title.clone_from(&reminder.item.name);
    render::html(&ReminderPage {
        page,
        base: format!("/vehicles/{}", vehicle.device),
        today: format.date_field(format.now_ms),
        unit: format.unit.code(),
        odometer_field: vehicle.state.usage().odometer_m.map(|metres| format.odometer_field(metres.into())),
        reminder,
        reasons: [
            ("no_time", "snooze-no-time"),
            ("appointment", "snooze-appointment"),
            ("awaiting_part", "snooze-awaiting-part"),
            ("cost", "snooze-cost"),
            ("advised", "snooze-advised"),
        ],
        flash: did.flash(&format),
    })
}

/// `POST /vehicles/{vehicle}/notices/{notice}/snooze`.
pub(crate) async fn snooze(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Path((_, notice)): Path<(String, String)>,
    Form(form): Form<SnoozeForm>,
) -> Result<Response, Problem> {
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let (item, ..) = notice.as_reminder().ok_or_else(Problem::not_found)?;
    let (days, reason) = parse_snooze(form.days, &form.reason)?;
    told_of(&owner, &vehicle, notice)?;
    state.service.snooze(&vehicle.device, notice, days, reason, owner.actor_on(&vehicle)).await?;
    Ok(render::see_other(&format!("/vehicles/{}/items/{}?did=snooze", vehicle.device, item.0)))
}

/// `POST /vehicles/{vehicle}/items/{item}/applies`.
pub(crate) async fn applies(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, item)): Path<(String, u16)>,
    Form(form): Form<AppliesForm>,
) -> Result<Response, Problem> {
    state.service.applies(&vehicle.device, ItemId(item), form.applies, owner.actor()).await?;
    let did = if form.applies { "applies" } else { "set-aside" };
    Ok(render::see_other(&format!("/vehicles/{}/items/{item}?did={did}", vehicle.device)))
}

//! The table of devices: what runs, whether it is heard, and what is wrong.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::{Filter, find};
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;
use crate::web::page::{Page, Section};
use crate::web::view::{self, Badge};
use crate::web::{AppState, Reader, render};

/// How many devices a page shows.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "lab/devices.html")]
struct DevicesPage {
    page: Page,
    filter: Filter,
    shows: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A choice of a select.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: String,
    pub(super) selected: bool,
}

struct Row {
    href: String,
    id: String,
    vehicle: String,
    board: String,
    firmware: String,
    update: Option<Badge>,
    link: Badge,
    seen: String,
    backlog: String,
    reset: Badge,
    clock: Badge,
    parked: String,
}

/// `GET /lab`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let page = Page::of(&reader, account, "lab-devices-title", Section::Devices);
    let found = find(&state, &filter, SHOWN).await?;
    let next = found
        .after
        .map(|after| render::query("/lab", &[("q", &filter.q), ("show", &filter.show), ("after", after.as_str())]));
    let rows = found.vehicles.iter().map(|vehicle| row(&state, vehicle, &format)).collect();
    let shows = [
        ("", "lab-show-all"),
        ("online", "lab-show-online"),
        ("offline", "lab-show-offline"),
        ("trial", "lab-show-trial"),
        ("reset", "lab-show-reset"),
        ("behind", "lab-show-behind"),
        ("losses", "lab-show-losses"),
    ];
    let choice =
        |(value, key): (&'static str, &str)| Choice { value, text: page.t(key), selected: filter.show == value };
    let shows = shows.into_iter().map(choice).collect();
    render::html(&DevicesPage { page, filter, shows, rows, next })
}

fn row(state: &AppState, vehicle: &Vehicle, format: &Format) -> Row {
    let localizer = format.localizer;
    let unknown = || localizer.text("state-unknown");
    let contact_ms = vehicle.state.last_received_ms;
    let parked = vehicle.state.parked.back();
    Row {
        href: format!("/lab/devices/{}", vehicle.device),
        id: vehicle.device.to_string(),
        vehicle: view::vehicle_name(localizer, vehicle),
        board: vehicle.update.board.clone().unwrap_or_else(unknown),
        firmware: vehicle.state.boot.map_or_else(unknown, |boot| view::firmware(boot.firmware)),
        update: view::trial(vehicle, localizer),
        link: view::link(state.service.is_connected(&vehicle.device), localizer),
        seen: if contact_ms > 0 { format.age(contact_ms) } else { unknown() },
        backlog: vehicle.update.last.map_or_else(unknown, |last| format.integer(last.backlog.into())),
        reset: view::reset(vehicle.state.boot.map(|boot| boot.reason), localizer),
        clock: view::clock(vehicle.clock, localizer),
        parked: parked.map_or_else(unknown, |day| format.milliamperes(view::parked_milliamperes(day))),
    }
}

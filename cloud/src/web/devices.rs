//! The engineer's devices: how each runs, without owners or positions.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::page::{Page, Section};
use super::view;
use super::{AppState, Reader, render};
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    page: Page,
    devices: Vec<DeviceLine>,
}

struct DeviceLine {
    id: String,
    firmware: String,
    boots: String,
    contact: String,
    records: String,
    duplicates: String,
    unknown: String,
    lost: String,
    log: Vec<String>,
}

/// How many devices the page shows, by urgency of their vehicles.
const SHOWN: usize = 200;

/// How many lines of each log it shows.
const LOG_LINES: usize = 5;

/// `GET /devices`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let vehicles = all(&state).await?;
    let page = Page::of(&reader, account, "devices-title", Section::Devices);
    render::html(&DevicesPage { page, devices: vehicles.iter().map(|vehicle| line(vehicle, &format)).collect() })
}

/// Every vehicle up to the page's bound, by id.
pub(crate) async fn all(state: &AppState) -> Result<Vec<Vehicle>, Problem> {
    let entries = state.service.queue(None, SHOWN).await?;
    let mut devices: Vec<_> = entries.into_iter().map(|entry| entry.device).collect();
    devices.sort();
    Ok(state.service.vehicles(&devices).await?)
}

fn line(vehicle: &Vehicle, format: &Format) -> DeviceLine {
    let unknown = || format.localizer.text("state-unknown");
    let boot = vehicle.state.boot;
    let contact_ms = vehicle.state.last_received_ms;
    let count = |count: u64| format.integer(i64::try_from(count).unwrap_or(i64::MAX));
    let log = vehicle.state.log.iter().rev().take(LOG_LINES);
    DeviceLine {
        id: vehicle.device.to_string(),
        firmware: boot.map_or_else(unknown, |boot| view::firmware(boot.firmware)),
        boots: boot.map_or_else(unknown, |boot| format.integer(boot.boot.into())),
        contact: if contact_ms > 0 { format.age(contact_ms) } else { unknown() },
        records: count(vehicle.counts.records),
        duplicates: count(vehicle.counts.duplicates),
        unknown: count(vehicle.counts.unknown_kinds),
        lost: count(vehicle.state.lost_records),
        log: log.map(|line| format!("{} {}", format.date_time(line.at_ms), line.text)).collect(),
    }
}

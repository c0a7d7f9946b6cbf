//! One device on one page: log, settings, starts, updates, certificates, power, losses.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_engine::rollout::Offered;
use milepost_engine::usage::BootInfo;

use super::certificates::{self, Certificate};
use super::collection::{self, CollectionPart};
use super::log::{Log, LogFilter};
use super::settings::{Change, Fields, Settings, changes};
use super::{level_name, rejects};
use crate::accounts::{Account, Engineer};
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;
use crate::store::History;
use crate::web::page::{Page, Section};
use crate::web::render::Drawn;
use crate::web::spark::{Spark, spark};
use crate::web::view::{self, Badge, Fact, RecordLine};
use crate::web::{AppState, Reader, render};

/// How many messages the page shows.
const MESSAGES: usize = 8;

/// How many rejected envelopes it names.
const REJECTS: usize = 5;

#[derive(Template)]
#[template(path = "lab/device.html")]
struct DevicePage {
    page: Page,
    id: String,
    name: String,
    board: Option<String>,
    paused: bool,
    saved: bool,
    level: &'static str,
    status: Drawn,
    log: Drawn,
    settings: Drawn,
    collection: Drawn,
    signals: Vec<(&'static str, u16)>,
    fields: Fields,
    changes: Vec<Change>,
    starts: Vec<StartLine>,
    updates: Vec<UpdateLine>,
    certificates: Vec<Certificate>,
    counters: Vec<Fact>,
    gaps: Vec<String>,
    parked: Spark,
    rejects: Vec<rejects::Row>,
    records: Vec<RecordLine>,
}

#[derive(Template)]
#[template(path = "lab/status.html")]
struct Status {
    page: Page,
    link: Badge,
    clock: Badge,
    trial: Option<Badge>,
    reset: Badge,
    facts: Vec<Fact>,
}

struct StartLine {
    when: String,
    boot: String,
    badge: Badge,
    firmware: String,
    crash: Option<String>,
}

struct UpdateLine {
    rollout: String,
    href: String,
    version: String,
    badge: Badge,
    offered: String,
    moved: String,
}

/// `GET /lab/devices/{device}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Path(id): Path<String>,
    Query(filter): Query<LogFilter>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let vehicle = engineer.device(&state, &id).await?;
    let format = reader.format(account, None);
    let mut page = Page::of(&reader, account, "lab-devices-title", Section::Devices);
    page.title.clone_from(&id);
    let [(_, status), (_, log), (_, settings), (_, collection)] = parts(&state, account, &reader, &vehicle, &filter)?;
    let rows = state.service.history(History::newest(vehicle.device.clone(), MESSAGES)).await?;
    let days: Vec<_> = vehicle.state.parked.iter().map(|day| (day.at_ms, view::parked_milliamperes(day))).collect();
    render::html(&DevicePage {
        page,
        id,
        name: view::vehicle_name(format.localizer, &vehicle),
        board: vehicle.update.board.clone(),
        paused: filter.is_paused(),
        saved: !filter.saved.is_empty(),
        level: level_name(filter.least()),
        status,
        log,
        settings,
        collection,
        signals: collection::offered(&vehicle),
        fields: Fields::of(&vehicle),
        changes: changes(&vehicle, &format),
        starts: vehicle.state.boots.iter().rev().map(|start| start_line(&vehicle, start, &format)).collect(),
        updates: update_lines(&vehicle, &format),
        certificates: certificates::of_device(&state, &format, &vehicle.device).await?,
        counters: counters(&vehicle, &format),
        gaps: view::gaps(&vehicle, &format),
        parked: spark(format.localizer.text("lab-parked-title"), &days, &format, |value| format.milliamperes(value)),
        rejects: rejects::of_device(&state, &vehicle.device, &format, REJECTS).await?,
        records: view::records(&rows, &format),
    })
}

/// What of the page changes by itself: each part with the element that it replaces.
pub(crate) fn live_parts(
    state: &AppState,
    account: &Account,
    reader: &Reader,
    vehicle: &Vehicle,
    filter: &LogFilter,
) -> Result<Vec<(&'static str, String)>, Problem> {
    let parts = parts(state, account, reader, vehicle, filter)?;
    Ok(parts.into_iter().map(|(place, part)| (place, part.into_text())).collect())
}

fn parts(
    state: &AppState,
    account: &Account,
    reader: &Reader,
    vehicle: &Vehicle,
    filter: &LogFilter,
) -> Result<[(&'static str, Drawn); 4], Problem> {
    let format = reader.format(account, None);
    let page = || Page::of(reader, account, "lab-devices-title", Section::Devices);
    Ok([
        ("#status", Drawn::of(&status(state, page(), vehicle, &format))?),
        ("#log", Drawn::of(&Log::of(page(), vehicle, filter.least(), &format))?),
        ("#settings-state", Drawn::of(&Settings::of(page(), vehicle, &format))?),
        ("#collection-state", Drawn::of(&CollectionPart::of(page(), vehicle, &format))?),
    ])
}

fn status(state: &AppState, page: Page, vehicle: &Vehicle, format: &Format) -> Status {
    let localizer = format.localizer;
    let unknown = || localizer.text("state-unknown");
    let contact_ms = vehicle.state.last_received_ms;
    let last = vehicle.update.last;
    let health = |say: &dyn Fn(milepost_engine::rollout::LastHealth) -> String| last.map_or_else(unknown, say);
    let facts = [
        ("state-firmware", vehicle.state.boot.map_or_else(unknown, |boot| view::firmware(boot.firmware))),
        ("state-last-contact", if contact_ms > 0 { format.age(contact_ms) } else { unknown() }),
        ("lab-backlog", health(&|last| format.integer(last.backlog.into()))),
        ("lab-uptime", health(&|last| format.duration(u64::from(last.uptime_s) * 1000))),
        ("lab-reconnect", health(&|last| seconds(last.reconnect_ms, format))),
        ("lab-resets", health(&|last| format.integer(last.resets.into()))),
        (
            "lab-current",
            last.and_then(|last| last.current_ma).map_or_else(unknown, |ma| format.milliamperes(ma.into())),
        ),
        ("lab-table", vehicle.state.boot.map_or_else(unknown, |boot| format!("{:08x}", boot.table))),
    ];
    Status {
        page,
        link: view::link(state.service.is_connected(&vehicle.device), localizer),
        clock: view::clock(vehicle.clock, localizer),
        trial: view::trial(vehicle, localizer),
        reset: view::reset(vehicle.state.boot.map(|boot| boot.reason), localizer),
        facts: facts.into_iter().map(|(key, value)| Fact { name: localizer.text(key), value }).collect(),
    }
}

fn seconds(ms: u32, format: &Format) -> String {
    format.localizer.with("lab-seconds", [("value", format.decimal(f64::from(ms) / 1000.0, 1).into())])
}

fn start_line(vehicle: &Vehicle, start: &BootInfo, format: &Format) -> StartLine {
    StartLine {
        when: format.date_time(start.at_ms),
        boot: start.boot.to_string(),
        badge: view::reset(Some(start.reason), format.localizer),
        firmware: view::firmware(start.firmware),
        crash: view::crash_text(&vehicle.state, start),
    }
}

fn update_lines(vehicle: &Vehicle, format: &Format) -> Vec<UpdateLine> {
    let line = |offered: &Offered| UpdateLine {
        rollout: offered.rollout.to_string(),
        href: format!("/lab/rollouts/{}", offered.rollout),
        version: offered.version.to_string(),
        badge: view::phase(offered, format),
        offered: format.date_time(offered.at_ms),
        moved: format.age(offered.moved_ms),
    };
    vehicle.update.offered.iter().chain(vehicle.update.earlier.iter().rev()).map(line).collect()
}

fn counters(vehicle: &Vehicle, format: &Format) -> Vec<Fact> {
    let counts = &vehicle.counts;
    [
        ("devices-records", counts.records),
        ("lab-envelopes", counts.envelopes),
        ("devices-duplicates", counts.duplicates),
        ("devices-unknown", counts.unknown_kinds),
        ("lab-clamped", counts.clamped),
        ("lab-quarantined", counts.quarantined),
        ("lab-stray", counts.stray_answers),
        ("lab-lost", vehicle.state.lost_records),
    ]
    .into_iter()
    .map(|(key, count)| Fact { name: format.localizer.text(key), value: format.integer(count.cast_signed()) })
    .collect()
}

//! The engineer's view: devices without owners, what each does, and how it shall behave.

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use milepost_engine::usage::{BootInfo, LogLine, Parked};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::record::ResetReason;
use milepost_protocol::settings::DeviceSettings;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::domain::{Actor, Decision, Intent, Vehicle, Wanted};
use crate::firmware::hex;
use crate::i18n::timestamp;
use crate::web::lab::{self, Filter, find};
use crate::web::{AppState, view};

/// The most devices of one answer.
const MAX: usize = 200;

/// Devices by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicesBody {
    devices: Vec<DeviceBody>,
    /// The `after` of the next part; absent at the end.
    next: Option<String>,
}

/// One device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceBody {
    id: String,
    firmware: Option<String>,
    board: Option<String>,
    boot: Option<u32>,
    /// Why it started last: `power_on`, `watchdog`, `software`, `fault` or `unknown`.
    reset: Option<&'static str>,
    /// `network`, `estimated` or `since_boot`.
    clock: Option<&'static str>,
    connected: bool,
    last_contact_at: Option<Timestamp>,
    /// Records that waited for a receipt when the device told last.
    backlog: Option<u32>,
    records: u64,
    duplicates: u64,
    unknown_kinds: u64,
    lost_records: u64,
    quarantined: u64,
}

impl DeviceBody {
    fn of(state: &AppState, vehicle: &Vehicle) -> Self {
        Self {
            id: vehicle.device.to_string(),
            firmware: vehicle.state.boot.map(|boot| view::firmware(boot.firmware)),
            board: vehicle.update.board.clone(),
            boot: vehicle.state.boot.map(|boot| boot.boot),
            reset: vehicle.state.boot.map(|boot| reset(boot.reason)),
            clock: vehicle.clock.map(clock),
            connected: state.service.is_connected(&vehicle.device),
            last_contact_at: Some(vehicle.state.last_received_ms).filter(|&at_ms| at_ms > 0).map(timestamp),
            backlog: vehicle.update.last.map(|last| last.backlog),
            records: vehicle.counts.records,
            duplicates: vehicle.counts.duplicates,
            unknown_kinds: vehicle.counts.unknown_kinds,
            lost_records: vehicle.state.lost_records,
            quarantined: vehicle.counts.quarantined,
        }
    }
}

fn reset(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::PowerOn => "power_on",
        ResetReason::Watchdog => "watchdog",
        ResetReason::Software => "software",
        ResetReason::Fault => "fault",
        ResetReason::Unknown => "unknown",
    }
}

fn clock(quality: ClockQuality) -> &'static str {
    match quality {
        ClockQuality::Network => "network",
        ClockQuality::Estimated => "estimated",
        ClockQuality::SinceBoot => "since_boot",
    }
}

/// Which part of the devices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only devices whose id, model, board or version holds this.
    #[serde(default)]
    q: String,
    /// `online`, `offline`, `trial`, `reset`, `behind` or `losses`; all if absent.
    #[serde(default)]
    show: String,
    /// Only devices behind this id.
    #[serde(default)]
    after: String,
    /// At most so many; 200 if absent, and never more.
    limit: Option<usize>,
}

/// Devices by id, also those that have not reported yet.
#[utoipa::path(get, path = "/api/v1/devices", tag = "engineer", params(Part), responses(
    (status = 200, body = DevicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    _engineer: Engineer,
    Query(part): Query<Part>,
) -> Result<Json<DevicesBody>, Problem> {
    let Part { q, show, after, limit } = part;
    let found = find(&state, &Filter { q, show, after }, limit.unwrap_or(MAX).clamp(1, MAX)).await?;
    let devices = found.vehicles.iter().map(|vehicle| DeviceBody::of(&state, vehicle)).collect();
    Ok(Json(DevicesBody { devices, next: found.after.map(|after| after.to_string()) }))
}

/// One device with its log, starts and parked days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneDeviceBody {
    device: DeviceBody,
    /// The end of its log, the newest first.
    log: Vec<LogBody>,
    /// Its latest starts, the newest first.
    starts: Vec<StartBody>,
    /// Days of parking, the newest first.
    parked_days: Vec<ParkedBody>,
    configuration: ConfigurationBody,
}

/// A line of a device's log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogBody {
    at: Timestamp,
    boot: u32,
    /// `error`, `warn` or `info`.
    level: &'static str,
    text: String,
}

/// A start of a device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartBody {
    at: Timestamp,
    boot: u32,
    /// As in the device itself.
    reason: &'static str,
    firmware: String,
    /// What it told of the run that ended before.
    crash: Option<String>,
}

/// What a device took from the battery in a day of parking.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParkedBody {
    until: Timestamp,
    spent_uah: u32,
    budget_uah: u32,
    wakes: u32,
}

/// Settings, decided and reported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigurationBody {
    /// `as_built`, `in_force`, `waiting`, `unsupported` or `differs`.
    agreement: &'static str,
    /// What was decided last; absent as long as nobody has decided anything.
    desired: Option<DecisionBody>,
    /// What the device told last.
    reported: Option<ReportedBody>,
    /// What was decided before, the newest first.
    earlier: Vec<DecisionBody>,
}

/// Settings of one version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettingsBody {
    version: u32,
    /// The least level of the log that is sent: `error`, `warn` or `info`.
    log_level: &'static str,
    /// How often counters are told during a long trip.
    counters_every_s: u32,
    /// Whether the car raises reminders by itself.
    local_reminders: bool,
}

/// What somebody decided.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecisionBody {
    settings: SettingsBody,
    at: Timestamp,
    /// The engineer's account; absent where the service decided.
    by: Option<String>,
}

/// What the device told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportedBody {
    settings: SettingsBody,
    at: Timestamp,
}

/// Settings to decide on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedBody {
    /// `error`, `warn` or `info`.
    log_level: String,
    /// From 60 to 86,400.
    counters_every_s: u32,
    local_reminders: bool,
}

impl From<DeviceSettings> for SettingsBody {
    fn from(settings: DeviceSettings) -> Self {
        let DeviceSettings { version, log_level, counters_every_s, local_reminders } = settings;
        Self { version, log_level: lab::level_name(log_level), counters_every_s, local_reminders }
    }
}

impl From<&Decision> for DecisionBody {
    fn from(decision: &Decision) -> Self {
        let by = match &decision.by {
            Actor::Engineer(account) => Some(account.to_string()),
            Actor::Car | Actor::Owner(_) | Actor::Family(_) | Actor::Advisor(_) | Actor::System | Actor::Forgotten => {
                None
            }
        };
        Self { settings: decision.settings.into(), at: timestamp(decision.at_ms), by }
    }
}

impl ConfigurationBody {
    fn of(vehicle: &Vehicle) -> Self {
        let configuration = &vehicle.configuration;
        let reported = configuration
            .reported
            .map(|reported| ReportedBody { settings: reported.settings.into(), at: timestamp(reported.at_ms) });
        Self {
            agreement: configuration.agreement().name(),
            desired: configuration.desired.as_ref().map(Into::into),
            reported,
            earlier: configuration.earlier.iter().rev().map(Into::into).collect(),
        }
    }
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "engineer",
    params(("id" = String, Path, description = "The device's id")), responses(
    (status = 200, body = OneDeviceBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
) -> Result<Json<OneDeviceBody>, Problem> {
    let vehicle = engineer.device(&state, &id).await?;
    let line = |line: &LogLine| LogBody {
        at: timestamp(line.at_ms),
        boot: line.boot,
        level: lab::level_name(line.level),
        text: line.text.clone(),
    };
    let start = |start: &BootInfo| StartBody {
        at: timestamp(start.at_ms),
        boot: start.boot,
        reason: reset(start.reason),
        firmware: view::firmware(start.firmware),
        crash: view::crash_text(&vehicle.state, start),
    };
    let parked = |day: &Parked| {
        let &Parked { at_ms, spent_uah, budget_uah, wakes } = day;
        ParkedBody { until: timestamp(at_ms), spent_uah, budget_uah, wakes }
    };
    Ok(Json(OneDeviceBody {
        device: DeviceBody::of(&state, &vehicle),
        log: vehicle.state.log.iter().rev().map(line).collect(),
        starts: vehicle.state.boots.iter().rev().map(start).collect(),
        parked_days: vehicle.state.parked.iter().rev().map(parked).collect(),
        configuration: ConfigurationBody::of(&vehicle),
    }))
}

/// Decide how a device shall behave; it is told as soon as it is connected, and tells what is in force.
#[utoipa::path(put, path = "/api/v1/devices/{id}/configuration", tag = "engineer", request_body = WantedBody,
    params(("id" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ConfigurationBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn configure(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
    Json(body): Json<WantedBody>,
) -> Result<Json<ConfigurationBody>, Problem> {
    let WantedBody { log_level, counters_every_s, local_reminders } = body;
    let log_level = lab::level_named(&log_level).ok_or_else(Problem::invalid)?;
    let wanted = Wanted { log_level, counters_every_s, local_reminders };
    let device = engineer.device(&state, &id).await?.device;
    state.service.submit(&device, Intent::Configure { wanted }, engineer.actor()).await?;
    Ok(Json(ConfigurationBody::of(&engineer.device(&state, &id).await?)))
}

/// Envelopes that did not decode, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectsBody {
    rejects: Vec<RejectBody>,
}

/// One envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RejectBody {
    device: String,
    received_at: Timestamp,
    reason: String,
    /// The bytes as they came, in hexadecimal.
    bytes: String,
}

/// Which of the envelopes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RejectPart {
    /// Only those of this device.
    device: Option<String>,
    /// At most so many; 50 if absent, never more than 200. The newest 1,000 of all devices are looked through.
    limit: Option<usize>,
}

/// Envelopes that did not decode.
#[utoipa::path(get, path = "/api/v1/rejects", tag = "engineer", params(RejectPart), responses(
    (status = 200, body = RejectsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn rejects(
    State(state): State<AppState>,
    _engineer: Engineer,
    Query(part): Query<RejectPart>,
) -> Result<Json<RejectsBody>, Problem> {
    let rows = state.service.quarantine(lab::MOST_REJECTS).await?;
    let wanted = rows.into_iter().filter(|row| part.device.as_ref().is_none_or(|id| row.device.as_str() == id));
    let rejects = wanted.take(part.limit.unwrap_or(50).min(MAX)).map(|row| RejectBody {
        device: row.device.to_string(),
        received_at: timestamp(row.received_ms),
        reason: row.reason,
        bytes: hex(&row.bytes),
    });
    Ok(Json(RejectsBody { rejects: rejects.collect() }))
}

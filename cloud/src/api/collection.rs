//! What devices collect, and what they have collected.

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use milepost_protocol::collection::{CollectionPlan, CollectionRow, PlanFault, Trigger};
use milepost_protocol::downlink::Purposes;
use milepost_protocol::series::Resolution;
use milepost_protocol::signal::{CATALOGUE, SignalId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::{Engineer, Granted, Own};
use crate::domain::{Actor, Intent, Vehicle};
use crate::i18n::timestamp;
use crate::series::{self, Part, Samples};
use crate::web::{AppState, view};

/// What a device shall collect, and does.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionBody {
    /// `as_built` (nothing), `in_force`, `waiting`, or `differs` where the device refused the plan.
    agreement: &'static str,
    desired: Option<DesiredBody>,
    reported: Option<ReportedPlanBody>,
}

/// The plan that was decided last.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DesiredBody {
    version: u32,
    rows: Vec<RowBody>,
    at: Timestamp,
    /// The engineer's account.
    by: Option<String>,
}

/// What the device told of its plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportedPlanBody {
    version: u32,
    /// How many signals it collects.
    rows: u8,
    /// The version of a plan that it refused.
    refused: Option<u32>,
    at: Timestamp,
}

/// A plan to decide on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanBody {
    /// At most 16; none ends all collecting.
    rows: Vec<RowBody>,
}

/// One signal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RowBody {
    /// Its VSS path, such as `Vehicle.Speed`.
    signal: String,
    /// The smallest step of a sample is `numerator / denominator` of the signal's unit.
    numerator: u32,
    denominator: u32,
    /// The least time between two samples, in milliseconds; 10 at least.
    every_ms: u32,
    /// By how many steps a value has to differ from the last sample; nought takes every one.
    #[serde(default)]
    change: u32,
    /// When; always, if absent.
    #[serde(default)]
    trigger: Option<TriggerBody>,
    /// The owner must have allowed one of these.
    purposes: Vec<String>,
}

/// Another signal that has to be beyond a limit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerBody {
    /// Its VSS path.
    signal: String,
    /// Whether the limit is passed upwards.
    above: bool,
    /// In the signal's unit.
    limit: f32,
    /// How much longer to collect, in seconds.
    #[serde(default)]
    hold_s: u16,
}

fn path(signal: SignalId) -> String {
    signal.entry().map_or_else(|| signal.0.to_string(), |entry| entry.path.to_owned())
}

/// The signal of a path; what is none gets a number that no plan's check lets pass.
fn signal(path: &str) -> SignalId {
    CATALOGUE.iter().find(|entry| entry.path == path).map_or(SignalId(u16::MAX), |entry| entry.id)
}

impl RowBody {
    fn of(row: &CollectionRow) -> Self {
        let CollectionRow { resolution, every_ms, change, trigger, purposes, .. } = *row;
        Self {
            signal: path(row.signal),
            numerator: resolution.numerator,
            denominator: resolution.denominator,
            every_ms,
            change,
            trigger: trigger.map(|Trigger { signal, above, limit, hold_s }| TriggerBody {
                signal: path(signal),
                above,
                limit,
                hold_s,
            }),
            purposes: view::names(purposes).into_iter().map(str::to_owned).collect(),
        }
    }

    fn row(&self) -> Option<CollectionRow> {
        let trigger = self.trigger.as_ref().map(|trigger| {
            let TriggerBody { above, limit, hold_s, .. } = *trigger;
            Trigger { signal: signal(&trigger.signal), above, limit, hold_s }
        });
        Some(CollectionRow {
            signal: signal(&self.signal),
            resolution: Resolution { numerator: self.numerator, denominator: self.denominator },
            every_ms: self.every_ms,
            change: self.change,
            trigger,
            purposes: view::purpose_set(self.purposes.iter().map(String::as_str))?,
        })
    }
}

impl CollectionBody {
    fn of(vehicle: &Vehicle) -> Self {
        let collection = &vehicle.collection;
        let desired = collection.desired.as_ref().map(|decided| DesiredBody {
            version: decided.plan.version,
            rows: decided.plan.rows.iter().map(RowBody::of).collect(),
            at: timestamp(decided.at_ms),
            by: if let Actor::Engineer(account) = &decided.by { Some(account.to_string()) } else { None },
        });
        let reported = collection.reported.map(|told| ReportedPlanBody {
            version: told.report.version,
            rows: told.report.rows,
            refused: told.report.refused,
            at: timestamp(told.at_ms),
        });
        Self { agreement: collection.agreement().name(), desired, reported }
    }
}

/// What a device shall collect, and does.
#[utoipa::path(get, path = "/api/v1/devices/{id}/collection", tag = "engineer",
    params(("id" = String, Path, description = "The device's id")), responses(
    (status = 200, body = CollectionBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
) -> Result<Json<CollectionBody>, Problem> {
    Ok(Json(CollectionBody::of(&engineer.device(&state, &id).await?)))
}

/// Decide what a device shall collect; it is told as soon as it is connected, and tells what is in force.
#[utoipa::path(put, path = "/api/v1/devices/{id}/collection", tag = "engineer", request_body = PlanBody,
    params(("id" = String, Path, description = "The device's id")), responses(
    (status = 200, body = CollectionBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn decide(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
    Json(body): Json<PlanBody>,
) -> Result<Json<CollectionBody>, Problem> {
    let device = engineer.device(&state, &id).await?.device;
    let rows = body
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| row.row().ok_or_else(|| Problem::invalid_at(format!("rows[{at}]: a purpose is none"))));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let plan = rows.iter().copied().take(milepost_protocol::collection::MAX_ROWS).collect();
    if let Err(PlanFault::Row(at, fault)) = (CollectionPlan { version: 0, rows: plan }).check() {
        return Err(Problem::invalid_at(format!("rows[{at}]: {}", fault.text())));
    }
    state.service.submit(&device, Intent::Collect { rows }, engineer.actor()).await?;
    Ok(Json(CollectionBody::of(&engineer.device(&state, &id).await?)))
}

/// Samples of signals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesBody {
    /// By signal and purposes, in the order in which they were first met.
    series: Vec<OneSeriesBody>,
    /// The `after` of the next part; absent at the end.
    next: Option<String>,
}

/// Samples of one signal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneSeriesBody {
    /// Its VSS path.
    signal: String,
    unit: &'static str,
    /// For which purposes they were taken.
    purposes: Vec<&'static str>,
    /// Milliseconds of Unix time, and value.
    samples: Vec<(u64, f64)>,
}

/// Which part of the samples.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesPart {
    /// Only this signal, by its VSS path.
    signal: Option<String>,
    /// Only what is stored behind this place, as `next` gave it.
    after: Option<String>,
}

/// What was collected of a device, in the order in which it came.
#[utoipa::path(get, path = "/api/v1/devices/{id}/series", tag = "engineer",
    params(("id" = String, Path, description = "The device's id"), SeriesPart), responses(
    (status = 200, body = SeriesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn of_device(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
    Query(part): Query<SeriesPart>,
) -> Result<Json<SeriesBody>, Problem> {
    let vehicle = engineer.device(&state, &id).await?;
    // An engineer serves the workshop and research; what was taken for the owner's own use is the owner's to read.
    read(&state, &vehicle, part, Purposes::WORKSHOP.and(Purposes::RESEARCH)).await
}

/// What was collected of one of the caller's vehicles, in the order in which it came.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/series", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id"), SeriesPart), responses(
    (status = 200, body = SeriesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn of_vehicle(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Query(part): Query<SeriesPart>,
) -> Result<Json<SeriesBody>, Problem> {
    read(&state, &vehicle, part, Purposes(u8::MAX)).await
}

async fn read(
    state: &AppState,
    vehicle: &Vehicle,
    part: SeriesPart,
    purposes: Purposes,
) -> Result<Json<SeriesBody>, Problem> {
    let wanted = match part.signal.as_deref().map(signal) {
        Some(SignalId(u16::MAX)) => return Err(Problem::invalid_at("signal: not in the catalogue".to_owned())),
        other => other,
    };
    let after = match part.after.as_deref().map(series::place) {
        Some(None) => return Err(Problem::invalid_at("after: no place that `next` gave".to_owned())),
        other => other.flatten(),
    };
    let Part { series, next } = series::read(&state.service, &vehicle.device, after, wanted, purposes).await?;
    let body = |one: Samples| OneSeriesBody {
        signal: path(one.signal),
        unit: one.signal.entry().map_or("", |entry| entry.unit),
        purposes: view::names(one.purposes),
        samples: one.samples,
    };
    Ok(Json(SeriesBody { series: series.into_iter().map(body).collect(), next: next.map(series::written) }))
}

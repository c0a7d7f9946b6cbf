//! The advisor's view: vehicles by urgency, one vehicle, its latest messages.

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use milepost_engine::urgency::Urgency;
use milepost_protocol::{Envelope, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::{NoticeBody, VehicleSummary};
use super::vehicles::VehicleDetail;
use super::{Problem, ProblemBody};
use crate::accounts::Advisor;
use crate::domain::Vehicle;
use crate::i18n::{Format, timestamp};
use crate::store::{History, TelemetryRow};
use crate::web::{AppState, Reader, view, visible};

/// The most entries of one answer.
const MAX: usize = 200;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// How many to pass over.
    #[serde(default)]
    offset: usize,
    /// At most so many; 50 if absent, never more than 200.
    limit: Option<usize>,
}

/// Vehicles, the most urgent first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueBody {
    queue: Vec<QueueEntryBody>,
}

/// A vehicle with its score.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueueEntryBody {
    /// The sum of the parts.
    score: u32,
    parts: Vec<PartBody>,
    vehicle: VehicleSummary,
    /// What somebody was told last, in words.
    told: Option<String>,
}

/// A part of a score.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartBody {
    points: u32,
    text: String,
}

/// One vehicle as an advisor sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueVehicleBody {
    entry: QueueEntryBody,
    vehicle: VehicleDetail,
    /// All notices, the newest first.
    notices: Vec<NoticeBody>,
}

/// The latest messages, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordsBody {
    envelopes: Vec<RecordsEntry>,
    /// The `before` of the next part; absent at the end.
    next: Option<String>,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordsEntry {
    boot: u32,
    first: u32,
    received_at: Timestamp,
    records: Vec<RecordEntry>,
}

/// One record's number, time and kind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordEntry {
    number: u32,
    kind: u16,
    /// In milliseconds, as the envelope's clock counts.
    at_ms: u64,
}

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Before {
    /// `boot.number`, as `next` said.
    before: Option<String>,
    /// At most so many; 50 if absent, never more than 200.
    limit: Option<usize>,
}

/// Vehicles that owners share with the workshop, by urgency.
#[utoipa::path(get, path = "/api/v1/queue", tag = "advisor", params(Part), responses(
    (status = 200, body = QueueBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Query(part): Query<Part>,
) -> Result<Json<QueueBody>, Problem> {
    let limit = part.limit.unwrap_or(50).min(MAX);
    let vehicles = visible(&state, &advisor).await?;
    let shown = || vehicles.iter().skip(part.offset).take(limit);
    advisor.lists(&state, shown()).await?;
    let entries = shown().map(|vehicle| {
        let format = reader.format(&advisor.0.account, Some(vehicle));
        entry(vehicle, &format)
    });
    Ok(Json(QueueBody { queue: entries.collect() }))
}

/// One vehicle that its owner shares with the workshop.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = QueueVehicleBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Json<QueueVehicleBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let format = reader.format(&advisor.0.account, Some(&vehicle));
    Ok(Json(QueueVehicleBody {
        entry: entry(&vehicle, &format),
        vehicle: VehicleDetail::new(&vehicle, &format),
        notices: vehicle.newest_notices().into_iter().map(|notice| NoticeBody::new(notice, &format)).collect(),
    }))
}

/// The latest messages of a vehicle that its owner shares with the workshop.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}/records", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id"), Before), responses(
    (status = 200, body = RecordsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn records(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
    Query(part): Query<Before>,
) -> Result<Json<RecordsBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let before = match part.before.as_deref() {
        None => None,
        Some(text) => Some(parse_record(text).ok_or_else(Problem::invalid)?),
    };
    let limit = part.limit.unwrap_or(50).clamp(1, MAX);
    let rows = state.service.history(History { before, ..History::newest(vehicle.device, limit) }).await?;
    let next =
        rows.last().filter(|_| rows.len() == limit).map(|row| format!("{}.{}", row.first.boot, row.first.number));
    Ok(Json(RecordsBody { envelopes: rows.iter().filter_map(envelope).collect(), next }))
}

fn entry(vehicle: &Vehicle, format: &Format) -> QueueEntryBody {
    let urgency: Urgency = view::scored(vehicle, format.now_ms);
    let words = view::parts(&urgency, format);
    let parts = urgency.parts.iter().zip(words).map(|(part, words)| PartBody { points: part.points, text: words.text });
    QueueEntryBody {
        score: urgency.score,
        parts: parts.collect(),
        vehicle: VehicleSummary::new(vehicle, format),
        told: view::told(vehicle, format),
    }
}

fn envelope(row: &TelemetryRow) -> Option<RecordsEntry> {
    let envelope = Envelope::parse(&row.bytes).ok()?;
    let records =
        envelope.entries().map(|entry| RecordEntry { number: entry.number, kind: entry.kind, at_ms: entry.at_ms });
    Some(RecordsEntry {
        boot: row.first.boot,
        first: row.first.number,
        received_at: timestamp(row.received_ms),
        records: records.collect(),
    })
}

fn parse_record(text: &str) -> Option<RecordId> {
    let (boot, number) = text.split_once('.')?;
    Some(RecordId { boot: boot.parse().ok()?, number: number.parse().ok()? })
}

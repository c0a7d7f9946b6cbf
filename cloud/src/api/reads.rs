//! Who of the workshop looked at an owner's vehicle.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Look, Own, StaffRead};
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::{AppState, names};

/// The most looks of one answer.
const MAX: usize = 200;

/// Looks of the workshop's people, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadsBody {
    reads: Vec<ReadBody>,
}

/// Somebody looked: openings of one person within a quarter of an hour are one, and so are lists of one day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadBody {
    at: Timestamp,
    /// What the person is called.
    by: String,
    look: Look,
}

/// The newest looks at a vehicle, with the names of whoever looked.
pub(super) async fn of(state: &AppState, vehicle: &Vehicle, limit: usize) -> Result<Vec<ReadBody>, Problem> {
    let reads = state.accounts.reads(vehicle, limit).await?;
    let names = names(state, reads.iter().map(|look| look.by.clone())).await?;
    let body = |read: &StaffRead| ReadBody { at: timestamp(read.at_ms), by: names.of(&read.by), look: read.look };
    Ok(reads.iter().map(body).collect())
}

/// Who of the workshop looked at one of the caller's vehicles, since it is the caller's.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/reads", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ReadsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<ReadsBody>, Problem> {
    Ok(Json(ReadsBody { reads: of(&state, &vehicle, MAX).await? }))
}

//! Who of the workshop looked at an owner's vehicle.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::i18n::timestamp;
use crate::web::{AppState, names};

/// The most looks of one answer.
const MAX: usize = 200;

/// Looks of the workshop's people, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadsBody {
    reads: Vec<ReadBody>,
}

/// Somebody looked; looks of one person within a quarter of an hour are one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadBody {
    at: Timestamp,
    /// What the person is called.
    by: String,
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
    let reads = state.accounts.reads(&vehicle, MAX).await?;
    let names = names(&state, reads.iter().map(|look| look.by.clone())).await?;
    let body = |look: &crate::accounts::StaffRead| ReadBody { at: timestamp(look.at_ms), by: names.of(&look.by) };
    Ok(Json(ReadsBody { reads: reads.iter().map(body).collect() }))
}

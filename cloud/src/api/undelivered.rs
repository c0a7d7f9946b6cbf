//! What was given up after every attempt, and another try. It names devices and channels, never a person or an address.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::channels::Dead;
use crate::i18n::timestamp;
use crate::web::AppState;

/// How many are listed at a time.
const PAGE: usize = 100;

/// Where a list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The id of the last one before.
    after: Option<String>,
}

/// Messages that were given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndeliveredBody {
    undelivered: Vec<UndeliveredEntry>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UndeliveredEntry {
    id: String,
    device: String,
    channel: &'static str,
    attempts: u32,
    /// What the last attempt failed with.
    error: Option<String>,
    planned_at: jiff::Timestamp,
}

/// What to try again.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RetryBody {
    id: String,
}

/// Messages that were given up.
#[utoipa::path(get, path = "/api/v1/undelivered", tag = "engineer", params(After), responses(
    (status = 200, body = UndeliveredBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    engineer: Engineer,
    Query(part): Query<After>,
) -> Result<Json<UndeliveredBody>, Problem> {
    if !engineer.may_see() {
        return Err(Problem::not_found());
    }
    let dead = state.channels.dead(part.after.as_deref(), PAGE).await?;
    let entry = |Dead { id, delivery }| UndeliveredEntry {
        id,
        device: delivery.key.device.to_string(),
        channel: delivery.key.channel.name(),
        attempts: delivery.attempts,
        error: delivery.error,
        planned_at: timestamp(delivery.planned_ms),
    };
    Ok(Json(UndeliveredBody { undelivered: dead.into_iter().map(entry).collect() }))
}

/// Try one again, as if it had never been tried.
#[utoipa::path(post, path = "/api/v1/undelivered/retry", tag = "engineer", request_body = RetryBody, responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn retry(
    State(state): State<AppState>,
    engineer: Engineer,
    Json(body): Json<RetryBody>,
) -> Result<StatusCode, Problem> {
    let key = body.id.parse().map_err(|_| Problem::not_found())?;
    if engineer.may_see() && state.channels.retry(&key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

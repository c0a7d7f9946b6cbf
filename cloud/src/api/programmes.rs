//! An owner's programmes: what runs, and leaving, joining and choosing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::domain::Intent;
use crate::i18n::timestamp;
use crate::web::AppState;

/// An owner's programmes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammesBody {
    programmes: Vec<ProgrammeBody>,
}

/// One programme.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProgrammeBody {
    name: String,
    version: u32,
    /// The consent that its contacts need: `function`, `workshop` or `offers`.
    purpose: &'static str,
    /// Whether the owner takes part in what begins.
    takes_part: bool,
    /// What the owner can choose from.
    pack: Vec<String>,
    runs: Vec<RunBody>,
}

/// One run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunBody {
    cause: String,
    entered_at: Timestamp,
    active: bool,
    /// The step that comes next.
    next_step: Option<String>,
    /// What the owner chose from the pack; absent is everything.
    chosen: Option<Vec<String>>,
    steps: Vec<StepBody>,
}

/// What became of a step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepBody {
    step: String,
    at: Timestamp,
    /// `told`, `passed`, `unfit`, `timed_out`, `no_consent` or `lapsed`.
    what: &'static str,
}

/// Whether to take part, and what to choose from the pack.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TakePartBody {
    takes_part: Option<bool>,
    chosen: Option<Vec<String>>,
}

/// The programmes for one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/programmes", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ProgrammesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn programmes(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<ProgrammesBody>, Problem> {
    let journey = &vehicle.journey;
    let programmes = state.journeys.programmes().all().iter().map(|programme| {
        let runs = journey.runs().iter().filter(|run| run.programme == programme.name).map(|run| RunBody {
            cause: run.cause.clone(),
            entered_at: timestamp(run.entered_ms),
            active: run.is_active(),
            next_step: run.step.clone(),
            chosen: run.chosen.clone(),
            steps: run
                .log
                .iter()
                .map(|entry| StepBody { step: entry.step.clone(), at: timestamp(entry.at_ms), what: entry.what.name() })
                .collect(),
        });
        ProgrammeBody {
            name: programme.name.clone(),
            version: programme.version,
            purpose: programme.purpose.name(),
            takes_part: journey.takes_part(&programme.name),
            pack: programme.pack.clone(),
            runs: runs.collect(),
        }
    });
    Ok(Json(ProgrammesBody { programmes: programmes.collect() }))
}

/// Leave a programme, join it again, or choose from what it sends; leaving holds until joining again.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/programmes/{programme}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("programme" = String, Path, description = "The programme's name")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn take_part(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, programme)): Path<(String, String)>,
    Json(body): Json<TakePartBody>,
) -> Result<StatusCode, Problem> {
    let known = state.journeys.programmes().get(&programme).ok_or_else(Problem::not_found)?;
    let mut wishes = Vec::new();
    if let Some(takes_part) = body.takes_part {
        wishes.push(Intent::TakePart { programme: programme.clone(), takes_part });
    }
    if let Some(chosen) = body.chosen {
        if chosen.iter().any(|piece| !known.pack.contains(piece)) {
            return Err(Problem::invalid());
        }
        wishes.push(Intent::Choose { programme, chosen });
    }
    state.service.submit(&vehicle.device, Intent::Together { wishes }, owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

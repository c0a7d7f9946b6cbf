//! What the workshop's people do for notices that were ignored: calls and letters.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use milepost_protocol::NoticeId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Advisor;
use crate::channels::TaskKind;
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::AppState;

/// Open tasks, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TasksBody {
    tasks: Vec<TaskBody>,
}

/// One task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskBody {
    /// `call` or `letter`.
    kind: &'static str,
    vehicle: String,
    notice: String,
    since: Timestamp,
}

/// Calls and letters that are to be done, of vehicles that are shared with the workshop.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "advisor", responses(
    (status = 200, body = TasksBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, advisor: Advisor) -> Result<Json<TasksBody>, Problem> {
    let open = state.channels.tasks().await?;
    let visible: Vec<_> = open.into_iter().filter(|(_, vehicle)| advisor.may_see(vehicle)).collect();
    advisor.lists(&state, visible.iter().map(|(_, vehicle)| vehicle)).await?;
    let body = |(task, vehicle): (crate::channels::Task, Vehicle)| TaskBody {
        kind: task.kind.name(),
        vehicle: vehicle.device.to_string(),
        notice: task.notice.to_string(),
        since: timestamp(task.since_ms),
    };
    Ok(Json(TasksBody { tasks: visible.into_iter().map(body).collect() }))
}

/// A task was carried out.
#[utoipa::path(post, path = "/api/v1/tasks/{vehicle}/{notice}/{kind}/done", tag = "advisor",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("notice" = String, Path, description = "16 hexadecimal digits"),
        ("kind" = String, Path, description = "`call` or `letter`")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn finish(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, notice, kind)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let kind = TaskKind::from_name(&kind).ok_or_else(Problem::not_found)?;
    let is_done = state.channels.finish(&vehicle.device, notice, kind, &advisor.0.account.id).await?;
    if is_done { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// The letter of a task as PDF.
#[utoipa::path(get, path = "/api/v1/tasks/{vehicle}/{notice}/letter", tag = "advisor",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("notice" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 200, description = "The letter", body = Vec<u8>, content_type = "application/pdf"),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn letter(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, notice)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let task = state.channels.task(&vehicle.device, notice, TaskKind::Letter).await?;
    let task = task.filter(|task| task.is_open(&vehicle)).ok_or_else(Problem::not_found)?;
    let owner = state.accounts.account(&task.owner).await?.ok_or_else(Problem::not_found)?;
    let pdf = state.channels.letter(&task, &vehicle, &owner).await?;
    let name = format!("attachment; filename=\"letter-{}.pdf\"", vehicle.device);
    Ok(([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)], pdf).into_response())
}

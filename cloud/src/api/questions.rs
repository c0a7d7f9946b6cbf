//! The one question that an owner is asked at a time, and what they say to it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::domain::{Question, Reply};
use crate::web::{AppState, answered, replied};

/// What is asked now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionBody {
    /// Absent when nothing is.
    question: Option<QuestionDetail>,
}

/// A question.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuestionDetail {
    /// `registered`, `vin` or `birthday`.
    name: &'static str,
}

/// What the owner says: an answer, or that they would rather not.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReplyRequest {
    /// A date such as `1980-05-03`, or an identification number.
    answer: Option<String>,
    /// `later`, `never`, or `forget` for a birthday that was told.
    instead: Option<String>,
}

/// What the caller is asked about one of their vehicles now.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/question", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = QuestionBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn question(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<QuestionBody>, Problem> {
    let question = vehicle.question(state.now_ms()).map(|question| QuestionDetail { name: question.name() });
    Ok(Json(QuestionBody { question }))
}

/// Reply to a question.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/questions/{question}", tag = "owner", params(
    ("vehicle" = String, Path, description = "The device's id"),
    ("question" = String, Path, description = "`registered`, `vin` or `birthday`")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn reply(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, question)): Path<(String, String)>,
    Json(body): Json<ReplyRequest>,
) -> Result<StatusCode, Problem> {
    let question = Question::from_name(&question).ok_or_else(Problem::not_found)?;
    match (body.answer.as_deref(), body.instead.as_deref()) {
        (Some(answer), None) => answered(&state, &owner, &vehicle, question, answer).await?,
        (None, Some("later")) => replied(&state, &owner, &vehicle, question, Reply::Later).await?,
        (None, Some("never")) => replied(&state, &owner, &vehicle, question, Reply::Never).await?,
        (None, Some("forget")) if question == Question::Birthday => {
            replied(&state, &owner, &vehicle, question, Reply::Born(None)).await?;
        }
        _ => return Err(Problem::invalid()),
    }
    Ok(StatusCode::NO_CONTENT)
}

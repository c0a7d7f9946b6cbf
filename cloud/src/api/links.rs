//! What the links of messages do, without a log-in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::notices::AnswerBody;
use super::{Problem, ProblemBody};
use crate::web::AppState;

/// Answer the notice that a message's link names; the answer clears it everywhere, and the same answer again is harmless.
#[utoipa::path(post, path = "/api/v1/notice-links/{token}", tag = "session",
    params(("token" = String, Path, description = "The last part of the link")),
    request_body = AnswerBody, responses(
    (status = 204),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn answer(
    State(state): State<AppState>,
    Path(token): Path<String>,
    Json(body): Json<AnswerBody>,
) -> Result<StatusCode, Problem> {
    let linked = crate::web::linked(&state, &token).await?;
    linked.answer(&state, body.read()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirm the address that a mail's link names; again does no harm.
#[utoipa::path(post, path = "/api/v1/email-confirmations/{token}", tag = "session",
    params(("token" = String, Path, description = "The last part of the link")), responses(
    (status = 204),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn confirm(State(state): State<AppState>, Path(token): Path<String>) -> Result<StatusCode, Problem> {
    crate::web::confirmed(&state, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

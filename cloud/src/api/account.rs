//! Sessions and preferences of the caller's own account.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session::SessionBody;
use super::{Problem, ProblemBody};
use crate::accounts::{Owner, SessionId, SignedIn};
use crate::erasure::Erasure;
use crate::i18n::{DistanceUnit, Language, timestamp};
use crate::web::AppState;

/// Where the account is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionsBody {
    sessions: Vec<SessionEntry>,
}

/// One log-in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionEntry {
    id: String,
    agent: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// What an account can choose.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PreferencesBody {
    /// A BCP 47 tag; absent to follow the browser.
    language: Option<String>,
    unit: DistanceUnit,
}

/// Where the caller is logged in.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "session", responses(
    (status = 200, body = SessionsBody),
    (status = 401, body = ProblemBody)))]
pub(crate) async fn sessions(State(state): State<AppState>, caller: SignedIn) -> Result<Json<SessionsBody>, Problem> {
    let sessions = state.accounts.sessions(&caller.account.id).await?;
    let entry = |(id, session): (SessionId, crate::accounts::Session)| SessionEntry {
        id: id.to_string(),
        agent: session.agent,
        created_at: timestamp(session.created_ms),
        seen_at: timestamp(session.seen_ms),
        current: id == caller.session,
    };
    Ok(Json(SessionsBody { sessions: sessions.into_iter().map(entry).collect() }))
}

/// End one of the caller's sessions.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "session",
    params(("session" = String, Path, description = "The session's id")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    if state.accounts.revoke(&caller.account.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Set language and unit.
#[utoipa::path(put, path = "/api/v1/preferences", tag = "session", request_body = PreferencesBody, responses(
    (status = 200, body = SessionBody),
    (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn preferences(
    State(state): State<AppState>,
    caller: SignedIn,
    Json(body): Json<PreferencesBody>,
) -> Result<Json<SessionBody>, Problem> {
    let language = match body.language.as_deref() {
        None => None,
        Some(code) => Some(Language::from_code(code).ok_or_else(Problem::invalid)?.code()),
    };
    let account = state.accounts.set_preferences(&caller.account.id, language, body.unit).await?;
    Ok(Json((&account).into()))
}

/// That the caller means it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EraseBody {
    /// The account's password.
    password: String,
}

/// Erase the caller's account with everything that names the person, for good; the caller's vehicles are nobody's then.
#[utoipa::path(post, path = "/api/v1/account/erase", tag = "owner", request_body = EraseBody, responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    owner: Owner,
    Json(body): Json<EraseBody>,
) -> Result<Response, Problem> {
    erased(&state, &owner, &body.password).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, state.cookies.clear_session())]).into_response())
}

/// Erases the caller's account, if the password is theirs.
pub(crate) async fn erased(state: &AppState, owner: &Owner, password: &str) -> Result<(), Problem> {
    let account = &owner.0.account;
    state.accounts.check_password(account, password).await?;
    let AppState { service, accounts, channels, attachments, journeys, .. } = state;
    Erasure { service, accounts, channels, attachments, journeys }.erase(account).await?;
    Ok(())
}

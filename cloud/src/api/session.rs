//! Logging in and out through the API.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Account, Role, SignedIn};
use crate::i18n::DistanceUnit;
use crate::web::AppState;

/// What logs in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The account's name.
    account: String,
    /// Its password.
    password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionBody {
    session: Me,
}

/// An account, as its person sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    account: String,
    display_name: String,
    role: Role,
    /// The chosen language; absent while the browser's counts.
    language: Option<String>,
    unit: DistanceUnit,
}

impl From<&Account> for SessionBody {
    fn from(account: &Account) -> Self {
        Self { session: account.into() }
    }
}

impl From<&Account> for Me {
    fn from(account: &Account) -> Self {
        Self {
            account: account.id.to_string(),
            display_name: account.display_name.clone(),
            role: account.role,
            language: account.language.clone(),
            unit: account.unit,
        }
    }
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, body = SessionBody),
    (status = 401, body = ProblemBody)))]
pub(crate) async fn show(caller: SignedIn) -> Json<SessionBody> {
    Json((&caller.account).into())
}

/// Log in; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Credentials, responses(
    (status = 200, body = SessionBody),
    (status = 401, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
pub(crate) async fn log_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    extensions: Extensions,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    let old = state.cookies.token(&headers);
    let address = crate::web::client(&extensions);
    let agent = crate::web::agent(&headers);
    let Credentials { account, password } = &credentials;
    let (token, account) = state.accounts.log_in(account, password, address.as_deref(), agent, old.as_ref()).await?;
    let cookie = state.cookies.set_session(&token, account.role.lifetime_ms() / 1000);
    Ok(([(SET_COOKIE, cookie)], Json(SessionBody::from(&account))).into_response())
}

/// Log out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn log_out(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = state.cookies.token(&headers) {
        state.accounts.log_out(&token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, state.cookies.clear_session())]).into_response())
}

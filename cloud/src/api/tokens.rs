//! Tokens for programs of the caller's own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{ApiToken, Owner, Scope, SessionId, TokenWish};
use crate::i18n::timestamp;
use crate::web::AppState;

/// The caller's tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokensBody {
    tokens: Vec<TokenEntry>,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenEntry {
    id: String,
    name: String,
    /// `vehicles:read`, `services:write`, `notices:write` or `bookings:write`.
    scopes: Vec<&'static str>,
    created_at: Timestamp,
    until: Timestamp,
    /// To within five minutes.
    used_at: Option<Timestamp>,
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// What to call it: 1 to 60 characters.
    name: String,
    /// At least one.
    scopes: Vec<String>,
    /// How long it lives: 1 to 730.
    days: u16,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewTokenBody {
    token: NewToken,
}

/// What nobody can read again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewToken {
    id: String,
    /// What programs send as `Authorization: Bearer …`.
    secret: String,
}

fn entry((id, token): (SessionId, ApiToken)) -> TokenEntry {
    TokenEntry {
        id: id.to_string(),
        name: token.name,
        scopes: token.scopes.iter().map(|scope| scope.name()).collect(),
        created_at: timestamp(token.created_ms),
        until: timestamp(token.until_ms),
        used_at: (token.used_ms > 0).then(|| timestamp(token.used_ms)),
    }
}

/// The tokens of the caller's programs.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "owner", responses(
    (status = 200, body = TokensBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, owner: Owner) -> Result<Json<TokensBody>, Problem> {
    let tokens = state.accounts.tokens(&owner.0.account.id).await?;
    Ok(Json(TokensBody { tokens: tokens.into_iter().map(entry).collect() }))
}

/// Make a token; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "owner", request_body = TokenRequest, responses(
    (status = 201, body = NewTokenBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn make(
    State(state): State<AppState>,
    owner: Owner,
    Json(body): Json<TokenRequest>,
) -> Result<(StatusCode, Json<NewTokenBody>), Problem> {
    let scopes: Option<Vec<_>> = body.scopes.iter().map(|name| Scope::from_name(name)).collect();
    let wish = TokenWish { name: body.name, scopes: scopes.ok_or_else(Problem::invalid)?, days: body.days };
    let made = state.accounts.make_token(&owner.0.account, wish).await?;
    let (id, secret) = made.ok_or_else(Problem::invalid)?;
    Ok((StatusCode::CREATED, Json(NewTokenBody { token: NewToken { id: id.to_string(), secret } })))
}

/// Take a token back; whoever has it is refused from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "owner",
    params(("token" = String, Path, description = "The token's id")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    if state.accounts.revoke_token(&owner.0.account.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

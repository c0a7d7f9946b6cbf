//! Tokens for programs of an owner's own: the list, a new one, and taking one back.
//!
//! Invariant: the secret of a new token stands on one page that is never shown again.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::owner::Did;
use super::page::{Page, Section};
use super::view::Flash;
use super::{AppState, Reader, render};
use crate::accounts::{ApiToken, Owner, Scope, SessionId, TokenWish};
use crate::api::Problem;
use crate::i18n::{Format, Localizer};

/// How long a token lives unless another time is chosen, in days.
const USUAL_DAYS: u16 = 365;

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    page: Page,
    flash: Option<Flash>,
    secret: Option<String>,
    tokens: Vec<Line>,
    scopes: Vec<Pick>,
    days: u16,
}

struct Line {
    id: String,
    name: String,
    scopes: String,
    life: String,
    used: String,
}

struct Pick {
    name: &'static str,
    text: String,
}

/// `GET /account/tokens`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    page(&state, &owner, &reader, &did, None).await
}

/// `POST /account/tokens`.
pub(crate) async fn make(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let days = form.get("days").and_then(|days| days.parse().ok()).ok_or_else(Problem::invalid)?;
    let name = form.get("name").cloned().unwrap_or_default();
    let scopes = Scope::ALL.into_iter().filter(|scope| form.contains_key(scope.name())).collect();
    let made = state.accounts.make_token(&owner.0.account, TokenWish { name, scopes, days }).await?;
    let (_, secret) = made.ok_or_else(Problem::invalid)?;
    page(&state, &owner, &reader, &Did::new("token"), Some(secret)).await
}

/// `POST /account/tokens/{token}/revoke`.
pub(crate) async fn revoke(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: SessionId = id.parse().map_err(|_| Problem::not_found())?;
    if !state.accounts.revoke_token(&owner.0.account.id, id).await? {
        return Err(Problem::not_found());
    }
    Ok(render::see_other("/account/tokens?did=token-revoked"))
}

async fn page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    did: &Did,
    secret: Option<String>,
) -> Result<Response, Problem> {
    let account = &owner.0.account;
    let vehicles = state.service.vehicles_for(&account.id).await?;
    let mut page = Page::of(reader, account, "tokens-title", Section::Account);
    page = page.with_vehicles(&vehicles, None, Section::Account);
    page.vehicles.clear();
    // What was shown once must not come back from a browser's store.
    page.keeps = false;
    let localizer = page.localizer;
    // Tokens live by the machine's clock, as sessions do.
    let format = Format { now_ms: state.wall.now_ms(), ..reader.format(account, None) };
    let tokens = state.accounts.tokens(&account.id).await?;
    render::html(&TokensPage {
        flash: did.flash(&format),
        secret,
        tokens: tokens.into_iter().map(|token| line(token, localizer, &format)).collect(),
        scopes: Scope::ALL.map(|scope| Pick { name: scope.name(), text: scope_text(localizer, scope) }).into(),
        days: USUAL_DAYS,
        page,
    })
}

fn line((id, token): (SessionId, ApiToken), localizer: Localizer, format: &Format) -> Line {
    let scopes: Vec<String> = token.scopes.iter().map(|scope| scope_text(localizer, *scope)).collect();
    Line {
        id: id.to_string(),
        name: token.name,
        scopes: scopes.join(" · "),
        life: localizer.with("tokens-until", [("date", format.date(token.until_ms).into())]),
        used: if token.used_ms > 0 {
            localizer.with("tokens-used", [("age", format.age(token.used_ms).into())])
        } else {
            localizer.text("tokens-unused")
        },
    }
}

fn scope_text(localizer: Localizer, scope: Scope) -> String {
    localizer.text(match scope {
        Scope::VehiclesRead => "tokens-scope-vehicles-read",
        Scope::ServicesWrite => "tokens-scope-services-write",
        Scope::NoticesWrite => "tokens-scope-notices-write",
        Scope::BookingsWrite => "tokens-scope-bookings-write",
    })
}

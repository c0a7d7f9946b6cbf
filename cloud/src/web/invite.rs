//! The page behind an invitation's link: what is offered, and the ways to take it.
//!
//! Invariant: looking changes nothing, since mail servers open links too; only the forms do.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::family::granted;
use super::page::Page;
use super::{AppState, Reader, client, render};
use crate::accounts::{Account, Caller, Role};
use crate::api::Problem;
use crate::api::family::{NewAccount, invited, taken, taken_anew};
use crate::web::vehicle_name;

#[derive(Template)]
#[template(path = "invite.html")]
struct InvitePage {
    page: Page,
    token: String,
    by: String,
    vehicle: String,
    about: String,
    until: String,
    /// Who is logged in and can take it.
    present: Option<String>,
    account: String,
    name: String,
    error: Option<String>,
}

/// A new account, as the form sends it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TakeForm {
    /// `present` takes it with the account that is logged in, `new` with a new one.
    #[serde(default)]
    with: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

/// `GET /invite/{token}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Caller(caller): Caller,
    reader: Reader,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let account = caller.map(|caller| caller.account);
    page(&state, &reader, account.as_ref(), token, TakeForm::default(), None).await
}

async fn page(
    state: &AppState,
    reader: &Reader,
    account: Option<&Account>,
    token: String,
    form: TakeForm,
    error: Option<String>,
) -> Result<Response, Problem> {
    let (invitation, vehicle) = invited(state, &token).await?;
    let by = state.accounts.account(&invitation.by).await?.ok_or_else(Problem::not_found)?;
    let page = Page::anonymous(reader, "invite-title");
    let localizer = page.localizer;
    let format = crate::i18n::Format { localizer, ..reader.format(&by, Some(&vehicle)) };
    render::html(&InvitePage {
        by: by.display_name,
        vehicle: vehicle_name(localizer, &vehicle),
        about: granted(localizer, invitation.grant),
        until: localizer.with("family-until", [("date", format.date(invitation.until_ms).into())]),
        present: account.filter(|account| account.role == Role::Owner).map(|account| account.display_name.clone()),
        account: form.account,
        name: form.name,
        error,
        token,
        page,
    })
}

/// `POST /invite/{token}`: what does not hold comes back as it was typed, without the password.
pub(crate) async fn take(
    State(state): State<AppState>,
    Caller(caller): Caller,
    reader: Reader,
    headers: HeaderMap,
    extensions: Extensions,
    Path(token): Path<String>,
    Form(form): Form<TakeForm>,
) -> Result<Response, Problem> {
    let (invitation, _) = invited(&state, &token).await?;
    let to = format!("/vehicles/{}", invitation.vehicle);
    if form.with == "present" {
        let caller = caller.ok_or_else(Problem::sign_in)?;
        taken(&state, &token, &caller.account).await?;
        return Ok(render::see_other(&to));
    }
    let TakeForm { account, name: display_name, password, .. } = &form;
    let new = NewAccount { account: account.clone(), display_name: display_name.clone(), password: password.clone() };
    match taken_anew(&state, &token, &new, Some(reader.localizer(None).language())).await {
        Ok(account) => {
            let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
            let old = state.cookies.token(&headers);
            let address = client(&extensions);
            let begun =
                state.accounts.log_in(account.id.as_str(), password, address.as_deref(), agent, old.as_ref()).await;
            let (session, account) = begun?;
            let mut response = render::see_other(&to);
            let cookie = state.cookies.set_session(&session, account.role.lifetime_ms() / 1000);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(problem) if problem.status.is_server_error() || problem.code == "not-found" => Err(problem),
        Err(problem) => {
            let said = problem.detail(reader.localizer(None));
            let account = caller.map(|caller| caller.account);
            let page = page(&state, &reader, account.as_ref(), token, form, Some(said)).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

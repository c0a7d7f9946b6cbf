//! Logging in and out.

use std::net::SocketAddr;

use askama::Template;
use axum::Form;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::page::Page;
use super::{AppState, Reader, render};
use crate::accounts::{Caller, Role};
use crate::api::Problem;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    account: String,
    error: Option<String>,
    next: String,
}

/// Where to go on after the log-in.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// The fields of the log-in form.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    account: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub(crate) async fn show(
    Caller(caller): Caller,
    reader: Reader,
    Query(next): Query<Next>,
) -> Result<Response, Problem> {
    if caller.is_some() {
        return Ok(render::see_other(&local(&next.next)));
    }
    let page = Page::anonymous(&reader, "login-submit");
    render::html(&LoginPage { page, account: String::new(), error: None, next: local(&next.next) })
}

/// `POST /login`: on failure the same page with the account kept and the reason above it.
pub(crate) async fn log_in(
    State(state): State<AppState>,
    reader: Reader,
    headers: HeaderMap,
    extensions: Extensions,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let old = state.cookies.token(&headers);
    let address = client(&extensions);
    let attempt =
        state.accounts.log_in(&form.account, &form.password, address.as_deref(), agent(&headers), old.as_ref()).await;
    match attempt.map_err(Problem::from) {
        Ok((token, account)) => {
            let mut response = render::see_other(&local(&form.next));
            let cookie = state.cookies.set_session(&token, account.role.lifetime_ms() / 1000);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let page = Page::anonymous(&reader, "login-submit");
            let error = Some(problem.detail(page.localizer));
            let form = LoginPage { page, account: form.account, error, next: local(&form.next) };
            let mut response = (problem.status, render::html(&form)?).into_response();
            if let Some(seconds) = problem.retry_after_s {
                response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
    }
}

/// `POST /logout`.
pub(crate) async fn log_out(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = state.cookies.token(&headers) {
        state.accounts.log_out(&token).await?;
    }
    let mut response = render::see_other("/login");
    response.headers_mut().append(SET_COOKIE, state.cookies.clear_session());
    Ok(response)
}

/// `GET /`: each role's first page.
pub(crate) async fn home(
    State(state): State<AppState>,
    Caller(caller): Caller,
    reader: Reader,
) -> Result<Response, Problem> {
    let Some(caller) = caller else { return Ok(render::see_other("/login")) };
    match caller.account.role {
        Role::Owner => super::home::first(&state, &caller, &reader).await,
        Role::Advisor => Ok(render::see_other("/advisor")),
        Role::Engineer => Ok(render::see_other("/lab")),
        Role::Lead => Ok(render::see_other("/experience")),
    }
}

/// The browser's address, for the limit on attempts.
pub(crate) fn client(extensions: &Extensions) -> Option<String> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string())
}

/// The browser's own name.
pub(crate) fn agent(headers: &HeaderMap) -> &str {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}

/// A path on this site; anything else leads to the start.
fn local(next: &str) -> String {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_never_leads_to_another_site() {
        for (next, path) in [
            ("/vehicles/a", "/vehicles/a"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(local(next), path, "{next}");
        }
    }
}

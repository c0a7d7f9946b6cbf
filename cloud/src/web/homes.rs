//! An owner's own Home Assistant: where its broker is, and whether it is reached.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::owner::Did;
use super::page::{Page, Section};
use super::view::Flash;
use super::{AppState, Reader, render};
use crate::accounts::Owner;
use crate::api::Problem;
use crate::homes::{HomeLink, LinkWish};
use crate::i18n::Format;

#[derive(Template)]
#[template(path = "home_link.html")]
struct HomePage {
    page: Page,
    is_on: bool,
    host: String,
    port: String,
    tls: bool,
    user: String,
    prefix: String,
    has_password: bool,
    status: Option<String>,
    has_failed: bool,
    clearing: bool,
    flash: Option<Flash>,
}

/// The broker as the form sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LinkForm {
    act: String,
    host: String,
    port: String,
    tls: String,
    user: String,
    password: String,
    prefix: String,
}

/// `GET /account/home-assistant`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let account = &owner.0.account;
    let vehicles = state.service.vehicles_of(&account.id).await?;
    let mut page = Page::of(&reader, account, "home-link-title", Section::Account).with_vehicles(
        &vehicles,
        None,
        Section::Account,
    );
    page.vehicles.clear();
    let link = state.homes().link(&account.id).await?;
    let format = reader.format(account, vehicles.first());
    let broker = link.present.as_ref().map(|present| present.broker.clone());
    let has_failed = link.status.as_ref().is_some_and(|status| status.error.is_some());
    render::html(&HomePage {
        is_on: broker.is_some(),
        has_password: broker.as_ref().is_some_and(|broker| !broker.password.is_empty()),
        host: broker.as_ref().map(|broker| broker.host.clone()).unwrap_or_default(),
        port: broker.as_ref().map(|broker| broker.port.to_string()).unwrap_or_default(),
        tls: broker.as_ref().is_none_or(|broker| broker.tls),
        user: broker.as_ref().map(|broker| broker.user.clone()).unwrap_or_default(),
        prefix: broker.map_or_else(|| "homeassistant".to_owned(), |broker| broker.prefix),
        status: words(&link, &format),
        has_failed,
        clearing: !link.left.is_empty(),
        flash: did.flash(&format),
        page,
    })
}

/// `POST /account/home-assistant`.
pub(crate) async fn save(
    State(state): State<AppState>,
    owner: Owner,
    Form(form): Form<LinkForm>,
) -> Result<Response, Problem> {
    let account = &owner.0.account.id;
    match form.act.as_str() {
        "off" => state.homes().switch_off(account).await?,
        "on" => {
            let LinkForm { host, port, tls, user, password, prefix, .. } = form;
            let wish = LinkWish { host, port, tls: !tls.is_empty(), user, password, prefix };
            state.homes().switch_on(account, &wish).await?
        }
        _ => return Err(Problem::invalid()),
    };
    Ok(render::see_other("/account/home-assistant?did=home-link"))
}

/// How the connection stands, in words.
fn words(link: &HomeLink, format: &Format) -> Option<String> {
    let localizer = format.localizer;
    link.present.as_ref()?;
    Some(match &link.status {
        None => localizer.text("home-link-waits"),
        Some(status) => match &status.error {
            None => localizer.with("home-link-stands", [("age", format.age(status.at_ms).into())]),
            Some(why) => {
                let words = [("age", format.age(status.at_ms).into()), ("why", why.as_str().into())];
                localizer.with("home-link-failed", words)
            }
        },
    })
}

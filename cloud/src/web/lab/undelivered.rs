//! What was given up after every attempt, without names and addresses, and another try.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::accounts::Engineer;
use crate::api::Problem;
use crate::channels::Dead;
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render};

/// How many are shown.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "lab/undelivered.html")]
struct UndeliveredPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    device: String,
    channel: &'static str,
    error: String,
    attempts: String,
    when: String,
}

/// What to try again.
#[derive(Debug, Deserialize)]
pub(crate) struct Retry {
    id: String,
}

/// `GET /lab/undelivered`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let page = Page::of(&reader, account, "dead-title", Section::Undelivered);
    let format = reader.format(account, None);
    let dead = if engineer.may_see() { state.channels.dead(None, SHOWN).await? } else { Vec::new() };
    let row = |Dead { id, delivery }| Row {
        id,
        device: delivery.key.device.to_string(),
        channel: delivery.key.channel.name(),
        error: delivery.error.unwrap_or_default(),
        attempts: format.localizer.with("dead-attempts", [("n", delivery.attempts.into())]),
        when: format.date_time(delivery.planned_ms),
    };
    render::html(&UndeliveredPage { rows: dead.into_iter().map(row).collect(), page })
}

/// `POST /lab/undelivered`.
pub(crate) async fn retry(
    State(state): State<AppState>,
    engineer: Engineer,
    Form(form): Form<Retry>,
) -> Result<Response, Problem> {
    let key = form.id.parse().map_err(|_| Problem::not_found())?;
    if engineer.may_see() {
        // Somebody else may have been faster; the page behind shows what is left.
        state.channels.retry(&key).await?;
    }
    Ok(render::see_other("/lab/undelivered"))
}

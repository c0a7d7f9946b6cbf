//! Consent by purpose, its history, and the owner's data to take along.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;

use super::care::names;
use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::{self, ChangeLine, Flash, PurposeRow};
use super::{AppState, Opened, render};
use crate::accounts::{Granted, Look, Own, StaffRead};
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;

#[derive(Template)]
#[template(path = "owner/privacy.html")]
struct PrivacyPage {
    page: Page,
    base: String,
    vehicle: String,
    purposes: Vec<PurposeRow>,
    changes: Vec<ChangeLine>,
    reads: Vec<ReadLine>,
    flash: Option<Flash>,
}

/// Somebody of the workshop looked at the car.
struct ReadLine {
    who: String,
    how: String,
    when: String,
    machine: String,
}

/// How many looks of the workshop's people the page shows.
const READS: usize = 50;

/// Who of the workshop looked at the car, the newest first.
async fn reads(state: &AppState, vehicle: &Vehicle, format: &Format) -> Result<Vec<ReadLine>, Problem> {
    let reads = state.accounts.reads(vehicle, READS).await?;
    let names = names(state, reads.iter().map(|look| look.by.clone())).await?;
    let line = |look: &StaffRead| ReadLine {
        who: names.of(&look.by),
        how: format.localizer.text(match look.look {
            Look::Opened => "reads-opened",
            Look::Listed => "reads-listed",
        }),
        when: format.date_time(look.at_ms),
        machine: format.machine(look.at_ms),
    };
    Ok(reads.iter().map(line).collect())
}

/// `GET /vehicles/{vehicle}/privacy`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    render::html(&PrivacyPage {
        page: owner_page(&state, &owner, &reader, &vehicle, "privacy-title", Section::Privacy).await?,
        base: format!("/vehicles/{}", vehicle.device),
        vehicle: vehicle.device.to_string(),
        purposes: view::rows(&vehicle, format.localizer),
        changes: view::changes(&vehicle, &format),
        reads: reads(&state, &vehicle, &format).await?,
        flash: did.flash(&format),
    })
}

/// `POST /vehicles/{vehicle}/privacy`: the switches that are on arrive as fields.
pub(crate) async fn save(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Form(switches): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let purposes = view::purposes(switches.keys().map(String::as_str)).ok_or_else(Problem::invalid)?;
    state.service.set_consent(&vehicle.device, purposes, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/privacy?did=consent", vehicle.device)))
}

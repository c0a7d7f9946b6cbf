//! Consent by purpose, its history, and the owner's data to take along.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::{self, ChangeLine, Flash, PurposeRow};
use super::{AppState, Reader, render};
use crate::accounts::Owner;
use crate::api::Problem;

#[derive(Template)]
#[template(path = "owner/privacy.html")]
struct PrivacyPage {
    page: Page,
    base: String,
    vehicle: String,
    purposes: Vec<PurposeRow>,
    changes: Vec<ChangeLine>,
    flash: Option<Flash>,
}

/// `GET /vehicles/{vehicle}/privacy`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path(id): Path<String>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    let format = reader.format(&owner.0.account, Some(&vehicle));
    render::html(&PrivacyPage {
        page: owner_page(&state, &owner, &reader, &vehicle, "privacy-title", Section::Privacy).await?,
        base: format!("/vehicles/{}", vehicle.device),
        vehicle: vehicle.device.to_string(),
        purposes: view::rows(&vehicle, format.localizer),
        changes: view::changes(&vehicle, &format),
        flash: did.flash(&format),
    })
}

/// `POST /vehicles/{vehicle}/privacy`: the switches that are on arrive as fields.
pub(crate) async fn save(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<String>,
    Form(switches): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    let purposes = view::purposes(switches.keys().map(String::as_str)).ok_or_else(Problem::invalid)?;
    state.service.set_consent(&vehicle.device, purposes, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{id}/privacy?did=consent")))
}

//! The owner's offers: advertising, apart from what the car needs.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::NoticeKind;
use serde::Deserialize;

use super::home::{From, after_tip};
use super::owner::{Did, mark_seen, owner_page, visited};
use super::page::{Page, Section};
use super::view::{self, DecisionLine, Flash, OfferView};
use super::{AppState, Reader, render};
use crate::accounts::{Granted, Own, Owner};
use crate::api::Problem;
use crate::domain::Vehicle;

/// How many stored decisions are looked through.
const LOOK_BACK: usize = 60;

#[derive(Template)]
#[template(path = "owner/offers.html")]
struct OffersPage {
    page: Page,
    base: String,
    consented: bool,
    offers: Vec<OfferView>,
    decisions: Vec<DecisionLine>,
    flash: Option<Flash>,
}

#[derive(Template)]
#[template(path = "owner/offer_list.html")]
struct OffersFragment {
    page: Page,
    base: String,
    consented: bool,
    offers: Vec<OfferView>,
    decisions: Vec<DecisionLine>,
    flash: Option<Flash>,
}

/// What the last form led to.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    did: String,
}

/// `GET /vehicles/{vehicle}/offers`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    mark_seen(&state, &owner, &vehicle, NoticeKind::Offer).await;
    visited(&state, &owner, &vehicle, "offers").await;
    let OffersFragment { page, base, consented, offers, decisions, flash } =
        list(&state, &owner, &reader, &vehicle, &said.did).await?;
    render::html(&OffersPage { page, base, consented, offers, decisions, flash })
}

/// After an answer to an offer.
pub(crate) async fn after(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    id: &str,
    did: &str,
) -> Result<Response, Problem> {
    if !reader.wants_fragment {
        return Ok(render::see_other(&format!("/vehicles/{id}/offers?did={did}")));
    }
    let vehicle = owner.vehicle(state, id).await?;
    render::html(&list(state, owner, reader, &vehicle, did).await?)
}

/// `POST /vehicles/{vehicle}/notices/{notice}/fewer`.
pub(crate) async fn fewer(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Path((_, notice)): Path<(String, String)>,
    Query(from): Query<From>,
) -> Result<Response, Problem> {
    let notice = notice.parse().map_err(|_| Problem::not_found())?;
    state.service.fewer(&vehicle.device, notice, owner.actor()).await?;
    if from.is_of_tip() {
        return Ok(after_tip(&from, vehicle.device.as_str(), "tip-fewer"));
    }
    after(&state, &owner, &reader, vehicle.device.as_str(), "offer-fewer").await
}

async fn list(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    did: &str,
) -> Result<OffersFragment, Problem> {
    let format = reader.format(&owner.0.account, Some(vehicle));
    let rows = state.service.decisions(&vehicle.device, LOOK_BACK).await?;
    let said = Did::new(did);
    Ok(OffersFragment {
        page: owner_page(state, owner, reader, vehicle, "offers-title", Section::Offers).await?,
        base: format!("/vehicles/{}", vehicle.device),
        consented: vehicle.consent.purposes.contains(Purposes::OFFERS),
        offers: view::offers(vehicle, &rows, &format),
        decisions: view::decisions(&rows, &view::OfferNames::of(&state.service.desk().now(), &format), &format),
        flash: said.flash(&format),
    })
}

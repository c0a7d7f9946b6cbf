//! An owner's appointments, and the ways to leave them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::owner::owner_page;
use super::super::page::{Page, Section};
use super::super::{AppState, Reader, render};
use super::words::VisitView;
use crate::accounts::{Act, Granted, Owner, See};
use crate::api::{Problem, bookings::of_vehicle};
use crate::booking::Booking;
use crate::domain::Vehicle;

/// How many past visits are shown.
const PAST: usize = 20;

#[derive(Template)]
#[template(path = "owner/bookings.html")]
struct VisitsPage {
    page: Page,
    base: String,
    flash: Option<String>,
    open: Vec<VisitView>,
    past: Vec<VisitView>,
    has_feed: bool,
    feed: Option<String>,
}

/// What the last form led to; only known words say anything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    did: String,
}

/// `GET /vehicles/{vehicle}/bookings`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<See>,
    reader: Reader,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let flash = match said.did.as_str() {
        "booked" => Some("flash-visit-booked"),
        "moved" => Some("flash-visit-moved"),
        "cancelled" => Some("flash-visit-cancelled"),
        "feed-ended" => Some("flash-feed-ended"),
        _ => None,
    };
    page(&state, &owner, &reader, &vehicle, flash, None).await
}

/// `POST /vehicles/{vehicle}/bookings/{booking}/cancel`.
pub(crate) async fn cancel(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Path((_, visit)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let visit = of_vehicle(&state, &vehicle, &visit).await?;
    Booking::new(state.service.clone()).cancel(&visit.id, owner.actor_on(&vehicle)).await?;
    Ok(render::see_other(&format!("/vehicles/{}/bookings?did=cancelled", vehicle.device)))
}

/// The page, with the address of a calendar that has just been made.
pub(super) async fn page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    flash: Option<&str>,
    feed: Option<String>,
) -> Result<Response, Problem> {
    let format = reader.format(&owner.0.account, Some(vehicle));
    let booking = Booking::new(state.service.clone());
    let workshops = booking.all_workshops().await?;
    let view = |visit: &crate::booking::Visit| {
        let workshop = workshops.iter().find(|workshop| workshop.id == visit.workshop);
        VisitView::new(visit, workshop, &format)
    };
    let (mut open, past): (Vec<_>, Vec<_>) =
        booking.of_vehicle(vehicle).await?.into_iter().partition(crate::booking::Visit::is_open);
    open.reverse();
    render::html(&VisitsPage {
        page: owner_page(state, owner, reader, vehicle, "bookings-title", Section::Bookings).await?,
        base: format!("/vehicles/{}", vehicle.device),
        flash: flash.map(|key| format.localizer.text(key)),
        open: open.iter().map(view).collect(),
        past: past.iter().take(PAST).map(view).collect(),
        has_feed: booking.has_feed(&owner.0.account.id).await?,
        feed,
    })
}

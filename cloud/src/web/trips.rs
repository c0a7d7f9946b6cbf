//! The owner's trips by day.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::owner::owner_page;
use super::page::{Page, Section};
use super::view::{Day, days};
use super::{AppState, Reader, render};
use crate::accounts::Owner;
use crate::api::Problem;
use crate::domain::Right;

#[derive(Template)]
#[template(path = "owner/trips.html")]
struct TripsPage {
    page: Page,
    days: Vec<Day>,
}

/// `GET /vehicles/{vehicle}/trips`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle_for(&state, &id, Right::Trips).await?;
    let format = reader.format(&owner.0.account, Some(&vehicle));
    let page = owner_page(&state, &owner, &reader, &vehicle, "trips-title", Section::Trips).await?;
    render::html(&TripsPage { page, days: days(&vehicle, &format) })
}

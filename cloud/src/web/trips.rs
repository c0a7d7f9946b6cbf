//! The owner's trips by day.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::owner::owner_page;
use super::page::{Page, Section};
use super::view::{Day, days};
use super::{AppState, Opened, render};
use crate::accounts::Trips;
use crate::api::Problem;

#[derive(Template)]
#[template(path = "owner/trips.html")]
struct TripsPage {
    page: Page,
    days: Vec<Day>,
}

/// `GET /vehicles/{vehicle}/trips`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Trips>,
) -> Result<Response, Problem> {
    let page = owner_page(&state, &owner, &reader, &vehicle, "trips-title", Section::Trips).await?;
    render::html(&TripsPage { page, days: days(&vehicle, &format) })
}

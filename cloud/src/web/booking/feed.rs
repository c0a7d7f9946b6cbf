//! The private calendar: made and ended by its owner, read by whatever calendar has its address.
//!
//! Invariant: the address is shown once, when it is made.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::response::{IntoResponse, Response};

use super::super::{AppState, Reader, render};
use super::{visits, words};
use crate::accounts::{Granted, Own, Token};
use crate::api::Problem;
use crate::booking::Booking;

/// `POST /vehicles/{vehicle}/calendar`.
pub(crate) async fn make(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = Booking::new(state.service.clone()).new_feed(&owner.0.account.id).await?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if state.cookies.secure { "https" } else { "http" };
    let address = format!("{scheme}://{host}/calendar/{}.ics", token.reveal());
    visits::page(&state, &owner, &reader, &vehicle, None, Some(address)).await
}

/// `POST /vehicles/{vehicle}/calendar/end`.
pub(crate) async fn end(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
) -> Result<Response, Problem> {
    Booking::new(state.service.clone()).end_feed(&owner.0.account.id).await?;
    Ok(render::see_other(&format!("/vehicles/{}/bookings?did=feed-ended", vehicle.device)))
}

/// `GET /calendar/{secret}.ics`: whoever has the address reads it.
pub(crate) async fn read(
    State(state): State<AppState>,
    reader: Reader,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let secret = file.strip_suffix(".ics").and_then(|text| text.parse::<Token>().ok());
    let secret = secret.ok_or_else(Problem::not_found)?;
    let booking = Booking::new(state.service.clone());
    let account = booking.feed_owner(&secret).await?.ok_or_else(Problem::not_found)?;
    let visits = booking.of_owner(&account).await?;
    let account = state.accounts.account(&account).await?;
    let text = words::invitation(&state, reader.localizer(account.as_ref()), &visits).await?;
    let head = [(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CACHE_CONTROL, "private, no-cache")];
    Ok((head, text).into_response())
}

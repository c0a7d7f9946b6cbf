//! Appointments as the workshop sees them: its days, and what happened.

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bookings::{BookingBody, BookingsBody, OneBookingBody, booking, one};
use super::{Problem, ProblemBody};
use crate::accounts::Advisor;
use crate::booking::{VisitId, Work, WorkshopId};
use crate::domain::Actor;
use crate::web::AppState;

/// The most days of one answer.
const MAX_DAYS: u8 = 31;

/// Which days of a workshop.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysAsked {
    /// The first day, such as `2026-11-16`.
    from: String,
    /// How many; 1 if absent, at most 31.
    days: Option<u8>,
}

/// What the workshop tells of a visit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct MarkBody {
    /// `arrived`, `no_show` or `done`.
    mark: String,
    /// For `done`: the odometer, in metres; the last known one if absent.
    odometer_m: Option<u32>,
}

/// The visits of a workshop, by day and time.
#[utoipa::path(get, path = "/api/v1/workshops/{workshop}/bookings", tag = "advisor",
    params(("workshop" = String, Path, description = "The workshop's id"), DaysAsked), responses(
    (status = 200, body = BookingsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    _advisor: Advisor,
    Path(workshop): Path<String>,
    Query(asked): Query<DaysAsked>,
) -> Result<Json<BookingsBody>, Problem> {
    let workshop: WorkshopId = workshop.parse().map_err(|_| Problem::not_found())?;
    let from: Date = asked.from.parse().map_err(|_| Problem::invalid())?;
    let days = asked.days.unwrap_or(1).clamp(1, MAX_DAYS);
    let board = booking(&state).board(&workshop, from, days).await?;
    let visits = board.days.iter().flat_map(|(_, visits)| visits);
    Ok(Json(BookingsBody { bookings: visits.map(BookingBody::from).collect() }))
}

/// Note that a car has arrived, that nobody came, or that the work was done, which begins new cycles.
#[utoipa::path(post, path = "/api/v1/bookings/{booking}/mark", tag = "advisor",
    params(("booking" = String, Path, description = "16 hexadecimal digits")), request_body = MarkBody, responses(
    (status = 200, body = OneBookingBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn mark(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(visit): Path<String>,
    Json(body): Json<MarkBody>,
) -> Result<Json<OneBookingBody>, Problem> {
    let id: VisitId = visit.parse().map_err(|_| Problem::not_found())?;
    let by = Actor::Advisor(advisor.0.account.id.clone());
    let booking = booking(&state);
    let visit = match body.mark.as_str() {
        "arrived" => booking.arrived(&id, by).await?,
        "no_show" => booking.no_show(&id, by).await?,
        "done" => booking.done(&id, Work { odometer_m: body.odometer_m }, by).await?,
        _ => return Err(Problem::invalid()),
    };
    Ok(one(&visit))
}

//! An owner's appointments: workshops, free times, visits.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use milepost_engine::booking::{Span, Standing};
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::{Act, Granted, See, SignedIn};
use crate::booking::{Booking, Choice, Request, Visit, VisitId, WorkshopDoc, WorkshopId};
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::{AppState, Reader, invitation};

/// Where owners can book.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkshopsBody {
    workshops: Vec<WorkshopBody>,
}

/// A workshop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkshopBody {
    id: String,
    name: String,
    address: String,
    phone: String,
    /// The IANA time zone of its opening hours.
    time_zone: String,
    /// How many cars fit at a time.
    bays: u16,
}

/// Free times.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlotsBody {
    workshop: WorkshopBody,
    /// How long the visit takes.
    minutes: u16,
    /// Times to suggest, the best first.
    slots: Vec<SlotBody>,
    /// All free times of the day that was asked for.
    of_day: Vec<SlotBody>,
}

/// A free time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SlotBody {
    start_at: Timestamp,
    end_at: Timestamp,
}

/// What free times are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SlotsAsked {
    /// The numbers of the items, with commas between them.
    items: String,
    /// The workshop; that of the last visit if absent.
    workshop: Option<String>,
    /// A date such as `2026-11-16`, for all times of that day.
    day: Option<String>,
}

/// What is booked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BookingRequest {
    workshop: String,
    /// The numbers of the items.
    items: Vec<u16>,
    start_at: Timestamp,
    /// Whether the owner waits there.
    #[serde(default)]
    waits: bool,
    /// At most 500 bytes.
    #[serde(default)]
    note: String,
}

/// Another time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RescheduleRequest {
    start_at: Timestamp,
}

/// Visits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookingsBody {
    pub(super) bookings: Vec<BookingBody>,
}

/// One visit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneBookingBody {
    booking: BookingBody,
}

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BookingBody {
    /// 16 hexadecimal digits.
    id: String,
    workshop: String,
    vehicle: String,
    items: Vec<u16>,
    start_at: Timestamp,
    end_at: Timestamp,
    /// `planned`, `arrived`, `done`, `no_show` or `cancelled`.
    standing: &'static str,
    waits: bool,
    note: String,
    booked_at: Timestamp,
    changed_at: Timestamp,
}

/// Where to book.
#[utoipa::path(get, path = "/api/v1/workshops", tag = "owner", responses(
    (status = 200, body = WorkshopsBody),
    (status = 401, body = ProblemBody)))]
pub(crate) async fn workshops(
    State(state): State<AppState>,
    _caller: SignedIn,
) -> Result<Json<WorkshopsBody>, Problem> {
    let workshops = booking(&state).workshops().await?;
    Ok(Json(WorkshopsBody { workshops: workshops.iter().map(WorkshopBody::from).collect() }))
}

/// Free times for work on one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/slots", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id"), SlotsAsked), responses(
    (status = 200, body = SlotsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn slots(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Act>,
    Query(asked): Query<SlotsAsked>,
) -> Result<Json<SlotsBody>, Problem> {
    let items: Result<Vec<u16>, _> = asked.items.split(',').map(|item| item.trim().parse()).collect();
    let items: Vec<ItemId> = items.map_err(|_| Problem::invalid())?.into_iter().map(ItemId).collect();
    let workshop = asked.workshop.as_deref().map(workshop_id).transpose()?;
    let day: Option<Date> = asked.day.as_deref().map(str::parse).transpose().map_err(|_| Problem::invalid())?;
    let choice = booking(&state).choice(&vehicle, &items, workshop.as_ref(), day, None).await?;
    Ok(Json(SlotsBody::from(&choice)))
}

/// The visits of one of the caller's vehicles, the latest first.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/bookings", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = BookingsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<See>,
) -> Result<Json<BookingsBody>, Problem> {
    let visits = booking(&state).of_vehicle(&vehicle).await?;
    Ok(Json(BookingsBody { bookings: visits.iter().map(BookingBody::from).collect() }))
}

/// Book a visit; its reminders are answered in the same moment, on every surface.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/bookings", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = BookingRequest, responses(
    (status = 201, body = OneBookingBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn book(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Json(body): Json<BookingRequest>,
) -> Result<(StatusCode, Json<OneBookingBody>), Problem> {
    let request = Request {
        workshop: workshop_id(&body.workshop)?,
        items: body.items.into_iter().map(ItemId).collect(),
        start_ms: unix_ms(body.start_at)?,
        waits: body.waits,
        note: body.note,
    };
    let visit = booking(&state).book(&vehicle, &request, owner.actor_on(&vehicle)).await?;
    Ok((StatusCode::CREATED, one(&visit)))
}

/// Move a visit to another time at the same workshop.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/bookings/{booking}/reschedule", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("booking" = String, Path, description = "16 hexadecimal digits")),
    request_body = RescheduleRequest, responses(
    (status = 200, body = OneBookingBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn reschedule(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Path((_, visit)): Path<(String, String)>,
    Json(body): Json<RescheduleRequest>,
) -> Result<Json<OneBookingBody>, Problem> {
    let visit = of_vehicle(&state, &vehicle, &visit).await?;
    let start_ms = unix_ms(body.start_at)?;
    Ok(one(&booking(&state).reschedule(&visit.id, start_ms, owner.actor_on(&vehicle)).await?))
}

/// Cancel a visit; its reminders ask again.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/bookings/{booking}/cancel", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("booking" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 200, body = OneBookingBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Path((_, visit)): Path<(String, String)>,
) -> Result<Json<OneBookingBody>, Problem> {
    let visit = of_vehicle(&state, &vehicle, &visit).await?;
    Ok(one(&booking(&state).cancel(&visit.id, owner.actor_on(&vehicle)).await?))
}

/// A visit as an iCalendar file.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/bookings/{booking}/invitation", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("booking" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 200, body = String, content_type = "text/calendar"),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn invitation_file(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<See>,
    reader: Reader,
    Path((_, visit)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let visit = of_vehicle(&state, &vehicle, &visit).await?;
    let localizer = reader.localizer(Some(&owner.0.account));
    let text = invitation(&state, localizer, std::slice::from_ref(&visit)).await?;
    let name = format!("attachment; filename=\"milepost-{}.ics\"", visit.id);
    let head = [(CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((head, text).into_response())
}

pub(super) fn booking(state: &AppState) -> Booking {
    Booking::new(state.service.clone())
}

/// A visit of the vehicle, as far as its present owner booked it.
pub(crate) async fn of_vehicle(state: &AppState, vehicle: &Vehicle, id: &str) -> Result<Visit, Problem> {
    let id: VisitId = id.parse().map_err(|_| Problem::not_found())?;
    let visit = booking(state).visit(&id).await?;
    let theirs = visit.vehicle == vehicle.device && vehicle.owner.as_ref() == Some(&visit.owner);
    if theirs { Ok(visit) } else { Err(Problem::not_found()) }
}

fn workshop_id(text: &str) -> Result<WorkshopId, Problem> {
    text.parse().map_err(|_| Problem::invalid())
}

fn unix_ms(at: Timestamp) -> Result<u64, Problem> {
    u64::try_from(at.as_millisecond()).map_err(|_| Problem::invalid())
}

pub(super) fn one(visit: &Visit) -> Json<OneBookingBody> {
    Json(OneBookingBody { booking: visit.into() })
}

/// The word of a standing.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Planned => "planned",
        Standing::Arrived => "arrived",
        Standing::Done => "done",
        Standing::NoShow => "no_show",
        Standing::Cancelled => "cancelled",
    }
}

impl From<&WorkshopDoc> for WorkshopBody {
    fn from(workshop: &WorkshopDoc) -> Self {
        Self {
            id: workshop.id.to_string(),
            name: workshop.name.clone(),
            address: workshop.address.clone(),
            phone: workshop.phone.clone(),
            time_zone: workshop.time_zone.clone(),
            bays: workshop.rules.capacity.bays,
        }
    }
}

impl From<&Choice> for SlotsBody {
    fn from(choice: &Choice) -> Self {
        let slot = |span: &Span| SlotBody { start_at: timestamp(span.start_ms), end_at: timestamp(span.end_ms) };
        Self {
            workshop: (&choice.workshop).into(),
            minutes: choice.minutes,
            slots: choice.suggested.iter().map(slot).collect(),
            of_day: choice.of_day.iter().map(slot).collect(),
        }
    }
}

impl From<&Visit> for BookingBody {
    fn from(visit: &Visit) -> Self {
        Self {
            id: visit.id.to_string(),
            workshop: visit.workshop.to_string(),
            vehicle: visit.vehicle.to_string(),
            items: visit.items.iter().map(|item| item.0).collect(),
            start_at: timestamp(visit.span.start_ms),
            end_at: timestamp(visit.span.end_ms),
            standing: standing(visit.standing),
            waits: visit.waits,
            note: visit.note.clone(),
            booked_at: timestamp(visit.booked_ms()),
            changed_at: timestamp(visit.changed_ms()),
        }
    }
}

//! From a reminder to an appointment: times to choose from, and what a choice leads to.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use milepost_engine::booking::Span;
use milepost_protocol::notice::Actions;
use milepost_protocol::plan::ItemId;

use super::super::owner::{owner_page, visited};
use super::super::page::{Page, Section};
use super::super::{AppState, Opened, render};
use super::words::{at_workshop, when, work};
use crate::accounts::{Act, Granted};
use crate::api::{Problem, bookings::of_vehicle};
use crate::booking::{Booking, BookingError, Choice, Request, Visit, VisitId, WorkshopId};
use crate::domain::{Subject, Vehicle};
use crate::i18n::{Format, item_name};

/// The fields of a form or an address.
type Fields = HashMap<String, String>;

#[derive(Template)]
#[template(path = "owner/booking.html")]
struct ChoosePage {
    page: Page,
    base: String,
    items: Vec<ItemChoice>,
    workshops: Vec<WorkshopChoice>,
    times: Option<Times>,
    moves: Option<Moved>,
    wish: Option<String>,
    day: String,
    first_day: String,
    last_day: String,
}

/// An item that a visit can be for.
struct ItemChoice {
    id: u16,
    name: String,
    chosen: bool,
}

/// A workshop to choose.
struct WorkshopChoice {
    id: String,
    name: String,
    chosen: bool,
}

/// The visit that shall move.
struct Moved {
    id: String,
    when: String,
}

/// Times to choose from.
struct Times {
    workshop: String,
    place: String,
    work: String,
    waits: bool,
    suggested: Vec<Time>,
    of_day: Vec<Time>,
}

struct Time {
    start_ms: u64,
    text: String,
}

/// `GET /vehicles/{vehicle}/booking`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Act>,
    Query(fields): Query<Fields>,
) -> Result<Response, Problem> {
    visited(&state, &owner, &vehicle, "booking").await;
    let booking = Booking::new(state.service.clone());
    let moved = match fields.get("move") {
        Some(visit) => Some(of_vehicle(&state, &vehicle, visit).await?),
        None => None,
    };
    let items = moved.as_ref().map_or_else(|| chosen(&fields, &vehicle), |visit| visit.items.clone());
    let workshop: Option<WorkshopId> = match (&moved, fields.get("workshop").filter(|text| !text.is_empty())) {
        (Some(visit), _) => Some(visit.workshop.clone()),
        (None, Some(text)) => Some(text.parse().map_err(|_| Problem::invalid())?),
        (None, None) => None,
    };
    let day: Option<Date> = match fields.get("day").filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| Problem::invalid())?),
        None => None,
    };
    let moves: Option<&VisitId> = moved.as_ref().map(|visit| &visit.id);
    let choice = match booking.choice(&vehicle, &items, workshop.as_ref(), day, moves).await {
        Ok(choice) => Some(choice),
        // Without any workshop the owner can still say that an appointment is wanted.
        Err(BookingError::UnknownWorkshop) if workshop.is_none() => None,
        Err(error) => return Err(error.into()),
    };
    let workshops = booking.workshops().await?;
    let named = choice.as_ref().map(|choice| choice.workshop.id.clone());
    let horizon = choice.as_ref().map_or(0, |choice| u64::from(choice.workshop.rules.horizon_days));
    let local = at_workshop(&format, choice.as_ref().map(|choice| &choice.workshop));
    let title = if moved.is_some() { "booking-move-title" } else { "booking-title" };
    let item = |item: &milepost_protocol::plan::PlanItem| ItemChoice {
        id: item.rule.item.0,
        name: item_name(format.localizer, item.rule.item),
        chosen: items.contains(&item.rule.item),
    };
    render::html(&ChoosePage {
        page: owner_page(&state, &owner, &reader, &vehicle, title, Section::Bookings).await?,
        base: format!("/vehicles/{}", vehicle.device),
        items: if moved.is_some() { Vec::new() } else { vehicle.plan.items.iter().map(item).collect() },
        workshops: workshops
            .into_iter()
            .map(|workshop| WorkshopChoice {
                chosen: Some(&workshop.id) == named.as_ref(),
                id: workshop.id.to_string(),
                name: workshop.name,
            })
            .collect(),
        times: choice.as_ref().map(|choice| Times::new(choice, &items, &local)),
        moves: moved.as_ref().map(|visit| Moved::new(visit, choice.as_ref(), &local)),
        wish: wish(&vehicle, &items),
        day: day.map(|day| day.to_string()).unwrap_or_default(),
        first_day: local.date_field(format.now_ms),
        last_day: local.date_field(format.now_ms.saturating_add(horizon * milepost_protocol::plan::DAY_MS)),
    })
}

/// `POST /vehicles/{vehicle}/bookings`.
pub(crate) async fn book(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let request = Request {
        workshop: fields.get("workshop").and_then(|text| text.parse().ok()).ok_or_else(Problem::invalid)?,
        items: chosen(&fields, &vehicle),
        start_ms: start(&fields)?,
        waits: fields.contains_key("waits"),
        note: fields.get("note").map(|note| note.trim().to_owned()).unwrap_or_default(),
    };
    Booking::new(state.service.clone()).book(&vehicle, &request, owner.actor_on(&vehicle)).await?;
    Ok(render::see_other(&format!("/vehicles/{}/bookings?did=booked", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/bookings/{booking}/move`.
pub(crate) async fn relocate(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    Path((_, visit)): Path<(String, String)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let visit = of_vehicle(&state, &vehicle, &visit).await?;
    Booking::new(state.service.clone()).reschedule(&visit.id, start(&fields)?, owner.actor_on(&vehicle)).await?;
    Ok(render::see_other(&format!("/vehicles/{}/bookings?did=moved", vehicle.device)))
}

fn start(fields: &Fields) -> Result<u64, Problem> {
    fields.get("start").and_then(|text| text.parse().ok()).ok_or_else(Problem::invalid)
}

/// The items of the vehicle's plan whose fields `item-…` are there.
fn chosen(fields: &Fields, vehicle: &Vehicle) -> Vec<ItemId> {
    let items = vehicle.plan.items.iter().map(|item| item.rule.item);
    items.filter(|item| fields.contains_key(&format!("item-{}", item.0))).collect()
}

/// The notice by which an owner says that an appointment for one of the items is wanted.
fn wish(vehicle: &Vehicle, items: &[ItemId]) -> Option<String> {
    let asks = vehicle.notices.values().find(|notice| {
        let of_item = matches!(notice.subject, Subject::Reminder { item, .. } if items.contains(&item));
        of_item && !notice.state().is_final() && notice.actions.contains(Actions::BOOK)
    });
    asks.map(|notice| notice.id().to_string())
}

impl Moved {
    fn new(visit: &Visit, choice: Option<&Choice>, local: &Format) -> Self {
        let workshop = choice.map(|choice| &choice.workshop);
        Self { id: visit.id.to_string(), when: when(local, workshop, visit.span) }
    }
}

impl Times {
    fn new(choice: &Choice, items: &[ItemId], local: &Format) -> Self {
        let time = |span: &Span| Time { start_ms: span.start_ms, text: when(local, Some(&choice.workshop), *span) };
        let minutes = u64::from(choice.minutes) * 60_000;
        let lasts = local.localizer.with("booking-lasts", [("duration", local.duration(minutes).into())]);
        let work = work(local.localizer, items);
        Self {
            workshop: choice.workshop.id.to_string(),
            place: choice.workshop.name.clone(),
            work: if work.is_empty() { lasts } else { format!("{work} · {lasts}") },
            waits: choice.waits,
            suggested: choice.suggested.iter().map(time).collect(),
            of_day: choice
                .of_day
                .iter()
                .map(|span| Time { start_ms: span.start_ms, text: local.time(span.start_ms) })
                .collect(),
        }
    }
}

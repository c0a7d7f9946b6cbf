//! Booking, moving, cancelling, and what the workshop marks.
//!
//! Invariant: each is one commit with what it means for the vehicle: a booked visit answers its reminders, a visit that does
//! not take place lets them ask again, and one that was done begins new cycles.

use milepost_engine::booking::{Agenda, Span, Standing, Turn, local};
use milepost_engine::journey::{Cause, Contact, Direction, Met, Outcome, Scene, Touchpoint};
use milepost_protocol::notice::{Actions, Answer};
use milepost_protocol::plan::ItemId;
use milepost_protocol::{DeviceId, NoticeId};

use super::read::date_of;
use super::shelf::{self, Held};
use super::visit::Step;
use super::{Booking, BookingError, Visit, VisitId, WorkshopDoc, WorkshopId};
use crate::domain::{AccountId, Actor, Intent, IntentError, Remarks, Subject, Vehicle};

/// How often a change is tried when others change the same day.
const TRIES: usize = 8;

/// The longest note, in bytes.
const MAX_NOTE: usize = 500;

/// What a turn of a visit means for its vehicle.
type Wishes = dyn Fn(&Visit, &Vehicle) -> Vec<Intent> + Sync;

/// What an owner wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where.
    pub workshop: WorkshopId,
    /// The work.
    pub items: Vec<ItemId>,
    /// When, in milliseconds of Unix time.
    pub start_ms: u64,
    /// Whether the owner waits there.
    pub waits: bool,
    /// What the owner wants to say.
    pub note: String,
}

/// What was done at a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// The odometer then, in metres; the last known one if absent.
    pub odometer_m: Option<u32>,
}

impl Booking {
    /// Books a visit and answers its reminders; durable on `Ok`.
    pub async fn book(&self, vehicle: &Vehicle, request: &Request, by: Actor) -> Result<Visit, BookingError> {
        let Some(owner) = vehicle.owner.clone() else { return Err(BookingError::Request) };
        let mut items = request.items.clone();
        items.sort_unstable();
        items.dedup();
        let known = items.iter().all(|item| vehicle.item(*item).is_some());
        if items.is_empty() || !known || request.note.len() > MAX_NOTE {
            return Err(BookingError::Request);
        }
        let (id, request) = (VisitId::random()?, Request { items, ..request.clone() });
        let mut tried = self.try_book(vehicle, &id, &owner, &request, &by).await;
        for _ in 1..TRIES {
            if !was_slower(&tried) {
                break;
            }
            tried = self.try_book(vehicle, &id, &owner, &request, &by).await;
        }
        tried
    }

    async fn try_book(
        &self,
        vehicle: &Vehicle,
        id: &VisitId,
        owner: &AccountId,
        request: &Request,
        by: &Actor,
    ) -> Result<Visit, BookingError> {
        let now_ms = self.service.clock().now_ms();
        let workshop = self.open_workshop(&request.workshop).await?;
        let span = self.wanted(&workshop, &request.items, request.start_ms)?;
        let day = date_of(&workshop, span.start_ms).to_string();
        let mut bays = shelf::day(&self.service, &workshop.id, &day).await?;
        take(&workshop, &mut bays, id, span)?;
        let vehicle = self.present(&vehicle.device).await?;
        let notices = reminders(&vehicle, &request.items);
        let answer = Answer::Book;
        let mut wishes: Vec<Intent> = notices.iter().map(|notice| Intent::Answer { notice: *notice, answer }).collect();
        wishes.push(met(id, &workshop.id, by, Outcome::Booked, now_ms));
        let standing = Standing::Planned;
        let visit = Held::new(Visit {
            id: id.clone(),
            workshop: workshop.id.clone(),
            vehicle: vehicle.device.clone(),
            owner: owner.clone(),
            items: request.items.clone(),
            notices,
            span,
            day,
            standing,
            waits: request.waits,
            note: request.note.clone(),
            history: vec![Step { at_ms: now_ms, by: by.clone(), standing, span }],
        });
        let mut docs = vec![shelf::put_visit(&visit)?, shelf::put_index(&visit.value)];
        docs.extend(shelf::put_on_day(&visit.value, None));
        docs.push(shelf::put_day(&workshop.id, &visit.value.day, &bays)?);
        self.service.submit_with(&vehicle.device, Intent::Together { wishes }, docs, by.clone()).await?;
        Ok(visit.value)
    }

    /// Moves a visit to another time at the same workshop; durable on `Ok`.
    pub async fn reschedule(&self, id: &VisitId, start_ms: u64, by: Actor) -> Result<Visit, BookingError> {
        let mut tried = self.try_move(id, start_ms, &by).await;
        for _ in 1..TRIES {
            if !was_slower(&tried) {
                break;
            }
            tried = self.try_move(id, start_ms, &by).await;
        }
        tried
    }

    async fn try_move(&self, id: &VisitId, start_ms: u64, by: &Actor) -> Result<Visit, BookingError> {
        let now_ms = self.service.clock().now_ms();
        let mut held = shelf::visit(&self.service, id).await?;
        let workshop = self.open_workshop(&held.value.workshop).await?;
        let span = self.wanted(&workshop, &held.value.items, start_ms)?;
        let (from, to) = (held.value.day.clone(), date_of(&workshop, span.start_ms).to_string());
        if !held.value.turn(Turn::Move, span, by.clone(), now_ms)? {
            return Ok(held.value);
        }
        let mut bays = shelf::day(&self.service, &workshop.id, &to).await?;
        take(&workshop, &mut bays, id, span)?;
        held.value.day.clone_from(&to);
        let mut docs = vec![shelf::put_visit(&held)?, shelf::put_day(&workshop.id, &to, &bays)?];
        if from != to {
            let mut old = shelf::day(&self.service, &workshop.id, &from).await?;
            old.value.release(id);
            docs.push(shelf::put_day(&workshop.id, &from, &old)?);
            docs.extend(shelf::put_on_day(&held.value, Some(&from)));
        }
        let wishes = vec![met(id, &workshop.id, by, Outcome::PutOff, now_ms)];
        let wish = Intent::Together { wishes };
        self.service.submit_with(&held.value.vehicle, wish, docs, by.clone()).await?;
        Ok(held.value)
    }

    /// Cancels a visit; its reminders ask again. Durable on `Ok`.
    pub async fn cancel(&self, id: &VisitId, by: Actor) -> Result<Visit, BookingError> {
        self.end(id, Turn::Cancel, by, &unbook).await
    }

    /// Notes that the car is there; durable on `Ok`.
    pub async fn arrived(&self, id: &VisitId, by: Actor) -> Result<Visit, BookingError> {
        self.end(id, Turn::Arrive, by, &|_, _| Vec::new()).await
    }

    /// Notes that nobody came; the reminders ask again. Durable on `Ok`.
    pub async fn no_show(&self, id: &VisitId, by: Actor) -> Result<Visit, BookingError> {
        self.end(id, Turn::Miss, by, &unbook).await
    }

    /// Notes that the work was done; each item begins a new cycle. Durable on `Ok`.
    pub async fn done(&self, id: &VisitId, work: Work, by: Actor) -> Result<Visit, BookingError> {
        let complete = move |visit: &Visit, vehicle: &Vehicle| {
            let planned = visit.items.iter().filter(|item| vehicle.item(**item).is_some());
            let odometer_m = work.odometer_m;
            let complete =
                |item: &ItemId| Intent::Complete { item: *item, at_ms: None, odometer_m, remarks: Remarks::default() };
            planned.map(complete).collect()
        };
        self.end(id, Turn::Finish, by, &complete).await
    }

    async fn end(&self, id: &VisitId, turn: Turn, by: Actor, wishes: &Wishes) -> Result<Visit, BookingError> {
        let mut tried = self.try_end(id, turn, &by, wishes).await;
        for _ in 1..TRIES {
            if !was_slower(&tried) {
                break;
            }
            tried = self.try_end(id, turn, &by, wishes).await;
        }
        tried
    }

    async fn try_end(&self, id: &VisitId, turn: Turn, by: &Actor, wishes: &Wishes) -> Result<Visit, BookingError> {
        let now_ms = self.service.clock().now_ms();
        let mut held = shelf::visit(&self.service, id).await?;
        let span = held.value.span;
        if !held.value.turn(turn, span, by.clone(), now_ms)? {
            return Ok(held.value);
        }
        let mut docs = vec![shelf::put_visit(&held)?];
        if held.value.standing.is_final() {
            let (workshop, day) = (&held.value.workshop, &held.value.day);
            let mut bays = shelf::day(&self.service, workshop, day).await?;
            bays.value.release(id);
            docs.push(shelf::put_day(workshop, day, &bays)?);
        }
        let vehicle = self.present(&held.value.vehicle).await?;
        let mut wishes = wishes(&held.value, &vehicle);
        let outcome = match turn {
            Turn::Arrive => Outcome::Arrived,
            Turn::Miss => Outcome::Missed,
            Turn::Finish => Outcome::Done,
            Turn::Cancel => Outcome::Cancelled,
            Turn::Move => Outcome::PutOff,
        };
        wishes.push(met(id, &held.value.workshop, by, outcome, now_ms));
        let wish = Intent::Together { wishes };
        self.service.submit_with(&vehicle.device, wish, docs, by.clone()).await?;
        Ok(held.value)
    }

    /// The time of the visit, if the workshop is open then, knows of it early enough and plans so far ahead.
    fn wanted(&self, workshop: &WorkshopDoc, items: &[ItemId], start_ms: u64) -> Result<Span, BookingError> {
        let (now_ms, clocks, rules) = (self.service.clock().now_ms(), workshop.clocks(), &workshop.rules);
        let span = Span::of(start_ms, rules.minutes(items));
        let earliest_ms = now_ms.saturating_add(u64::from(rules.lead_min) * 60_000);
        let last_day = local(&clocks, now_ms).day.saturating_add(rules.horizon_days.into());
        let in_time = start_ms >= earliest_ms && local(&clocks, start_ms).day <= last_day;
        if in_time && rules.is_open(&clocks, span) { Ok(span) } else { Err(BookingError::Taken) }
    }

    async fn open_workshop(&self, id: &WorkshopId) -> Result<WorkshopDoc, BookingError> {
        let workshop = self.workshop(id).await?.filter(|workshop| !workshop.retired);
        workshop.ok_or(BookingError::UnknownWorkshop)
    }

    async fn present(&self, vehicle: &DeviceId) -> Result<Vehicle, BookingError> {
        self.service.vehicle(vehicle).await?.ok_or(BookingError::Vehicle(IntentError::UnknownVehicle))
    }
}

/// What a turn of a visit is among the contacts with its owner.
fn met(id: &VisitId, workshop: &WorkshopId, by: &Actor, outcome: Outcome, at_ms: u64) -> Intent {
    let was_there = matches!(outcome, Outcome::Arrived | Outcome::Done);
    let touchpoint = match by {
        _ if was_there || outcome == Outcome::Missed => Touchpoint::Workshop,
        Actor::Car => Touchpoint::Car,
        Actor::Advisor(_) => Touchpoint::Workshop,
        Actor::Owner(_) | Actor::Family(_) | Actor::Forgotten | Actor::Engineer(_) | Actor::System => {
            Touchpoint::Account
        }
    };
    let met = match outcome {
        Outcome::Arrived => Met::Reception,
        _ if was_there || matches!(by, Actor::Advisor(_)) => Met::Advisor,
        _ => Met::Nobody,
    };
    let contact = Contact {
        at_ms,
        touchpoint,
        direction: Direction::Inbound,
        scene: Scene { met, place: workshop.to_string(), note: String::new() },
        cause: Cause::Visit,
        thread: id.to_string(),
        cost_cents: 0,
        outcome,
    };
    Intent::Contact { contact }
}

/// Whether somebody else changed the same day or visit meanwhile.
fn was_slower(tried: &Result<Visit, BookingError>) -> bool {
    matches!(tried, Err(BookingError::Vehicle(IntentError::Conflict)))
}

fn take(
    workshop: &WorkshopDoc,
    bays: &mut Held<Agenda<VisitId>>,
    id: &VisitId,
    span: Span,
) -> Result<(), BookingError> {
    bays.value.take(&workshop.rules.capacity, id.clone(), span).map_err(|_| BookingError::Taken)
}

/// The reminders of the work that are not answered for good and can be answered with an appointment.
fn reminders(vehicle: &Vehicle, items: &[ItemId]) -> Vec<NoticeId> {
    let asks = vehicle.notices.values().filter(|notice| {
        let of_item = matches!(notice.subject, Subject::Reminder { item, .. } if items.contains(&item));
        of_item && !notice.state().is_final() && notice.actions.contains(Actions::BOOK)
    });
    asks.map(crate::domain::NoticeDoc::id).collect()
}

/// What lets the reminders of a visit ask again; those that are gone need nothing.
fn unbook(visit: &Visit, vehicle: &Vehicle) -> Vec<Intent> {
    let known = visit.notices.iter().filter(|notice| vehicle.notices.contains_key(notice));
    known.map(|notice| Intent::Unbook { notice: *notice }).collect()
}

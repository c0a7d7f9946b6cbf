//! Which contacts a change of a vehicle was: what was seen where, what was answered from where, who came.
//!
//! Invariant: what was followed once is not followed again; both lists of a notice only grow, and how far they were followed is kept.

use std::collections::BTreeMap;

use milepost_engine::journey::{
    Cause, Contact, Direction, Event, Message, Met, Outcome, Scene, Signal, Touchpoint, Trigger,
};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{NoticeState, Surface};

use super::Row;
use crate::domain::{AccountId, Actor, NoticeDoc, Subject, Vehicle};

/// How far the contacts of a vehicle were followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Followed {
    owner: Option<AccountId>,
    notices: BTreeMap<NoticeId, (usize, usize)>,
}

impl Followed {
    /// Everything up to now.
    pub(crate) fn of(vehicle: &Vehicle) -> Self {
        let lengths = |notice: &NoticeDoc| (notice.seen().len(), notice.history().len());
        let notices = vehicle.notices.iter().map(|(id, notice)| (*id, lengths(notice))).collect();
        Self { owner: vehicle.owner.clone(), notices }
    }

    /// The contacts since; what they tell of the journey goes into it.
    pub(crate) fn contacts(&mut self, vehicle: &mut Vehicle) -> Vec<Row> {
        let now = Self::of(vehicle);
        let before = std::mem::replace(self, now);
        let mut contacts = Vec::new();
        if vehicle.owner.is_some() && vehicle.owner == before.owner {
            for notice in vehicle.notices.values() {
                let (seen, steps) = before.notices.get(&notice.id()).copied().unwrap_or_default();
                contacts.extend(notice.seen().iter().skip(seen).filter_map(|seen| shown(notice, seen.on, seen.at_ms)));
                let steps = notice.history().iter().skip(steps);
                contacts.extend(steps.filter_map(|step| answered(notice, &step.by, step.to, step.at_ms)));
            }
        }
        let rows: Vec<Row> = contacts.into_iter().filter_map(|contact| row(vehicle, contact)).collect();
        for row in &rows {
            tell(vehicle, &row.contact);
        }
        rows
    }
}

/// Takes in a contact that somebody tells of; none if nobody owns the car.
pub(crate) fn take(vehicle: &mut Vehicle, contact: &Contact) -> Option<Row> {
    let row = row(vehicle, contact.clone())?;
    if contact.direction == Direction::Outbound {
        vehicle.journey.touch(contact.at_ms);
    }
    tell(vehicle, contact);
    Some(row)
}

/// What a notice's contacts are about.
pub(crate) fn cause_of(notice: &NoticeDoc) -> Cause {
    match (notice.subject, &notice.programme) {
        (_, Some(step)) => Cause::Programme { programme: step.programme.clone(), step: step.step.clone() },
        (Subject::Reminder { item, .. }, None) => Cause::Reminder(item.0),
        (Subject::Offer { offer, .. }, None) => Cause::Offer(offer),
        (Subject::Recall { .. }, None) => Cause::Recall,
        (Subject::Information { .. } | Subject::Programme { .. }, None) => Cause::Information,
    }
}

fn row(vehicle: &Vehicle, contact: Contact) -> Option<Row> {
    Some(Row { owner: vehicle.owner.clone()?, device: vehicle.device.clone(), contact })
}

fn contact(notice: &NoticeDoc, touchpoint: Touchpoint, at_ms: u64) -> Contact {
    Contact {
        at_ms,
        touchpoint,
        direction: Direction::Outbound,
        scene: Scene::default(),
        cause: cause_of(notice),
        thread: notice.id().to_string(),
        cost_cents: 0,
        outcome: Outcome::Seen,
    }
}

/// A surface showed the notice to the owner; what an advisor sees touches nobody.
fn shown(notice: &NoticeDoc, on: Surface, at_ms: u64) -> Option<Contact> {
    let touchpoint = match on {
        Surface::Car => Touchpoint::Car,
        Surface::Account => Touchpoint::Account,
        Surface::Advisor => return None,
    };
    Some(contact(notice, touchpoint, at_ms))
}

/// The owner, or an advisor for them, answered it.
fn answered(notice: &NoticeDoc, by: &Actor, to: NoticeState, at_ms: u64) -> Option<Contact> {
    let outcome = match to {
        NoticeState::Snoozed { .. } => Outcome::PutOff,
        NoticeState::Booked => Outcome::Booked,
        NoticeState::Done => Outcome::Done,
        NoticeState::Refused => Outcome::Refused,
        NoticeState::Raised | NoticeState::Shown { .. } | NoticeState::Expired => return None,
    };
    let (touchpoint, scene) = match by {
        Actor::Car => (Touchpoint::Car, Scene::default()),
        // Whoever the owner lets answer answers for the owner.
        Actor::Owner(_) | Actor::Family(_) => (Touchpoint::Account, Scene::default()),
        Actor::Advisor(_) => (Touchpoint::Workshop, Scene { met: Met::Advisor, ..Scene::default() }),
        Actor::Engineer(_) | Actor::System | Actor::Forgotten => return None,
    };
    Some(Contact { direction: Direction::Inbound, scene, outcome, ..contact(notice, touchpoint, at_ms) })
}

/// What a contact tells of the journey: a sign of the stage, and an event for programmes.
fn tell(vehicle: &mut Vehicle, contact: &Contact) {
    let looked = || match vehicle_message(vehicle, contact) {
        Some(Message::WelcomePack | Message::WelcomeYear | Message::WelcomeHalf | Message::WelcomeCall) => {
            Signal::Welcomed
        }
        Some(Message::MultiCar | Message::Finance | Message::Certificate) => Signal::LookedAhead,
        _ => Signal::Looked,
    };
    let (signal, trigger) = match (contact.touchpoint, contact.direction, contact.outcome) {
        (Touchpoint::TestDrive | Touchpoint::Event, ..) => (Some(Signal::Met), None),
        (_, _, Outcome::Seen) => (Some(looked()), None),
        (_, Direction::Inbound, Outcome::Booked) => {
            let trigger = if contact.cause == Cause::Visit { Trigger::VisitBooked } else { Trigger::Answered };
            (Some(Signal::Booked), Some(trigger))
        }
        (Touchpoint::Workshop, Direction::Inbound, Outcome::Arrived) => {
            (Some(Signal::Booked), Some(Trigger::DealerArrival))
        }
        (Touchpoint::Workshop, Direction::Inbound, Outcome::Done) if contact.cause == Cause::Visit => {
            (Some(Signal::Serviced), Some(Trigger::VisitDone))
        }
        (_, Direction::Inbound, Outcome::Done) => (Some(Signal::Serviced), Some(Trigger::Answered)),
        (_, Direction::Inbound, Outcome::Refused) => (Some(Signal::Refused), Some(Trigger::Answered)),
        (_, Direction::Inbound, Outcome::PutOff) => (None, Some(Trigger::Answered)),
        (_, Direction::Inbound, Outcome::Complained) => (Some(Signal::TurnedAway), Some(Trigger::Complained)),
        (_, Direction::Inbound, Outcome::Left) => (Some(Signal::TurnedAway), None),
        (Touchpoint::Account, Direction::Inbound, Outcome::Talked) => {
            (Some(Signal::Looked), Some(Trigger::PageVisited))
        }
        _ => (None, None),
    };
    if let Some(signal) = signal {
        vehicle.journey.note(signal, contact.at_ms);
    }
    if let Some(trigger) = trigger {
        let id = contact.thread.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        vehicle.journey.apply(Event { at_ms: contact.at_ms, id, trigger });
    }
}

/// The message of the programme's notice that a contact is about.
fn vehicle_message(vehicle: &Vehicle, contact: &Contact) -> Option<Message> {
    let notice = vehicle.notices.get(&contact.thread.parse().ok()?)?;
    match notice.subject {
        Subject::Programme { message, .. } => Some(message),
        _ => None,
    }
}

//! The fold from events to state.
//!
//! Invariant: the result depends on the set of events alone; what does not count is listed with its reason.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, Level, PlanItem, Rule};
use serde::{Deserialize, Serialize};

use super::cycles::{Record, Work, derive, works};
use super::event::{Event, EventId, Kind, Source};
use super::snooze::{Snooze, grant, resting_until};
use crate::maintenance::{Assessment, Completion, Usage, assess, is_plausible};

/// How far ahead of the moment a completion may be dated: time zones and clocks of browsers.
const AHEAD_MS: u64 = DAY_MS;

/// An item as a vehicle's plan has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracked {
    /// The rule that holds now.
    pub rule: Rule,
    /// Where its first cycle begins as long as nobody says otherwise.
    pub start: Anchor,
    /// The items whose completion does this one, too.
    pub done_with: Vec<ItemId>,
    /// The item after whose first completion this one begins to count.
    pub after: Option<ItemId>,
}

/// What the fold needs to know of a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Car {
    /// When it was built or first registered, in milliseconds of Unix time; 0 is unknown.
    pub built_ms: u64,
    /// The moment for which the state is derived.
    pub now_ms: u64,
}

/// Why an event does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The work is dated before the car was built.
    BeforeBuilt,
    /// The work is dated in the future: a clock that runs ahead.
    InFuture,
    /// The car's plan has no such item.
    UnknownItem,
    /// It speaks of an event that is not there, or not yet.
    NothingThere,
}

/// Whether a car is still with us, and since when with its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Followed {
    /// Whether it was sold to somebody who is not with us; then nobody is told anything.
    pub sold: bool,
    /// How many owners it has had before this one, as far as we know.
    pub owner: u32,
    /// Since when it has its owner, in milliseconds of Unix time; 0 from the start.
    pub since_ms: u64,
}

/// Where an item stands, before usage and time are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemState {
    /// The rule with the anchor of the present cycle.
    pub planned: PlanItem,
    /// Whether it applies to this car.
    pub applies: bool,
    /// The item whose first completion it waits for.
    pub waits_for: Option<ItemId>,
    /// What was done, oldest first.
    pub works: Vec<Work>,
    /// What was put off, oldest first.
    pub snoozes: Vec<Snooze>,
    since_ms: u64,
}

impl ItemState {
    /// Where it stands; `None` while it does not apply or waits for another item.
    pub fn assess(&self, usage: &Usage, now_ms: u64) -> Option<Assessment> {
        (self.applies && self.waits_for.is_none()).then(|| assess(&self.planned, usage, now_ms))
    }

    /// Until when a level of the present cycle rests; what a former owner put off does not rest for the new one.
    pub fn rests_until(&self, level: Level, now_ms: u64) -> Option<u64> {
        resting_until(&self.snoozes, self.planned.anchor.cycle, level, self.since_ms).filter(|&until| until > now_ms)
    }
}

/// A vehicle's service book.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    /// Its items.
    pub items: BTreeMap<ItemId, ItemState>,
    /// Whose it is.
    pub followed: Followed,
    /// Events that do not count, and why.
    pub refused: Vec<(EventId, Refusal)>,
}

/// Derives the state from all events, in any order, each any number of times.
pub fn fold(plan: &[Tracked], car: Car, events: &[Event]) -> Book {
    let events = in_order(events);
    let mut book = Book { followed: followed(&events), ..Book::default() };
    let records = records(&events, car, plan, &mut book.refused);
    for tracked in plan {
        let item = tracked.rule.item;
        let of_item = |wanted: ItemId| wanted == item || tracked.done_with.contains(&wanted);
        let works = works(records.iter().filter(|(of, _)| of_item(*of)).map(|(_, record)| *record).collect());
        let (start, waits_for) = begins(tracked, &events, &records);
        let anchor = derive(&tracked.rule, start, &works);
        let mut snoozes = Vec::new();
        let mut applies = true;
        for event in &events {
            match event.kind {
                Kind::Applies { item: of, applies: does } if of == item => applies = does,
                Kind::Snoozed { item: of, cycle, level, until_ms, reason } if of == item => {
                    let asked = Snooze { at_ms: event.at_ms, cycle, level, asked_ms: until_ms, until_ms, reason };
                    let granted = grant(asked, tracked.rule.safety, &snoozes);
                    snoozes.push(granted);
                }
                _ => {}
            }
        }
        let planned = PlanItem { rule: tracked.rule, anchor };
        let since_ms = book.followed.since_ms;
        book.items.insert(item, ItemState { planned, applies, waits_for, works, snoozes, since_ms });
    }
    book.refused.sort_by_key(|(id, _)| *id);
    book
}

/// Each event once, by when it was said. Two that share an id and differ are a fault of their source; the choice between them is at least always the same.
fn in_order(events: &[Event]) -> Vec<Event> {
    let mut known = BTreeMap::<EventId, Event>::new();
    for event in events {
        let kept = known.entry(event.id).or_insert(*event);
        if kept != event && format!("{event:?}") > format!("{kept:?}") {
            *kept = *event;
        }
    }
    let mut events: Vec<_> = known.into_values().collect();
    events.sort_by_key(|event| (event.at_ms, event.id));
    events
}

fn followed(events: &[Event]) -> Followed {
    events.iter().fold(Followed::default(), |followed, event| match event.kind {
        Kind::Sold => Followed { sold: true, ..followed },
        Kind::Transferred => Followed { sold: false, owner: followed.owner + 1, since_ms: event.at_ms },
        _ => followed,
    })
}

/// A completion's record, and whether it was not erased.
struct Standing {
    item: ItemId,
    record: Record,
    stands: bool,
}

/// The completions that count, as they read after every edit.
fn records(
    events: &[Event],
    car: Car,
    plan: &[Tracked],
    refused: &mut Vec<(EventId, Refusal)>,
) -> Vec<(ItemId, Record)> {
    let mut standing = BTreeMap::<EventId, Standing>::new();
    for event in events {
        if let Kind::Completed { item, done, by } = event.kind {
            let record = Record { id: event.id, done, by };
            standing.insert(event.id, Standing { item, record, stands: true });
        }
    }
    // Edits may have been received before what they speak of; by now everything is here.
    for event in events {
        let (of, change): (_, fn(&mut Standing, Completion)) = match event.kind {
            Kind::Edited { of, .. } => (of, |known, done| known.record.done = done),
            Kind::Erased { of } => (of, |known, _| known.stands = false),
            Kind::Restored { of } => (of, |known, _| known.stands = true),
            Kind::Applies { item, .. } | Kind::Snoozed { item, .. } | Kind::Anchored { item, .. } => {
                if !plan.iter().any(|tracked| tracked.rule.item == item) {
                    refused.push((event.id, Refusal::UnknownItem));
                }
                continue;
            }
            _ => continue,
        };
        let done = if let Kind::Edited { done, .. } = event.kind { done } else { Completion::default() };
        match standing.get_mut(&of) {
            Some(known) => change(known, done),
            None => refused.push((event.id, Refusal::NothingThere)),
        }
    }
    let mut records = Vec::new();
    for (id, Standing { item, record, stands }) in standing {
        let refusal = if !plan.iter().any(|tracked| tracked.rule.item == item || tracked.done_with.contains(&item)) {
            Some(Refusal::UnknownItem)
        } else if record.done.at_ms < car.built_ms {
            Some(Refusal::BeforeBuilt)
        } else if record.done.at_ms > car.now_ms.saturating_add(AHEAD_MS) {
            Some(Refusal::InFuture)
        } else {
            None
        };
        match refusal {
            // What was erased is no one's concern any more.
            _ if !stands => {}
            Some(refusal) => refused.push((id, refusal)),
            None => records.push((item, plausible(record))),
        }
    }
    records
}

fn plausible(record: Record) -> Record {
    let done = Completion { odometer_m: record.done.odometer_m.filter(|&m| is_plausible(m)), ..record.done };
    Record { done, ..record }
}

/// Where an item's first cycle begins, and what it waits for.
fn begins(tracked: &Tracked, events: &[Event], records: &[(ItemId, Record)]) -> (Anchor, Option<ItemId>) {
    if let Some(after) = tracked.after {
        let first =
            records.iter().filter(|(item, _)| *item == after).map(|(_, record)| record.done).min_by_key(|d| d.at_ms);
        let Some(Completion { at_ms, odometer_m, engine_s, fuel_ml }) = first else {
            return (tracked.start, Some(after));
        };
        let odometer_m = odometer_m.unwrap_or(crate::maintenance::UNKNOWN_ODOMETER_M);
        return (Anchor { cycle: tracked.start.cycle, at_ms, odometer_m, engine_s, fuel_ml }, None);
    }
    let told = events.iter().filter_map(|event| match event.kind {
        Kind::Anchored { item, anchor, by } if item == tracked.rule.item => Some((by, event.at_ms, event.id, anchor)),
        _ => None,
    });
    // What a person or a workshop says outranks what the device happened to read first; among equals the last word.
    let anchor = told.max_by_key(|(by, at_ms, id, _)| (*by, *at_ms, *id)).map(|(.., anchor)| anchor);
    (anchor.unwrap_or(tracked.start), None)
}

impl Source {
    /// Whether a person stands behind it.
    pub fn is_person(self) -> bool {
        matches!(self, Self::Owner | Self::Workshop)
    }
}

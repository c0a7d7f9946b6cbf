//! The service book against what users of other systems complain of, and under any order of events.

mod complaints;
mod properties;

use std::vec::Vec;

use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, Limits, Margin, Recurrence, Rule, SafetyClass};

use super::*;
use crate::maintenance::{Completion, Usage};

const KM: u32 = 1_000;

/// 1 January 2024.
const START_MS: u64 = 1_704_067_200_000;

const OIL: ItemId = ItemId::ENGINE_OIL;
const BRAKES: ItemId = ItemId::BRAKE_FLUID;

fn day(day: u64) -> u64 {
    START_MS + day * DAY_MS
}

fn rule(item: ItemId, safety: SafetyClass, km: u32, days: u16) -> Rule {
    let limits = Limits { distance_m: Some(km * KM), days: Some(days), ..Limits::default() };
    Rule {
        item,
        first: limits,
        repeat: limits,
        lead: Margin { distance_m: 1_000 * KM, days: 30, ..Margin::default() },
        grace: Margin { distance_m: 1_000 * KM, days: 14, ..Margin::default() },
        recurrence: Recurrence::Floating,
        safety,
        condition: None,
    }
}

fn tracked(rule: Rule) -> Tracked {
    let start = Anchor { at_ms: START_MS, odometer_m: 10 * KM, ..Anchor::default() };
    Tracked { rule, start, done_with: Vec::new(), after: None }
}

/// Oil every 15,000 km or 365 days, brake fluid every 100,000 km or 730 days.
fn plan() -> Vec<Tracked> {
    [tracked(rule(OIL, SafetyClass::Wear, 15_000, 365)), tracked(rule(BRAKES, SafetyClass::Safety, 100_000, 730))]
        .to_vec()
}

fn car(now_day: u64) -> Car {
    Car { built_ms: START_MS - 30 * DAY_MS, now_ms: day(now_day) }
}

fn driven(km: u32) -> Usage {
    Usage { odometer_m: Some(km * KM), ..Usage::default() }
}

fn done(day_number: u64, km: u32) -> Completion {
    Completion { at_ms: day(day_number), odometer_m: Some(km * KM), ..Completion::default() }
}

fn event(id: u64, said: u64, kind: Kind) -> Event {
    Event { id: EventId(id), at_ms: day(said), kind }
}

fn oil_done(id: u64, on: u64, km: u32, by: Source) -> Event {
    event(id, on, Kind::Completed { item: OIL, done: done(on, km), by })
}

fn anchor(events: &[Event], now_day: u64) -> Anchor {
    fold(&plan(), car(now_day), events).items[&OIL].planned.anchor
}

//! Work that was done, and the cycle that begins with it.
//!
//! Invariant: a cycle advances here and nowhere else, by one, and never to before the present cycle began; undoing is putting the previous anchor back.

use milepost_protocol::plan::{Anchor, DAY_MS, PlanItem, Recurrence};
use serde::{Deserialize, Serialize};

use super::bounds::{lead_within, limits};
use super::usage::{UNKNOWN_ODOMETER_M, Usage, is_plausible};

/// Work that a person confirmed or that a reset in the car shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Completion {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer then, in metres, where known.
    pub odometer_m: Option<u32>,
    /// Engine running time then, in seconds.
    pub engine_s: u32,
    /// Fuel burnt until then, in millilitres.
    pub fuel_ml: u32,
}

impl Completion {
    /// Work done at `at_ms` on a vehicle with this usage.
    pub fn at(at_ms: u64, usage: &Usage) -> Self {
        Self { at_ms, odometer_m: usage.odometer_m, engine_s: usage.engine_s, fuel_ml: usage.fuel_ml }
    }
}

/// The anchor of the cycle that begins with `done`.
///
/// Floating: every bound counts from the completion.
/// Fixed: a bound that was within its lead or behind counts from the last point of its schedule, however early or late the work was, and whole missed intervals are not asked for again; a bound that was still far counts from the completion.
pub fn complete(item: &PlanItem, done: &Completion) -> Anchor {
    let (anchor, lead, now, next) = (&item.anchor, &item.rule.lead, limits(item), &item.rule.repeat);
    let fixed = item.rule.recurrence == Recurrence::Fixed;
    let start = |begun: u64, done: u64, limit: Option<u64>, next: Option<u64>, lead: u64| {
        let done = done.max(begun);
        match limit.filter(|&limit| fixed && limit > 0) {
            Some(limit) => scheduled(begun, done, limit, next, lead_within(lead, limit)),
            None => done,
        }
    };
    let counter = |begun: u32, done: u32, limit: Option<u32>, next: Option<u32>, lead: u32| {
        let done = if is_plausible(done) { done } else { begun };
        let start = start(begun.into(), done.into(), limit.map(Into::into), next.map(Into::into), lead.into());
        u32::try_from(start).unwrap_or(u32::MAX - 1)
    };
    let days = |days: Option<u16>| days.map(|days| u64::from(days) * DAY_MS);

    let odometer_m = match done.odometer_m.filter(|&m| is_plausible(m)) {
        None => UNKNOWN_ODOMETER_M,
        Some(done_m) if anchor.odometer_m == UNKNOWN_ODOMETER_M => done_m,
        Some(done_m) => counter(anchor.odometer_m, done_m, now.distance_m, next.distance_m, lead.distance_m),
    };
    Anchor {
        cycle: anchor.cycle.saturating_add(1),
        at_ms: if anchor.at_ms == 0 {
            done.at_ms
        } else {
            start(anchor.at_ms, done.at_ms, days(now.days), days(next.days), u64::from(lead.days) * DAY_MS)
        },
        odometer_m,
        engine_s: counter(anchor.engine_s, done.engine_s, now.engine_s, next.engine_s, lead.engine_s),
        fuel_ml: counter(anchor.fuel_ml, done.fuel_ml, now.fuel_ml, next.fuel_ml, lead.fuel_ml),
    }
}

/// The last point of the schedule at or before `done`, or the coming one when it is within the lead.
fn scheduled(begun: u64, done: u64, limit: u64, next: Option<u64>, lead: u64) -> u64 {
    let used = done - begun;
    if used + lead < limit {
        return done;
    }
    let missed = match next.filter(|&next| next > 0) {
        Some(next) => used.saturating_sub(limit) / next * next,
        None => 0,
    };
    begun + limit + missed
}

/// Fills in what an anchor did not know when its cycle began: distance counts from the first odometer reading, time from `now_ms`.
///
/// `None` when there is nothing to fill in.
pub fn settle(item: &PlanItem, usage: &Usage, now_ms: u64) -> Option<Anchor> {
    let mut anchor = item.anchor;
    if let Some(odometer_m) = usage.odometer_m.filter(|&m| anchor.odometer_m == UNKNOWN_ODOMETER_M && is_plausible(m)) {
        anchor.odometer_m = odometer_m;
    }
    if anchor.at_ms == 0 {
        anchor.at_ms = now_ms;
    }
    (anchor != item.anchor).then_some(anchor)
}

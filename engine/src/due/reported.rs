//! What the car's own service computer says of an item, beside what we count.
//!
//! Its oil life and pad wear take the place of our models; its distance and time to service bound the date by the rule's own lead
//! and grace, and its asking for service makes an item upcoming.
//! Invariant: a counter that was not set back by the work with which the item's cycle began says nothing of it.

use alloc::vec::Vec;

use milepost_protocol::notice::Reason;
use milepost_protocol::plan::{DAY_MS, Level, PlanItem, Rule};

use super::standing::{Decides, raise};
use crate::condition::{PadReading, Wear, brake_pads, oil_by_monitor, worn_pad};
use crate::maintenance::Assessment;
use crate::service_computer::{Counter, Reading};
use crate::usage::VehicleState;

/// What a counter says, and when it said so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reported {
    /// The counter.
    pub counter: Counter,
    /// Its newest reading.
    pub reading: Reading,
}

/// What the service computer says of an item's present cycle.
pub(super) fn of(item: &PlanItem, state: &VehicleState) -> Vec<Reported> {
    let counters = Counter::ALL.into_iter().filter(|counter| counter.counts_for(&item.rule));
    let says = |counter| Some(Reported { counter, reading: state.computer.says(counter, item.anchor.at_ms)? });
    counters.filter_map(says).collect()
}

fn value(told: &[Reported], counter: Counter) -> Option<Reading> {
    told.iter().find(|one| one.counter == counter).map(|one| one.reading)
}

/// The oil by the car's own monitor where it has one, otherwise as modelled.
pub(super) fn oil(told: &[Reported], modelled: Option<Wear>) -> Option<Wear> {
    match value(told, Counter::OilLife) {
        Some(shown) => oil_by_monitor(shown.value.into(), modelled),
        None => modelled,
    }
}

/// The pad that is worn most, of those that are told.
pub(super) fn worst_pad(told: &[Reported]) -> Option<Reported> {
    let pads = told.iter().filter(|one| Counter::PADS.contains(&one.counter));
    pads.copied().max_by(|one, other| one.reading.value.total_cmp(&other.reading.value))
}

/// The pads by their sensors: a line through the readings of the one that is worn most, or its last reading.
pub(super) fn pads(told: &[Reported], state: &VehicleState) -> Option<Wear> {
    let worst = worst_pad(told)?;
    let reading = |reading: &Reading| {
        let km = f64::from(state.days.at(reading.at_ms)?.odometer_m) / 1_000.0;
        Some(PadReading { km, wear_percent: f64::from(reading.value) * 100.0 })
    };
    let readings: Vec<_> = state.computer.readings(worst.counter).iter().filter_map(reading).collect();
    let now_km = state.usage().odometer_m.map_or(0.0, |odometer_m| f64::from(odometer_m) / 1_000.0);
    brake_pads(&readings, now_km).or_else(|| worn_pad(f64::from(worst.reading.value) * 100.0))
}

/// How far an item is with so much left, in the unit of its lead and grace.
fn level(left: f64, lead: f64, grace: f64) -> Level {
    if left < -grace.max(1.0) {
        Level::Overdue
    } else if left <= 0.0 {
        Level::Due
    } else if left <= lead {
        Level::Upcoming
    } else {
        Level::Scheduled
    }
}

/// Brings an item to where the car says that it stands.
pub(super) fn bound(assessment: &mut Assessment, told: &[Reported], rule: &Rule, state: &VehicleState, now_ms: u64) {
    for &Reported { counter, reading } in told {
        let (lead, grace) = (&rule.lead, &rule.grace);
        let level = match counter {
            Counter::DistanceToService => {
                let Some(then_m) = state.days.at(reading.at_ms).map(|day| f64::from(day.odometer_m)) else { continue };
                let due_m = then_m + f64::from(reading.value);
                let now_m = state.usage().odometer_m.map_or(then_m, f64::from);
                // A car that is past it was so before it was driven here; the cast ends at both ends of the range.
                let known_m = assessment.due_odometer_m.unwrap_or(u32::MAX);
                assessment.due_odometer_m = Some(known_m.min(due_m.max(0.0) as u32));
                level(due_m - now_m, lead.distance_m.into(), grace.distance_m.into())
            }
            Counter::TimeToService | Counter::OilTime => {
                let due_ms = reading.at_ms.saturating_add_signed((f64::from(reading.value) * 1_000.0) as i64);
                assessment.due_at_ms = Some(assessment.due_at_ms.map_or(due_ms, |known_ms| known_ms.min(due_ms)));
                let left_days = (due_ms as f64 - now_ms as f64) / DAY_MS as f64;
                level(left_days, lead.days.into(), grace.days.into())
            }
            Counter::ServiceDue if reading.value >= 0.5 => Level::Upcoming,
            _ => continue,
        };
        let limit = if counter == Counter::ServiceDue { 1.0 } else { 0.0 };
        let reason = Reason::Signal { signal: counter.signal(), value: reading.value, limit };
        raise(assessment, level, Some(Decides::Signal(reason)));
        if level >= Level::Due {
            assessment.used = assessment.used.max(1.0);
        }
    }
}

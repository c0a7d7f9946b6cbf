//! Where an item stands: its rule, the part's wear, its charges, its own odometer.
//!
//! Invariant: a wear model that rests on nothing but time and distance decides nothing, because the rule's own bounds do.

use alloc::vec::Vec;

use milepost_protocol::SignalId;
use milepost_protocol::notice::{MAX_REASONS, Reason, Reasons};
use milepost_protocol::plan::{DAY_MS, ItemId, Level, PlanItem};
use serde::{Deserialize, Serialize};

use super::reported::{self, Reported};
use crate::condition::{
    Confidence, FilterUse, HealthReading, OilCaps, OilUse, Quantity, StarterBattery, Wear, air_filter, cabin_filter,
    oil_by_fuel, starter_battery, traction_battery,
};
use crate::maintenance::{Assessment, UNKNOWN_ODOMETER_M, assess, limits};
use crate::plans::BRAKE_PADS;
use crate::usage::{BatteryHealthAt, VehicleState};

/// From which share of its due point on a condition is upcoming.
const UPCOMING_AT: f64 = 0.9;

/// The numbers of [`crate::plans::item_id`] whose parts have a model.
const ENGINE_AIR_FILTER: ItemId = ItemId(6);
const CABIN_FILTER: ItemId = ItemId(7);
const TRACTION_BATTERY: ItemId = ItemId(12);

/// What counts for an item beside its rule, which the car does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extra {
    /// Due at so many per cent of the part's life.
    pub due_percent: Option<u8>,
    /// Due after so many full charges of the traction battery.
    pub cycles: Option<u32>,
    /// Whether distance counts by the mounted part's own odometer.
    pub own_odometer: bool,
}

/// Charges since the present cycle began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Charges {
    /// Full charges.
    pub used: f64,
    /// How many make it due.
    pub limit: u32,
}

/// Where an item stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The level and its reasons, the deciding one first.
    pub assessment: Assessment,
    /// The part's wear, where there is a model and something measured.
    pub wear: Option<Wear>,
    /// The charges, where they count.
    pub charges: Option<Charges>,
    /// What the car's own service computer says of it.
    pub reported: Vec<Reported>,
}

/// Where `item` stands at `now_ms`.
pub fn stand(item: &PlanItem, extra: &Extra, state: &VehicleState, now_ms: u64) -> Standing {
    let mut usage = state.usage();
    let vehicle_m = usage.odometer_m;
    let mut counted = *item;
    if extra.own_odometer {
        // A part that is new has a new identity, and its odometer begins at nothing.
        usage.odometer_m = state.parts.mounted_m();
        counted.anchor.odometer_m = 0;
    }
    let mut assessment = assess(&counted, &usage, now_ms);
    if extra.own_odometer {
        let left_m = assessment.due_odometer_m.zip(usage.odometer_m).map(|(due_m, own_m)| due_m.saturating_sub(own_m));
        assessment.due_odometer_m = left_m.zip(vehicle_m).map(|(left_m, odometer_m)| odometer_m.saturating_add(left_m));
    }
    let told = reported::of(item, state);
    let wear = wear(item, &told, state, now_ms);
    let charges = charges(item, extra, state);
    if let (Some(wear), Some(percent)) = (&wear, extra.due_percent.filter(|percent| *percent > 0))
        && wear.confidence > Confidence::Low
    {
        let first = deciding(wear, percent, &told);
        bring_forward(&mut assessment, wear.used / (f64::from(percent) / 100.0), first);
    }
    if let Some(Charges { used, limit }) = charges {
        bring_forward(&mut assessment, used / f64::from(limit.max(1)), None);
    }
    reported::bound(&mut assessment, &told, &item.rule, state, now_ms);
    Standing { assessment, wear, charges, reported: told }
}

/// Lets a share of 1 make the item due; the reason goes first if it decides.
fn bring_forward(assessment: &mut Assessment, share: f64, reason: Option<Decides>) {
    let level = if share >= 1.0 {
        Level::Due
    } else if share >= UPCOMING_AT {
        Level::Upcoming
    } else {
        Level::Scheduled
    };
    assessment.used = assessment.used.max(share as f32);
    raise(assessment, level, reason);
}

/// Lets the item be at `level` at least; the reason goes first if it decides.
pub(super) fn raise(assessment: &mut Assessment, level: Level, reason: Option<Decides>) {
    let decides = level > assessment.level;
    assessment.level = assessment.level.max(level);
    if !decides {
        return;
    }
    let Some(reason) = reason else { return };
    let others = assessment.reasons.iter().copied();
    let mut reasons = Reasons::new();
    let (first, rest): (Vec<_>, Vec<_>) = match reason {
        Decides::Signal(signal) => ([signal].to_vec(), others.collect()),
        Decides::Fuel => others.partition(|reason| matches!(reason, Reason::Fuel { .. })),
    };
    for reason in first.into_iter().chain(rest).take(MAX_REASONS) {
        // There is room for as many as are taken.
        let _ = reasons.push(reason);
    }
    assessment.reasons = reasons;
}

/// What brings an item forward.
pub(super) enum Decides {
    Signal(Reason),
    Fuel,
}

/// The reason behind a part's wear, as far as cars and pages have words for it.
fn deciding(wear: &Wear, due_percent: u8, told: &[Reported]) -> Option<Decides> {
    let first = wear.inputs.first()?;
    let limit = f32::from(due_percent) / 100.0;
    match first.quantity {
        Quantity::FuelLitres => Some(Decides::Fuel),
        Quantity::HealthPercent => {
            let limit = 1.0 - 0.3 * limit;
            let value = (first.value / 100.0) as f32;
            Some(Decides::Signal(Reason::Signal { signal: SignalId::STATE_OF_HEALTH, value, limit }))
        }
        Quantity::OilLifePercent => {
            let value = (first.value / 100.0) as f32;
            Some(Decides::Signal(Reason::Signal { signal: SignalId::OIL_LIFE_REMAINING, value, limit: 1.0 - limit }))
        }
        Quantity::WearPercent => {
            let worst = reported::worst_pad(told)?;
            Some(Decides::Signal(Reason::Signal { signal: worst.counter.signal(), value: worst.reading.value, limit }))
        }
        _ => None,
    }
}

fn wear(item: &PlanItem, told: &[Reported], state: &VehicleState, now_ms: u64) -> Option<Wear> {
    let (usage, anchor, limits) = (state.usage(), &item.anchor, limits(item));
    let days = if anchor.at_ms == 0 { 0.0 } else { now_ms.saturating_sub(anchor.at_ms) as f64 / DAY_MS as f64 };
    let km = match usage.odometer_m {
        Some(odometer_m) if anchor.odometer_m != UNKNOWN_ODOMETER_M => {
            f64::from(odometer_m.saturating_sub(anchor.odometer_m)) / 1_000.0
        }
        _ => 0.0,
    };
    let hours = f64::from(usage.engine_s.saturating_sub(anchor.engine_s)) / 3_600.0;
    match item.rule.item {
        ItemId::ENGINE_OIL => {
            let litres = f64::from(usage.fuel_ml.saturating_sub(anchor.fuel_ml)) / 1_000.0;
            let budget_l = limits.fuel_ml.map(|ml| f64::from(ml) / 1_000.0);
            let caps = OilCaps {
                km: limits.distance_m.map_or(f64::INFINITY, |m| f64::from(m) / 1_000.0),
                days: limits.days.map_or(f64::INFINITY, f64::from),
            };
            let modelled = budget_l.and_then(|budget_l| oil_by_fuel(litres, budget_l, OilUse { km, days }, caps));
            reported::oil(told, modelled)
        }
        ItemId::BATTERY_12V => {
            let age_days = (anchor.at_ms > 0 && anchor.cycle > 0).then_some(days);
            starter_battery(&StarterBattery { health: usage.battery, age_days })
        }
        TRACTION_BATTERY => {
            let reading = |at: &BatteryHealthAt| HealthReading {
                km: f64::from(at.odometer_m) / 1_000.0,
                health_percent: f64::from(at.share) * 100.0,
            };
            let readings: Vec<_> = state.healths.iter().map(reading).collect();
            traction_battery(&readings, usage.odometer_m.map_or(0.0, |m| f64::from(m) / 1_000.0))
        }
        BRAKE_PADS => reported::pads(told, state),
        ENGINE_AIR_FILTER => air_filter(&FilterUse { hours, days, dust: None }),
        CABIN_FILTER => cabin_filter(&FilterUse { hours, days, dust: None }),
        _ => None,
    }
}

fn charges(item: &PlanItem, extra: &Extra, state: &VehicleState) -> Option<Charges> {
    let limit = extra.cycles.filter(|&limit| limit > 0)?;
    let then = state.days.at(item.anchor.at_ms).map_or(0, |reading| reading.charges_milli);
    Some(Charges { used: f64::from(state.charges_milli.saturating_sub(then)) / 1_000.0, limit })
}

//! The plan that a vehicle starts with, until its maker's own is known.
//!
//! Invariant: every figure stands in one table with its source; nothing else in the code knows an interval.

use heapless::Vec;
use milepost_protocol::plan::{
    Anchor, Condition, DAY_MS, ItemId, Limits, Margin, PlanItem, Recurrence, Rule, SafetyClass, ServicePlan,
};
use serde::{Deserialize, Serialize};

/// What drives the vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Powertrain {
    /// An engine alone.
    #[default]
    Combustion,
    /// An engine and a traction battery.
    Hybrid,
    /// A traction battery alone.
    Electric,
}

impl Powertrain {
    /// Whether engine oil is of any concern.
    pub fn has_engine(self) -> bool {
        !matches!(self, Self::Electric)
    }
}

const KM: u32 = 1000;
const HOUR: u32 = 3600;
const LITRE: u32 = 1000;
const NOTHING: Limits = Limits { distance_m: None, days: None, engine_s: None, fuel_ml: None };

/// 15,000 km or 12 months: the fixed interval of many European makers.
/// The 400 hours are 15,000 km at 37 km/h, so that standing with the engine on counts; the 1,200 litres are 8 l/100 km
/// over the same distance, after BMW's condition based service, which counts fuel burnt.
const OIL: Limits =
    Limits { distance_m: Some(15_000 * KM), days: Some(365), engine_s: Some(400 * HOUR), fuel_ml: Some(1_200 * LITRE) };

const ENGINE_OIL: Rule = Rule {
    item: ItemId::ENGINE_OIL,
    first: OIL,
    repeat: OIL,
    lead: Margin { distance_m: 1_000 * KM, days: 30, engine_s: 27 * HOUR, fuel_ml: 80 * LITRE },
    grace: Margin { distance_m: 1_000 * KM, days: 30, engine_s: 27 * HOUR, fuel_ml: 80 * LITRE },
    recurrence: Recurrence::Floating,
    safety: SafetyClass::Wear,
    condition: None,
};

/// First after 36 months, then every 24: it takes up water, whether the car is driven or not (Volkswagen and Audi service plans).
const BRAKE_FLUID: Rule = Rule {
    item: ItemId::BRAKE_FLUID,
    first: Limits { days: Some(1095), ..NOTHING },
    repeat: Limits { days: Some(730), ..NOTHING },
    lead: Margin { distance_m: 0, days: 45, engine_s: 0, fuel_ml: 0 },
    grace: Margin { distance_m: 0, days: 60, engine_s: 0, fuel_ml: 0 },
    recurrence: Recurrence::Floating,
    safety: SafetyClass::Safety,
    condition: None,
};

/// Every 10,000 km, at which tyre makers have wheels swapped between the axles, or half a year, the rhythm of the seasonal change.
const SWAP: Limits = Limits { distance_m: Some(10_000 * KM), days: Some(182), engine_s: None, fuel_ml: None };

const TYRES: Rule = Rule {
    item: ItemId::TYRES,
    first: SWAP,
    repeat: SWAP,
    lead: Margin { distance_m: 500 * KM, days: 14, engine_s: 0, fuel_ml: 0 },
    grace: Margin { distance_m: 2_000 * KM, days: 45, engine_s: 0, fuel_ml: 0 },
    recurrence: Recurrence::Floating,
    safety: SafetyClass::Safety,
    condition: None,
};

/// First after 36 months, then every 24, each counted from the last date (German road traffic licensing regulations, § 29 and annex VIII).
/// An overrun of more than two months asks for a deeper inspection there, hence the grace.
const INSPECTION: Rule = Rule {
    item: ItemId::INSPECTION,
    first: Limits { days: Some(1095), ..NOTHING },
    repeat: Limits { days: Some(730), ..NOTHING },
    lead: Margin { distance_m: 0, days: 45, engine_s: 0, fuel_ml: 0 },
    grace: Margin { distance_m: 0, days: 60, engine_s: 0, fuel_ml: 0 },
    recurrence: Recurrence::Fixed,
    safety: SafetyClass::Safety,
    condition: None,
};

/// Five years is a usual life of a starter battery, but its voltages speak first:
/// 12.4 V at rest is about three quarters of its charge and 12.2 V half (BCI); below 9.6 V at 21 °C it fails the load test.
const BATTERY_12V: Rule = Rule {
    item: ItemId::BATTERY_12V,
    first: Limits { days: Some(1825), ..NOTHING },
    repeat: Limits { days: Some(1825), ..NOTHING },
    lead: Margin { distance_m: 0, days: 60, engine_s: 0, fuel_ml: 0 },
    grace: Margin { distance_m: 0, days: 365, engine_s: 0, fuel_ml: 0 },
    recurrence: Recurrence::Floating,
    safety: SafetyClass::Wear,
    condition: Some(Condition::Battery12v { rest_upcoming_mv: 12_400, rest_due_mv: 12_200, cranking_due_mv: 9_600 }),
};

const STANDARD: [Rule; 5] = [ENGINE_OIL, BRAKE_FLUID, TYRES, INSPECTION, BATTERY_12V];

/// The standard plan of a vehicle whose every cycle begins at `start`: cycle 0 for a new car, a later one for a used car.
///
/// A start with [`crate::maintenance::UNKNOWN_ODOMETER_M`] leaves distance out until the first reading.
pub fn standard(powertrain: Powertrain, start: Anchor) -> ServicePlan {
    let items: Vec<_, _> = STANDARD
        .into_iter()
        .filter(|rule| rule.item != ItemId::ENGINE_OIL || powertrain.has_engine())
        .map(|rule| PlanItem { rule, anchor: start })
        .collect();
    ServicePlan { version: 1, items }
}

/// The item of a used car as it stands when `share` of a repeated interval is behind it, by date and by distance; 1 is the bound.
#[must_use]
pub fn under_way(item: PlanItem, share: f64, odometer_m: u32, now_ms: u64) -> PlanItem {
    let limits = item.rule.repeat;
    let days = f64::from(limits.days.unwrap_or_default());
    let metres = f64::from(limits.distance_m.unwrap_or_default());
    let anchor = Anchor {
        cycle: 1,
        at_ms: now_ms.saturating_sub((share * days * DAY_MS as f64) as u64),
        odometer_m: odometer_m.saturating_sub((share * metres) as u32),
        ..Anchor::default()
    };
    PlanItem { anchor, ..item }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::NoticeId;
    use milepost_protocol::plan::Level;

    use super::*;
    use crate::maintenance::{Completion, Usage, assess, complete};

    #[test]
    fn an_electric_car_has_no_engine_oil() {
        let items = |powertrain| standard(powertrain, Anchor::default()).items.iter().map(|i| i.rule.item.0).collect();
        assert_eq!(items(Powertrain::Combustion), std::vec![1, 2, 3, 4, 5]);
        assert_eq!(items(Powertrain::Hybrid), std::vec![1, 2, 3, 4, 5]);
        let electric: std::vec::Vec<u16> = items(Powertrain::Electric);
        assert_eq!(electric, std::vec![2, 3, 4, 5]);
    }

    #[test]
    fn ten_years_of_driving_raise_each_notice_once_and_every_service_in_its_rhythm() {
        let (start_ms, km_a_day) = (1_700_000_000_000, 40);
        let anchor = Anchor { at_ms: start_ms, odometer_m: 10 * KM, ..Anchor::default() };
        let mut plan = standard(Powertrain::Combustion, anchor);
        let mut raised = std::vec::Vec::new();
        for day in 0..3_650u32 {
            let now_ms = start_ms + u64::from(day) * DAY_MS;
            let odometer_m = Some((10 + day * km_a_day) * KM);
            let usage = Usage { odometer_m, engine_s: day * HOUR, fuel_ml: day * 3 * LITRE, ..Usage::default() };
            for item in &mut plan.items {
                let found = assess(item, &usage, now_ms);
                let notice = NoticeId::reminder(found.item, found.cycle, found.level);
                if found.level > Level::Scheduled && !raised.contains(&notice) {
                    raised.push(notice);
                }
                if found.level == Level::Due {
                    item.anchor = complete(item, &Completion::at(now_ms, &usage));
                }
            }
        }
        let count = |item: ItemId, level: Level| {
            let is = |notice: &&NoticeId| notice.as_reminder().is_some_and(|(i, _, l)| (i, l) == (item, level));
            raised.iter().filter(is).count()
        };
        // 40 km a day reach 10,000 km in 250 days, so tyres go by the half-year, and oil by the year.
        for (item, services) in [
            (ItemId::ENGINE_OIL, 9),
            (ItemId::BRAKE_FLUID, 4),
            (ItemId::TYRES, 20),
            (ItemId::INSPECTION, 4),
            (ItemId::BATTERY_12V, 1),
        ] {
            assert_eq!(count(item, Level::Due), services, "{item:?}");
            assert_eq!(count(item, Level::Overdue), 0, "{item:?}");
        }
    }

    #[test]
    fn an_item_under_way_has_used_up_its_share_of_the_interval() {
        let (now_ms, odometer_m) = (1_700_000_000_000, 48_000 * KM);
        let usage = Usage { odometer_m: Some(odometer_m), ..Usage::default() };
        for item in &standard(Powertrain::Combustion, Anchor::default()).items {
            for (share, due) in [(0.2, false), (0.5, false), (1.01, true), (1.3, true)] {
                let found = assess(&under_way(*item, share, odometer_m, now_ms), &usage, now_ms);
                assert!((f64::from(found.used) - share).abs() < 0.01, "{:?}: {} of {share}", found.item, found.used);
                assert_eq!(found.level >= Level::Due, due, "{:?} at {share}", found.item);
            }
        }
    }

    #[test]
    fn every_item_of_the_plan_can_fall_due() {
        for rule in STANDARD {
            for limits in [rule.first, rule.repeat] {
                assert!(limits != NOTHING, "{:?}", rule.item);
            }
        }
    }
}

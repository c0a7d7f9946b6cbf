//! When a visit's work will be due: the earliest of its items, by calendar and by how far the car is driven.
//!
//! Invariant: early ≤ due ≤ late, and none of them lies before now.

use milepost_engine::booking::Band;
use milepost_engine::maintenance::{Assessment, assess};
use milepost_protocol::plan::{DAY_MS, ItemId, Level};

use crate::domain::Vehicle;

/// How many days back the use of a car is looked at.
const LOOK_BACK_DAYS: u64 = 90;

/// What a car is driven in a day before it is known, in metres: 13,000 km a year.
const USUAL_M_A_DAY: f64 = 35_600.0;

/// How far a distance bound may come earlier or later, as a share of the time to it.
const UNSURE: f64 = 0.25;

/// The band of the item that is due first.
pub(super) fn band(vehicle: &Vehicle, items: &[ItemId], now_ms: u64) -> Band {
    let usage = vehicle.state.usage();
    let planned = vehicle.plan.items.iter().filter(|item| items.contains(&item.rule.item));
    let bands = planned.map(|item| of_item(vehicle, &assess(item, &usage, now_ms), now_ms));
    bands.min_by_key(|band| band.due_ms).unwrap_or(Band { p10_ms: now_ms, due_ms: now_ms, p90_ms: now_ms })
}

fn of_item(vehicle: &Vehicle, assessment: &Assessment, now_ms: u64) -> Band {
    if assessment.level >= Level::Due {
        return Band { p10_ms: now_ms, due_ms: now_ms, p90_ms: now_ms };
    }
    let by_calendar = assessment.due_at_ms.map(|at_ms| {
        let at_ms = at_ms.max(now_ms);
        Band { p10_ms: at_ms, due_ms: at_ms, p90_ms: at_ms }
    });
    let left_m = assessment.due_odometer_m.zip(vehicle.state.usage().odometer_m);
    let by_distance = left_m.map(|(due_m, odometer_m)| {
        let days = f64::from(due_m.saturating_sub(odometer_m)) / metres_a_day(vehicle, now_ms);
        let at = |share: f64| now_ms.saturating_add((days * share * DAY_MS as f64) as u64);
        Band { p10_ms: at(1.0 - UNSURE), due_ms: at(1.0), p90_ms: at(1.0 + UNSURE) }
    });
    let whole = match (by_calendar, by_distance) {
        // Whichever comes first decides, at each end of the band.
        (Some(a), Some(b)) => {
            Band { p10_ms: a.p10_ms.min(b.p10_ms), due_ms: a.due_ms.min(b.due_ms), p90_ms: a.p90_ms.min(b.p90_ms) }
        }
        (Some(band), None) | (None, Some(band)) => band,
        (None, None) => Band { p10_ms: now_ms, due_ms: now_ms, p90_ms: now_ms.saturating_add(LOOK_BACK_DAYS * DAY_MS) },
    };
    // Work that the calendar asks for is done in the weeks before, not on the very day.
    let early_ms = whole.due_ms.saturating_sub(14 * DAY_MS).max(now_ms);
    Band { p10_ms: whole.p10_ms.min(early_ms), ..whole }
}

fn metres_a_day(vehicle: &Vehicle, now_ms: u64) -> f64 {
    let since_ms = now_ms.saturating_sub(LOOK_BACK_DAYS * DAY_MS);
    let recent = || vehicle.state.trips.ended.iter().filter(|trip| trip.started_ms >= since_ms);
    let Some(first_ms) = recent().map(|trip| trip.started_ms).min() else { return USUAL_M_A_DAY };
    let days = now_ms.saturating_sub(first_ms) as f64 / DAY_MS as f64;
    if days < 7.0 {
        return USUAL_M_A_DAY;
    }
    let metres: f64 = recent().map(|trip| f64::from(trip.distance_m)).sum();
    (metres / days).max(1_000.0)
}

#[cfg(test)]
mod tests {
    use milepost_engine::plan::{Powertrain, standard};
    use milepost_protocol::plan::Anchor;

    use super::*;

    const NOW_MS: u64 = 1_794_475_800_000;

    fn vehicle(years_ago: u64) -> Vehicle {
        let mut vehicle = Vehicle::new("car-1".parse().expect("an id"), 0);
        let at_ms = NOW_MS - years_ago * 365 * DAY_MS;
        vehicle.plan = standard(Powertrain::Combustion, Anchor { at_ms, odometer_m: 1_000, ..Anchor::default() });
        vehicle
    }

    #[test]
    fn work_that_is_overdue_is_due_now() {
        let band = band(&vehicle(9), &[ItemId::BRAKE_FLUID], NOW_MS);
        assert_eq!(band, Band { p10_ms: NOW_MS, due_ms: NOW_MS, p90_ms: NOW_MS });
    }

    #[test]
    fn the_band_is_in_order_and_ahead_of_now() {
        for years in 0..4 {
            for item in [ItemId::ENGINE_OIL, ItemId::BRAKE_FLUID, ItemId::INSPECTION, ItemId(99)] {
                let Band { p10_ms, due_ms, p90_ms } = band(&vehicle(years), &[item], NOW_MS);
                assert!(NOW_MS <= p10_ms && p10_ms <= due_ms && due_ms <= p90_ms, "{item:?} after {years} years");
            }
        }
    }
}

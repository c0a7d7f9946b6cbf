//! When a visit's work will be due: the earliest of its items, as it is foretold from this car's own use.
//!
//! Invariant: early ≤ due ≤ late, and none of them lies before now.

use milepost_engine::booking::Band;
use milepost_engine::due::{forecast, history, stand};
use milepost_engine::projection::History;
use milepost_protocol::plan::{DAY_MS, ItemId, Level, PlanItem};

use crate::domain::Vehicle;

/// Within how many days work that nothing foretells can as well be done, such as what only wear makes due.
const ANY_TIME_DAYS: u64 = 90;

/// Work that is foretold for a day is as well done in so many days before it.
const EARLY_DAYS: u64 = 14;

/// The band of the item that is due first.
pub(super) fn band(vehicle: &Vehicle, items: &[ItemId], now_ms: u64) -> Band {
    let zone = crate::zones::zone(&vehicle.profile.time_zone);
    let past = history(&vehicle.state, now_ms, zone.to_offset(crate::i18n::timestamp(now_ms)).seconds());
    let wanted = vehicle.items().into_iter().filter(|item| items.contains(&item.rule.item));
    let bands = wanted.map(|item| of_item(vehicle, &item, &past, now_ms));
    bands.min_by_key(|band| band.due_ms).unwrap_or_else(|| at(now_ms))
}

fn at(now_ms: u64) -> Band {
    Band { p10_ms: now_ms, due_ms: now_ms, p90_ms: now_ms }
}

fn of_item(vehicle: &Vehicle, item: &PlanItem, past: &History, now_ms: u64) -> Band {
    let extra = vehicle.book.item(item.rule.item).map(|known| known.extra).unwrap_or_default();
    let standing = stand(item, &extra, &vehicle.state, now_ms);
    if standing.assessment.level >= Level::Due {
        return at(now_ms);
    }
    let Some(found) = forecast(item, &standing, &vehicle.state, past, now_ms) else {
        return Band { p90_ms: now_ms.saturating_add(ANY_TIME_DAYS * DAY_MS), ..at(now_ms) };
    };
    let [p10_ms, due_ms, p90_ms] =
        [found.due.p10_ms, found.due.median_ms, found.due.p90_ms].map(|at_ms| at_ms.max(now_ms));
    let early_ms = due_ms.saturating_sub(EARLY_DAYS * DAY_MS).max(now_ms);
    Band { p10_ms: p10_ms.min(early_ms), due_ms, p90_ms }
}

#[cfg(test)]
mod tests {
    use milepost_engine::plan::{Powertrain, standard};
    use milepost_engine::usage::Times;
    use milepost_protocol::plan::Anchor;
    use milepost_protocol::record::{Counters, Record};

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

    #[test]
    fn the_band_follows_what_this_car_is_driven() {
        let driven = |km_a_day: u32| {
            let mut vehicle = vehicle(0);
            for day in 0..150 {
                let at_ms = NOW_MS - (150 - u64::from(day)) * DAY_MS;
                let odometer_m = 1_000 + (day + 1) * km_a_day * 1_000;
                let counters = Counters { odometer_m, odometer_anchored: true, ..Counters::default() };
                let times = Times { measured_at_ms: at_ms, received_at_ms: at_ms };
                vehicle.state.apply(1, times, &Record::Counters(counters));
            }
            band(&vehicle, &[ItemId::ENGINE_OIL], NOW_MS)
        };
        let (much, little) = (driven(80), driven(20));
        assert!(much.due_ms + 60 * DAY_MS < little.due_ms, "{much:?} {little:?}");
        assert!(much.p10_ms < much.due_ms && much.due_ms < much.p90_ms);
    }
}

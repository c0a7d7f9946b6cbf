//! When an item will fall due, by this car's own use.
//!
//! Invariant: an item that is due has no forecast; a bound by engine time or fuel becomes one by distance at the rate at
//! which this car lately spent them.

use milepost_protocol::plan::{DAY_MS, Level, PlanItem};
use serde::{Deserialize, Serialize};

use super::standing::Standing;
use crate::maintenance::limits;
use crate::projection::{DueDate, History, Projection, Reading, due_date, project};
use crate::usage::{DayReading, VehicleState};

/// Over how many days back the rate of engine time and fuel is taken.
const RATE_OVER_DAYS: u64 = 120;

/// When an item falls due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The date with its band.
    pub due: DueDate,
    /// What the distance's share of it rests on.
    pub projection: Option<Projection>,
}

/// A vehicle's odometer history until `now_ms`; `zone_offset_s` is its offset from UTC, for its weekdays.
pub fn history(state: &VehicleState, now_ms: u64, zone_offset_s: i32) -> History {
    let reading = |day: &DayReading| Reading { at_ms: day.at_ms, odometer_m: day.odometer_m };
    History::new(state.days.readings().iter().map(reading), now_ms, zone_offset_s)
}

/// When `item`, which stands as `standing`, falls due; `None` if it is due already or nothing but a condition can make it so.
pub fn forecast(
    item: &PlanItem,
    standing: &Standing,
    state: &VehicleState,
    history: &History,
    now_ms: u64,
) -> Option<Forecast> {
    let found = &standing.assessment;
    if found.level >= Level::Due {
        return None;
    }
    let last_m = history.last().map(|reading| reading.odometer_m).or(state.usage().odometer_m);
    let by_distance = found.due_odometer_m.zip(last_m).map(|(due_m, last_m)| f64::from(due_m.saturating_sub(last_m)));
    let (limits, anchor, usage) = (limits(item), &item.anchor, state.usage());
    let left = |limit: Option<u32>, begun: u32, stands: u32| {
        limit.filter(|&limit| limit > 0).map(|limit| limit.saturating_sub(stands.saturating_sub(begun)))
    };
    let by_engine = left(limits.engine_s, anchor.engine_s, usage.engine_s)
        .and_then(|left_s| as_distance(left_s, state, |day| day.engine_s));
    let by_fuel = left(limits.fuel_ml, anchor.fuel_ml, usage.fuel_ml)
        .and_then(|left_ml| as_distance(left_ml, state, |day| day.fuel_ml));
    let left_m = [by_distance, by_engine, by_fuel];
    let left_m = left_m.into_iter().flatten().min_by(f64::total_cmp);
    let projection = left_m.map(|left_m| project(history, left_m, now_ms));
    let due = due_date(projection.as_ref(), found.due_at_ms)?;
    Some(Forecast { due, projection })
}

/// The distance in which this car, as it lately went, spends what is left of a counter's bound.
fn as_distance(left: u32, state: &VehicleState, counter: fn(&DayReading) -> u32) -> Option<f64> {
    let readings = state.days.readings();
    let last = readings.last()?;
    let from_ms = last.at_ms.saturating_sub(RATE_OVER_DAYS * DAY_MS);
    let first = readings.iter().find(|reading| reading.at_ms >= from_ms)?;
    let spent = f64::from(counter(last).saturating_sub(counter(first)));
    let driven_m = f64::from(last.odometer_m.saturating_sub(first.odometer_m));
    // A thousand kilometres tell a rate; less is one journey.
    (spent > 0.0 && driven_m >= 1_000_000.0).then(|| f64::from(left) * driven_m / spent)
}

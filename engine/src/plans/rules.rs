//! From a plan's item to the rule by which car and cloud assess it, and which items hang together.
//!
//! Invariant: a rule says exactly what the plan says for this schedule and this stretch of the car's life.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::{Condition as RuleCondition, ItemId, Limits, Margin, Rule};

use super::file::{Bounds, Condition, Item, Plan, Stage};
use super::items::item_id;
use super::severity::Choice;

/// Days of a month in intervals: a year's twelfth, so that 12 months are 365 days.
pub(super) const MONTH_DAYS: f64 = 365.25 / 12.0;

/// The rules of all items at an odometer (metres) and age (days), under the schedules chosen for each item.
///
/// `severe` answers for an item which schedule holds; see [`super::schedule`].
pub fn rules(plan: &Plan, odometer_m: u32, age_days: u32, severe: impl Fn(&Item) -> Choice) -> Vec<Rule> {
    plan.items
        .iter()
        .filter_map(|item| Some(rule(item_id(&item.name)?, item, odometer_m, age_days, severe(item).severe)))
        .collect()
}

fn rule(id: ItemId, item: &Item, odometer_m: u32, age_days: u32, severe: bool) -> Rule {
    let staged = item.stages.iter().find(|stage| holds(stage, odometer_m, age_days)).map(|stage| stage.every);
    let normal = staged.unwrap_or(item.repeat);
    // Under severe use the earlier of both counts for each bound: severe never means later.
    let chosen = |bounds: Bounds| match item.severe.filter(|_| severe) {
        Some(severe) => earlier(bounds, severe),
        None => bounds,
    };
    Rule {
        item: id,
        first: limits(chosen(item.first)),
        repeat: limits(chosen(normal)),
        lead: margin(item.lead),
        grace: margin(item.grace),
        recurrence: item.recurrence,
        safety: item.safety,
        condition: match item.condition {
            Some(Condition::Battery12v { rest_upcoming_mv, rest_due_mv, cranking_due_mv }) => {
                Some(RuleCondition::Battery12v { rest_upcoming_mv, rest_due_mv, cranking_due_mv })
            }
            Some(Condition::Used { .. }) | None => None,
        },
    }
}

fn holds(stage: &Stage, odometer_m: u32, age_days: u32) -> bool {
    let (km, months) = (odometer_m / 1_000, (f64::from(age_days) / MONTH_DAYS) as u32);
    km >= stage.from_km
        && stage.until_km.is_none_or(|until| km < until)
        && months >= stage.from_months
        && stage.until_months.is_none_or(|until| months < until)
}

fn earlier(one: Bounds, other: Bounds) -> Bounds {
    fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
    Bounds {
        km: least(one.km, other.km),
        months: least(one.months, other.months),
        days: least(one.days, other.days),
        engine_h: least(one.engine_h, other.engine_h),
        fuel_l: least(one.fuel_l, other.fuel_l),
        cycles: least(one.cycles, other.cycles),
    }
}

fn limits(bounds: Bounds) -> Limits {
    Limits {
        distance_m: bounds.km.map(|km| km.saturating_mul(1_000)),
        days: bounds.time_days().map(|days| u16::try_from(days).unwrap_or(u16::MAX)),
        engine_s: bounds.engine_h.map(|hours| hours.saturating_mul(3_600)),
        fuel_ml: bounds.fuel_l.map(|litres| litres.saturating_mul(1_000)),
    }
}

fn margin(bounds: Bounds) -> Margin {
    let Limits { distance_m, days, engine_s, fuel_ml } = limits(bounds);
    Margin {
        distance_m: distance_m.unwrap_or_default(),
        days: days.unwrap_or_default(),
        engine_s: engine_s.unwrap_or_default(),
        fuel_ml: fuel_ml.unwrap_or_default(),
    }
}

/// The items that are done when `item` is, itself first: those that name it in `done_with`, and those that name these.
pub fn done_together(plan: &Plan, item: &str) -> Vec<String> {
    let mut done = [item.to_owned()].to_vec();
    let mut at = 0;
    while at < done.len() {
        let with = plan.items.iter().filter(|other| other.done_with.contains(&done[at]) && !done.contains(&other.name));
        let names: Vec<_> = with.map(|other| other.name.clone()).collect();
        done.extend(names);
        at += 1;
    }
    done
}

/// The item that has to be done once before `item` begins to count, if any.
pub fn waits_for<'a>(plan: &'a Plan, item: &str) -> Option<&'a str> {
    plan.items.iter().find(|known| known.name == item).and_then(|known| known.after.as_deref())
}

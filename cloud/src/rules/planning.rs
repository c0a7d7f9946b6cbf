//! Which plan a vehicle goes by, where its items begin, and which of them the car itself is told.
//!
//! Invariant: an item that a vehicle had keeps its start, its numbers and its entries, whatever plan it goes by; the car has
//! the items that matter next, and is sent a plan only when it differs from what it was sent.

use milepost_engine::maintenance::{Assessment, UNKNOWN_ODOMETER_M};
use milepost_engine::plans::{Car, Catalogue, MeasuredUse, Planned, planned, schedule};
use milepost_engine::service_book::{EventId, Kind, Source};
use milepost_protocol::plan::{Anchor, DAY_MS, Level, Limits, MAX_PLAN_ITEMS, PlanItem, Recurrence, Rule};

use super::Effects;
use crate::domain::{BookItem, ChangeKind, ChosenPlan, Remarks, ServiceBook, Vehicle};

/// How often stages and severity are looked at, in milliseconds.
const PLANNED_EVERY_MS: u64 = DAY_MS;

/// Without an odometer a car that was registered so many days ago is taken for new.
const NEW_FOR_DAYS: u64 = 90;

/// What cars usually drive in a day, in metres; it only orders items.
const USUAL_M_A_DAY: f64 = 40_000.0;

/// An item that the car has gives its place to one that is due this much sooner: a tenth of the time, and two weeks.
const KEEPS_AT: f64 = 0.9;
const KEEPS_FOR_DAYS: f64 = 14.0;

/// Takes the rules from the plan that fits best, if that is due; answers whether an item changed.
pub(super) fn replan(vehicle: &mut Vehicle, plans: &Catalogue, now_ms: u64) -> bool {
    let book = &vehicle.book;
    if book.by_hand || (!book.items.is_empty() && now_ms < book.planned_ms.saturating_add(PLANNED_EVERY_MS)) {
        return false;
    }
    let profile = &vehicle.profile;
    let vin = profile.vin.as_ref().map(milepost_engine::vin::Vin::as_str);
    let car = Car { powertrain: profile.powertrain, model: &profile.model_name, vin, year: profile.model_year };
    let Some(plan) = plans.plan(&car) else { return false };
    let odometer_m = vehicle.state.usage().odometer_m.unwrap_or_default();
    let built_ms = profile.registered_ms;
    let age_days = if built_ms == 0 { 0 } else { now_ms.saturating_sub(built_ms) / DAY_MS };
    let measured = MeasuredUse::of(&vehicle.state);
    let was_severe = |name: &str| {
        let item = milepost_engine::plans::item_id(name).and_then(|item| book.item(item));
        item.is_some_and(|item| item.choice.severe)
    };
    let wanted = planned(plan, odometer_m, u32::try_from(age_days).unwrap_or(u32::MAX), |item| {
        schedule(&item.severe_when, &measured, was_severe(&item.name))
    });
    let chosen = ChosenPlan { file: plan.file.clone(), name: plan.name.clone(), version: plan.version };
    let before = vehicle.book.items.clone();
    let items = wanted.into_iter().map(|wanted| merged(vehicle, wanted, now_ms)).collect();
    let book = &mut vehicle.book;
    let gone = std::mem::replace(&mut book.items, items);
    for item in gone {
        let id = item.rule.item;
        if book.item(id).is_none() {
            book.retired.retain(|retired| retired.rule.item != id);
            book.retired.push(item);
        }
    }
    let ids: Vec<_> = book.items.iter().map(|item| item.rule.item).collect();
    book.retired.retain(|retired| !ids.contains(&retired.rule.item));
    book.planned_ms = now_ms;
    let other = book.plan.as_ref() != Some(&chosen);
    book.plan = Some(chosen);
    other || before != vehicle.book.items
}

fn merged(vehicle: &Vehicle, wanted: Planned, now_ms: u64) -> BookItem {
    let Planned { rule, extra, done_with, after, choice } = wanted;
    let book = &vehicle.book;
    let known = book.items.iter().chain(&book.retired).find(|known| known.rule.item == rule.item);
    let mut item = known.cloned().unwrap_or_else(|| BookItem::new(rule, begins(vehicle, &rule, now_ms), false));
    (item.rule, item.extra, item.choice) = (rule, extra, choice);
    (item.done_with, item.after) = (done_with, after);
    item
}

/// Where an item of which nothing is known begins.
///
/// A new car's first cycle began when it was registered. Of a used car nobody knows when the work was done last, so that
/// nothing is past due before somebody says so: time counts from now, distance from the first reading; only what goes by a
/// fixed schedule follows the registration.
fn begins(vehicle: &Vehicle, rule: &Rule, now_ms: u64) -> Anchor {
    let usage = vehicle.state.usage();
    let built_ms = vehicle.profile.registered_ms;
    let unknown = Anchor {
        cycle: 1,
        at_ms: now_ms,
        odometer_m: UNKNOWN_ODOMETER_M,
        engine_s: usage.engine_s,
        fuel_ml: usage.fuel_ml,
    };
    if built_ms == 0 || built_ms > now_ms {
        return unknown;
    }
    let age_days = (now_ms - built_ms) / DAY_MS;
    let first_days = rule.first.days.filter(|&days| days > 0).map(u64::from);
    let young = first_days.is_none_or(|days| age_days < days);
    let near = match (rule.first.distance_m.filter(|&m| m > 0), usage.odometer_m) {
        (None, _) => first_days.is_some(),
        (Some(limit_m), Some(odometer_m)) => odometer_m < limit_m,
        (Some(_), None) => age_days < NEW_FOR_DAYS,
    };
    if young && near {
        return Anchor { cycle: 0, at_ms: built_ms, ..Anchor::default() };
    }
    match (rule.recurrence, first_days, rule.repeat.days.filter(|&days| days > 0).map(u64::from)) {
        (Recurrence::Fixed, Some(first), Some(repeat)) if age_days >= first => {
            let cycles = (age_days - first) / repeat;
            let at_ms = built_ms + (first + cycles * repeat) * DAY_MS;
            Anchor { cycle: u32::try_from(cycles + 1).unwrap_or(u32::MAX), at_ms, ..unknown }
        }
        _ => unknown,
    }
}

/// Another date of registration moves what was only assumed.
pub(super) fn begin_anew(vehicle: &mut Vehicle) {
    let introduced_ms = vehicle.created_ms;
    let starts: Vec<_> = vehicle
        .book
        .items
        .iter()
        .map(|item| (!item.told && item.began_with.is_none()).then(|| begins(vehicle, &item.rule, introduced_ms)))
        .collect();
    for (item, start) in vehicle.book.items.iter_mut().zip(starts) {
        if let Some(start) = start {
            let odometer_m =
                if start.odometer_m == UNKNOWN_ODOMETER_M { item.start.odometer_m } else { start.odometer_m };
            item.start = Anchor { odometer_m, ..start };
        }
    }
    vehicle.book.planned_ms = 0;
}

/// Turns the plan and the completions of a document from before there was a service book into one.
pub fn modernise(vehicle: &mut Vehicle) {
    if !vehicle.book.items.is_empty() || vehicle.plan.items.is_empty() {
        return;
    }
    let mut book = ServiceBook::default();
    for planned in &vehicle.plan.items {
        let item = planned.rule.item;
        let done: Vec<_> = vehicle.anchorings.iter().filter(|known| known.item == item && !known.undone).collect();
        // Only as far back as every step leads to the next one.
        let from = done.first().map_or(planned.anchor, |first| first.from);
        book.items.push(BookItem::new(planned.rule, from, true));
        for step in done {
            let Anchor { at_ms, odometer_m, engine_s, fuel_ml, .. } = step.to;
            let odometer_m = Some(odometer_m).filter(|&m| m != UNKNOWN_ODOMETER_M);
            let done = milepost_engine::maintenance::Completion { at_ms, odometer_m, engine_s, fuel_ml };
            let by = if matches!(step.by, crate::domain::Actor::Advisor(_)) { Source::Workshop } else { Source::Owner };
            let kind = Kind::Completed { item, done, by };
            let id: EventId = book.enter(step.at_ms, kind, &step.by, Remarks::default());
            if let Some(entry) = book.entries.iter_mut().find(|entry| entry.event.id == id) {
                entry.closed.clone_from(&step.closed);
            }
        }
    }
    vehicle.anchorings.clear();
    // Whatever was believed then is believed now: no moment of it lies in the future.
    book.derive(vehicle.profile.registered_ms, u64::MAX);
    vehicle.book = book;
}

/// Sends the car the items that matter next, if they are not those that it has.
pub(super) fn tell_car(vehicle: &mut Vehicle, assessments: &[Assessment], now_ms: u64, effects: &mut Effects) {
    let mut items = chosen(vehicle, assessments, now_ms);
    if vehicle.plan.version > 0 && vehicle.plan.items[..] == items[..] {
        return;
    }
    loop {
        let before = std::mem::take(&mut vehicle.plan.items);
        // At most as many as a plan holds were chosen.
        vehicle.plan.items = heapless::Vec::from_slice(&items).unwrap_or_default();
        if effects.send_plan(vehicle) || items.pop().is_none() {
            return;
        }
        vehicle.plan.items = before;
        vehicle.plan.version -= 1;
    }
}

/// What the car can judge by itself and will need first: nothing of a sold car, nothing that counts by a part's odometer or by what only the service knows.
fn chosen(vehicle: &Vehicle, assessments: &[Assessment], now_ms: u64) -> Vec<PlanItem> {
    if vehicle.book.sold {
        return Vec::new();
    }
    let judged = |item: &&BookItem| {
        let Limits { distance_m, days, engine_s, fuel_ml } = item.rule.repeat;
        let bound = distance_m.is_some() || days.is_some() || engine_s.is_some() || fuel_ml.is_some();
        item.counts() && !item.extra.own_odometer && (bound || item.rule.condition.is_some())
    };
    let odometer_m = vehicle.state.usage().odometer_m;
    let mut ranked: Vec<(Level, bool, f64, PlanItem)> = Vec::new();
    for item in vehicle.book.items.iter().filter(judged) {
        let found = assessments.iter().find(|found| found.item == item.rule.item);
        let by_time =
            found.and_then(|found| found.due_at_ms).map(|at_ms| at_ms.saturating_sub(now_ms) as f64 / DAY_MS as f64);
        let left_m = found.and_then(|found| found.due_odometer_m).zip(odometer_m);
        let by_distance = left_m.map(|(due_m, odometer_m)| f64::from(due_m.saturating_sub(odometer_m)) / USUAL_M_A_DAY);
        let left_days = by_time.into_iter().chain(by_distance).fold(f64::MAX, f64::min);
        let has = vehicle.plan.items.iter().any(|sent| sent.rule.item == item.rule.item);
        let left_days = if has { left_days * KEEPS_AT - KEEPS_FOR_DAYS } else { left_days };
        let level = found.map_or(Level::Scheduled, |found| found.level);
        ranked.push((level, item.rule.condition.is_some(), left_days, item.planned()));
    }
    ranked.sort_by(|one, other| (other.0, other.1).cmp(&(one.0, one.1)).then(one.2.total_cmp(&other.2)));
    let mut items: Vec<_> = ranked.into_iter().take(MAX_PLAN_ITEMS).map(|(.., item)| item).collect();
    items.sort_by_key(|item| item.rule.item);
    items
}

/// Notes that the plan changed.
pub(super) fn note(effects: &mut Effects) {
    effects.note(ChangeKind::Plan);
}

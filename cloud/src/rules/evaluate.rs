//! What is looked at whenever a vehicle has changed or a timer has come due.

use std::sync::Arc;

use milepost_engine::health::SILENT_AFTER_DAYS;
use milepost_engine::maintenance::Assessment;
use milepost_engine::plans::Catalogue;
use milepost_engine::sweep::next_look_ms;
use milepost_engine::urgency::urgency;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::DAY_MS;

use super::journey::JourneyRules;
use super::offers::{self, Around, OfferRules};
use super::{Effects, detected, intents, outcomes, planning, recalls, reminders, services};
use crate::domain::{Actor, ChangeKind, Moment, NoticeDoc, Texts, Vehicle};

/// The most notices that stay in a vehicle's document; the oldest closed ones of past cycles leave first.
const MAX_NOTICES: usize = 200;

/// What the rules need beside the vehicle.
#[derive(Clone)]
pub struct Rules {
    /// Words for the car's display.
    pub texts: Arc<dyn Texts>,
    /// How offers are decided.
    pub offers: OfferRules,
    /// The plans that vehicles go by.
    pub plans: Arc<Catalogue>,
    /// How programmes run.
    pub journeys: JourneyRules,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("offers", &self.offers)
            .field("plans", &self.plans.plans().len())
            .finish_non_exhaustive()
    }
}

impl Rules {
    /// Whether evaluating the vehicle at `now_ms` takes a decision or looks at segments, so that what is around it is needed.
    pub fn decides(&self, vehicle: &Vehicle, now_ms: u64) -> bool {
        offers::attends(vehicle, now_ms)
    }
}

/// Brings a vehicle up to `now_ms`: plan, notices, offers, urgency, timer.
///
/// `around` is what a decision needs beside the vehicle; it is looked at only if [`Rules::decides`].
pub fn evaluate(vehicle: &mut Vehicle, rules: &Rules, around: &Around, now_ms: u64, effects: &mut Effects) {
    planning::modernise(vehicle);
    if vehicle.plan.version == 0 {
        intents::introduce(vehicle, &rules.plans, now_ms, effects);
    }
    let replanned = planning::replan(vehicle, &rules.plans, now_ms);
    if services::settle(vehicle, now_ms) || replanned {
        services::follow(vehicle, None, &Actor::System, now_ms, effects);
    }
    detected::enter_resets(vehicle, now_ms, effects);
    run_timers(vehicle, now_ms, effects);
    let assessments = vehicle.assessments(now_ms);
    let texts = rules.texts.as_ref();
    reminders::raise_due(vehicle, &assessments, now_ms, texts, effects);
    planning::tell_car(vehicle, &assessments, now_ms, effects);
    recalls::tell_car(vehicle, texts, effects);
    offers::attend(vehicle, &assessments, &rules.offers, around, now_ms, texts, effects);
    let wanted = vehicle.notices.values().any(|notice| notice.state() == NoticeState::Booked);
    vehicle.urgency = urgency(&vehicle.state, &vehicle.items(), &assessments, wanted, now_ms);
    prune(vehicle);
    vehicle.timer_ms = next_timer_ms(vehicle, &assessments, now_ms);
}

/// Wakes what was snoozed and ends what has expired.
fn run_timers(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let due = |notice: &NoticeDoc| notice.next_timer_ms().is_some_and(|at_ms| at_ms <= now_ms);
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| due(notice)).map(NoticeDoc::id).collect();
    for id in ids {
        let Some(notice) = vehicle.notices.get_mut(&id) else { continue };
        let expired = notice.expires_ms.is_some_and(|at_ms| at_ms <= now_ms);
        let changed = if expired { notice.expire(Moment::now(now_ms), &Actor::System) } else { notice.wake(now_ms) };
        if expired {
            outcomes::expired(vehicle, id, now_ms, effects);
        }
        if changed {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
}

/// The earliest moment at which something changes by itself: the calendar moves an item, a notice wakes or ends, offers are
/// decided on, or the car has been silent for too long. Until then nobody has to look at the vehicle.
fn next_timer_ms(vehicle: &Vehicle, assessments: &[Assessment], now_ms: u64) -> Option<u64> {
    let counting = vehicle.book.items.iter().filter(|item| item.counts() && !vehicle.book.sold);
    let items = counting.filter_map(|item| next_look_ms(&item.planned(), now_ms));
    let notices = vehicle.notices.values().filter_map(NoticeDoc::next_timer_ms);
    let heard_ms = Some(vehicle.state.last_received_ms).filter(|&at_ms| at_ms > 0);
    let silent = heard_ms.map(|at_ms| at_ms + (SILENT_AFTER_DAYS + 1) * DAY_MS).filter(|&at_ms| at_ms > now_ms);
    // The car's own service computer may have said an earlier date than the plan's.
    let dates = assessments.iter().filter(|_| !vehicle.book.sold).filter_map(|found| found.due_at_ms);
    let dates = dates.filter(|&at_ms| at_ms > now_ms);
    items
        .chain(dates)
        .chain(notices)
        .chain(offers::next_ms(vehicle))
        .chain(silent)
        .min()
        .map(|at_ms| at_ms.max(now_ms + 1))
}

fn prune(vehicle: &mut Vehicle) {
    let excess = vehicle.notices.len().saturating_sub(MAX_NOTICES);
    if excess > 0 {
        let current = |notice: &NoticeDoc| match notice.subject {
            crate::domain::Subject::Reminder { item, cycle, .. } => {
                vehicle.book.item(item).is_some_and(|item| item.anchor.cycle <= cycle + 1)
            }
            // A recall that was answered stays, so that it is not told again.
            crate::domain::Subject::Recall { .. } => true,
            _ => false,
        };
        let past = |notice: &&NoticeDoc| notice.state().is_final() && !current(notice);
        let mut past: Vec<_> = vehicle.notices.values().filter(past).map(|n| (n.raised_ms(), n.id())).collect();
        past.sort_unstable();
        for (_, id) in past.into_iter().take(excess) {
            vehicle.notices.remove(&id);
        }
    }
}

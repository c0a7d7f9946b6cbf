//! What is looked at whenever a vehicle has changed or a timer has come due.

use std::sync::Arc;

use milepost_engine::urgency::urgency;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::DAY_MS;

use super::offers::{self, OfferRules};
use super::{Effects, completions, intents, reminders};
use crate::domain::{Actor, ChangeKind, Moment, NoticeDoc, Texts, Vehicle};

/// The most notices that stay in a vehicle's document; the oldest closed ones of past cycles leave first.
const MAX_NOTICES: usize = 200;

/// The most completions that stay in a vehicle's document.
const MAX_ANCHORINGS: usize = 100;

/// What the rules need beside the vehicle.
#[derive(Clone)]
pub struct Rules {
    /// Words for the car's display.
    pub texts: Arc<dyn Texts>,
    /// How offers are decided.
    pub offers: OfferRules,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("offers", &self.offers).finish_non_exhaustive()
    }
}

impl Rules {
    /// Whether evaluating the vehicle at `now_ms` takes a decision, so that the owner's other contacts are needed.
    pub fn decides(&self, vehicle: &Vehicle, now_ms: u64) -> bool {
        offers::is_due(vehicle, now_ms)
    }
}

/// Brings a vehicle up to `now_ms`: plan, notices, offers, urgency, timer.
///
/// `contacts_ms` are the owner's contacts about other cars.
pub fn evaluate(vehicle: &mut Vehicle, rules: &Rules, contacts_ms: &[u64], now_ms: u64, effects: &mut Effects) {
    if vehicle.plan.version == 0 {
        intents::introduce(vehicle, now_ms, effects);
    }
    completions::settle_anchors(vehicle, now_ms, effects);
    run_timers(vehicle, now_ms, effects);
    let assessments = reminders::assessments(vehicle, now_ms);
    let texts = rules.texts.as_ref();
    reminders::raise_due(vehicle, &assessments, now_ms, texts, effects);
    if offers::is_due(vehicle, now_ms) {
        offers::decide_now(vehicle, &assessments, contacts_ms, &rules.offers, now_ms, texts, effects);
    }
    let wanted = vehicle.notices.values().any(|notice| notice.state() == NoticeState::Booked);
    vehicle.urgency = urgency(&vehicle.state, &vehicle.plan, &assessments, wanted, now_ms);
    prune(vehicle);
    vehicle.timer_ms = Some(next_timer_ms(vehicle, now_ms));
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
            offers::expired(vehicle, id, now_ms);
        }
        if changed {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
}

/// The earliest moment at which something changes by itself; once a day everything that follows the calendar is looked at.
fn next_timer_ms(vehicle: &Vehicle, now_ms: u64) -> u64 {
    let day = now_ms + DAY_MS;
    // A daily look that is already planned stays, so that the timer's key does not move with every record.
    let daily = vehicle.timer_ms.filter(|at_ms| (now_ms + 1..=day).contains(at_ms)).unwrap_or(day);
    let notices = vehicle.notices.values().filter_map(NoticeDoc::next_timer_ms);
    notices.chain(offers::next_ms(vehicle)).chain([daily]).min().unwrap_or(daily).max(now_ms + 1)
}

fn prune(vehicle: &mut Vehicle) {
    let excess = vehicle.notices.len().saturating_sub(MAX_NOTICES);
    if excess > 0 {
        let current = |notice: &NoticeDoc| match notice.subject {
            crate::domain::Subject::Reminder { item, cycle, .. } => {
                vehicle.item(item).is_some_and(|item| item.anchor.cycle <= cycle + 1)
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
    let excess = vehicle.anchorings.len().saturating_sub(MAX_ANCHORINGS);
    vehicle.anchorings.drain(..excess);
}

//! Putting a reminder off, as long as its safety allows.
//!
//! Invariant: what is granted follows from the service book, so that asking again and again grants no more.

use milepost_engine::service_book::{Kind, Reason};
use milepost_protocol::NoticeId;
use milepost_protocol::plan::DAY_MS;

use super::Effects;
use crate::domain::{Actor, ChangeKind, IntentError, MAX_ENTRIES, Moment, Remarks, Subject, Vehicle};

/// Puts a reminder off for `days`, or for as many as are granted; answers whether anything changed.
pub(super) fn snooze(
    vehicle: &mut Vehicle,
    id: NoticeId,
    days: u16,
    reason: Reason,
    at: Moment,
    by: &Actor,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let notice = vehicle.notices.get(&id).ok_or(IntentError::UnknownNotice)?;
    let Subject::Reminder { item, cycle, level } = notice.subject else { return Err(IntentError::NotInvited) };
    let at = notice.after_all(at);
    if vehicle.book.item(item).is_none() {
        return Err(IntentError::UnknownItem);
    }
    if vehicle.book.entries.len() >= MAX_ENTRIES {
        return Err(IntentError::TooManyItems);
    }
    let until_ms = at.ms().saturating_add(u64::from(days.max(1)) * DAY_MS);
    let next_entry = vehicle.book.next_entry;
    vehicle.book.enter(at.ms(), Kind::Snoozed { item, cycle, level, until_ms, reason }, by, Remarks::default());
    let book = vehicle.book.fold(vehicle.profile.registered_ms, at.ms());
    let granted = book.items.get(&item).and_then(|state| {
        let same = |snooze: &&milepost_engine::service_book::Snooze| (snooze.cycle, snooze.level) == (cycle, level);
        state.snoozes.iter().rev().find(same).map(|snooze| snooze.until_ms)
    });
    let granted = granted.filter(|&until_ms| until_ms > at.ms());
    let changed = match (granted, vehicle.notices.get_mut(&id)) {
        (Some(until_ms), Some(notice)) => notice.snooze(until_ms, at, by),
        _ => false,
    };
    if !changed {
        // What was not granted was not entered either.
        vehicle.book.entries.pop();
        vehicle.book.next_entry = next_entry;
        return if granted.is_none() { Err(IntentError::SnoozeSpent) } else { Ok(false) };
    }
    effects.note(ChangeKind::NoticeChanged(id));
    Ok(true)
}

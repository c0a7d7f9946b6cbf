//! Work that was done: a new cycle begins, and can be taken back.

use milepost_engine::maintenance::{Completion, UNKNOWN_ODOMETER_M, complete, settle};
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{Anchor, ItemId};

use super::Effects;
use crate::domain::{Actor, Anchoring, ChangeKind, IntentError, Moment, NoticeDoc, Subject, Vehicle};

/// How far ahead of our clock a completion may be told, in milliseconds: time zones and clocks of browsers.
const AHEAD_MS: u64 = 86_400_000;

/// How far above the car's last reading an odometer may be told, in metres: the last trips may still be on their way.
const AHEAD_M: u32 = 2_000_000;

/// How far below the cycle's beginning it may be told, in metres: people read whole kilometres or miles.
const BELOW_M: u32 = 2_000;

/// Whether an odometer that a person told can be that of work within the item's present cycle.
pub(super) fn is_within_cycle(vehicle: &Vehicle, item: ItemId, odometer_m: u32) -> bool {
    let planned = vehicle.plan.items.iter().find(|planned| planned.rule.item == item);
    let begun_m = planned.map(|planned| planned.anchor.odometer_m).filter(|&m| m != UNKNOWN_ODOMETER_M);
    let shown_m = vehicle.state.usage().odometer_m;
    begun_m.is_none_or(|begun_m| odometer_m >= begun_m.saturating_sub(BELOW_M))
        && shown_m.is_none_or(|shown_m| odometer_m <= shown_m.saturating_add(AHEAD_M))
}

/// Begins a new cycle of an item; the open reminders of the old one are done.
pub(super) fn done(
    vehicle: &mut Vehicle,
    item: ItemId,
    at_ms: Option<u64>,
    odometer_m: Option<u32>,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<(), IntentError> {
    let usage = vehicle.state.usage();
    let position = vehicle.plan.items.iter().position(|planned| planned.rule.item == item);
    let position = position.ok_or(IntentError::UnknownItem)?;
    let planned = vehicle.plan.items[position];
    let at = at_ms.unwrap_or(now_ms);
    if at < planned.anchor.at_ms || at > now_ms.saturating_add(AHEAD_MS) {
        return Err(IntentError::OutsideCycle);
    }
    let mut completion = Completion::at(at, &usage);
    completion.odometer_m = odometer_m.or(completion.odometer_m);
    let to = complete(&planned, &completion);
    let closed = close(vehicle, item, planned.anchor, by, now_ms, effects);
    vehicle.plan.items[position].anchor = to;
    let from = planned.anchor;
    vehicle.anchorings.push(Anchoring { at_ms: now_ms, by: by.clone(), item, from, to, closed, undone: false });
    effects.send_plan(vehicle);
    Ok(())
}

fn close(
    vehicle: &mut Vehicle,
    item: ItemId,
    anchor: Anchor,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Vec<milepost_protocol::NoticeId> {
    let of_item = |notice: &NoticeDoc| matches!(notice.subject, Subject::Reminder { item: of, cycle, .. } if of == item && cycle <= anchor.cycle);
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| of_item(notice)).map(NoticeDoc::id).collect();
    let mut closed = Vec::new();
    for id in ids {
        let done =
            vehicle.notices.get_mut(&id).is_some_and(|notice| notice.answer(Answer::Done, Moment::now(now_ms), by));
        if done {
            closed.push(id);
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
    closed
}

/// Takes the last completion of an item back: the cycle before goes on, and its last reminder asks again.
pub(super) fn undo(
    vehicle: &mut Vehicle,
    item: ItemId,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<(), IntentError> {
    let position = vehicle.plan.items.iter().position(|planned| planned.rule.item == item);
    let position = position.ok_or(IntentError::UnknownItem)?;
    let cycle = vehicle.plan.items[position].anchor.cycle;
    let last = vehicle.anchorings.iter_mut().rev().find(|anchoring| anchoring.item == item && !anchoring.undone);
    let last = last.filter(|last| last.to.cycle == cycle).ok_or(IntentError::NothingToUndo)?;
    last.undone = true;
    let (from, reopen) = (last.from, last.closed.last().copied());
    vehicle.plan.items[position].anchor = from;
    // What the taken-back cycle has raised meanwhile speaks of a cycle that never was.
    let of_cycle = |notice: &NoticeDoc| matches!(notice.subject, Subject::Reminder { item: of, cycle: within, .. } if of == item && within == cycle);
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| of_cycle(notice)).map(NoticeDoc::id).collect();
    for id in ids {
        // It leaves altogether, so that the same cycle can raise it again when it really comes.
        if let Some(mut notice) = vehicle.notices.remove(&id) {
            notice.expire(Moment::now(now_ms), by);
            effects.note(ChangeKind::NoticeChanged(id));
            let update = milepost_protocol::downlink::NoticeUpdate { id, state: notice.state() };
            effects.send(vehicle, milepost_protocol::Downlink::NoticeUpdate(update));
        }
    }
    if let Some(id) = reopen {
        let reopened = vehicle.notices.get_mut(&id).is_some_and(|notice| notice.reopen(Moment::now(now_ms), by));
        if reopened {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
    effects.send_plan(vehicle);
    Ok(())
}

/// Fills in what the anchors did not know yet.
pub(super) fn settle_anchors(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let usage = vehicle.state.usage();
    let mut settled = false;
    for item in &mut vehicle.plan.items {
        if let Some(anchor) = settle(item, &usage, now_ms) {
            item.anchor = anchor;
            settled = true;
        }
    }
    if settled {
        effects.send_plan(vehicle);
    }
}

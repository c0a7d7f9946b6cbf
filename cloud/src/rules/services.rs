//! What is entered into the service book, and what follows from it for items and notices.
//!
//! Invariant: an entry that cannot be is refused and leaves the book as it was; a reminder of a cycle that is over or never
//! was asks nobody any more, in the car or elsewhere.

use milepost_engine::maintenance::Completion;
use milepost_engine::service_book::{EventId, Kind, Source};
use milepost_protocol::notice::{Answer, NoticeState};
use milepost_protocol::plan::{DAY_MS, ItemId};
use milepost_protocol::{Downlink, NoticeId};

use super::Effects;
use crate::domain::{
    Actor, ChangeKind, Entry, IMPORTED, Imported, IntentError, MAX_ENTRIES, Moment, NoticeDoc, OTHER_WORK, Remarks,
    Subject, Vehicle,
};

/// How far ahead of our clock a completion may be told, in milliseconds: time zones and clocks of browsers.
const AHEAD_MS: u64 = DAY_MS;

/// How far above the car's readings of that time an odometer may be told, in metres: the last trips may still be on their way.
const AHEAD_M: u32 = 2_000_000;

/// How far below them it may be told, in metres: people read whole kilometres or miles.
const BELOW_M: u32 = 2_000;

/// A moment of 0 is none: it stands for what is not known.
const EARLIEST_MS: u64 = 1;

/// Who speaks when this actor does.
pub(super) fn source(by: &Actor) -> Source {
    match by {
        Actor::Advisor(_) => Source::Workshop,
        Actor::Owner(_) | Actor::Family(_) | Actor::Car | Actor::Engineer(_) | Actor::System | Actor::Forgotten => {
            Source::Owner
        }
    }
}

/// Work as somebody tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) at_ms: Option<u64>,
    pub(super) odometer_m: Option<u32>,
    pub(super) remarks: Remarks,
}

/// Enters work that was done; the reminders of the cycles that it ends are done.
pub(super) fn complete(
    vehicle: &mut Vehicle,
    item: ItemId,
    told: Told,
    source: Source,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<EventId, IntentError> {
    if item != OTHER_WORK && vehicle.book.item(item).is_none() {
        return Err(IntentError::UnknownItem);
    }
    has_room(vehicle, 1)?;
    let done = completion(vehicle, told.at_ms, told.odometer_m, now_ms)?;
    let id = vehicle.book.enter(now_ms, Kind::Completed { item, done, by: source }, by, told.remarks);
    effects.completed.push((item, id));
    follow(vehicle, Some(id), by, now_ms, effects);
    Ok(id)
}

/// Replaces how a record reads; everything that followed from it is derived anew.
pub(super) fn edit(
    vehicle: &mut Vehicle,
    of: EventId,
    told: Told,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let known = vehicle.book.services().into_iter().find(|service| service.id == of);
    let known = known.filter(|service| service.stands).ok_or(IntentError::UnknownRecord)?;
    has_room(vehicle, 1)?;
    let at_ms = told.at_ms.or(Some(known.done.at_ms));
    let done = if at_ms == Some(known.done.at_ms) && told.odometer_m.is_none() {
        known.done
    } else {
        completion(vehicle, at_ms, told.odometer_m, now_ms)?
    };
    if (done, &told.remarks) == (known.done, &known.remarks) {
        return Ok(false);
    }
    vehicle.book.enter(now_ms, Kind::Edited { of, done }, by, told.remarks);
    follow(vehicle, None, by, now_ms, effects);
    Ok(true)
}

/// Takes a record back, or takes that back; answers whether anything changed.
pub(super) fn stand(
    vehicle: &mut Vehicle,
    of: EventId,
    stands: bool,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let known = vehicle.book.services().into_iter().find(|service| service.id == of);
    let known = known.ok_or(IntentError::UnknownRecord)?;
    if known.stands == stands {
        return Ok(false);
    }
    has_room(vehicle, 1)?;
    let kind = if stands { Kind::Restored { of } } else { Kind::Erased { of } };
    effects.stood.push((of, stands));
    vehicle.book.enter(now_ms, kind, by, Remarks::default());
    follow(vehicle, Some(of).filter(|_| stands), by, now_ms, effects);
    if !stands {
        reopen(vehicle, of, by, now_ms, effects);
    }
    Ok(true)
}

/// Takes the last work on an item back, with all of its records.
pub(super) fn undo(
    vehicle: &mut Vehicle,
    item: ItemId,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<(), IntentError> {
    vehicle.book.item(item).ok_or(IntentError::UnknownItem)?;
    let book = vehicle.book.fold(vehicle.profile.registered_ms, now_ms);
    let state = book.items.get(&item).filter(|state| state.began_with.is_some());
    let records = state.and_then(|state| state.works.last()).map(|work| work.records.clone());
    for record in records.ok_or(IntentError::NothingToUndo)? {
        stand(vehicle, record, false, by, now_ms, effects)?;
    }
    Ok(())
}

/// Notes whether an item applies to this car.
pub(super) fn apply(
    vehicle: &mut Vehicle,
    item: ItemId,
    applies: bool,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let known = vehicle.book.item(item).ok_or(IntentError::UnknownItem)?;
    if known.applies == applies {
        return Ok(false);
    }
    has_room(vehicle, 1)?;
    let cycle = known.anchor.cycle;
    vehicle.book.enter(now_ms, Kind::Applies { item, applies }, by, Remarks::default());
    if applies {
        // What ended because the item did not apply may be told again.
        let ended = |notice: &NoticeDoc| {
            matches!(notice.subject, Subject::Reminder { item: of, cycle: within, .. } if (of, within) == (item, cycle))
                && notice.state() == NoticeState::Expired
        };
        vehicle.notices.retain(|_, notice| !ended(notice));
    }
    follow(vehicle, None, by, now_ms, effects);
    Ok(true)
}

/// Enters records of another system, all of them or none; records that are there already change nothing.
pub(super) fn import(
    vehicle: &mut Vehicle,
    records: &[Imported],
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let fresh: Vec<_> =
        records.iter().filter(|record| vehicle.book.entry(EventId(IMPORTED | record.key)).is_none()).collect();
    has_room(vehicle, fresh.len())?;
    let mut entries: Vec<Entry> = Vec::new();
    for record in fresh {
        let done = completion(vehicle, Some(record.at_ms), record.odometer_m, now_ms)?;
        let kind = Kind::Completed { item: record.item, done, by: Source::Import };
        let event = milepost_engine::service_book::Event { id: EventId(IMPORTED | record.key), at_ms: now_ms, kind };
        if !entries.iter().any(|entry| entry.event.id == event.id) {
            entries.push(Entry { event, by: by.clone(), remarks: record.remarks.clone(), closed: Vec::new() });
        }
    }
    let any = !entries.is_empty();
    vehicle.book.entries.extend(entries);
    if any {
        follow(vehicle, None, by, now_ms, effects);
    }
    Ok(any)
}

fn has_room(vehicle: &Vehicle, entries: usize) -> Result<(), IntentError> {
    if vehicle.book.entries.len() + entries > MAX_ENTRIES { Err(IntentError::TooManyItems) } else { Ok(()) }
}

/// The counters at a moment, as far as anybody knows.
pub(super) fn counters_at(vehicle: &Vehicle, at_ms: u64, now_ms: u64) -> Option<Completion> {
    let usage = vehicle.state.usage();
    if at_ms.saturating_add(DAY_MS / 2) >= now_ms {
        return Some(Completion::at(at_ms, &usage)).filter(|now| now.odometer_m.is_some());
    }
    let then = vehicle.state.days.at(at_ms)?;
    Some(Completion { at_ms, odometer_m: Some(then.odometer_m), engine_s: then.engine_s, fuel_ml: then.fuel_ml })
}

/// Work at a moment and an odometer, if it can be: not in the future, not before the car was built, and not against the car's own readings of that time.
fn completion(
    vehicle: &Vehicle,
    at_ms: Option<u64>,
    odometer_m: Option<u32>,
    now_ms: u64,
) -> Result<Completion, IntentError> {
    let at_ms = at_ms.unwrap_or(now_ms);
    let earliest_ms = vehicle.profile.registered_ms.max(EARLIEST_MS);
    if at_ms < earliest_ms || at_ms > now_ms.saturating_add(AHEAD_MS) {
        return Err(IntentError::OutsideCycle);
    }
    if odometer_m.is_some_and(|told_m| !is_possible(vehicle, told_m, at_ms, now_ms)) {
        return Err(IntentError::OutsideCycle);
    }
    let known = counters_at(vehicle, at_ms, now_ms);
    let Completion { engine_s, fuel_ml, .. } = known.unwrap_or_default();
    let odometer_m = odometer_m.or(known.and_then(|known| known.odometer_m));
    Ok(Completion { at_ms, odometer_m, engine_s, fuel_ml })
}

/// Whether an odometer can be that of a moment.
pub(super) fn is_possible(vehicle: &Vehicle, told_m: u32, at_ms: u64, now_ms: u64) -> bool {
    let (least_m, most_m) = possible(vehicle, at_ms, now_ms);
    (least_m..=most_m).contains(&told_m)
}

/// Between which odometer readings the one of a moment lies, as the car's readings around it say.
fn possible(vehicle: &Vehicle, at_ms: u64, now_ms: u64) -> (u32, u32) {
    let readings = vehicle.state.days.readings();
    let now_m = vehicle.state.usage().odometer_m;
    let is_now = at_ms.saturating_add(DAY_MS) >= now_ms;
    let before = readings.iter().rev().find(|reading| reading.at_ms.saturating_add(DAY_MS) <= at_ms);
    let after = readings.iter().find(|reading| reading.at_ms >= at_ms.saturating_add(DAY_MS));
    let least_m = if is_now { now_m } else { before.map(|reading| reading.odometer_m) };
    let most_m = after.map(|reading| reading.odometer_m).or(now_m);
    (least_m.map_or(1, |m| m.saturating_sub(BELOW_M)), most_m.map_or(u32::MAX - 1, |m| m.saturating_add(AHEAD_M)))
}

/// Brings items and notices to where the entries put them; what `finished` has ended is done, the rest is over.
pub(super) fn follow(vehicle: &mut Vehicle, finished: Option<EventId>, by: &Actor, now_ms: u64, effects: &mut Effects) {
    let changed = vehicle.book.derive(vehicle.profile.registered_ms, now_ms);
    let mut closed = Vec::new();
    if finished.is_some() {
        for item in &changed {
            closed.extend(close(vehicle, *item, by, now_ms, effects));
        }
    }
    if let Some(entry) = vehicle.book.entries.iter_mut().find(|entry| Some(entry.event.id) == finished) {
        entry.closed = closed;
    }
    end_strays(vehicle, now_ms, effects);
    super::planning::note(effects);
}

/// Fills in what starts and completions could not know when they were entered; answers whether anything was.
pub(super) fn settle(vehicle: &mut Vehicle, now_ms: u64) -> bool {
    let mut book = std::mem::take(&mut vehicle.book);
    let filled = book.fill(now_ms, |at_ms| counters_at(vehicle, at_ms, now_ms));
    vehicle.book = book;
    filled
}

/// The reminders of an item's earlier cycles are done; answers which that were.
fn close(vehicle: &mut Vehicle, item: ItemId, by: &Actor, now_ms: u64, effects: &mut Effects) -> Vec<NoticeId> {
    let Some(present) = vehicle.book.item(item).map(|known| known.anchor.cycle) else { return Vec::new() };
    let past = |notice: &NoticeDoc| matches!(notice.subject, Subject::Reminder { item: of, cycle, .. } if of == item && cycle != present);
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| past(notice)).map(NoticeDoc::id).collect();
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

/// Opens the last reminder again that a record had closed, if its cycle is the present one again.
fn reopen(vehicle: &mut Vehicle, of: EventId, by: &Actor, now_ms: u64, effects: &mut Effects) {
    let closed = vehicle.book.entry(of).map(|entry| entry.closed.clone()).unwrap_or_default();
    let present = |vehicle: &Vehicle, id: NoticeId| {
        let subject = vehicle.notices.get(&id).map(|notice| notice.subject);
        matches!(subject, Some(Subject::Reminder { item, cycle, .. })
            if vehicle.book.item(item).is_some_and(|known| known.anchor.cycle == cycle))
    };
    let mut items: Vec<ItemId> = Vec::new();
    for id in closed.into_iter().rev().filter(|id| present(vehicle, *id)).collect::<Vec<_>>() {
        let Some(notice) = vehicle.notices.get_mut(&id) else { continue };
        let Some(item) = notice.subject.item().filter(|item| !items.contains(item)) else { continue };
        items.push(item);
        if notice.reopen(Moment::now(now_ms), by) {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
}

/// Ends the open reminders of cycles that are not the present one, and of items that do not count.
pub(super) fn end_strays(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let stray = |notice: &NoticeDoc| match notice.subject {
        Subject::Reminder { item, cycle, .. } => {
            let known = vehicle.book.item(item);
            !notice.state().is_final()
                && (vehicle.book.sold || known.is_none_or(|known| !known.counts() || known.anchor.cycle != cycle))
        }
        _ => false,
    };
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| stray(notice)).map(NoticeDoc::id).collect();
    for id in ids {
        let ended =
            vehicle.notices.get_mut(&id).is_some_and(|notice| notice.expire(Moment::now(now_ms), &Actor::System));
        if ended {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
}

/// Takes every reminder out of the document and the car, so that another owner is told anew.
pub(super) fn forget_reminders(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let is_reminder = |notice: &NoticeDoc| notice.subject.item().is_some();
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| is_reminder(notice)).map(NoticeDoc::id).collect();
    for id in ids {
        let Some(mut notice) = vehicle.notices.remove(&id) else { continue };
        if notice.expire(Moment::now(now_ms), &Actor::System) {
            effects.note(ChangeKind::NoticeChanged(id));
            let update = milepost_protocol::downlink::NoticeUpdate { id, state: notice.state() };
            effects.send(vehicle, Downlink::NoticeUpdate(update));
        }
    }
}

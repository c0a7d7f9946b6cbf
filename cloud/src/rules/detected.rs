//! Work that the car's own service computer shows: a counter that went back to its beginning.
//!
//! Invariant: a reset is entered once, as a record with its own source; never beside a record that a person or a file has of the
//! same work, and never again after somebody took it back.

use milepost_engine::maintenance::Completion;
use milepost_engine::service_book::{Event, Kind, Source};
use milepost_engine::service_computer::Reset;
use milepost_protocol::plan::{DAY_MS, ItemId, Rule};

use super::Effects;
use super::services::{counters_at, follow};
use crate::domain::{Actor, Entry, MAX_ENTRIES, Remarks, Service, Vehicle, detected};

/// A record is of the same work if it is dated so shortly before the counter was last read as it was, or behind where it was seen to
/// have gone back.
const SAME_WORK_MS: u64 = 14 * DAY_MS;

/// Or if its odometer lies so near to the readings of then, in metres.
const SAME_WORK_M: u32 = 500_000;

/// Enters the work that resets show and that no record tells of yet.
pub(super) fn enter_resets(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    if vehicle.state.computer.is_empty() || vehicle.book.sold {
        return;
    }
    let applying = vehicle.book.items.iter().filter(|item| item.applies);
    let rules: Vec<Rule> = applying.map(|item| item.rule).collect();
    for reset in vehicle.state.computer.resets() {
        let Some(item) = reset.counter.done_by_reset(&rules) else { continue };
        let id = detected(item, reset.at_ms);
        let built = reset.at_ms >= vehicle.profile.registered_ms;
        let full = vehicle.book.entries.len() >= MAX_ENTRIES;
        if !built || full || vehicle.book.entry(id).is_some() || is_recorded(vehicle, item, &reset, now_ms) {
            continue;
        }
        let known = counters_at(vehicle, reset.at_ms, now_ms);
        let done = known.unwrap_or(Completion { at_ms: reset.at_ms, ..Completion::default() });
        let kind = Kind::Completed { item, done, by: Source::DetectedReset };
        // Nothing is booked for an offer: a counter does not show by whom the work was done.
        vehicle.book.entries.push(Entry {
            event: Event { id, at_ms: now_ms, kind },
            by: Actor::Car,
            remarks: Remarks::default(),
            closed: Vec::new(),
        });
        follow(vehicle, Some(id), &Actor::Car, now_ms, effects);
    }
}

/// Whether the book has a record of the work that a reset shows, standing or taken back.
fn is_recorded(vehicle: &Vehicle, item: ItemId, reset: &Reset, now_ms: u64) -> bool {
    let done_with = vehicle.book.item(item).map(|known| known.done_with.as_slice()).unwrap_or_default();
    let odometer = |at_ms: u64| counters_at(vehicle, at_ms, now_ms).and_then(|known| known.odometer_m);
    let span_m = odometer(reset.after_ms).zip(odometer(reset.at_ms));
    let is_of_it = |service: &Service| {
        let at_ms = service.done.at_ms;
        let by_date =
            at_ms.saturating_add(SAME_WORK_MS) >= reset.after_ms && at_ms <= reset.at_ms.saturating_add(SAME_WORK_MS);
        let by_distance = span_m.zip(service.done.odometer_m).is_some_and(|((from_m, to_m), done_m)| {
            done_m.saturating_add(SAME_WORK_M) >= from_m && done_m <= to_m.saturating_add(SAME_WORK_M)
        });
        by_date || by_distance
    };
    let of_item = |service: &Service| service.item == item || done_with.contains(&service.item);
    vehicle.book.services().iter().any(|service| of_item(service) && is_of_it(service))
}

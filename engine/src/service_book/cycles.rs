//! Cycles from completions.
//!
//! Invariant: cycles follow from the completions' own dates, not from when they were told; two records of the same work
//! make one cycle.

use alloc::vec::Vec;

use milepost_protocol::plan::{Anchor, DAY_MS, PlanItem, Rule};
use serde::{Deserialize, Serialize};

use super::event::{EventId, Source};
use crate::maintenance::{Completion, complete};

/// Records of the same work come from several sides within so many days of each other: the counter in the car goes back at once, the invoice follows, the owner types it in at the weekend.
const SAME_WORK_MS: u64 = 14 * DAY_MS;

/// A counter of the car's own is seen to have gone back on the first drives behind the work, however long the car has stood since, in milliseconds.
const SEEN_WITHIN_MS: u64 = 90 * DAY_MS;

/// How far those drives go, in metres.
const SEEN_WITHIN_M: u32 = 500_000;

/// A completion that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// When and at which counters, as the most trusted record says.
    pub done: Completion,
    /// Who says so.
    pub by: Source,
    /// All records of it, the most trusted first.
    pub records: Vec<EventId>,
}

/// A completion's record before records of the same work are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: EventId,
    pub(super) done: Completion,
    pub(super) by: Source,
}

/// Brings records of the same work together, oldest first.
pub(super) fn works(mut records: Vec<Record>) -> Vec<Work> {
    records.sort_by_key(|record| (record.done.at_ms, record.id));
    let mut groups: Vec<Vec<Record>> = Vec::new();
    for record in records {
        match groups.last_mut() {
            // From the group's first record, so that a weekly habit of resetting does not become one endless work.
            Some(group) if is_same(&group[0], &record) && !told_by(group, record.by) => group.push(record),
            _ => groups.push([record].to_vec()),
        }
    }
    groups
        .into_iter()
        .map(|mut group| {
            group.sort_by_key(|record| (core::cmp::Reverse(record.by), record.id));
            let Record { mut done, by, .. } = group[0];
            // What the most trusted record leaves open, another one may know.
            done.odometer_m = group.iter().find_map(|record| record.done.odometer_m);
            done.engine_s = group.iter().map(|record| record.done.engine_s).find(|&s| s > 0).unwrap_or_default();
            done.fuel_ml = group.iter().map(|record| record.done.fuel_ml).find(|&ml| ml > 0).unwrap_or_default();
            Work { done, by, records: group.iter().map(|record| record.id).collect() }
        })
        .collect()
}

/// Whether a later record may be of the work that an earlier one tells of: by its date, or for what a car shows by its distance.
fn is_same(earlier: &Record, later: &Record) -> bool {
    let apart_ms = later.done.at_ms - earlier.done.at_ms;
    let shown = [earlier.by, later.by].contains(&Source::DetectedReset);
    let apart_m = earlier.done.odometer_m.zip(later.done.odometer_m).map(|(one, other)| one.abs_diff(other));
    let seen = shown && apart_ms < SEEN_WITHIN_MS && apart_m.is_some_and(|apart_m| apart_m <= SEEN_WITHIN_M);
    apart_ms < SAME_WORK_MS || seen
}

/// One and the same source that says it twice means two works; two sources mean one.
fn told_by(group: &[Record], by: Source) -> bool {
    group.iter().any(|record| record.by == by)
}

/// The anchor after all works that lie within the known time of the item, and the record with which the present cycle began; earlier works are history only.
pub(super) fn derive(rule: &Rule, start: Anchor, works: &[Work]) -> (Anchor, Option<EventId>) {
    works.iter().filter(|work| start.at_ms == 0 || work.done.at_ms > start.at_ms).fold(
        (start, None),
        |(anchor, _), work| {
            (complete(&PlanItem { rule: *rule, anchor }, &work.done), work.records.iter().min().copied())
        },
    )
}

//! Putting off, within bounds.
//!
//! Invariant: whatever is asked and however often, a (item, cycle, level) is never put off beyond its bound after the first
//! time that it was.

use alloc::vec::Vec;

use milepost_protocol::plan::{DAY_MS, Level, SafetyClass};
use serde::{Deserialize, Serialize};

use super::event::Reason;

/// How long an item may be put off in all, by what ignoring it can lead to and how far it has come.
pub fn longest_snooze_ms(safety: SafetyClass, level: Level) -> u64 {
    let days = match (safety, level) {
        (SafetyClass::Comfort, Level::Scheduled | Level::Upcoming) => 60,
        (SafetyClass::Comfort, Level::Due | Level::Overdue)
        | (SafetyClass::Wear, Level::Scheduled | Level::Upcoming) => 30,
        (SafetyClass::Wear, Level::Due) | (SafetyClass::Safety, Level::Scheduled | Level::Upcoming) => 14,
        (SafetyClass::Wear, Level::Overdue) => 7,
        (SafetyClass::Safety, Level::Due) => 3,
        // Brakes that are overdue can rest for today, and no longer.
        (SafetyClass::Safety, Level::Overdue) => 1,
    };
    days * DAY_MS
}

/// Until when a notice that belongs to no service item rests that was put off at `at_ms` for `days`, in milliseconds of Unix time.
///
/// At least a day; at most a week where it concerns safety, such as a recall, and 90 days elsewhere.
/// What reminders of service items are granted is bounded by [`longest_snooze_ms`] from the first time on.
pub fn notice_rests_until(safety: SafetyClass, at_ms: u64, days: u16) -> u64 {
    let longest = match safety {
        SafetyClass::Safety => 7,
        SafetyClass::Wear | SafetyClass::Comfort => 90,
    };
    at_ms.saturating_add(u64::from(days.clamp(1, longest)) * DAY_MS)
}

/// A snooze as it was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// When it was asked for, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The cycle.
    pub cycle: u32,
    /// The level.
    pub level: Level,
    /// What was asked.
    pub asked_ms: u64,
    /// What was granted.
    pub until_ms: u64,
    /// Why.
    pub reason: Reason,
}

/// Grants what the bound leaves, counted from the first snooze of the same cycle and level; `earlier` are those granted before, in order.
pub(super) fn grant(asked: Snooze, safety: SafetyClass, earlier: &[Snooze]) -> Snooze {
    let same = |other: &&Snooze| (other.cycle, other.level) == (asked.cycle, asked.level);
    let first_ms = earlier.iter().find(same).map_or(asked.at_ms, |first| first.at_ms);
    let bound_ms = first_ms.saturating_add(longest_snooze_ms(safety, asked.level));
    Snooze { until_ms: asked.asked_ms.clamp(asked.at_ms, bound_ms.max(asked.at_ms)), ..asked }
}

/// Until when the present cycle and level rest, if they do.
pub(super) fn resting_until(snoozes: &[Snooze], cycle: u32, level: Level, since_ms: u64) -> Option<u64> {
    let counts = |snooze: &&Snooze| snooze.cycle == cycle && snooze.level == level && snooze.at_ms >= since_ms;
    let granted: Vec<_> = snoozes.iter().filter(counts).map(|snooze| snooze.until_ms).collect();
    granted.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_rests_at_least_a_day_and_a_safety_notice_at_most_a_week() {
        for (safety, days, granted) in [
            (SafetyClass::Safety, 30, 7),
            (SafetyClass::Safety, 0, 1),
            (SafetyClass::Wear, 365, 90),
            (SafetyClass::Comfort, 3, 3),
        ] {
            assert_eq!(notice_rests_until(safety, 5, days), 5 + granted * DAY_MS, "{safety:?} {days}");
        }
        assert_eq!(notice_rests_until(SafetyClass::Comfort, u64::MAX, 1), u64::MAX);
    }
}

//! How the car is, as one verdict that a page turns into one plain sentence.
//!
//! Invariant: data, not text; the worst thing known decides, and silence is never mistaken for health.

use milepost_protocol::plan::{DAY_MS, ItemId, Level, PlanItem, SafetyClass};
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use serde::{Deserialize, Serialize};

use crate::maintenance::Assessment;
use crate::usage::VehicleState;

/// A car that was not heard of for so long is not said to be well, in days.
pub const SILENT_AFTER_DAYS: u64 = 14;

/// How the car is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing has been heard of the car yet.
    NotHeardYet,
    /// All is well.
    Good,
    /// All is well, and something comes up.
    Upcoming {
        /// What.
        item: ItemId,
    },
    /// Nothing is known to be wrong, but the car has not been heard of for a while.
    Silent {
        /// Since when, in milliseconds of Unix time.
        since_ms: u64,
    },
    /// Something is due.
    Due {
        /// What.
        item: ItemId,
    },
    /// Something should have been done.
    Overdue {
        /// What.
        item: ItemId,
    },
    /// The car reports a fault.
    Fault {
        /// The newest code that stands.
        code: TroubleCode,
    },
    /// Something that concerns safety should have been done.
    Unsafe {
        /// What.
        item: ItemId,
    },
}

/// The verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The verdict.
    pub verdict: Verdict,
    /// The item that comes next, whatever its level.
    pub next: Option<Assessment>,
    /// How many items are upcoming or further.
    pub open: usize,
}

/// Judges a car from its plan's assessments and its state at `now_ms`.
pub fn health(state: &VehicleState, plan: &[PlanItem], assessments: &[Assessment], now_ms: u64) -> Health {
    let next = assessments.iter().max_by(|a, b| a.level.cmp(&b.level).then(a.used.total_cmp(&b.used)));
    let at = |level: Level| assessments.iter().filter(move |one| one.level >= level);
    let is_safety =
        |item: ItemId| plan.iter().any(|known| known.rule.item == item && known.rule.safety == SafetyClass::Safety);
    let worst = |level: Level| at(level).max_by(|a, b| a.used.total_cmp(&b.used)).map(|one| one.item);
    let since_ms = state.last_received_ms;

    let verdict = if let Some(one) = at(Level::Overdue).find(|one| is_safety(one.item)) {
        Verdict::Unsafe { item: one.item }
    } else if let Some(code) = standing_fault(state) {
        Verdict::Fault { code }
    } else if let Some(item) = worst(Level::Overdue) {
        Verdict::Overdue { item }
    } else if let Some(item) = worst(Level::Due) {
        Verdict::Due { item }
    } else if since_ms == 0 {
        Verdict::NotHeardYet
    } else if now_ms.saturating_sub(since_ms) > SILENT_AFTER_DAYS * DAY_MS {
        Verdict::Silent { since_ms }
    } else if let Some(item) = worst(Level::Upcoming) {
        Verdict::Upcoming { item }
    } else {
        Verdict::Good
    };
    Health { verdict, next: next.cloned(), open: at(Level::Upcoming).count() }
}

/// The newest code that is confirmed or permanent; a pending one may yet turn out to be nothing.
fn standing_fault(state: &VehicleState) -> Option<TroubleCode> {
    state
        .troubles
        .iter()
        .filter(|known| matches!(known.status, TroubleStatus::Confirmed | TroubleStatus::Permanent))
        .max_by_key(|known| known.changed_ms)
        .map(|known| known.code)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use milepost_protocol::plan::Anchor;
    use milepost_protocol::record::{Record, Trouble};

    use super::*;
    use crate::maintenance::{Usage, assess};
    use crate::plan::{Powertrain, standard};
    use crate::usage::Times;

    const START_MS: u64 = 1_000 * DAY_MS;

    fn judge(state: &VehicleState, days: u64) -> Health {
        let anchor = Anchor { at_ms: START_MS, odometer_m: 1_000, ..Anchor::default() };
        let plan = standard(Powertrain::Combustion, anchor);
        let now_ms = START_MS + days * DAY_MS;
        let usage = Usage { odometer_m: Some(2_000), ..Usage::default() };
        let assessments: Vec<_> = plan.items.iter().map(|item| assess(item, &usage, now_ms)).collect();
        health(state, &plan.items, &assessments, now_ms)
    }

    fn heard(days: u64) -> VehicleState {
        VehicleState { last_received_ms: START_MS + days * DAY_MS, ..VehicleState::default() }
    }

    #[test]
    fn the_worst_thing_known_decides() {
        for (days, verdict) in [
            (0, Verdict::Good),
            (170, Verdict::Upcoming { item: ItemId::TYRES }),
            (190, Verdict::Due { item: ItemId::TYRES }),
            (300, Verdict::Unsafe { item: ItemId::TYRES }),
        ] {
            assert_eq!(judge(&heard(days), days).verdict, verdict, "day {days}");
        }
    }

    #[test]
    fn silence_is_not_health() {
        assert_eq!(judge(&VehicleState::default(), 0).verdict, Verdict::NotHeardYet);
        assert_eq!(judge(&heard(0), 15).verdict, Verdict::Silent { since_ms: START_MS });
        assert_eq!(
            judge(&heard(0), 190).verdict,
            Verdict::Due { item: ItemId::TYRES },
            "what is due is due in silence too"
        );
    }

    #[test]
    fn a_confirmed_fault_counts_and_a_pending_or_cleared_one_does_not() {
        let code = TroubleCode { code: 0x0301, failure_type: None };
        let mut state = heard(0);
        for (at, status, verdict) in [
            (1, TroubleStatus::Pending, Verdict::Good),
            (2, TroubleStatus::Confirmed, Verdict::Fault { code }),
            (3, TroubleStatus::Cleared, Verdict::Good),
        ] {
            let trouble = Record::from(Trouble { code, status, ecu: 0x7E8, odometer_m: None });
            state.apply(1, Times { measured_at_ms: START_MS + at, received_at_ms: START_MS + at }, &trouble);
            assert_eq!(judge(&state, 0).verdict, verdict, "{status:?}");
        }
    }

    #[test]
    fn the_next_item_is_named_also_while_all_is_well() {
        let health = judge(&heard(30), 30);
        assert_eq!((health.verdict, health.open), (Verdict::Good, 0));
        assert_eq!(health.next.map(|next| next.item), Some(ItemId::TYRES));
    }
}

//! In which order an advisor should look at vehicles.
//!
//! Invariant: the score is the sum of parts that are all shown; nothing hidden moves a vehicle up or down.

use alloc::vec::Vec;
use core::cmp::Reverse;

use milepost_protocol::plan::{DAY_MS, ItemId, Level, PlanItem, SafetyClass};
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use serde::{Deserialize, Serialize};

use crate::health::SILENT_AFTER_DAYS;
use crate::maintenance::Assessment;
use crate::usage::VehicleState;

/// What adds to the urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A service item.
    Item {
        /// Which.
        item: ItemId,
        /// Its level.
        level: Level,
        /// Its precedence.
        safety: SafetyClass,
    },
    /// A trouble code that stands.
    Trouble {
        /// Which.
        code: TroubleCode,
        /// Its status.
        status: TroubleStatus,
    },
    /// The car has not been heard of.
    Silent {
        /// For so many days.
        days: u32,
    },
    /// The owner asked for an appointment.
    AppointmentWanted,
}

/// One part of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is for.
    pub cause: Cause,
    /// How much it adds.
    pub points: u32,
}

/// A vehicle's urgency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Urgency {
    /// The sum of the parts.
    pub score: u32,
    /// The parts, the greatest first.
    pub parts: Vec<Part>,
}

/// Scores a vehicle at `now_ms`.
pub fn urgency(
    state: &VehicleState,
    plan: &[PlanItem],
    assessments: &[Assessment],
    appointment_wanted: bool,
    now_ms: u64,
) -> Urgency {
    let safety = |item: ItemId| {
        plan.iter().find(|known| known.rule.item == item).map_or(SafetyClass::Comfort, |known| known.rule.safety)
    };
    let items = assessments.iter().map(|one| {
        let safety = safety(one.item);
        let cause = Cause::Item { item: one.item, level: one.level, safety };
        Part { cause, points: item_points(one.level, safety) }
    });
    let troubles = state.troubles.iter().map(|known| {
        let cause = Cause::Trouble { code: known.code, status: known.status };
        Part { cause, points: trouble_points(known.status) }
    });
    let days = now_ms.saturating_sub(state.last_received_ms) / DAY_MS;
    let silent = (state.last_received_ms > 0 && days > SILENT_AFTER_DAYS)
        .then_some(Part { cause: Cause::Silent { days: days as u32 }, points: 10 });
    let wanted = appointment_wanted.then_some(Part { cause: Cause::AppointmentWanted, points: 60 });

    let mut parts: Vec<_> = items.chain(troubles).chain(silent).chain(wanted).filter(|part| part.points > 0).collect();
    parts.sort_by_key(|part| Reverse(part.points));
    Urgency { score: parts.iter().map(|part| part.points).sum(), parts }
}

/// Points of an item: an overdue safety item outweighs everything else that a single cause can bring.
fn item_points(level: Level, safety: SafetyClass) -> u32 {
    let weight = match safety {
        SafetyClass::Comfort => 1,
        SafetyClass::Wear => 2,
        SafetyClass::Safety => 4,
    };
    weight
        * match level {
            Level::Scheduled => 0,
            Level::Upcoming => 2,
            Level::Due => 10,
            Level::Overdue => 25,
        }
}

fn trouble_points(status: TroubleStatus) -> u32 {
    match status {
        TroubleStatus::Confirmed | TroubleStatus::Permanent => 40,
        TroubleStatus::Pending => 5,
        TroubleStatus::Cleared => 0,
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::Anchor;
    use proptest::prelude::*;

    use super::*;
    use crate::maintenance::{Usage, assess};
    use crate::plan::{Powertrain, standard};

    const START_MS: u64 = 1_000 * DAY_MS;

    fn score(days: u64, heard_days: u64, wanted: bool) -> Urgency {
        let plan = standard(Powertrain::Combustion, Anchor { at_ms: START_MS, ..Anchor::default() });
        let now_ms = START_MS + days * DAY_MS;
        let assessments: Vec<_> = plan.items.iter().map(|item| assess(item, &Usage::default(), now_ms)).collect();
        let state = VehicleState { last_received_ms: START_MS + heard_days * DAY_MS, ..VehicleState::default() };
        urgency(&state, &plan.items, &assessments, wanted, now_ms)
    }

    #[test]
    fn a_car_that_is_well_has_no_urgency() {
        assert_eq!(score(1, 1, false), Urgency::default());
    }

    #[test]
    fn an_overdue_safety_item_stands_above_everything_else() {
        let urgency = score(300, 200, true);
        let item = Cause::Item { item: ItemId::TYRES, level: Level::Overdue, safety: SafetyClass::Safety };
        assert_eq!(urgency.parts[0], Part { cause: item, points: 100 });
        assert_eq!(urgency.parts[1].cause, Cause::AppointmentWanted);
        assert_eq!(urgency.parts[2].cause, Cause::Silent { days: 100 });
    }

    proptest! {
        #[test]
        fn the_score_is_the_sum_of_what_is_shown(days in 0u64..4_000, heard in 0u64..4_000, wanted: bool) {
            let urgency = score(days, heard, wanted);
            prop_assert_eq!(urgency.score, urgency.parts.iter().map(|part| part.points).sum::<u32>());
            prop_assert!(urgency.parts.windows(2).all(|pair| pair[0].points >= pair[1].points));
        }
    }
}

//! The counters of a service computer: which signal each is, what is left of it, and which item it counts for.
//!
//! Source: the signals are those of COVESA VSS 6.0; oil life as a share is what oil life monitors show.

use core::ops::RangeInclusive;

use milepost_protocol::SignalId;
use milepost_protocol::plan::{DAY_MS, ItemId, Recurrence, Rule};
use serde::{Deserialize, Serialize};

use crate::plans::BRAKE_PADS;

/// A day in seconds.
const DAY_S: f32 = (DAY_MS / 1_000) as f32;

/// How a reset shows in what is left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// By how much it rises at least.
    pub(super) rise: f32,
    /// Where it stands behind the rise.
    pub(super) fresh: RangeInclusive<f32>,
}

/// One counter of the car's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Counter {
    /// Metres until service of any kind.
    DistanceToService,
    /// Seconds until service of any kind.
    TimeToService,
    /// Whether service of any kind is asked for, 0 or 1.
    ServiceDue,
    /// The share of the oil's life that is left.
    OilLife,
    /// Seconds that are left of the oil's life.
    OilTime,
    /// Front left pad wear, 0 new and 1 worn.
    PadFrontLeft,
    /// Front right pad wear.
    PadFrontRight,
    /// Rear left pad wear.
    PadRearLeft,
    /// Rear right pad wear.
    PadRearRight,
}

impl Counter {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::DistanceToService,
        Self::TimeToService,
        Self::ServiceDue,
        Self::OilLife,
        Self::OilTime,
        Self::PadFrontLeft,
        Self::PadFrontRight,
        Self::PadRearLeft,
        Self::PadRearRight,
    ];

    /// The pads.
    pub const PADS: [Self; 4] = [Self::PadFrontLeft, Self::PadFrontRight, Self::PadRearLeft, Self::PadRearRight];

    /// The signal that carries it.
    pub fn signal(self) -> SignalId {
        match self {
            Self::DistanceToService => SignalId::DISTANCE_TO_SERVICE,
            Self::TimeToService => SignalId::TIME_TO_SERVICE,
            Self::ServiceDue => SignalId::SERVICE_DUE,
            Self::OilLife => SignalId::OIL_LIFE_REMAINING,
            Self::OilTime => SignalId::OIL_TIME_REMAINING,
            Self::PadFrontLeft => SignalId::PAD_WEAR_FRONT_LEFT,
            Self::PadFrontRight => SignalId::PAD_WEAR_FRONT_RIGHT,
            Self::PadRearLeft => SignalId::PAD_WEAR_REAR_LEFT,
            Self::PadRearRight => SignalId::PAD_WEAR_REAR_RIGHT,
        }
    }

    /// The counter that a signal carries.
    pub fn of(signal: SignalId) -> Option<Self> {
        Self::ALL.into_iter().find(|counter| counter.signal() == signal)
    }

    /// What is left, by a value of the signal: it falls with use, and rises by a reset alone.
    ///
    /// In the signal's unit; of pads, and of a car that asks for service, what is missing to 1.
    pub fn left(self, value: f32) -> f32 {
        if self == Self::ServiceDue || Self::PADS.contains(&self) { 1.0 - value } else { value }
    }

    /// Whether a value can be: distances within 100,000 km and times within ten years of a service, shares from 0 to 1.
    pub(super) fn is_possible(self, value: f32) -> bool {
        match self {
            Self::DistanceToService => value.abs() <= 100_000_000.0,
            Self::TimeToService | Self::OilTime => value.abs() <= 3_652.0 * DAY_S,
            _ => (0.0..=1.0).contains(&value),
        }
    }

    /// How a reset shows; a flag says nothing of work.
    ///
    /// Flexible service computers revise what is left by hundreds of kilometres and some weeks after gentle driving, and the
    /// intervals of makers lie between 5,000 and 50,000 km, half a year and three years; a time beyond is a clock that was set.
    /// An oil life monitor goes back to 100 %, and new pads to no wear; a day's use is taken off both, and pads are bedded in.
    pub(super) fn step(self) -> Option<Step> {
        match self {
            Self::DistanceToService => Some(Step { rise: 4_000_000.0, fresh: 4_500_000.0..=60_000_000.0 }),
            Self::TimeToService | Self::OilTime => {
                Some(Step { rise: 120.0 * DAY_S, fresh: 150.0 * DAY_S..=1_150.0 * DAY_S })
            }
            Self::OilLife => Some(Step { rise: 0.3, fresh: 0.9..=1.0 }),
            Self::PadFrontLeft | Self::PadFrontRight | Self::PadRearLeft | Self::PadRearRight => {
                Some(Step { rise: 0.3, fresh: 0.85..=1.0 })
            }
            Self::ServiceDue => None,
        }
    }

    /// Whether so much is left as behind a reset.
    pub(super) fn is_fresh(self, left: f32) -> bool {
        self.step().is_some_and(|step| step.fresh.contains(&left))
    }

    /// How much is left at least once a counter that stood at `left` was set back, however early; less is the old cycle going on.
    pub(super) fn set_back(self, left: f32) -> f32 {
        match self {
            Self::DistanceToService => left + 1_000_000.0,
            Self::TimeToService | Self::OilTime => left + 30.0 * DAY_S,
            Self::ServiceDue => 1.0,
            _ => (left + 0.1).min(0.95),
        }
    }

    /// Whether an item stands as this counter says.
    ///
    /// Service of any kind is the oil's, or a maker's inspection; one at fixed dates is that of the law, of which a car knows nothing.
    pub fn counts_for(self, rule: &Rule) -> bool {
        match self {
            Self::DistanceToService | Self::TimeToService | Self::ServiceDue => {
                rule.item == ItemId::ENGINE_OIL || is_makers_inspection(rule)
            }
            Self::OilLife | Self::OilTime => rule.item == ItemId::ENGINE_OIL,
            _ => rule.item == BRAKE_PADS,
        }
    }

    /// The item of a plan that was done when this counter went back: of service of any kind a maker's inspection, otherwise the oil.
    pub fn done_by_reset(self, rules: &[Rule]) -> Option<ItemId> {
        let inspection = rules.iter().find(|rule| self.counts_for(rule) && is_makers_inspection(rule));
        inspection.or_else(|| rules.iter().find(|rule| self.counts_for(rule))).map(|rule| rule.item)
    }
}

fn is_makers_inspection(rule: &Rule) -> bool {
    rule.item == ItemId::INSPECTION && rule.recurrence == Recurrence::Floating
}

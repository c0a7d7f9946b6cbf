//! The maintenance plan as the cloud sends it: rules, and where each stands on its cycle.
//!
//! The car keeps the plan in flash and evaluates it with the same code as the cloud, so that a reminder needs no network.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::codec;

/// The most items that one plan holds: as many as fit one body with the figures of a real car.
pub const MAX_PLAN_ITEMS: usize = 8;

/// Milliseconds of one day.
pub const DAY_MS: u64 = 86_400_000;

/// A service item's number; ids are append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub u16);

impl ItemId {
    /// Engine oil and its filter.
    pub const ENGINE_OIL: Self = Self(1);
    /// Brake fluid.
    pub const BRAKE_FLUID: Self = Self(2);
    /// Tyres: inspection and seasonal change.
    pub const TYRES: Self = Self(3);
    /// The periodic inspection.
    pub const INSPECTION: Self = Self(4);
    /// The 12 V battery.
    pub const BATTERY_12V: Self = Self(5);
}

/// How far a cycle has come. The order is the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Level {
    /// Nothing to say yet.
    Scheduled = 0,
    /// Within the lead before the limit.
    Upcoming = 1,
    /// The limit is reached.
    Due = 2,
    /// The grace behind the limit is used up.
    Overdue = 3,
}

impl Level {
    /// The level with this number.
    pub fn from_wire(number: u8) -> Option<Self> {
        [Self::Scheduled, Self::Upcoming, Self::Due, Self::Overdue].get(usize::from(number)).copied()
    }
}

/// What ignoring an item can lead to. The order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SafetyClass {
    /// Comfort and value.
    Comfort,
    /// Wear and follow-up cost.
    Wear,
    /// Brakes, tyres, lights, steering.
    Safety,
}

/// Bounds of one cycle; whichever is reached first counts, and an absent bound never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Distance in metres.
    pub distance_m: Option<u32>,
    /// Calendar time in days.
    pub days: Option<u16>,
    /// Engine running time in seconds.
    pub engine_s: Option<u32>,
    /// Fuel burnt in millilitres.
    pub fuel_ml: Option<u32>,
}

/// A margin before or behind a limit, one figure for each metric of [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Margin {
    /// Distance in metres.
    pub distance_m: u32,
    /// Calendar time in days.
    pub days: u16,
    /// Engine running time in seconds.
    pub engine_s: u32,
    /// Fuel burnt in millilitres.
    pub fuel_ml: u32,
}

/// Where the next cycle starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recurrence {
    /// At the limit that was reached, whenever the work was done.
    Fixed,
    /// At the completion.
    Floating,
}

/// A measured condition that makes an item due by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// The 12 V battery rests low or sags while cranking; limits in millivolts.
    Battery12v {
        /// Rest voltage below which the battery is upcoming.
        rest_upcoming_mv: u16,
        /// Rest voltage below which it is due.
        rest_due_mv: u16,
        /// Lowest cranking voltage below which it is due.
        cranking_due_mv: u16,
    },
}

/// One rule of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The service item.
    pub item: ItemId,
    /// Bounds of the first cycle of a new car.
    pub first: Limits,
    /// Bounds of every later cycle.
    pub repeat: Limits,
    /// How far ahead of a bound the item becomes upcoming.
    pub lead: Margin,
    /// How far behind a bound it becomes overdue.
    pub grace: Margin,
    /// Where the next cycle starts.
    pub recurrence: Recurrence,
    /// The item's precedence.
    pub safety: SafetyClass,
    /// A condition that counts beside the bounds.
    pub condition: Option<Condition>,
}

/// Where an item's present cycle began. Cycle 0 is the first of a new car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Anchor {
    /// The cycle's number.
    pub cycle: u32,
    /// When it began, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer then, in metres.
    pub odometer_m: u32,
    /// The engine running time then, in seconds.
    pub engine_s: u32,
    /// The fuel burnt until then, in millilitres.
    pub fuel_ml: u32,
}

/// One item of a plan with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// The rule.
    pub rule: Rule,
    /// The present cycle.
    pub anchor: Anchor,
}

/// A vehicle's whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServicePlan {
    /// Rises with each change; a device ignores a plan that is not newer than its own.
    pub version: u32,
    /// The items.
    pub items: Vec<PlanItem, MAX_PLAN_ITEMS>,
}

/// A plan as it came, whose items are decoded one at a time, for devices that have no room for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanView<'a> {
    /// The plan's version; 0 if there is none.
    pub version: u32,
    count: usize,
    items: &'a [u8],
}

impl<'a> PlanView<'a> {
    /// Checks an encoded [`ServicePlan`] whole; trailing bytes belong to a newer writer and are passed over.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let ((version, count), items) = codec::take::<(u32, usize)>(bytes)?;
        let view = Self { version, count, items };
        (count <= MAX_PLAN_ITEMS && view.items().count() == count).then_some(view)
    }

    /// The items in order.
    pub fn items(&self) -> impl Iterator<Item = PlanItem> + use<'a> {
        let (mut rest, mut left) = (self.items, self.count);
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (item, behind) = codec::take(rest)?;
            rest = behind;
            Some(item)
        })
    }
}

//! A workshop: when it is open, how many cars it can have, how long work takes.
//!
//! Invariant: a checked workshop has blocks of hours that follow each other without overlap, and at least one bay.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};

use super::Span;
use super::zone::{Edge, Zone, local, moment, weekday};

/// The last minute that a block can end with: the next midnight.
const MIDNIGHT: u16 = 24 * 60;

/// A block of opening hours by the clocks on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first minute of the day that is open.
    pub opens_min: u16,
    /// The first minute that is not open any more; 1440 is midnight.
    pub closes_min: u16,
}

/// Long work takes a lift or a person that short work does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Visits of at least so many minutes
    pub at_least_min: u16,
    /// are at most so many at a time.
    pub at_once: u16,
}

/// How many cars fit at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capacity {
    /// All visits together.
    pub bays: u16,
    /// Long ones.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// A workshop as far as booking goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workshop {
    /// The blocks of each day of the week, Monday first, each day's in their order.
    pub hours: [Vec<Hours>; 7],
    /// Days that are closed whatever day of the week they are, in days since 1 January 1970.
    pub closed: BTreeSet<i32>,
    /// How many cars fit.
    pub capacity: Capacity,
    /// Visits begin at multiples of it after a block opens, in minutes.
    pub grain_min: u16,
    /// How far ahead a visit is booked at least, in minutes.
    pub lead_min: u32,
    /// How far ahead a visit is booked at most, in days.
    pub horizon_days: u16,
    /// How long the work on an item takes, in minutes.
    pub durations: BTreeMap<ItemId, u16>,
    /// How long the work on any other item takes, in minutes.
    pub other_min: u16,
}

/// Why a workshop cannot be booked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkshopError {
    /// It has no bay.
    NoBay,
    /// It is never open.
    NeverOpen,
    /// A block ends before it begins, behind midnight, or before the one before it has ended; 0 is Monday.
    Hours {
        /// The day of the week.
        weekday: u8,
    },
    /// Grain, duration or horizon is 0.
    Zero,
}

impl fmt::Display for WorkshopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBay => f.write_str("workshop has no bay"),
            Self::NeverOpen => f.write_str("workshop is never open"),
            Self::Hours { weekday } => {
                let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
                let name = names.get(usize::from(*weekday)).copied().unwrap_or("a day");
                write!(f, "opening hours of {name} do not follow each other within the day")
            }
            Self::Zero => f.write_str("grain, durations and horizon must be above 0"),
        }
    }
}

impl core::error::Error for WorkshopError {}

impl Workshop {
    /// Whether it can be booked at.
    pub fn check(&self) -> Result<(), WorkshopError> {
        if self.capacity.bays == 0 {
            return Err(WorkshopError::NoBay);
        }
        let no_time = self.grain_min == 0 || self.other_min == 0 || self.horizon_days == 0;
        if no_time || self.durations.values().any(|minutes| *minutes == 0) {
            return Err(WorkshopError::Zero);
        }
        if self.hours.iter().all(Vec::is_empty) {
            return Err(WorkshopError::NeverOpen);
        }
        for (day, blocks) in (0..).zip(&self.hours) {
            let mut free_from = 0;
            for block in blocks {
                let fits = block.opens_min >= free_from && block.opens_min < block.closes_min;
                if !fits || block.closes_min > MIDNIGHT {
                    return Err(WorkshopError::Hours { weekday: day });
                }
                free_from = block.closes_min;
            }
        }
        Ok(())
    }

    /// How long a visit takes for the work on `items`, one after the other, in minutes.
    pub fn minutes(&self, items: &[ItemId]) -> u16 {
        let one = |item: &ItemId| self.durations.get(item).copied().unwrap_or(self.other_min);
        let all = items.iter().fold(0_u16, |sum, item| sum.saturating_add(one(item)));
        if items.is_empty() { self.other_min } else { all }
    }

    /// The moments between which it is open on a day; a block that a change of the clocks swallows is left out.
    pub fn open_on(&self, zone: &impl Zone, day: i32) -> Vec<Span> {
        if self.closed.contains(&day) {
            return Vec::new();
        }
        let blocks = &self.hours[usize::from(weekday(day))];
        let span = |block: &Hours| Span {
            start_ms: moment(zone, day, block.opens_min, Edge::Opens),
            end_ms: moment(zone, day, block.closes_min, Edge::Closes),
        };
        blocks.iter().map(span).filter(|span| span.start_ms < span.end_ms).collect()
    }

    /// Whether it is open during the whole of `span`.
    pub fn is_open(&self, zone: &impl Zone, span: Span) -> bool {
        let day = local(zone, span.start_ms).day;
        self.open_on(zone, day).iter().any(|open| open.start_ms <= span.start_ms && span.end_ms <= open.end_ms)
    }
}

//! An odometer history as it can be believed.
//!
//! Invariant: times rise strictly, the distance never falls, and every reading that was passed over is counted with its
//! reason; the order and number of times in which readings are handed in do not matter.

use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use crate::maintenance::is_plausible;

/// The farthest that a car gets in a day, in metres; a rise beyond it is believed only if the next readings stay up there.
const FARTHEST_A_DAY_M: f64 = 3_000_000.0;

/// How far an odometer may rise at once beyond that, in metres: readings of one day may stand in any order of hours.
const SLACK_M: f64 = 1_000_000.0;

/// How many readings in a row have to agree before a leap, up or down, is the truth: another instrument cluster, or a corrected figure.
const PERSISTENT: usize = 3;

/// No car sends anything before 1990; such a time is a clock that was never set. In milliseconds of Unix time.
const EARLIEST_MS: u64 = 631_152_000_000;

/// One odometer reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reading {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer in metres.
    pub odometer_m: u32,
}

/// Readings that were passed over, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Refused {
    /// Dated after the moment for which the history stands: a clock that runs ahead, or a later row.
    pub later: u32,
    /// Dated before cars could send: a clock that was never set.
    pub undated: u32,
    /// "Not available" in place of a figure.
    pub absent: u32,
    /// Below an earlier one.
    pub falling: u32,
    /// Above what a car can drive in the time.
    pub jumping: u32,
}

/// A point of the history, in days since 1970 (local) and metres since its first reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) day: f64,
    pub(super) metres: f64,
}

/// What is known of a vehicle's use until a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    pub(super) points: Vec<Point>,
    pub(super) last: Option<Reading>,
    pub(super) offset_ms: i64,
    /// What was passed over.
    pub refused: Refused,
}

impl History {
    /// Readings in any order, as they are known at `until_ms`; `zone_offset_s` is the vehicle's offset from UTC, for its weekdays.
    pub fn new(readings: impl IntoIterator<Item = Reading>, until_ms: u64, zone_offset_s: i32) -> Self {
        let mut history = Self { offset_ms: i64::from(zone_offset_s) * 1000, ..Self::default() };
        let mut readings: Vec<_> = readings.into_iter().collect();
        readings.sort_unstable();
        readings.dedup();
        readings.retain(|&Reading { at_ms, odometer_m }| {
            // A new car really stands at 0; in mid-life 0 falls.
            let absent = odometer_m != 0 && !is_plausible(odometer_m);
            let (later, undated) = (at_ms > until_ms, at_ms < EARLIEST_MS);
            history.refused.later += u32::from(later);
            history.refused.undated += u32::from(undated);
            history.refused.absent += u32::from(absent && !later && !undated);
            !(later || undated || absent)
        });
        for (at, reading) in readings.iter().enumerate() {
            history.take(*reading, &readings[at + 1..]);
        }
        history
    }

    fn take(&mut self, reading: Reading, later: &[Reading]) {
        let day = self.day_of(reading.at_ms);
        let (Some(last), Some(point)) = (self.last, self.points.last_mut()) else {
            // A first reading that the next ones contradict from below would hold all of them back.
            if falls_back(reading, later) {
                self.refused.jumping += 1;
                return;
            }
            self.points.push(Point { day, metres: 0.0 });
            self.last = Some(reading);
            return;
        };
        let rise_m = f64::from(reading.odometer_m) - f64::from(last.odometer_m);
        let possible_m = (day - point.day) * FARTHEST_A_DAY_M + SLACK_M;
        let counted_m = if rise_m < 0.0 {
            if !persists(reading, later) {
                self.refused.falling += 1;
                return;
            }
            0.0
        } else if rise_m > possible_m || falls_back(reading, later) {
            if !persists(reading, later) || falls_back(reading, later) {
                self.refused.jumping += 1;
                return;
            }
            0.0
        } else {
            rise_m
        };
        let metres = point.metres + counted_m;
        if day > point.day {
            self.points.push(Point { day, metres });
        } else {
            point.metres = metres;
        }
        self.last = Some(reading);
    }

    /// The last believed reading.
    pub fn last(&self) -> Option<Reading> {
        self.last
    }

    /// How many believed moments there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The days between the first and the last believed reading.
    pub fn days(&self) -> f64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.day - first.day,
            _ => 0.0,
        }
    }

    pub(super) fn day_of(&self, at_ms: u64) -> f64 {
        (at_ms as f64 + self.offset_ms as f64) / DAY_MS as f64
    }

    pub(super) fn ms_of(&self, day: f64) -> u64 {
        (day * DAY_MS as f64 - self.offset_ms as f64) as u64
    }
}

/// Whether the readings that follow go on from here, each within what a car can drive.
fn persists(reading: Reading, later: &[Reading]) -> bool {
    let follow = later.get(..PERSISTENT - 1);
    follow.is_some_and(|follow| {
        let mut before = reading;
        follow.iter().all(|next| {
            let days = (next.at_ms - before.at_ms) as f64 / DAY_MS as f64;
            let rise_m = f64::from(next.odometer_m) - f64::from(before.odometer_m);
            before = *next;
            (0.0..=days * FARTHEST_A_DAY_M + SLACK_M).contains(&rise_m)
        })
    })
}

/// Whether all of the next readings lie below this one: then it is this one that is wrong, and not all of them.
fn falls_back(reading: Reading, later: &[Reading]) -> bool {
    let next = &later[..later.len().min(PERSISTENT)];
    let below = |next: &Reading| next.odometer_m < reading.odometer_m;
    // Where a falling series itself persists it is a new cluster, which is recognised at its first reading.
    next.len() == PERSISTENT && next.iter().all(below) && f64::from(reading.odometer_m - next[0].odometer_m) < SLACK_M
}

//! The readings of one counter.
//!
//! Invariant: moments rise strictly; the last sixty days are kept by the day and two years before them by four weeks, each
//! with its last reading, so that what is kept follows from the set of readings alone.

use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

/// So many days before the newest are kept one by one.
const BY_THE_DAY: u64 = 60;

/// Older readings are kept by so many days.
const BLOCK_DAYS: u64 = 28;

/// What is older than so many days before the newest is forgotten.
const OLDEST_DAYS: u64 = 730;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u64, f32)", into = "(u64, f32)")]
pub struct Reading {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The value in the signal's unit.
    pub value: f32,
}

impl From<(u64, f32)> for Reading {
    fn from((at_ms, value): (u64, f32)) -> Self {
        Self { at_ms, value }
    }
}

impl From<Reading> for (u64, f32) {
    fn from(reading: Reading) -> Self {
        (reading.at_ms, reading.value)
    }
}

impl Reading {
    fn day(&self) -> u64 {
        self.at_ms / DAY_MS
    }
}

/// A counter's readings, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Readings(Vec<Reading>);

impl Readings {
    /// Takes in a reading.
    pub(super) fn note(&mut self, reading: Reading) {
        let order = |one: &Reading| (one.at_ms, one.value);
        let behind = self.0.partition_point(|known| order(known) < order(&reading));
        if self.0.get(behind).is_some_and(|next| order(next) == order(&reading)) {
            return;
        }
        self.0.insert(behind, reading);
        self.thin();
    }

    /// Leaves the last reading of each day, or of each four weeks beyond the last days.
    fn thin(&mut self) {
        let Some(newest) = self.0.last().map(Reading::day) else { return };
        let by_the_day_from = newest.saturating_sub(BY_THE_DAY);
        let place = |reading: &Reading| match reading.day() {
            day if day >= by_the_day_from => (true, day),
            day => (false, day / BLOCK_DAYS),
        };
        let mut later = None;
        let mut kept: Vec<_> = self.0.drain(..).rev().collect();
        kept.retain(|reading| {
            let is_last = later != Some(place(reading));
            later = Some(place(reading));
            is_last && reading.day() >= newest.saturating_sub(OLDEST_DAYS)
        });
        kept.reverse();
        self.0 = kept;
    }

    /// All that are kept, oldest first.
    pub fn all(&self) -> &[Reading] {
        &self.0
    }

    /// Those that are kept one for each day.
    pub(super) fn daily(&self) -> &[Reading] {
        let Some(newest) = self.0.last().map(Reading::day) else { return &[] };
        let from = self.0.partition_point(|reading| reading.day() < newest.saturating_sub(BY_THE_DAY));
        &self.0[from..]
    }
}

//! All counters of one car.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use milepost_protocol::SignalId;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::counter::Counter;
use super::readings::{Reading, Readings};
use super::reset::{Reset, resets};

/// A reset and the record of its work are at most so far apart: the counter goes back at once, the owner types the work in later.
const APART_MS: u64 = 14 * DAY_MS;

/// What a car's service computer has told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceComputer {
    counters: BTreeMap<Counter, Readings>,
}

impl ServiceComputer {
    /// Takes in a signal's value at a moment (milliseconds of Unix time); answers whether it is one of the service computer's and can be.
    pub fn note(&mut self, signal: SignalId, at_ms: u64, value: f64) -> bool {
        let Some(counter) = Counter::of(signal) else { return false };
        // Nought has no sign, so that equal readings are equal.
        let value = value as f32 + 0.0;
        let believed = at_ms > 0 && value.is_finite() && counter.is_possible(value);
        if believed {
            self.counters.entry(counter).or_default().note(Reading { at_ms, value });
        }
        believed
    }

    /// Whether it has told nothing.
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }

    /// The readings of a counter, oldest first.
    pub fn readings(&self, counter: Counter) -> &[Reading] {
        self.counters.get(&counter).map(Readings::all).unwrap_or_default()
    }

    /// What a counter says of the cycle that began at `since_ms`, 0 if that is not known.
    ///
    /// `None` if it was never read, or if the work with which the cycle began did not set it back: from two weeks before it on, or as long
    /// as it is known, it never rose, so that it still counts the cycle that is over.
    pub fn says(&self, counter: Counter, since_ms: u64) -> Option<Reading> {
        let readings = self.readings(counter);
        let behind = readings.partition_point(|reading| reading.at_ms.saturating_add(APART_MS) < since_ms);
        let (earlier, since) = readings.split_at(behind);
        // A counter that is known for less time may have been set back before it was first read.
        let fresh = |reading: &&Reading| counter.is_fresh(counter.left(reading.value));
        let first = since.first().filter(|reading| reading.at_ms < since_ms && !fresh(reading));
        if let Some(before) = earlier.last().or(first) {
            let least = counter.set_back(counter.left(before.value));
            since.iter().find(|reading| counter.left(reading.value) >= least)?;
        }
        readings.last().copied()
    }

    /// Every counter's reset that shows in its readings, oldest first.
    pub fn resets(&self) -> Vec<Reset> {
        let mut found: Vec<_> =
            self.counters.iter().flat_map(|(counter, readings)| resets(*counter, readings)).collect();
        found.sort_by_key(|reset| (reset.at_ms, reset.counter));
        found
    }
}

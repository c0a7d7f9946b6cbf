//! When a counter went back to its beginning.
//!
//! A workshop that has done the work sets the car's counter back; nothing else makes what is left rise by much.
//! Invariant: a reset rests on the last readings of two days before it and two behind it, so that neither a high nor a low
//! reading of one day is one.

use alloc::vec::Vec;

use super::counter::{Counter, Step};
use super::readings::{Reading, Readings};

/// A counter went back to its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// Which.
    pub counter: Counter,
    /// When it was read before for the last time, in milliseconds of Unix time.
    pub after_ms: u64,
    /// When it was read behind it, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// The resets in the days that are kept one by one, oldest first.
///
/// What is left must have risen by the counter's step, from the higher one of the two days before to the lower one of the two
/// behind, and must stand where a new part or interval does; days on which the car did not tell it are passed over.
pub(super) fn resets(counter: Counter, readings: &Readings) -> Vec<Reset> {
    let Some(Step { rise, fresh }) = counter.step() else { return Vec::new() };
    let found = readings.daily().windows(4).filter_map(|days| {
        let &[one, before, behind, held] = days else { return None };
        let left = |at: Reading| counter.left(at.value);
        let (highest, lowest) = (left(one).max(left(before)), left(behind).min(left(held)));
        let is_reset = lowest - highest >= rise && fresh.contains(&lowest);
        is_reset.then_some(Reset { counter, after_ms: before.at_ms, at_ms: behind.at_ms })
    });
    found.collect()
}

//! The history cut into blocks of about two weeks, and a stand-still that has not ended yet.
//!
//! Invariant: blocks follow each other without a gap, and each ends where a reading tells the distance.

use alloc::vec::Vec;

use super::calendar::{Daily, Profile};
use super::history::Point;

/// How many average days a block has at least: short enough to see a change, long enough that single journeys average out.
pub(super) const BLOCK_DAYS: f64 = 14.0;

/// The least that an unfinished last block needs to count, in average days.
const LEAST_DAYS: f64 = 3.0;

/// After so many average days without driving a car is laid up, and not just parked.
const LAID_UP_AFTER_DAYS: f64 = 21.0;

/// What still counts as not driven, as a share of the usual distance.
const NEARLY_NOTHING: f64 = 0.03;

/// A stretch of the history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    /// Its beginning and end, in days.
    pub(super) from: f64,
    pub(super) to: f64,
    /// The distance driven in it, in metres.
    pub(super) metres: f64,
}

impl Block {
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }
}

/// Cuts a history, by calendar days.
pub(super) fn blocks(points: &[Point]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let Some((mut start, rest)) = points.split_first() else { return blocks };
    for (at, point) in rest.iter().enumerate() {
        let is_last = at + 1 == rest.len();
        let days = point.day - start.day;
        if days >= BLOCK_DAYS || (is_last && days >= LEAST_DAYS) {
            blocks.push(Block { from: start.day, to: point.day, metres: point.metres - start.metres });
            start = point;
        }
    }
    blocks
}

/// Since when the car stands longer than its use explains, as the index of the last point before it.
pub(super) fn laid_up_since(points: &[Point], daily: &Daily) -> Option<usize> {
    let last = points.last()?;
    let first = points.first()?;
    let profile = daily.profile(last.day);
    let since = points.iter().rposition(|point| {
        let usual = (last.metres - first.metres) / profile.between(first.day, last.day).max(1.0);
        last.metres - point.metres > NEARLY_NOTHING * usual * profile.between(point.day, last.day)
    })?;
    // The point found belongs to driving; the stand-still begins with the one after it.
    let stand = points.get(since + 1)?;
    (since > 0 && profile.between(stand.day, last.day) >= LAID_UP_AFTER_DAYS).then_some(since + 1)
}

/// The average days of a block as its profile could be known at its beginning.
pub(super) fn weight(block: &Block, profile: &Profile) -> f64 {
    profile.between(block.from, block.to).max(0.5)
}

//! Runs of numbers whose records gave way, until they are told as gaps.
//!
//! Invariant: runs of one boot neither overlap nor touch, unless there was no room to keep them apart.

use heapless::Vec;
use milepost_protocol::record::{Gap, GapReason};
use serde::{Deserialize, Serialize};

/// A run of numbers that gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lost {
    pub(super) boot: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Lost {
    /// The record that tells it.
    pub(super) fn gap(&self) -> Gap {
        let count = (self.last - self.first).saturating_add(1);
        Gap { boot: self.boot, first: self.first, count, reason: GapReason::FlashFull }
    }
}

/// Adds a run to the others; when there is no room for one more, the last one of the same boot grows over the hole between.
pub(super) fn add<const N: usize>(lost: &mut Vec<Lost, N>, mut new: Lost) {
    // What touches the new run becomes part of it.
    let mut place = 0;
    while let Some(&run) = lost.get(place) {
        let apart =
            run.boot != new.boot || run.first > new.last.saturating_add(1) || new.first > run.last.saturating_add(1);
        if apart {
            place += 1;
        } else {
            new = Lost { boot: new.boot, first: new.first.min(run.first), last: new.last.max(run.last) };
            lost.swap_remove(place);
        }
    }
    if lost.push(new).is_err()
        && let Some(run) = lost.iter_mut().rev().find(|run| run.boot == new.boot)
    {
        run.first = run.first.min(new.first);
        run.last = run.last.max(new.last);
    }
}

//! What was wrong with the odometer, named: readings that fell or leapt, and one that stands while the car drives.
//!
//! Invariant: a fault is kept with its moment and its figures; a frozen odometer is told by the device's own distance, which
//! the car's instrument has no part in.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::recent::push_recent;
use super::totals::Totals;

const MAX_FAULTS: usize = 10;

/// How far a car drives with the odometer where it was before that is called frozen, in metres: odometers count whole
/// kilometres or miles, and counters come with trips of any length.
const FROZEN_AFTER_M: u32 = 20_000;

/// What was wrong with a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OdometerFault {
    /// It lay below one that was read before.
    Fell,
    /// It lay above what a car can drive in the time.
    Leapt,
}

/// A reading that was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disbelieved {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// What was read, in metres.
    pub read_m: u32,
    /// What was known, in metres.
    pub known_m: u32,
    /// What was wrong.
    pub fault: OdometerFault,
}

/// What is known of an odometer's health.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OdometerHealth {
    /// The latest readings that were not believed, oldest first.
    pub faults: VecDeque<Disbelieved>,
    risen_m: u32,
    device_m: u32,
    since_m: u32,
}

impl OdometerHealth {
    /// Takes in what a reading has done to the totals.
    pub(super) fn read(&mut self, at_ms: u64, read_m: u32, before: &Totals, after: &Totals) {
        let fault = if after.rejected.falling > before.rejected.falling {
            OdometerFault::Fell
        } else if after.rejected.jumping > before.rejected.jumping {
            OdometerFault::Leapt
        } else {
            return;
        };
        let known_m = before.odometer_m.unwrap_or_default();
        push_recent(&mut self.faults, Disbelieved { at_ms, read_m, known_m, fault }, MAX_FAULTS);
    }

    /// Takes in counters; both distances are compared here alone, because here they come together.
    pub(super) fn counted(&mut self, totals: &Totals) {
        let Some(odometer_m) = totals.odometer_m else { return };
        if odometer_m != self.risen_m || totals.distance_m < self.device_m {
            (self.risen_m, self.device_m) = (odometer_m, totals.distance_m);
        }
        self.since_m = totals.distance_m - self.device_m;
    }

    /// How far the car has driven since the odometer moved last, in metres, if that is farther than it can stand still.
    pub fn frozen_m(&self) -> Option<u32> {
        Some(self.since_m).filter(|&driven_m| driven_m >= FROZEN_AFTER_M)
    }
}

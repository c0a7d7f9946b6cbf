//! What a car's records add up to: the fold from records to the vehicle's state.
//!
//! Invariant: the state follows from the records alone; counters never fall, and a record that comes late never puts an
//! older value in the place of a newer one. That a record is applied once is the business of [`crate::numbers`].

mod outside;
mod state;
#[cfg(test)]
mod tests;
mod totals;
mod trips;
mod wheels;

pub use outside::{DayMean, Outside};
pub use state::{
    BootInfo, CommandDone, LogLine, Loss, RefuelStop, SignalValue, Start, TroubleEntry, VehicleState, VoltageAtRest,
};
pub use totals::{Rejected, Totals};
pub use trips::{OpenTrip, Trip, Trips};
pub use wheels::{MountedSet, SensorHistory, Tyre, Wheels};

/// How far a device's clock may run ahead of ours before it is not believed, in milliseconds.
const CLOCK_AHEAD_MS: u64 = 3_600_000;

/// The two times of a record, in milliseconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// By the device's clock.
    pub measured_at_ms: u64,
    /// By the cloud's clock.
    pub received_at_ms: u64,
}

impl Times {
    /// The time that counts: the measured one, unless the device had no clock or one that runs ahead of ours.
    pub fn when_ms(self) -> u64 {
        let ahead = self.measured_at_ms > self.received_at_ms.saturating_add(CLOCK_AHEAD_MS);
        if self.measured_at_ms == 0 || ahead { self.received_at_ms } else { self.measured_at_ms }
    }
}

/// Appends to a list that keeps its newest `most` entries.
fn push_recent<T>(list: &mut alloc::collections::VecDeque<T>, entry: T, most: usize) {
    while list.len() >= most {
        list.pop_front();
    }
    list.push_back(entry);
}

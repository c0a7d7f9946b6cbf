//! What a car's records add up to: the fold from records to the vehicle's state.
//!
//! Invariant: the state follows from the records alone; counters never fall, and a record that comes late never puts an
//! older value in the place of a newer one. That a record is applied once is the business of [`crate::numbers`].

mod days;
mod odometer;
mod outside;
mod recent;
mod state;
#[cfg(test)]
mod tests;
mod times;
mod totals;
mod trips;
mod wheels;

pub use days::{DayReading, Days};
pub use odometer::{Disbelieved, OdometerFault, OdometerHealth};
pub use outside::{DayMean, Outside};
pub use state::{
    BatteryHealthAt, BootInfo, CommandDone, LogLine, Loss, Parked, RefuelStop, SignalValue, Start, TroubleEntry,
    VehicleState, VoltageAtRest,
};
pub use times::Times;
pub use totals::{Rejected, Totals};
pub use trips::{OpenTrip, Trip, Trips};
pub use wheels::{MountedSet, SensorHistory, Tyre, Wheels};

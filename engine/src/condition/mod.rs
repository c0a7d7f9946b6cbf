//! How far parts are worn, from what was measured of them.
//!
//! Each model is a pure function that answers with the share of the part's life that is used, the inputs behind it, and how
//! far it can be trusted.
//! Invariant: a share is finite and never negative; what was not measured is not made up: a model without its inputs
//! answers `None`.

mod battery_12v;
mod brake_pads;
mod filters;
mod oil;
mod particulate_filter;
#[cfg(test)]
mod tests;
mod traction_battery;
mod tyres;
mod wear;

pub use battery_12v::{StarterBattery, starter_battery};
pub use brake_pads::{PadReading, brake_pads, worn_pad};
pub use filters::{FilterUse, air_filter, cabin_filter};
pub use oil::{OilCaps, OilUse, RevolutionBin, oil_by_fuel, oil_by_monitor, oil_by_revolutions, oil_penalty};
pub use particulate_filter::{FilterLoad, particulate_filter};
pub use traction_battery::{HealthReading, traction_battery};
pub use tyres::{PressureReading, SlowLeak, TreadReading, cold_pressure_pa, slow_leak, tread};
pub use wear::{Confidence, Input, Quantity, Wear};

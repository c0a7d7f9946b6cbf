//! When service falls due: the same code in the car and in the cloud, without an allocator.
//!
//! Invariant: an item's state is a function of its rule, its anchor, the usage and the time; reading changes nothing, and
//! only [`complete`] starts a new cycle.

mod assess;
mod bounds;
mod complete;
#[cfg(test)]
mod tests;
mod usage;

pub use assess::{Assessment, assess};
pub use bounds::limits;
pub use complete::{Completion, complete, settle};
pub use usage::{BatteryHealth, UNKNOWN_ODOMETER_M, Usage, is_plausible};

//! When service falls due: the same code in the car and in the cloud, without an allocator.
//!
//! Invariant: an item's state is a function of its rule, its anchor, the usage and the time; reading changes nothing, and only [`complete`] starts a new cycle.

mod assess;
mod complete;
mod usage;

pub use assess::{Assessment, assess};
pub use complete::{Completion, complete, settle};
pub use usage::{BatteryHealth, UNKNOWN_ODOMETER_M, Usage, is_plausible};

use milepost_protocol::plan::{Limits, PlanItem};

/// The bounds of the item's present cycle: the first cycle of a new car has its own.
pub fn limits(item: &PlanItem) -> &Limits {
    if item.anchor.cycle == 0 { &item.rule.first } else { &item.rule.repeat }
}

/// The lead that applies to a bound: at most half of it, so that a short interval is not upcoming from its first day.
fn lead_within(lead: u64, limit: u64) -> u64 {
    lead.min(limit / 2)
}

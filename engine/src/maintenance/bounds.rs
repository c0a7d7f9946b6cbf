//! Which bounds and which lead apply to an item's present cycle.
//!
//! Invariant: assessing and completing ask here, so that they never work by different bounds.

use milepost_protocol::plan::{Limits, PlanItem};

/// The bounds of the item's present cycle: the first cycle of a new car has its own.
pub fn limits(item: &PlanItem) -> &Limits {
    if item.anchor.cycle == 0 { &item.rule.first } else { &item.rule.repeat }
}

/// The lead that applies to a bound: at most half of it, so that a short interval is not upcoming from its first day.
pub(super) fn lead_within(lead: u64, limit: u64) -> u64 {
    lead.min(limit / 2)
}

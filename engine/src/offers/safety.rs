//! What concerns safety and comes ahead of every offer.
//!
//! Invariant: an item is open from due on, whether or not anybody was reminded of it.

use alloc::vec::Vec;

use milepost_protocol::plan::{ItemId, Level, PlanItem, SafetyClass};

use crate::maintenance::Assessment;

/// The items that concern safety and are due or overdue: no offer comes ahead of them.
pub fn open_safety(plan: &[PlanItem], assessments: &[Assessment]) -> Vec<ItemId> {
    let concerns_safety =
        |item: ItemId| plan.iter().any(|known| known.rule.item == item && known.rule.safety == SafetyClass::Safety);
    let open = |one: &&Assessment| one.level >= Level::Due && concerns_safety(one.item);
    assessments.iter().filter(open).map(|one| one.item).collect()
}

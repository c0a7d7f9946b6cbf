//! Looking at a fleet's items only when the calendar can have moved one.
//!
//! A record moves its own vehicle's items when it comes; between records only time passes, and it moves an item at three
//! moments of its cycle.
//! Invariant: an item's level by the calendar never changes between now and its next look, so that a sweep that takes only
//! what is due misses nothing.

use alloc::collections::BTreeSet;

use milepost_protocol::plan::{DAY_MS, ItemId, PlanItem};

use crate::maintenance::limits;

/// When the calendar can change an item's level next, in milliseconds of Unix time; `None` if it never will in this cycle.
pub fn next_look_ms(item: &PlanItem, now_ms: u64) -> Option<u64> {
    let limit = u64::from(limits(item).days.filter(|&days| days > 0)?);
    if item.anchor.at_ms == 0 {
        return None;
    }
    let lead = u64::from(item.rule.lead.days).min(limit / 2);
    let grace = u64::from(item.rule.grace.days).max(1);
    [limit - lead, limit, limit + grace]
        .into_iter()
        .map(|days| item.anchor.at_ms.saturating_add(days * DAY_MS))
        .find(|&at_ms| at_ms > now_ms)
}

/// What is to be looked at when, over many vehicles.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    looks: BTreeSet<(u64, u32, ItemId)>,
}

impl Agenda {
    /// Puts an item down for its next look, if it has one.
    pub fn plan(&mut self, vehicle: u32, item: &PlanItem, now_ms: u64) {
        if let Some(at_ms) = next_look_ms(item, now_ms) {
            self.looks.insert((at_ms, vehicle, item.rule.item));
        }
    }

    /// Takes the earliest look that is due by `now_ms`.
    pub fn take(&mut self, now_ms: u64) -> Option<(u32, ItemId)> {
        let first = self.looks.first().filter(|(at_ms, ..)| *at_ms <= now_ms).copied()?;
        self.looks.remove(&first);
        Some((first.1, first.2))
    }

    /// How many looks are planned.
    pub fn len(&self) -> usize {
        self.looks.len()
    }

    /// Whether none is planned.
    pub fn is_empty(&self) -> bool {
        self.looks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use milepost_protocol::plan::{Anchor, Limits, Margin, Recurrence, Rule, SafetyClass};
    use proptest::prelude::*;

    use super::*;
    use crate::maintenance::{Usage, assess};

    const START_MS: u64 = 1_700_000_000_000;

    fn item(days: u16, lead: u16, grace: u16) -> PlanItem {
        let limits = Limits { days: Some(days), ..Limits::default() };
        let margin = |days| Margin { days, ..Margin::default() };
        let rule = Rule {
            item: ItemId::INSPECTION,
            first: limits,
            repeat: limits,
            lead: margin(lead),
            grace: margin(grace),
            recurrence: Recurrence::Floating,
            safety: SafetyClass::Safety,
            condition: None,
        };
        PlanItem { rule, anchor: Anchor { at_ms: START_MS, ..Anchor::default() } }
    }

    #[test]
    fn a_sweep_takes_only_what_is_due_and_in_order() {
        let mut agenda = Agenda::default();
        agenda.plan(1, &item(100, 10, 5), START_MS);
        agenda.plan(2, &item(50, 10, 5), START_MS);
        agenda.plan(3, &item(0, 0, 0), START_MS);
        assert_eq!(agenda.len(), 2);
        assert_eq!(agenda.take(START_MS + 39 * DAY_MS), None);
        assert_eq!(agenda.take(START_MS + 40 * DAY_MS), Some((2, ItemId::INSPECTION)));
        assert_eq!(agenda.take(START_MS + 400 * DAY_MS), Some((1, ItemId::INSPECTION)));
        assert!(agenda.is_empty());
    }

    proptest! {
        #[test]
        fn no_level_changes_between_looks(days in 1u16..800, lead in 0u16..900, grace in 0u16..90, from in 0u64..900) {
            let item = item(days, lead, grace);
            let level = |day: u64| assess(&item, &Usage::default(), START_MS + day * DAY_MS).level;
            let next = next_look_ms(&item, START_MS + from * DAY_MS);
            let until = next.map_or(2_000, |at_ms| (at_ms - START_MS) / DAY_MS);
            let changed: Vec<_> = (from..until).filter(|&day| level(day) != level(from)).collect();
            prop_assert!(changed.is_empty(), "{:?} before {}", changed, until);
        }
    }
}

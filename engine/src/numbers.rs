//! Which record numbers of a device have arrived, as intervals for each boot.
//!
//! Invariant: the intervals of a boot are ascending, disjoint and never touch; a number once in is in for ever.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use milepost_protocol::downlink::{MAX_RANGES, Range};
use milepost_protocol::record::{Gap, GapReason};
use serde::{Deserialize, Serialize};

/// The most boots that are told apart; records of a boot older than all of these count as received.
///
/// A device's flash holds far fewer boots than this, so nothing that it still has can fall below.
pub const MAX_BOOTS: usize = 1024;

/// The record numbers received from one device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Received {
    /// For each boot the inclusive intervals.
    boots: BTreeMap<u32, Vec<(u32, u32)>>,
    /// Boots below this one are no longer told apart.
    forgotten_below: u32,
}

impl Received {
    /// Takes in one number; `false` if it was there already, so that its record must not be applied again.
    pub fn insert(&mut self, boot: u32, number: u32) -> bool {
        self.insert_range(boot, number, number) > 0
    }

    /// Takes in the numbers that a gap stands for, so that receipts move on past them; returns how many were new.
    ///
    /// An overflow lost events before they had numbers, so there is nothing to take in.
    pub fn insert_lost(&mut self, gap: &Gap) -> u32 {
        if gap.reason == GapReason::Overflow || gap.count == 0 {
            return 0;
        }
        self.insert_range(gap.boot, gap.first, gap.first.saturating_add(gap.count - 1))
    }

    /// Takes in an inclusive range; returns how many of its numbers were new.
    pub fn insert_range(&mut self, boot: u32, first: u32, last: u32) -> u32 {
        if last < first || boot < self.forgotten_below {
            return 0;
        }
        let ranges = self.boots.entry(boot).or_default();
        // The intervals from `from` to `to` overlap the new one or touch it, and become one with it.
        let from = ranges.partition_point(|&(_, end)| end < first.saturating_sub(1));
        let to = ranges.partition_point(|&(start, _)| start <= last.saturating_add(1));
        let known: u64 = ranges[from..to]
            .iter()
            .filter(|&&(start, end)| start <= last && first <= end)
            .map(|&(start, end)| u64::from(end.min(last) - start.max(first)) + 1)
            .sum();
        let merged = ranges[from..to].iter().fold((first, last), |(a, b), &(start, end)| (a.min(start), b.max(end)));
        ranges.splice(from..to, [merged]);
        self.forget();
        u32::try_from(u64::from(last - first) + 1 - known).unwrap_or(u32::MAX)
    }

    /// Whether the number is in.
    pub fn contains(&self, boot: u32, number: u32) -> bool {
        boot < self.forgotten_below
            || self.boots.get(&boot).is_some_and(|ranges| {
                let at = ranges.partition_point(|&(_, end)| end < number);
                ranges.get(at).is_some_and(|&(start, _)| start <= number)
            })
    }

    /// Everything in of one boot, ascending.
    pub fn ranges(&self, boot: u32) -> impl Iterator<Item = Range> {
        self.boots.get(&boot).into_iter().flatten().map(|&(first, last)| Range { first, last })
    }

    /// The ranges for a receipt after an envelope with the numbers `first` to `last`: those that hold any of its numbers
    /// go in before all others, so that the device never waits for a receipt that leaves out what it just sent.
    pub fn receipt(&self, boot: u32, first: u32, last: u32) -> heapless::Vec<Range, MAX_RANGES> {
        let asked = |range: &Range| range.first <= last && first <= range.last;
        let mut chosen: heapless::Vec<Range, MAX_RANGES> = self.ranges(boot).filter(asked).take(MAX_RANGES).collect();
        for range in self.ranges(boot).filter(|range| !asked(range)) {
            if chosen.push(range).is_err() {
                break;
            }
        }
        chosen.sort_unstable_by_key(|range| range.first);
        chosen
    }

    /// The number up to which everything of the boot is in, without a hole.
    pub fn through(&self, boot: u32) -> Option<u32> {
        self.ranges(boot).next().filter(|range| range.first == 0).map(|range| range.last)
    }

    /// The boots that are told apart, ascending.
    pub fn boots(&self) -> impl Iterator<Item = u32> {
        self.boots.keys().copied()
    }

    /// How many numbers are in.
    pub fn count(&self) -> u64 {
        self.boots.values().flatten().map(|&(first, last)| u64::from(last - first) + 1).sum()
    }

    fn forget(&mut self) {
        while self.boots.len() > MAX_BOOTS {
            if let Some((boot, _)) = self.boots.pop_first() {
                self.forgotten_below = boot.saturating_add(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ranges(received: &Received, boot: u32) -> Vec<(u32, u32)> {
        received.ranges(boot).map(|range| (range.first, range.last)).collect()
    }

    #[test]
    fn a_number_is_new_once() {
        let mut received = Received::default();
        assert!(received.insert(1, 5));
        assert!(!received.insert(1, 5));
        assert!(received.insert(2, 5), "another boot has its own numbers");
    }

    #[test]
    fn a_gap_record_lets_the_receipt_move_on() {
        let mut received = Received::default();
        received.insert_range(3, 0, 9);
        received.insert_range(3, 15, 20);
        assert_eq!(received.through(3), Some(9));
        let gap = Gap { boot: 3, first: 10, count: 5, reason: GapReason::FlashFull };
        assert_eq!(received.insert_lost(&gap), 5);
        assert_eq!(ranges(&received, 3), [(0, 20)]);
        assert_eq!(received.insert_lost(&gap), 0, "a gap told twice changes nothing");
    }

    #[test]
    fn an_overflow_stands_for_no_numbers() {
        let mut received = Received::default();
        let gap = Gap { boot: 3, first: 10, count: 5, reason: GapReason::Overflow };
        assert_eq!(received.insert_lost(&gap), 0);
        assert!(!received.contains(3, 10));
    }

    #[test]
    fn the_last_number_of_all_does_not_overflow() {
        let mut received = Received::default();
        assert!(received.insert(1, u32::MAX));
        assert_eq!(received.insert_range(1, 0, u32::MAX), u32::MAX, "the count is as large as it can be told");
        let gap = Gap { boot: 1, first: u32::MAX, count: u32::MAX, reason: GapReason::Corrupt };
        assert_eq!(received.insert_lost(&gap), 0);
    }

    #[test]
    fn a_receipt_names_what_was_just_sent_even_among_many_holes() {
        let mut received = Received::default();
        for number in (0..100).step_by(2) {
            received.insert(1, number);
        }
        let receipt = received.receipt(1, 60, 62);
        assert_eq!(receipt.len(), MAX_RANGES);
        assert!(receipt.contains(&Range { first: 60, last: 60 }) && receipt.contains(&Range { first: 62, last: 62 }));
        assert!(receipt.windows(2).all(|pair| pair[0].last < pair[1].first));
    }

    #[test]
    fn boots_too_old_to_tell_apart_count_as_received() {
        let mut received = Received::default();
        for boot in 1..=MAX_BOOTS as u32 + 1 {
            received.insert(boot, 0);
        }
        assert!(received.contains(1, 77) && !received.insert(1, 77));
        assert!(!received.contains(2, 77) && received.insert(2, 77));
    }

    #[test]
    fn it_is_stored_compactly_and_older_documents_read() {
        let mut received = Received::default();
        received.insert_range(7, 0, 41);
        let text = serde_json::to_string(&received).expect("plain data");
        assert_eq!(text, r#"{"boots":{"7":[[0,41]]},"forgotten_below":0}"#);
        assert_eq!(serde_json::from_str::<Received>(&text).expect("what was written"), received);
        assert_eq!(serde_json::from_str::<Received>("{}").expect("an older document"), Received::default());
    }

    proptest! {
        #[test]
        fn intervals_hold_exactly_what_was_put_in(spans in prop::collection::vec((0u32..3, 0u32..80, 0u32..12), 0..60)) {
            let mut received = Received::default();
            let mut model = BTreeSet::new();
            for (boot, first, more) in spans {
                let before = model.len();
                model.extend((first..=first + more).map(|number| (boot, number)));
                prop_assert_eq!(received.insert_range(boot, first, first + more) as usize, model.len() - before);
            }
            prop_assert_eq!(received.count() as usize, model.len());
            for boot in 0..3 {
                for number in 0..100 {
                    prop_assert_eq!(received.contains(boot, number), model.contains(&(boot, number)));
                }
                let ranges = ranges(&received, boot);
                prop_assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(numbers in prop::collection::vec(0u32..200, 0..100)) {
            let (mut forth, mut back) = (Received::default(), Received::default());
            for &number in &numbers {
                forth.insert(1, number);
            }
            for &number in numbers.iter().rev() {
                back.insert(1, number);
            }
            prop_assert_eq!(forth, back);
        }

        #[test]
        fn any_gap_is_harmless(boot: u32, first: u32, count: u32) {
            let gap = Gap { boot, first, count, reason: GapReason::Corrupt };
            let mut received = Received::default();
            received.insert_lost(&gap);
            prop_assert_eq!(received.insert_lost(&gap), 0);
        }
    }
}

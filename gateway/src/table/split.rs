//! Conditions of several values and several levels as what a row can hold: some bits that have one value.
//!
//! A range is cut into blocks in which the upper bits are the same; two multiplexors that lie side by side are one.
//! Invariant: the conditions that come out hold for exactly the values that went in.

use milepost_firmware::signal::bits::{Field, Order};
use milepost_firmware::signal::table::Multiplexor;

use crate::dbc::Branch;

/// The longest multiplexor of a row, in bits.
const LONGEST: u8 = 32;

/// The widest range of a multiplexor among several.
const MOST: u64 = 1_024;

/// One multiplexor and one of its values.
type Condition = (Field, u64);

/// The conditions of a signal under `branches`, from its own outwards, with the fields of their multiplexors, of which any must hold.
/// `None` if rows cannot say it.
pub(super) fn conditions(branches: &[(&Branch, Field)]) -> Option<Vec<Option<Multiplexor>>> {
    let mut all: Vec<Option<Condition>> = vec![None];
    for (branch, field) in branches {
        let whole = branches.len() > 1;
        if whole && branch.ranges.iter().any(|&(low, high)| high.saturating_sub(low) > MOST) {
            return None;
        }
        let blocks: Vec<Condition> = branch.ranges.iter().flat_map(|&range| blocks(*field, range, whole)).collect();
        let mut next = Vec::new();
        for inner in &all {
            for &outer in &blocks {
                next.push(Some(match inner {
                    None => outer,
                    Some(inner) => joined(*inner, outer)?,
                }));
            }
        }
        all = next;
    }
    let row = |condition: Option<Condition>| match condition {
        None => Some(None),
        Some((field, value)) => {
            let value = u32::try_from(value).ok()?;
            (field.length <= LONGEST).then_some(Some(Multiplexor { field, value }))
        }
    };
    all.into_iter().map(row).collect()
}

/// A range as blocks: the upper bits of the field, and what they are; each value by itself where `whole` fields are wanted,
/// because the upper bits of one do not lie beside another.
fn blocks(field: Field, (low, high): (u64, u64), whole: bool) -> Vec<Condition> {
    let top = u64::MAX >> 64_u32.saturating_sub(field.length.into()).min(63);
    let mut blocks = Vec::new();
    let mut at = low;
    let high = high.min(top);
    while at <= high {
        // As many low bits as are nought in the first value, and no more than the range has.
        let most = if whole { 0 } else { u32::from(field.length).saturating_sub(1) };
        let mut free = at.trailing_zeros().min(most);
        while free > 0 && high - at < (1 << free) - 1 {
            free -= 1;
        }
        blocks.push((upper(field, free as u8), at >> free));
        match at.checked_add(1 << free) {
            Some(next) => at = next,
            None => break,
        }
    }
    blocks
}

/// The field without its lowest bits.
fn upper(field: Field, without: u8) -> Field {
    let start = match field.order {
        Order::Intel => field.start + u16::from(without),
        Order::Motorola => field.start,
    };
    Field { start, length: field.length - without, order: field.order }
}

/// Two conditions as one, if their fields lie side by side.
fn joined(one: Condition, other: Condition) -> Option<Condition> {
    let adjacent = |(low, low_value): Condition, (high, high_value): Condition| {
        let length = low.length.checked_add(high.length).filter(|&length| length <= LONGEST)?;
        let start = match low.order {
            Order::Intel => (low.start + u16::from(low.length) == high.start).then_some(low.start)?,
            // Counted as a reader of the payload meets the bits, the high part ends where the low one begins.
            Order::Motorola => ((high.start ^ 7) + u16::from(high.length) == low.start ^ 7).then_some(high.start)?,
        };
        Some((Field { start, length, order: low.order }, high_value << low.length | low_value))
    };
    if one.0.order != other.0.order {
        return None;
    }
    adjacent(one, other).or_else(|| adjacent(other, one))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(conditions: &[Option<Multiplexor>], data: &[u8]) -> bool {
        conditions.iter().any(|condition| {
            condition.is_none_or(|condition| condition.field.extract(data) == Some(condition.value.into()))
        })
    }

    #[test]
    fn a_signal_that_is_always_there_has_no_condition() {
        assert_eq!(conditions(&[]), Some(vec![None]));
    }

    #[test]
    fn multiplexors_apart_are_more_than_a_row_can_say() {
        let branch = Branch { switch: 0, ranges: vec![(1, 1)] };
        let field = |start| Field { start, length: 4, order: Order::Intel };
        assert_eq!(conditions(&[(&branch, field(0)), (&branch, field(8))]), None);
        assert!(conditions(&[(&branch, field(4)), (&branch, field(0))]).is_some());
    }

    proptest! {
        #[test]
        fn rows_hold_for_exactly_the_values_of_all_ranges(
            intel: bool, length in 1_u8..=10, start in 0_u16..12, data: [u8; 4], low in 0_u64..1024, more in 0_u64..600, second: bool,
        ) {
            let order = if intel { Order::Intel } else { Order::Motorola };
            let inner = Field { start: if intel { start } else { 23 - start }, length, order };
            let low = low & ((1 << length) - 1);
            let branch = Branch { switch: 0, ranges: vec![(low, low + more)] };
            let outer = Branch { switch: 1, ranges: vec![(1, 2)] };
            let beside = match order {
                Order::Intel => Field { start: start + u16::from(length), length: 2, order },
                Order::Motorola => Field { start: (start + u16::from(length)) ^ 7, length: 2, order },
            };
            let inner = if intel { inner } else { Field { start: start ^ 7, ..inner } };
            let mut branches = vec![(&branch, inner)];
            if second {
                branches.push((&outer, beside));
            }
            let value = inner.extract(&data).unwrap();
            let mut expected = low <= value && value <= low + more;
            if second {
                expected &= matches!(beside.extract(&data), Some(1 | 2));
            }
            prop_assert_eq!(holds(&conditions(&branches).unwrap(), &data), expected);
        }
    }
}

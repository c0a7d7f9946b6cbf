//! A whole matrix laid out for reading at the rate of a bus: everything that can be worked out before the first frame is.
//!
//! The rows of a [`super::table::Table`] and the steps of a program take their bits by the same [`Take`]; a table is what a car
//! keeps in flash, a program what a machine with memory makes of a matrix, or of a table.
//! Steps of one message that share eight bytes and a guard form a run; in each, those that need the least work stand first.
//! Invariant: a program never reads outside a payload, and a value that does not lie wholly within a short frame is not given.

use super::bits::{Order, Take, window};
use super::table::Number;

/// How one signal's value comes out of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// See [`Take`].
    pub mask: u64,
    /// Value = number × scale + offset.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// See [`Take`].
    pub shift: i8,
    /// The byte order.
    pub order: Order,
    /// What the bits are.
    pub number: Number,
    /// How many bytes a frame must have.
    pub bytes: u8,
}

/// Steps that share eight bytes and a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many of the message's steps.
    pub steps: u32,
    /// The first of the eight bytes.
    pub first: u8,
    /// One more than the index of the guard that must hold; nought for none.
    pub guard: u32,
}

/// A condition: a multiplexor has one of some values, and so has the one that it lies under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Where the multiplexor lies.
    pub switch: Take,
    /// How many bytes a frame must have for it.
    pub bytes: u8,
    /// Its values: so many of the program's ranges, from the first on.
    pub ranges: (u32, u32),
    /// One more than the index of the guard that must hold as well, which stands before this one; nought for none.
    pub outer: u32,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Its first run.
    pub run: u32,
    /// How many runs.
    pub runs: u32,
    /// Its first step; steps stand in the order of runs.
    pub step: u32,
    /// How many steps.
    pub steps: u32,
    /// How many of the first of them are unsigned numbers of at most 63 bits that are their own values.
    pub plain: u32,
    /// How many of those behind are such numbers with scale and offset.
    pub scaled: u32,
    /// How many bytes a frame must have for all of its steps; [`SLOW`] if one is guarded or beyond the first eight bytes.
    pub bytes: u8,
}

/// More bytes than any frame has: only [`Program::each`] reads the message.
pub const SLOW: u8 = u8::MAX;

/// Marks an identifier of 11 bits that is no message's.
pub const NONE: u16 = u16::MAX;

/// A program, wherever its parts are kept.
#[derive(Debug, Clone, Copy)]
pub struct Program<'p> {
    /// The message of each 11-bit identifier, or nothing at all, and then these stand with the others.
    pub standard: &'p [u16],
    /// The messages of all other identifiers as [`crate::frame::raw`] writes them, in their order.
    pub others: &'p [(u32, u16)],
    /// The messages of parameter groups (SAE J1939), in their order.
    pub groups: &'p [(u32, u16)],
    /// The messages.
    pub messages: &'p [Message],
    /// Their runs.
    pub runs: &'p [Run],
    /// Their steps.
    pub steps: &'p [Step],
    /// Their guards.
    pub guards: &'p [Guard],
    /// The values that guards allow, first and last.
    pub ranges: &'p [(u64, u64)],
}

impl Program<'_> {
    /// The message that an identifier means, as [`crate::frame::raw`] writes it.
    #[inline]
    pub fn find(&self, id: u32) -> Option<usize> {
        if let Some(&message) = self.standard.get(id as usize) {
            return (message != NONE).then_some(usize::from(message));
        }
        self.search(id)
    }

    fn search(&self, id: u32) -> Option<usize> {
        let of = |list: &[(u32, u16)], key| {
            let at = list.binary_search_by_key(&key, |&(key, _)| key).ok()?;
            list.get(at).map(|&(_, message)| usize::from(message))
        };
        of(self.others, id).or_else(|| of(self.groups, group(id)?))
    }

    /// The values of a frame of `message`, in the order of its steps, into the front of `values`; answers how many.
    /// `None` if the frame is short or the message [`SLOW`], or if `values` is too small: then [`Program::each`] reads it.
    #[inline]
    pub fn values(&self, message: usize, data: &[u8], values: &mut [f64]) -> Option<usize> {
        let message = self.messages.get(message)?;
        if data.len() < usize::from(message.bytes) {
            return None;
        }
        let count = message.steps as usize;
        let steps = self.steps.get(message.step as usize..)?.get(..count)?;
        let values = values.get_mut(..count)?;
        let words = Words::of(data, 0);
        let (plain, steps) = steps.split_at_checked(message.plain as usize)?;
        let (into, values) = values.split_at_mut_checked(message.plain as usize)?;
        for (step, value) in plain.iter().zip(into) {
            *value = step.short(words).cast_signed() as f64;
        }
        let (scaled, others) = steps.split_at_checked(message.scaled as usize)?;
        let (into, values) = values.split_at_mut_checked(message.scaled as usize)?;
        for (step, value) in scaled.iter().zip(into) {
            *value = step.short(words).cast_signed() as f64 * step.scale + step.offset;
        }
        for (step, value) in others.iter().zip(values) {
            *value = step.value(step.short(words));
        }
        Some(count)
    }

    /// Every raw value that lies wholly within a frame of `message`, with the number of its step.
    pub fn each(&self, message: usize, data: &[u8], mut sink: impl FnMut(usize, u64)) {
        let Some(message) = self.messages.get(message) else { return };
        let mut number = message.step as usize;
        for run in self.runs.iter().skip(message.run as usize).take(message.runs as usize) {
            let words = Words::of(data, run.first.into());
            let holds = self.holds(run.guard, data);
            let steps = self.steps.iter().skip(number).take(run.steps as usize);
            for step in steps {
                if holds && data.len() >= usize::from(step.bytes) {
                    let take = Take { first: run.first, shift: step.shift, order: step.order, mask: step.mask };
                    sink(number, take.all(words.of_order(step.order), data));
                }
                number += 1;
            }
        }
    }

    /// Whether a guard and all those around it hold; a multiplexor outside the frame holds for nobody.
    fn holds(&self, guard: u32, data: &[u8]) -> bool {
        let mut at = guard;
        while let Some(index) = at.checked_sub(1) {
            let Some(guard) = self.guards.get(index as usize) else { return false };
            if data.len() < usize::from(guard.bytes) {
                return false;
            }
            let value = guard.switch.all(window(data, guard.switch.first.into(), guard.switch.order), data);
            let (first, count) = guard.ranges;
            let mut ranges = self.ranges.iter().skip(first as usize).take(count as usize);
            // Those around it stand before it, so that this ends whatever a program holds.
            if guard.outer > index || !ranges.any(|&(low, high)| low <= value && value <= high) {
                return false;
            }
            at = guard.outer;
        }
        true
    }
}

/// Eight bytes as a number in each byte order.
#[derive(Debug, Clone, Copy)]
struct Words([u64; 2]);

impl Words {
    #[inline]
    fn of(data: &[u8], first: usize) -> Self {
        let bits = window(data, first, Order::Intel);
        Self([bits, bits.swap_bytes()])
    }

    #[inline]
    fn of_order(self, order: Order) -> u64 {
        self.0[order as usize]
    }
}

impl Step {
    #[inline]
    fn short(&self, words: Words) -> u64 {
        words.of_order(self.order) >> self.shift & self.mask
    }

    /// How many bits the raw value has.
    pub fn length(&self) -> u32 {
        self.mask.count_ones()
    }

    /// The number that raw bits stand for.
    pub fn number(&self, raw: u64) -> f64 {
        match self.number {
            Number::Unsigned => raw as f64,
            Number::Signed => self.signed(raw) as f64,
            Number::Float32 => f64::from(f32::from_bits(raw as u32)),
            Number::Float64 => f64::from_bits(raw),
        }
    }

    /// Raw bits in two's complement.
    pub fn signed(&self, raw: u64) -> i64 {
        let unused = self.mask.leading_zeros();
        (raw << unused).cast_signed() >> unused
    }

    /// The value that raw bits stand for.
    pub fn value(&self, raw: u64) -> f64 {
        self.number(raw) * self.scale + self.offset
    }
}

/// The parameter group of an identifier as [`crate::frame::raw`] writes it; `None` if it has 11 bits (SAE J1939-21, 5.2).
pub fn group(id: u32) -> Option<u32> {
    if id & crate::frame::EXTENDED == 0 {
        return None;
    }
    let group = id >> 8 & 0x3_FFFF;
    // Below 240 the low byte is the address that is spoken to.
    Some(if group >> 8 & 0xFF < 240 { group & 0x3_FF00 } else { group })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::super::bits::Field;
    use super::*;

    fn step(field: Field, number: Number, scale: f64, offset: f64) -> (Step, Take) {
        let take = Take::of(field);
        let bytes = field.bytes() as u8;
        (Step { mask: take.mask, shift: take.shift, order: take.order, number, bytes, scale, offset }, take)
    }

    const fn run(steps: u32, guard: u32) -> Run {
        Run { steps, first: 0, guard }
    }

    const EMPTY: Program<'static> = Program {
        standard: &[],
        others: &[],
        groups: &[],
        messages: &[],
        runs: &[],
        steps: &[],
        guards: &[],
        ranges: &[],
    };

    #[test]
    fn a_parameter_group_leaves_priority_source_and_destination_out() {
        for (id, expected) in [
            (0x8CF0_0400, Some(0xF004)),
            (0x98F0_04FE, Some(0xF004)),
            (0x98EA_FF00, Some(0xEA00)),
            (0x99FE_F1AB, Some(0x1_FEF1)),
            (0x7FF, None),
        ] {
            assert_eq!(group(id), expected, "{id:08X}");
        }
    }

    #[test]
    fn an_exact_identifier_goes_before_its_group() {
        let program = Program { others: &[(0x8CF0_0403, 1)], groups: &[(0xF004, 0)], ..EMPTY };
        assert_eq!(program.find(0x8CF0_0403), Some(1));
        assert_eq!(program.find(0x8CF0_0400), Some(0));
        assert_eq!(program.find(0x0CF0), None);
    }

    #[test]
    fn signals_within_a_short_frame_are_given_and_others_are_not() {
        let low = step(Field { start: 0, length: 8, order: Order::Intel }, Number::Unsigned, 1.0, 0.0);
        let high = step(Field { start: 16, length: 8, order: Order::Intel }, Number::Signed, 0.5, 1.0);
        let message = Message { run: 0, runs: 1, bytes: 3, step: 0, steps: 2, plain: 1, scaled: 0 };
        let program = Program { messages: &[message], runs: &[run(2, 0)], steps: &[low.0, high.0], ..EMPTY };
        let mut values = [9.0; 4];
        assert_eq!(program.values(0, &[7, 0, 0xFE], &mut values), Some(2));
        assert_eq!(values.map(f64::to_bits), [7.0, 0.0, 9.0, 9.0].map(f64::to_bits));
        assert_eq!(program.values(0, &[7, 0], &mut values), None);
        let mut seen = Vec::new();
        program.each(0, &[7, 0], |number, raw| seen.push((number, raw)));
        assert_eq!(seen, [(0, 7)]);
    }

    #[test]
    fn a_multiplexor_under_another_needs_both() {
        let outer = Take::of(Field { start: 0, length: 8, order: Order::Intel });
        let inner = Take::of(Field { start: 8, length: 8, order: Order::Intel });
        let value = step(Field { start: 16, length: 8, order: Order::Intel }, Number::Unsigned, 1.0, 0.0);
        let program = Program {
            messages: &[Message { run: 0, runs: 1, bytes: SLOW, step: 0, steps: 1, plain: 1, scaled: 0 }],
            runs: &[run(1, 2)],
            steps: &[value.0],
            guards: &[
                Guard { switch: outer, bytes: 1, ranges: (0, 1), outer: 0 },
                Guard { switch: inner, bytes: 2, ranges: (1, 2), outer: 1 },
            ],
            ranges: &[(3, 3), (0, 1), (7, 9)],
            ..EMPTY
        };
        let reads = |data: [u8; 3]| {
            let mut count = 0;
            program.each(0, &data, |_, _| count += 1);
            count == 1
        };
        assert!(reads([3, 8, 0]) && reads([3, 0, 0]));
        assert!(!reads([2, 8, 0]) && !reads([3, 2, 0]));
        assert_eq!(program.values(0, &[3, 8, 0], &mut [0.0; 1]), None);
    }

    proptest! {
        #[test]
        fn both_ways_of_reading_say_the_same(
            start in 0_u16..64, length in 1_u8..=63, intel: bool, plain: bool, data in proptest::collection::vec(any::<u8>(), 8..=8),
        ) {
            let field = Field { start, length, order: if intel { Order::Intel } else { Order::Motorola } };
            prop_assume!(field.fits(8));
            let (scale, offset) = if plain { (1.0, 0.0) } else { (0.25, -7.0) };
            let (step, _) = step(field, Number::Unsigned, scale, offset);
            let (plain, scaled) = (u32::from(plain), u32::from(!plain));
            let program = Program {
                messages: &[Message { run: 0, runs: 1, bytes: 8, step: 0, steps: 1, plain, scaled }],
                runs: &[run(1, 0)],
                steps: &[step],
                ..EMPTY
            };
            let mut values = [0.0];
            program.values(0, &data, &mut values);
            let mut raw = None;
            program.each(0, &data, |_, bits| raw = Some(bits));
            prop_assert_eq!(raw, field.extract(&data));
            prop_assert_eq!(Some(values[0]), raw.map(|raw| step.value(raw)));
        }
    }
}

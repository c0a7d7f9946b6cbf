//! A whole matrix laid out for reading at the rate of a bus: everything that can be worked out before the first frame is.
//!
//! The rows of a [`super::table::Table`] and the steps of a program take their bits by the same [`Take`]; a table is what a car
//! keeps in flash, a program what a machine with memory makes of a matrix, or of a table.
//! Steps of one message that share eight bytes and a guard form a run; in each, what needs fewer bytes stands before what needs more.
//! Most messages are one run that [`super::quick`] reads.
//! Invariant: a program never reads outside a payload, and a value that does not lie wholly within a short frame is not given.

use super::bits::{Order, Take, window};
use super::quick::{self, Pair, Words};
use super::table::Number;

/// How one signal's value comes out of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// See [`Take`].
    pub mask: u64,
    /// Value = (number × scale + offset) ÷ divisor.
    ///
    /// With whole numbers for a scale and an offset of tenths, and ten for a divisor, the value is the floating-point number nearest to
    /// what a matrix means, where a scale of 0.1 gives a neighbour of it.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// See `scale`; 1 if there is nothing to divide.
    pub divisor: f64,
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

/// One message; `P` is where its pairs are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Message<P> {
    /// Its steps, two by two; none if it is [`SLOW`]. The last may be half empty.
    pub pairs: P,
    /// Its first run.
    pub run: u32,
    /// How many runs.
    pub runs: u16,
    /// Its first step; steps stand in the order of runs.
    pub step: u32,
    /// How many steps.
    pub steps: u16,
    /// How many bytes a frame must have for all of its steps; [`SLOW`] if they are not all in pairs.
    pub bytes: u8,
}

/// More bytes than any frame has: one of the steps is guarded, beyond the first eight bytes, a float, or too long for a lane,
/// and only [`Program::each`] reads the message.
pub const SLOW: u8 = u8::MAX;

/// Marks an identifier of 11 bits that is no message's.
pub const NONE: u16 = u16::MAX;

/// A program, wherever its parts are kept.
#[derive(Debug, Clone, Copy)]
pub struct Program<'p, P> {
    /// The message of each 11-bit identifier, or nothing at all, and then these stand with the others.
    pub standard: &'p [u16],
    /// The messages of all other identifiers as [`crate::frame::raw`] writes them, in their order.
    pub others: &'p [(u32, u16)],
    /// The messages of parameter groups (SAE J1939), in their order.
    pub groups: &'p [(u32, u16)],
    /// The messages.
    pub messages: &'p [Message<P>],
    /// Their runs.
    pub runs: &'p [Run],
    /// Their steps.
    pub steps: &'p [Step],
    /// Their guards.
    pub guards: &'p [Guard],
    /// The values that guards allow, first and last.
    pub ranges: &'p [(u64, u64)],
}

impl<P: AsRef<[Pair]>> Program<'_, P> {
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

    /// Every value of a frame, as [`Program::values`] gives them; none if no message has this identifier.
    pub fn read(&self, id: u32, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        match self.standard.get(id as usize) {
            // [`NONE`] is no message.
            Some(&message) => self.values(message.into(), data, values),
            None => self.searched(id, data, values),
        }
    }

    #[inline(never)]
    fn searched(&self, id: u32, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        self.search(id).map_or(0, |message| self.values(message, data, values))
    }

    /// Every value that lies wholly within a frame of `message`, in the order in which [`Program::each`] meets them, into the front of
    /// `values`; answers how many.
    ///
    /// `values` has as many places as any message has steps; what finds no place is left out.
    // What is rare stands in functions of its own that are called last, so that this one needs no stack.
    #[inline]
    pub fn values(&self, message: usize, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        let Some(found) = self.messages.get(message) else { return 0 };
        let pairs = found.pairs.as_ref();
        if data.len() >= usize::from(found.bytes)
            && let Some(places) = values.get_mut(..pairs.len())
        {
            quick::read(pairs, &Words::of(data), places);
            return usize::from(found.steps);
        }
        self.rarely(message, data, values)
    }

    /// Reads a short frame, or one of a message that is [`SLOW`], or what of a frame finds a place.
    #[inline(never)]
    fn rarely(&self, message: usize, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        self.first(message, data, values).unwrap_or_else(|| self.one_by_one(message, data, values))
    }

    /// Reads the first steps, which need the fewest bytes.
    fn first(&self, message: usize, data: &[u8], values: &mut [[f64; 2]]) -> Option<usize> {
        let message = self.messages.get(message).filter(|found| found.bytes != SLOW)?;
        let steps = self.steps.get(message.step as usize..)?.get(..usize::from(message.steps))?;
        let count = steps.partition_point(|step| usize::from(step.bytes) <= data.len());
        let pairs = message.pairs.as_ref().get(..count.div_ceil(2))?;
        quick::read(pairs, &Words::of(data), values.get_mut(..pairs.len())?);
        Some(count)
    }

    #[inline(never)]
    fn one_by_one(&self, message: usize, data: &[u8], values: &mut [[f64; 2]]) -> usize {
        let mut places = values.as_flattened_mut().iter_mut();
        let mut count = 0;
        self.each(message, data, |step, bits| {
            if let (Some(step), Some(place)) = (self.steps.get(step), places.next()) {
                *place = step.value(bits);
                count += 1;
            }
        });
        count
    }

    /// Every raw value that lies wholly within a frame of `message`, with the number of its step.
    pub fn each(&self, message: usize, data: &[u8], mut sink: impl FnMut(usize, u64)) {
        let Some(message) = self.messages.get(message) else { return };
        let mut number = message.step as usize;
        let (mut guard, mut holds) = (0, true);
        for run in self.runs.iter().skip(message.run as usize).take(message.runs.into()) {
            let (begin, end) = (number, number.saturating_add(run.steps as usize));
            number = end;
            if run.guard != guard {
                (guard, holds) = (run.guard, self.holds(run.guard, data));
            }
            let Some(steps) = self.steps.get(begin..end).filter(|_| holds) else { continue };
            let words = Words::of(data.get(usize::from(run.first)..).unwrap_or_default());
            for (number, step) in (begin..).zip(steps) {
                if data.len() >= usize::from(step.bytes) {
                    let take = Take { first: run.first, shift: step.shift, order: step.order, mask: step.mask };
                    sink(number, take.all(words.of_order(step.order), data));
                }
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

impl Step {
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
        (self.number(raw) * self.scale + self.offset) / self.divisor
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
    use super::super::quick::Lane;
    use super::*;

    fn step(field: Field, number: Number, scale: f64, offset: f64) -> (Step, Take) {
        let take = Take::of(field);
        let (bytes, divisor) = (field.bytes() as u8, 1.0);
        (Step { mask: take.mask, shift: take.shift, order: take.order, number, bytes, scale, offset, divisor }, take)
    }

    const fn run(steps: u32, guard: u32) -> Run {
        Run { steps, first: 0, guard }
    }

    const EMPTY: Program<'static, &'static [Pair]> = Program {
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
        let pairs = [Pair::new(Lane::of(&low.0, low.1).unwrap(), Lane::of(&high.0, high.1))];
        let message = Message { run: 0, runs: 1, bytes: 3, step: 0, steps: 2, pairs: &pairs[..] };
        let program =
            Program { messages: &[message], runs: &[run(2, 0)], steps: &[low.0, high.0], others: &[(1, 0)], ..EMPTY };
        let mut values = [[9.0; 2]; 2];
        assert_eq!(program.values(0, &[7, 0, 0xFE], &mut values), 2);
        assert_eq!(values.as_flattened(), [7.0, 0.0, 9.0, 9.0]);
        assert_eq!((program.read(1, &[7, 0], &mut values), program.read(2, &[7, 0], &mut values)), (1, 0));
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
            messages: &[Message { run: 0, runs: 1, bytes: SLOW, step: 0, steps: 1, pairs: &[][..] }],
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
        assert_eq!(program.values(0, &[3, 8, 5], &mut [[0.0; 2]]), 1);
        assert_eq!(program.values(0, &[2, 8, 5], &mut [[0.0; 2]]), 0);
    }

    fn any_step() -> impl Strategy<Value = (Step, Take)> {
        let number = prop_oneof![
            40 => Just(Number::Unsigned),
            40 => Just(Number::Signed),
            1 => Just(Number::Float32),
            1 => Just(Number::Float64),
        ];
        let line = prop_oneof![
            Just((1.0, 0.0, 1.0)),
            Just((1.0, -8192.0, 10.0)),
            Just((-0.25, 7.0, 1.0)),
            (any::<f64>(), any::<f64>(), Just(1.0)),
        ];
        let field =
            (0_u16..64, 1_u8..=64, any::<bool>(), number, line).prop_map(|(start, length, intel, number, line)| {
                let order = if intel { Order::Intel } else { Order::Motorola };
                let length = match number {
                    Number::Float32 => 32,
                    Number::Float64 => 64,
                    _ => length,
                };
                let (step, take) = step(Field { start, length, order }, number, line.0, line.1);
                (Step { divisor: line.2, ..step }, take)
            });
        field.prop_filter("within eight bytes", |(step, take)| step.bytes <= 8 && take.first == 0 && !take.is_long())
    }

    proptest! {
        #![proptest_config(ProptestConfig { max_local_rejects: 1 << 20, ..ProptestConfig::default() })]

        #[test]
        fn both_ways_of_reading_say_the_same_bit_for_bit(
            all in proptest::collection::vec(any_step(), 1..24), data in proptest::collection::vec(any::<u8>(), 0..=12),
        ) {
            let mut all = all;
            all.sort_by_key(|(step, _)| step.bytes);
            let lanes: Option<Vec<Lane>> = all.iter().map(|(step, take)| Lane::of(step, *take)).collect();
            let needs = all.iter().map(|(step, _)| step.bytes).max().unwrap_or(0);
            let bytes = if lanes.is_some() { needs } else { SLOW };
            let lanes = lanes.unwrap_or_default();
            let pairs: Vec<Pair> = lanes.chunks(2).map(|two| Pair::new(two[0], two.get(1).copied())).collect();
            let steps: Vec<Step> = all.iter().map(|(step, _)| *step).collect();
            let count = steps.len() as u16;
            let message = Message { run: 0, runs: 1, bytes, step: 0, steps: count, pairs: &pairs[..] };
            let runs = [run(count.into(), 0)];
            let program = Program { messages: &[message], runs: &runs, steps: &steps, ..EMPTY };
            let program = Program { others: &[(7, 0)], ..program };
            let mut slow = Vec::new();
            program.each(0, &data, |step, bits| slow.push(steps[step].value(bits).to_bits()));
            prop_assert_eq!(slow.len() == steps.len(), data.len() >= usize::from(needs));
            let mut values = [[0.0; 2]; 12];
            let count = program.read(7, &data, &mut values);
            let quick: Vec<u64> = values.as_flattened()[..count].iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(quick, slow);
            prop_assert_eq!(program.read(8, &data, &mut values), 0);
            let room = steps.len() / 4;
            prop_assert!(program.read(7, &data, &mut values[..room]) <= 2 * room);
        }

        #[test]
        fn integers_of_up_to_forty_bits_all_have_a_lane(
            start in 0_u16..64, length in 1_u8..=40, intel: bool, signed: bool, data: [u8; 8],
        ) {
            let field = Field { start, length, order: if intel { Order::Intel } else { Order::Motorola } };
            prop_assume!(field.fits(8));
            let number = if signed { Number::Signed } else { Number::Unsigned };
            let (step, take) = step(field, number, 1.0, 0.0);
            let pairs = [Pair::new(Lane::of(&step, take).unwrap(), None)];
            let mut values = [[0.0; 2]];
            quick::read(&pairs, &Words::of(&data), &mut values);
            let raw = field.extract(&data).unwrap();
            let expected = if signed { field.signed(raw) as f64 } else { raw as f64 };
            prop_assert_eq!(values[0][0].to_bits(), expected.to_bits());
        }
    }
}

//! The program against hand-made frames, and its two ways of reading against each other.

use proptest::prelude::*;
use std::vec::Vec;

use super::super::bits::Field;
use super::super::quick::Lane;
use super::*;

fn step(field: Field, number: Number, scale: f64, offset: f64) -> (Step, Take) {
    let take = Take::of(field);
    let (bytes, divisor) = (field.bytes() as u8, 1.0);
    (
        Step { mask: take.mask, shift: take.shift, order: take.order, number, bytes, scale, offset, divisor, place: 0 },
        take,
    )
}

const NONE_IN_PAIRS: Lanes<&[Pair]> = Lanes { pairs: &[], turns: [Turn::NONE; 2], bytes: SLOW };

const fn run(steps: u32, guard: u32) -> Run<&'static [Pair]> {
    Run { lanes: NONE_IN_PAIRS, steps, first: 0, guard }
}

const EMPTY: Program<'static, &'static [Pair]> =
    Program { standard: &[], others: &[], groups: &[], messages: &[], runs: &[], steps: &[], guards: &[], ranges: &[] };

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
    let lane = |(step, take): (Step, Take)| Lane::of(&step, take, Turn::NONE).unwrap();
    let pairs = [Pair::new([lane(low), lane(high)])];
    let lanes = Lanes { pairs: &pairs[..], turns: [Turn::NONE; 2], bytes: 3 };
    let message = Message { run: 0, runs: 1, step: 0, steps: 2, lanes };
    let steps = [low.0, Step { place: 1, ..high.0 }];
    let program = Program { messages: &[message], runs: &[run(2, 0)], steps: &steps, others: &[(1, 0)], ..EMPTY };
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
        messages: &[Message { run: 0, runs: 1, step: 0, steps: 1, lanes: NONE_IN_PAIRS }],
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

fn order(intel: bool) -> Order {
    if intel { Order::Intel } else { Order::Motorola }
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
    let field = (0_u16..64, 1_u8..=64, any::<bool>(), number, line).prop_map(|(start, length, intel, number, line)| {
        let order = order(intel);
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
        all in proptest::collection::vec(any_step(), 1..24), idle: u32, data in proptest::collection::vec(any::<u8>(), 0..=12),
        turns: [(bool, u8); 2], guarded: bool,
    ) {
        let turns = turns.map(|(intel, right)| Turn { order: order(intel), right: right % 64 });
        // A lane is left idle where the word does not show the field, and here and there besides.
        let (mut lanes, mut steps) = (Vec::new(), Vec::new());
        for (number, (step, take)) in all.iter().enumerate() {
            let of = |place: usize| Lane::of(step, *take, turns[place % 2]).filter(|_| idle >> number & 1 == 0 || place % 2 == 1);
            let Some(skipped) = [0, 1].into_iter().find(|skipped| of(lanes.len() + skipped).is_some()) else { continue };
            lanes.extend((0..skipped).map(|_| Lane::IDLE));
            steps.push(Step { place: lanes.len() as u8, ..*step });
            lanes.extend(of(lanes.len()));
        }
        prop_assume!(!steps.is_empty());
        let needs = steps.iter().map(|step| step.bytes).max().unwrap_or(0);
        let straight = steps.len() == lanes.len();
        lanes.extend((0..lanes.len() % 2).map(|_| Lane::IDLE));
        let pairs: Vec<Pair> = lanes.chunks(2).map(|two| Pair::new([two[0], two[1]])).collect();
        let bytes = if straight { needs } else { SLOW };
        let lanes = Lanes { pairs: &pairs[..], turns, bytes };
        let (ours, runs) = if guarded { (NONE_IN_PAIRS, Run { lanes, ..run(steps.len() as u32, 1) }) } else { (lanes, run(steps.len() as u32, 0)) };
        let message = Message { run: 0, runs: 1, step: 0, steps: steps.len() as u16, lanes: ours };
        let switch = Take::of(Field { start: 0, length: 8, order: Order::Intel });
        let guards = [Guard { switch, bytes: 1, ranges: (0, 1), outer: 0 }];
        let program = Program { messages: &[message], runs: &[runs], steps: &steps, guards: &guards, ranges: &[(0, 127)], ..EMPTY };
        let program = Program { others: &[(7, 0)], ..program };
        let mut slow = Vec::new();
        program.each(0, &data, |step, bits| slow.push(steps[step].value(bits).to_bits()));
        let holds = !guarded || data.first().is_some_and(|&switch| switch < 128);
        prop_assert_eq!(slow.len() == steps.len(), holds && data.len() >= usize::from(needs));
        let mut values = [[0.0; 2]; 24];
        let count = program.read(7, &data, &mut values);
        let quick: Vec<u64> = values.as_flattened()[..count].iter().map(|value| value.to_bits()).collect();
        prop_assert_eq!(quick, slow);
        prop_assert_eq!(program.read(8, &data, &mut values), 0);
        let room = steps.len() / 4;
        prop_assert!(program.read(7, &data, &mut values[..room]) <= 2 * room);
    }

    #[test]
    fn integers_of_up_to_fifty_two_bits_all_have_a_lane(
        start in 0_u16..64, length in 1_u8..=52, intel: bool, signed: bool, data: [u8; 8],
    ) {
        let field = Field { start, length, order: order(intel) };
        prop_assume!(field.fits(8));
        let number = if signed { Number::Signed } else { Number::Unsigned };
        let (step, take) = step(field, number, 1.0, 0.0);
        let turn = Turn { order: order(intel), right: take.shift.cast_unsigned() };
        let pairs = [Pair::new([Lane::of(&step, take, turn).unwrap(), Lane::IDLE])];
        let mut values = [[0.0; 2]];
        quick::read(&pairs, Words::of(&data, &[turn; 2]), &mut values);
        let raw = field.extract(&data).unwrap();
        let expected = if signed { field.signed(raw) as f64 } else { raw as f64 };
        prop_assert_eq!(values[0][0].to_bits(), expected.to_bits());
    }
}

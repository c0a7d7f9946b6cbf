//! Which signals of a message stand side by side: two lanes, each with its word of the payload turned once a frame.
//!
//! Invariant: every signal has a lane of its own, in a word that shows all of its bits; idle lanes are as few as any two turns allow.

use milepost_firmware::signal::bits::{Order, Take};
use milepost_firmware::signal::program::Step;
use milepost_firmware::signal::quick::{Lane, Turn};

/// The most signals of one message that are arranged.
const MOST: usize = 128;

/// A message's lanes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lanes {
    /// How the two words are turned.
    pub(super) turns: [Turn; 2],
    /// The signals in the order of their places, by their index in what was given, each with its place.
    pub(super) places: Vec<(usize, u8)>,
    /// The lanes, two by two.
    pub(super) pairs: Vec<[Lane; 2]>,
}

/// The lanes of a message whose signals are read in these ways; `None` if one of them has no lane in any two words.
pub(super) fn arrange(steps: &[(Step, Take)]) -> Option<Lanes> {
    if steps.len() > MOST {
        return None;
    }
    let all = steps.iter().enumerate().fold(0_u128, |all, (at, _)| all | 1 << at);
    let mut turns: Vec<(Turn, u128)> = Vec::new();
    for turn in every_turn() {
        let shown = steps.iter().enumerate().filter(|(_, (step, take))| Lane::of(step, *take, turn).is_some());
        let shown = shown.fold(0, |shown, (at, _)| shown | 1 << at);
        // Turns that show the same signals are as good as one another.
        if shown != 0 && turns.iter().all(|&(_, known)| known != shown) {
            turns.push((turn, shown));
        }
    }
    let both = turns.iter().flat_map(|first| turns.iter().map(move |second| (first, second)));
    let covered = both.filter(|((_, first), (_, second))| first | second == all);
    let (&first, &second) = covered.min_by_key(|((_, first), (_, second))| rows(steps.len(), *first, *second))?;
    let lanes = split(steps.len(), first.1, second.1);
    let turns = [first.0, second.0];
    let lane = |slot: usize, at: Option<&usize>| -> Option<Lane> {
        let Some(&at) = at else { return Some(Lane::IDLE) };
        let (step, take) = steps.get(at)?;
        Lane::of(step, *take, turns[slot])
    };
    let count = lanes[0].len().max(lanes[1].len());
    let mut places = Vec::with_capacity(steps.len());
    let mut pairs = Vec::with_capacity(count);
    for row in 0..count {
        pairs.push([lane(0, lanes[0].get(row))?, lane(1, lanes[1].get(row))?]);
        let of = |slot: usize| lanes[slot].get(row).map(|&at| (at, (2 * row + slot) as u8));
        places.extend([of(0), of(1)].into_iter().flatten());
    }
    Some(Lanes { turns, places, pairs })
}

fn every_turn() -> impl Iterator<Item = Turn> {
    [Order::Intel, Order::Motorola].into_iter().flat_map(|order| (0..64).map(move |right| Turn { order, right }))
}

/// How many pairs two words need, and whether idle lanes stand between others.
fn rows(count: usize, first: u128, second: u128) -> (usize, bool) {
    let [first, second] = split(count, first, second).map(|lane| lane.len());
    (first.max(second), first != second && first != second + 1)
}

/// The signals of both lanes, as evenly as their words allow.
fn split(count: usize, first: u128, second: u128) -> [Vec<usize>; 2] {
    let only = |here: u128, there: u128| (0..count).filter(move |at| (here & !there) >> at & 1 == 1);
    let mut lanes = [only(first, second).collect::<Vec<_>>(), only(second, first).collect()];
    for at in (0..count).filter(|at| (first & second) >> at & 1 == 1) {
        let shorter = usize::from(lanes[1].len() < lanes[0].len());
        lanes[shorter].push(at);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use milepost_firmware::signal::bits::Field;
    use milepost_firmware::signal::table::Number;
    use proptest::prelude::*;

    use super::*;

    fn step(start: u16, length: u8, order: Order) -> (Step, Take) {
        let field = Field { start, length, order };
        let take = Take::of(field);
        let Take { mask, shift, order, .. } = take;
        let (bytes, number) = (field.bytes() as u8, Number::Unsigned);
        (Step { mask, scale: 1.0, offset: 0.0, divisor: 1.0, shift, order, number, bytes, place: 0 }, take)
    }

    fn straight(lanes: &Lanes) -> bool {
        lanes.places.iter().enumerate().all(|(at, &(_, place))| at == usize::from(place))
    }

    #[test]
    fn a_full_frame_of_bytes_has_no_idle_lane_in_either_order() {
        for order in [Order::Intel, Order::Motorola] {
            let start = |byte: u16| 8 * byte + if order == Order::Intel { 0 } else { 7 };
            let steps: Vec<_> = (0..8).map(|byte| step(start(byte), 8, order)).collect();
            let lanes = arrange(&steps).unwrap();
            assert_eq!(lanes.pairs.len(), 4);
            assert!(straight(&lanes));
        }
    }

    #[test]
    fn a_field_that_leaves_no_word_to_the_flags_around_it_leaves_idle_lanes() {
        let mut steps = vec![step(0, 48, Order::Intel)];
        steps.extend((48..64).map(|bit| step(bit, 1, Order::Intel)));
        let lanes = arrange(&steps).unwrap();
        assert!(!straight(&lanes) && lanes.places.len() == 17, "{lanes:?}");
    }

    #[test]
    fn a_field_of_more_bits_than_a_mantissa_has_none() {
        assert_eq!(arrange(&[step(0, 53, Order::Intel)]), None);
        assert_eq!(arrange(&[]).map(|lanes| lanes.pairs.len()), None);
    }

    proptest! {
        #[test]
        fn every_signal_has_a_place_of_its_own(
            fields in proptest::collection::vec((0_u16..64, 1_u8..=40), 1..40), intel: bool,
        ) {
            let order = if intel { Order::Intel } else { Order::Motorola };
            let fields: Vec<_> =
                fields.into_iter().filter(|&(start, length)| Field { start, length, order }.fits(8)).collect();
            prop_assume!(!fields.is_empty());
            let steps: Vec<_> = fields.iter().map(|&(start, length)| step(start, length, order)).collect();
            let Some(lanes) = arrange(&steps) else { return Ok(()) };
            let mut signals: Vec<usize> = lanes.places.iter().map(|&(at, _)| at).collect();
            prop_assert!(lanes.places.windows(2).all(|two| two[0].1 < two[1].1));
            signals.sort_unstable();
            prop_assert_eq!(signals, (0..steps.len()).collect::<Vec<_>>());
            for (at, place) in lanes.places {
                let slot = usize::from(place % 2);
                let lane = Lane::of(&steps[at].0, steps[at].1, lanes.turns[slot]);
                prop_assert_eq!(lane, Some(lanes.pairs[usize::from(place / 2)][slot]));
            }
        }
    }
}

//! Signed numbers as bits: zero or not, sign, length, and the digits behind the first (Elias gamma), each with estimates of its own.
//!
//! Invariant: every `i64` has one row of bits, of which at most 18 are estimated; those behind are plain.

use super::coder::Bits;
use super::logistic::{Estimate, Mixer};

/// The estimates of one number in one context: [`WIDE`] for values, [`NARROW`] for times.
pub(super) type Estimates<const NODES: usize> = [Estimate; NODES];

/// Enough for all lengths up to 2^13, and for each first digits.
pub(super) const WIDE: usize = 32;

/// Enough for lengths up to 2^8 whose digits are much alike.
pub(super) const NARROW: usize = 16;

/// The mixers of a number in `K` contexts: for zero, sign, length and digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mixers<const K: usize>([Mixer<K>; 4]);

impl<const K: usize> Mixers<K> {
    pub(super) const NEW: Self = Self([Mixer::NEW; 4]);

    /// Codes a number; every context learns from it.
    pub(super) fn code<B: Bits, const NODES: usize>(
        &mut self,
        bits: &mut B,
        mut contexts: [&mut Estimates<NODES>; K],
        value: i64,
    ) -> i64 {
        let lengths = lengths(NODES);
        let mut code = |bits: &mut B, kind: usize, node: usize, bit: bool| {
            self.0[kind].code(bits, contexts.each_mut().map(|context| &mut context[node]), bit)
        };
        if code(bits, 0, 0, value == 0) {
            return 0;
        }
        let negative = code(bits, 1, 1, value < 0);
        let magnitude = value.unsigned_abs().max(1);
        let wanted = magnitude.ilog2();
        let mut length = 0;
        while length < lengths && code(bits, 2, 2 + length as usize, wanted > length) {
            length += 1;
        }
        let mut read: u64 = 1;
        if length == lengths {
            let digits = lengths + bits.plain(u64::from(wanted.wrapping_sub(lengths)), 6) as u32;
            let digits = digits.min(63);
            read = read << digits | bits.plain(magnitude, digits);
        } else {
            for place in (0..length).rev() {
                let bit = magnitude >> place & 1 == 1;
                let bit = match node(NODES, length, length - 1 - place, place, read & 1 == 1) {
                    Some(node) => code(bits, 3, node, bit),
                    None => bits.plain(u64::from(bit), 1) == 1,
                };
                read = read << 1 | u64::from(bit);
            }
        }
        let value = read.cast_signed();
        if negative { value.wrapping_neg() } else { value }
    }
}

/// How many lengths are told one by one; longer numbers tell theirs in plain bits.
const fn lengths(nodes: usize) -> u32 {
    if nodes == WIDE { 13 } else { 8 }
}

/// The estimate of a digit: by the number's length, the digit's rank from the top, its place from the end, and the digit before it.
fn node(nodes: usize, length: u32, rank: u32, place: u32, before: bool) -> Option<usize> {
    let first = 2 + lengths(nodes);
    let node = match (length, rank, place) {
        (1, ..) => first,
        (2, 0, _) => first + 1,
        (2, ..) if nodes == NARROW => first + 2,
        (2, ..) => first + 2 + u32::from(before),
        (_, _, 0) => nodes as u32 - 1,
        (_, rank @ 0..=1, _) if nodes == NARROW => first + 3 + rank,
        (_, rank @ 0..=1, _) => first + 4 + 6 * rank + (length - 3).min(5),
        _ => return None,
    };
    Some(node as usize)
}

//! Integers out of a frame two at a time, without a shift and without a conversion: the form that hosts decode whole buses with.
//!
//! Eight bytes of a payload are two words, one for each of two lanes, each in a byte order and rotated so that the fields which
//! the lane takes stand within the low 52 bits.
//! A field's bits, left where they are, become the low bits of a floating-point number whose exponent gives bit `s` of the word the
//! weight one; what the exponent and, for a signed number, the turned sign bit have added is then subtracted, and all of that is exact.
//! The lanes lie side by side, so that each operation is one instruction for both where a processor has such.
//! Invariant: a lane's value is, bit for bit, that of [`Step::value`] for the same field.

use wide::{bytemuck, f64x2, u64x2};

use super::bits::{Order, Take};
use super::program::Step;
use super::table::Number;

/// How many bits of a word can be the mantissa of a number.
const ROOM: u32 = 52;

/// The exponent of 1.0, as it stands in a number.
const BIAS: u64 = 1023;

/// How eight bytes of a payload become the word of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The byte order.
    pub order: Order,
    /// By how many places the word is rotated towards its low end, 0 to 63.
    pub right: u8,
}

impl Turn {
    /// A word as it is.
    pub const NONE: Self = Self { order: Order::Intel, right: 0 };

    /// Where the lowest bit of a field comes to lie; `None` if the word does not show it in its low bits.
    fn place(self, take: Take) -> Option<u32> {
        let (mut low, length) = (u32::try_from(take.shift).ok()?, take.mask.count_ones());
        if take.order != self.order {
            // Within one byte both orders are the same, and the bytes stand the other way round.
            if low % u8::BITS + length > u8::BITS {
                return None;
            }
            low ^= u64::BITS - u8::BITS;
        }
        let low = low.wrapping_sub(self.right.into()) % u64::BITS;
        (low + length <= ROOM).then_some(low)
    }
}

/// The words of both lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(u64x2);

impl Words {
    /// Of a payload whose missing bytes are nought.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "by value, all four bytes come as one number that is taken apart again"
    )]
    #[inline]
    pub(super) fn of(data: &[u8], turns: &[Turn; 2]) -> Self {
        let intel = first_eight(data);
        let orders = [intel, intel.swap_bytes()];
        let [first, second] = turns;
        let of = |turn: &Turn| orders[turn.order as usize].rotate_right(turn.right.into());
        Self(u64x2::new([of(first), of(second)]))
    }
}

/// The first eight bytes as a number, little endian; bytes that the payload does not have are nought.
#[inline]
pub(super) fn first_eight(data: &[u8]) -> u64 {
    if let Some(bytes) = data.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    // Fewer bytes are two halves that overlap.
    if let (Some(first), Some(last)) = (data.first_chunk::<4>(), data.last_chunk::<4>()) {
        let above = 8 * (data.len() - 4);
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << above;
    }
    if let (Some(first), Some(last)) = (data.first_chunk::<2>(), data.last_chunk::<2>()) {
        let above = 8 * (data.len() - 2);
        return u64::from(u16::from_le_bytes(*first)) | u64::from(u16::from_le_bytes(*last)) << above;
    }
    data.first().copied().map_or(0, u64::from)
}

/// How one integer is taken and scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lane {
    /// The field's bits, where they stand.
    mask: u64,
    /// The exponent, and the sign bit of a signed field.
    turn: u64,
    /// What both have added to the number.
    added: f64,
    scale: f64,
    offset: f64,
    divisor: f64,
}

impl Lane {
    /// A lane whose value nobody looks at.
    pub const IDLE: Self = Self { mask: 0, turn: 0, added: 0.0, scale: 0.0, offset: 0.0, divisor: 1.0 };

    /// The lane of a step in a word turned so; `None` for floats, and for fields that leave the low bits.
    pub fn of(step: &Step, take: Take, turn: Turn) -> Option<Self> {
        if take.is_long() || matches!(step.number, Number::Float32 | Number::Float64) {
            return None;
        }
        let low = turn.place(take)?;
        let exponent = (BIAS + u64::from(ROOM - low)) << ROOM;
        let (turned, lowest) = match step.number {
            Number::Signed => {
                let top = 1 << (take.mask.count_ones() - 1);
                (top << low, top as f64)
            }
            _ => (0, 0.0),
        };
        Some(Self {
            mask: take.mask << low,
            turn: exponent | turned,
            added: f64::from_bits(exponent) + lowest,
            scale: step.scale,
            offset: step.offset,
            divisor: step.divisor,
        })
    }
}

/// Two lanes side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    masks: u64x2,
    turns: u64x2,
    added: f64x2,
    scales: f64x2,
    offsets: f64x2,
    divisors: f64x2,
}

impl Pair {
    /// One lane of each word.
    pub fn new(both: [Lane; 2]) -> Self {
        Self {
            masks: u64x2::new(both.map(|lane| lane.mask)),
            turns: u64x2::new(both.map(|lane| lane.turn)),
            added: f64x2::new(both.map(|lane| lane.added)),
            scales: f64x2::new(both.map(|lane| lane.scale)),
            offsets: f64x2::new(both.map(|lane| lane.offset)),
            divisors: f64x2::new(both.map(|lane| lane.divisor)),
        }
    }

    #[expect(clippy::inline_always, reason = "it is eight instructions, and most of what a frame costs")]
    #[inline(always)]
    fn read(&self, Words(bits): Words) -> [f64; 2] {
        let number = bytemuck::cast::<u64x2, f64x2>(bits & self.masks ^ self.turns) - self.added;
        ((number * self.scales + self.offsets) / self.divisors).to_array()
    }
}

/// The values of all lanes, which have a place each.
#[inline]
pub(super) fn read(pairs: &[Pair], words: Words, into: &mut [[f64; 2]]) {
    for (pair, place) in pairs.iter().zip(into) {
        *place = pair.read(words);
    }
}

//! Integers out of a frame two at a time, without a shift and without a conversion: the form that hosts decode whole buses with.
//!
//! A field of up to 40 bits stands within the low 52 bits of one of four words: the payload's first eight bytes in either byte order,
//! as they are or moved down by twelve.
//! Its bits, left where they are, become the low bits of a floating-point number whose exponent gives bit `s` of the word the weight one;
//! what the exponent and, for a signed number, the turned sign bit have added is then subtracted, and all of that is exact.
//! Two such lanes lie side by side, so that a compiler makes one instruction for both of each operation.
//! Invariant: a lane's value is, bit for bit, that of [`Step::value`] for the same field.

use super::bits::{Order, Take};
use super::program::Step;
use super::table::Number;

/// How many bits of a word can be the mantissa of a number.
const ROOM: u32 = 52;

/// By how much the upper bits of a word are moved to become a mantissa.
const MOVED: u32 = 64 - ROOM;

/// The exponent of 1.0, as it stands in a number.
const BIAS: u64 = 1023;

/// Which word a field is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Intel,
    IntelMoved,
    Motorola,
    MotorolaMoved,
}

/// The four words of a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words([u64; 4]);

impl Words {
    /// Of a payload whose missing bytes are nought.
    #[inline]
    pub(super) fn of(data: &[u8]) -> Self {
        let intel = first_eight(data);
        let motorola = intel.swap_bytes();
        Self([intel, intel >> MOVED, motorola, motorola >> MOVED])
    }

    /// The first eight bytes in a byte order.
    #[inline]
    pub(super) fn of_order(&self, order: Order) -> u64 {
        match order {
            Order::Intel => self.0[Word::Intel as usize],
            Order::Motorola => self.0[Word::Motorola as usize],
        }
    }

    #[inline]
    fn get(&self, word: Word) -> u64 {
        self.0[word as usize]
    }
}

/// The first eight bytes as a number, little endian; bytes that the payload does not have are nought.
#[inline]
fn first_eight(data: &[u8]) -> u64 {
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
    word: Word,
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
    const IDLE: Self = Self { word: Word::Intel, mask: 0, turn: 0, added: 0.0, scale: 0.0, offset: 0.0, divisor: 1.0 };

    /// The lane of a step that reads the first eight bytes; `None` for floats, and for fields that stand in none of the words.
    pub fn of(step: &Step, take: Take) -> Option<Self> {
        if take.first > 0 || take.is_long() || matches!(step.number, Number::Float32 | Number::Float64) {
            return None;
        }
        let low = u32::try_from(take.shift).ok()?;
        let length = take.mask.count_ones();
        let fits = low + length <= ROOM;
        let low = if fits { low } else { low.checked_sub(MOVED)? };
        let word = match (take.order, fits) {
            (Order::Intel, true) => Word::Intel,
            (Order::Intel, false) => Word::IntelMoved,
            (Order::Motorola, true) => Word::Motorola,
            (Order::Motorola, false) => Word::MotorolaMoved,
        };
        let exponent = (BIAS + u64::from(ROOM - low)) << ROOM;
        let (turned, lowest) = match step.number {
            Number::Signed => {
                let top = 1 << (length - 1);
                (top << low, top as f64)
            }
            _ => (0, 0.0),
        };
        Some(Self {
            word,
            mask: take.mask << low,
            turn: exponent | turned,
            added: f64::from_bits(exponent) + lowest,
            scale: step.scale,
            offset: step.offset,
            divisor: step.divisor,
        })
    }
}

/// Two lanes side by side, where a processor that works on 16 bytes at once takes them straight from memory.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(16))]
pub struct Pair {
    masks: [u64; 2],
    turns: [u64; 2],
    added: [f64; 2],
    scales: [f64; 2],
    offsets: [f64; 2],
    divisors: [f64; 2],
    words: [Word; 2],
}

impl Pair {
    /// Two lanes, or one beside an idle one.
    pub fn new(first: Lane, second: Option<Lane>) -> Self {
        let both = [first, second.unwrap_or(Lane::IDLE)];
        Self {
            masks: both.map(|lane| lane.mask),
            turns: both.map(|lane| lane.turn),
            added: both.map(|lane| lane.added),
            scales: both.map(|lane| lane.scale),
            offsets: both.map(|lane| lane.offset),
            divisors: both.map(|lane| lane.divisor),
            words: both.map(|lane| lane.word),
        }
    }

    #[expect(clippy::inline_always, reason = "it is a dozen instructions, and most of what a frame costs")]
    #[inline(always)]
    fn read(&self, words: &Words, into: &mut [f64; 2]) {
        let [first, second] = self.words;
        let bits = [words.get(first), words.get(second)];
        let mut values = [0.0; 2];
        for lane in 0..2 {
            let number = f64::from_bits(bits[lane] & self.masks[lane] ^ self.turns[lane]) - self.added[lane];
            values[lane] = (number * self.scales[lane] + self.offsets[lane]) / self.divisors[lane];
        }
        *into = values;
    }
}

/// The values of all lanes, which have a place each.
#[inline]
pub(super) fn read(pairs: &[Pair], words: &Words, into: &mut [[f64; 2]]) {
    for (pair, place) in pairs.iter().zip(into) {
        pair.read(words, place);
    }
}

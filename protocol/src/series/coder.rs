//! The arithmetic coder: bits in, as many bytes out as their probabilities are worth.
//!
//! It is the range coder of LZMA (G. N. N. Martin, 1979, made binary by I. Pavlov), with carries that walk back in the block itself.
//! Invariant: the range never falls below 2^24, so that no bit costs more than its probability says.

/// The bytes that end a block's bits.
pub(super) const FLUSH_LEN: usize = 1;

/// A range below this moves on by a byte.
const FLOOR: u32 = 1 << 24;

/// What a decoder looks at beyond the block's end, in bytes, when the block is whole.
const LOOKAHEAD: usize = 3;

/// Either end of the coder: the encoder takes the bits that it is given, the decoder ignores them and says which they were.
pub(super) trait Bits {
    /// One bit that is set with a probability of `p` of 65,536.
    fn bit(&mut self, p: u16, bit: bool) -> bool;

    /// `bits` bits, at most 64, about which nothing is known.
    fn plain(&mut self, value: u64, bits: u32) -> u64 {
        (0..bits).rev().fold(0, |read, place| read << 1 | u64::from(self.bit(1 << 15, value >> place & 1 == 1)))
    }

    /// Whether the bits have run out, so that what is read means nothing.
    fn exhausted(&self) -> bool;
}

/// Writes bits to the end of a buffer.
#[derive(Debug)]
pub(super) struct Encode<'b> {
    buffer: &'b mut [u8],
    len: usize,
    start: usize,
    low: u32,
    range: u32,
}

impl<'b> Encode<'b> {
    /// Writes behind the first `start` bytes of `buffer`.
    pub(super) fn new(buffer: &'b mut [u8], start: usize) -> Self {
        Self { buffer, len: start, start, low: 0, range: u32::MAX }
    }

    /// The bytes that can still be written.
    pub(super) fn room(&self) -> usize {
        self.buffer.len().saturating_sub(self.len)
    }

    fn put(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    fn add(&mut self, amount: u32) {
        let (low, carry) = self.low.overflowing_add(amount);
        self.low = low;
        if carry {
            let end = self.len.min(self.buffer.len());
            for byte in self.buffer.get_mut(self.start..end).into_iter().flatten().rev() {
                let (sum, carry) = byte.overflowing_add(1);
                *byte = sum;
                if !carry {
                    break;
                }
            }
        }
    }

    /// Ends the bits; answers the buffer and how much of it is written.
    pub(super) fn finish(mut self) -> (&'b mut [u8], usize) {
        // The range is at least 2^24, so that some number in it ends with three zero bytes, which a decoder assumes.
        self.add(FLOOR - 1);
        self.put((self.low >> 24) as u8);
        (self.buffer, self.len)
    }
}

impl Bits for Encode<'_> {
    fn bit(&mut self, p: u16, bit: bool) -> bool {
        let bound = (self.range >> 16) * u32::from(p);
        if bit {
            self.range = bound;
        } else {
            self.add(bound);
            self.range -= bound;
        }
        while self.range < FLOOR {
            self.put((self.low >> 24) as u8);
            self.low <<= 8;
            self.range <<= 8;
        }
        bit
    }

    fn exhausted(&self) -> bool {
        false
    }
}

/// Reads bits.
#[derive(Debug)]
pub(super) struct Decode<'b> {
    bytes: &'b [u8],
    taken: usize,
    code: u32,
    range: u32,
}

impl<'b> Decode<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        let mut decode = Self { bytes, taken: 0, code: 0, range: u32::MAX };
        (0..4).for_each(|_| decode.take());
        decode
    }

    fn take(&mut self) {
        self.code = self.code << 8 | u32::from(self.bytes.get(self.taken).copied().unwrap_or(0));
        self.taken += 1;
    }

    /// Whether every byte was read and none was missing.
    pub(super) fn is_whole(&self) -> bool {
        self.taken == self.bytes.len() + LOOKAHEAD
    }
}

impl Bits for Decode<'_> {
    fn bit(&mut self, p: u16, _: bool) -> bool {
        let bound = (self.range >> 16) * u32::from(p);
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        while self.range < FLOOR {
            self.take();
            self.range <<= 8;
        }
        bit
    }

    fn exhausted(&self) -> bool {
        self.taken > self.bytes.len() + LOOKAHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_come_back_whatever_their_probabilities(bits in proptest::collection::vec((1_u16.., any::<bool>()), 0..2_000)) {
            let mut buffer = [0; 8_000];
            let mut encode = Encode::new(&mut buffer, 3);
            for &(p, bit) in &bits {
                encode.bit(p, bit);
            }
            let (buffer, len) = encode.finish();
            let mut decode = Decode::new(&buffer[3..len]);
            for &(p, bit) in &bits {
                prop_assert_eq!(decode.bit(p, false), bit);
            }
            prop_assert!(decode.is_whole() && !decode.exhausted());
        }

        #[test]
        fn bits_that_surprise_carry_into_what_is_written(bits in proptest::collection::vec(prop_oneof![Just((1_u16, true)), Just((u16::MAX, false)), Just((1, false))], 0..500)) {
            let mut buffer = [0; 2_000];
            let mut encode = Encode::new(&mut buffer, 0);
            for &(p, bit) in &bits {
                encode.bit(p, bit);
            }
            let (buffer, len) = encode.finish();
            let mut decode = Decode::new(&buffer[..len]);
            for &(p, bit) in &bits {
                prop_assert_eq!(decode.bit(p, false), bit);
            }
            prop_assert!(decode.is_whole());
        }
    }
}

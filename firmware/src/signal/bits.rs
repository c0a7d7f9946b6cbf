//! Bits of a payload, numbered as DBC files number them.
//!
//! Intel: `start` is the least significant bit, and the field grows towards higher bit numbers.
//! Motorola: `start` is the most significant bit; the field runs down to bit 0 of its byte and on at bit 7 of the next.
//! Invariant: a field that leaves the payload is answered with `None`, never with a part of it.

use serde::{Deserialize, Serialize};

/// The byte order of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Little endian, `@1` in a DBC file.
    Intel,
    /// Big endian, `@0` in a DBC file.
    Motorola,
}

/// Where a field lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The start bit, as a DBC file gives it.
    pub start: u16,
    /// How many bits, 1 to 64.
    pub length: u8,
    /// The byte order.
    pub order: Order,
}

impl Field {
    /// The raw bits as a number; `None` if the field leaves `data`.
    pub fn extract(self, data: &[u8]) -> Option<u64> {
        if !self.fits(data.len()) {
            return None;
        }
        let take = Take::of(self);
        Some(take.all(window(data, take.first.into(), self.order), data))
    }

    /// Puts the low bits of `value` into `data`; `None`, and nothing changed, if the field leaves `data`.
    pub fn insert(self, value: u64, data: &mut [u8]) -> Option<()> {
        if !self.fits(data.len()) {
            return None;
        }
        for (bit, weight) in self.positions() {
            let byte = data.get_mut(usize::from(bit / 8))?;
            let mask = 1_u8 << (bit % 8);
            *byte = if value >> weight & 1 == 1 { *byte | mask } else { *byte & !mask };
        }
        Some(())
    }

    /// Whether the field is well formed and lies within `len` bytes.
    pub fn fits(self, len: usize) -> bool {
        (1..=64).contains(&self.length) && self.bytes() <= len
    }

    /// How many bytes a payload needs to hold the field.
    pub fn bytes(self) -> usize {
        let length = usize::from(self.length);
        let start = usize::from(self.start);
        match self.order {
            Order::Intel => (start + length).div_ceil(8),
            // The bits that the first byte holds are those from the start bit down to bit 0.
            Order::Motorola => start / 8 + 1 + length.saturating_sub(start % 8 + 1).div_ceil(8),
        }
    }

    /// The sign-extended value of raw bits.
    pub fn signed(self, raw: u64) -> i64 {
        let unused = 64_u32.saturating_sub(u32::from(self.length));
        raw.checked_shl(unused).map_or(0, |high| high.cast_signed() >> unused)
    }

    /// Every bit's position in the payload with its weight in the value.
    fn positions(self) -> impl Iterator<Item = (u16, u8)> {
        let mut bit = self.start;
        (0..self.length).map(move |index| {
            let here = bit;
            match self.order {
                Order::Intel => {
                    bit = bit.saturating_add(1);
                    (here, index)
                }
                Order::Motorola => {
                    bit = if bit.is_multiple_of(8) { bit.saturating_add(15) } else { bit - 1 };
                    (here, self.length - 1 - index)
                }
            }
        })
    }
}

/// How a field's bits are taken out of eight bytes that are read at once; a ninth is needed for some of more than 56 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// The first of the eight bytes.
    pub first: u8,
    /// By how many places the eight bytes, as one number, are moved down; by how many up, if it is negative.
    pub shift: i8,
    /// The byte order of the field.
    pub order: Order,
    /// The bits that are the field's, after the shift.
    pub mask: u64,
}

impl Take {
    /// How a field is taken that lies within a frame.
    pub fn of(field: Field) -> Self {
        let byte = (field.start / 8) as u8;
        let length = field.length.cast_signed();
        // A field within the first eight bytes, or the second, and so on, shares its eight bytes with its neighbours.
        let aligned = byte & !7;
        let last = field.bytes().saturating_sub(1) as u8;
        let first = if last & !7 == aligned { aligned } else { byte };
        let bit = ((field.start % 8) as u8 + (byte - first) * 8).cast_signed();
        let shift = match field.order {
            Order::Intel => bit,
            Order::Motorola => 64 - length - (bit ^ 7),
        };
        Self { first, shift, order: field.order, mask: u64::MAX >> (64 - length) }
    }

    /// Whether the field reaches into a ninth byte.
    pub fn is_long(self) -> bool {
        match self.order {
            // A mask that is moved back up loses its top where the ninth byte begins.
            Order::Intel => self.mask << self.shift >> self.shift != self.mask,
            Order::Motorola => self.shift < 0,
        }
    }

    /// The field out of a number that [`window`] gave, unless it is a long one.
    #[inline]
    pub fn short(self, window: u64) -> u64 {
        window >> self.shift & self.mask
    }

    /// The field, whatever its length, out of its window and the payload that the window stands in.
    pub fn all(self, window: u64, data: &[u8]) -> u64 {
        if !self.is_long() {
            return self.short(window);
        }
        let ninth = u64::from(data.get(usize::from(self.first) + 8).copied().unwrap_or(0));
        let joined = match self.order {
            Order::Intel => window >> self.shift | ninth << (64 - self.shift),
            Order::Motorola => window << -self.shift | ninth >> (8 + self.shift),
        };
        joined & self.mask
    }
}

/// Eight bytes from `first` on as one number; bytes that the payload does not have are nought.
#[inline]
pub fn window(data: &[u8], first: usize, order: Order) -> u64 {
    let mut bytes = [0; 8];
    let rest = data.get(first..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(whole) => bytes = *whole,
        None => bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
    }
    match order {
        Order::Intel => u64::from_le_bytes(bytes),
        Order::Motorola => u64::from_be_bytes(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(start: u16, length: u8, order: Order) -> Field {
        Field { start, length, order }
    }

    #[test]
    fn fields_read_as_dbc_files_number_them() {
        let data = [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0];
        for (start, length, order, value) in [
            (0, 8, Order::Intel, 0x12),
            (0, 16, Order::Intel, 0x3412),
            (4, 8, Order::Intel, 0x41),
            (7, 8, Order::Motorola, 0x12),
            (7, 16, Order::Motorola, 0x1234),
            (3, 8, Order::Motorola, 0x23),
            (7, 64, Order::Motorola, 0x1234_5678_9ABC_DEF0),
            (0, 64, Order::Intel, 0xF0DE_BC9A_7856_3412),
        ] {
            assert_eq!(field(start, length, order).extract(&data), Some(value), "{start}|{length}@{order:?}");
        }
    }

    #[test]
    fn a_field_beyond_the_payload_is_not_read_in_part() {
        assert_eq!(field(60, 8, Order::Intel).extract(&[0xFF; 8]), None);
        assert_eq!(field(59, 5, Order::Motorola).extract(&[0xFF; 8]), None);
        assert_eq!(field(0, 0, Order::Intel).extract(&[0xFF; 8]), None);
        assert_eq!(field(u16::MAX, 64, Order::Motorola).extract(&[0xFF; 64]), None);
    }

    #[test]
    fn signs_extend_from_the_fields_own_top_bit() {
        assert_eq!(field(0, 4, Order::Intel).signed(0xF), -1);
        assert_eq!(field(0, 12, Order::Intel).signed(0x7FF), 2047);
        assert_eq!(field(0, 64, Order::Intel).signed(u64::MAX), -1);
    }

    proptest! {
        #[test]
        fn a_field_is_the_sum_of_its_bits(
            start in 0_u16..512, length in 1_u8..=64, intel: bool, data in proptest::collection::vec(any::<u8>(), 0..=64),
        ) {
            let field = field(start, length, if intel { Order::Intel } else { Order::Motorola });
            let bit_by_bit = field.fits(data.len()).then(|| {
                field.positions().map(|(bit, weight)| u64::from(data[usize::from(bit / 8)] >> (bit % 8) & 1) << weight).sum()
            });
            prop_assert_eq!(field.extract(&data), bit_by_bit);
        }

        #[test]
        fn what_was_inserted_is_extracted_and_neighbours_stay(
            start in 0_u16..512, length in 0_u8..=70, intel: bool, value: u64, fill: u8, len in 0_usize..=64,
        ) {
            let field = field(start, length, if intel { Order::Intel } else { Order::Motorola });
            let mut data = [fill; 64];
            let data = &mut data[..len];
            let before: std::vec::Vec<u8> = data.to_vec();
            if field.insert(value, data).is_some() {
                let mask = if length == 64 { u64::MAX } else { (1 << length) - 1 };
                prop_assert_eq!(field.extract(data), Some(value & mask));
                let changed: u32 = before.iter().zip(data.iter()).map(|(a, b)| (a ^ b).count_ones()).sum();
                prop_assert!(changed <= u32::from(length));
            } else {
                prop_assert_eq!(&before[..], &data[..]);
                prop_assert_eq!(field.extract(data), None);
            }
        }
    }
}

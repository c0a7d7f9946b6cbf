//! Reads pictures of four levels, as `build/coder.rs` packed them.
//!
//! Invariant: whatever the bytes are, it ends after the picture's pixels and reaches past no table.

use crate::tables::ODDS;

/// The widest picture.
const WIDEST: usize = 40;

/// The levels of a picture with their columns and rows, row by row.
#[derive(Debug)]
pub(crate) struct Bits<'b> {
    bytes: &'b [u8],
    low: u32,
    high: u32,
    value: u32,
    width: usize,
    height: usize,
    x: usize,
    y: usize,
    /// The row above, with what is known of this one already written over it.
    row: [u8; WIDEST],
    /// The level above left of the next pixel.
    corner: u8,
}

impl<'b> Bits<'b> {
    /// A picture of this size.
    pub(crate) fn new(bytes: &'b [u8], [width, height]: [usize; 2]) -> Self {
        let (low, high, row) = (0, u32::MAX, [0; WIDEST]);
        let width = width.min(WIDEST);
        let mut bits = Self { bytes, low, high, value: 0, width, height, x: 0, y: 0, row, corner: 0 };
        for _ in 0..4 {
            bits.shift();
        }
        bits
    }

    fn shift(&mut self) {
        let next = self.bytes.split_off_first().copied().unwrap_or(0);
        self.value = self.value << 8 | u32::from(next);
    }

    /// One decision with its odds.
    fn decide(&mut self, odds: u8) -> bool {
        let middle = self.low + (self.high.wrapping_sub(self.low) >> 8) * u32::from(odds);
        let yes = self.value <= middle;
        if yes {
            self.high = middle;
        } else {
            self.low = middle.saturating_add(1);
        }
        while (self.low ^ self.high) >> 24 == 0 {
            (self.low, self.high) = (self.low << 8, self.high << 8 | 0xff);
            self.shift();
        }
        yes
    }

    /// The next pixel's level, weighed by its neighbours.
    fn level(&mut self) -> u8 {
        let known = |x: Option<usize>| x.and_then(|x| self.row.get(x)).copied().unwrap_or(0);
        let left = if self.x == 0 { 0 } else { known(self.x.checked_sub(1)) };
        let above = known(Some(self.x));
        let above_right = if self.x + 1 < self.width { known(Some(self.x + 1)) } else { 0 };
        let corner = if self.x == 0 { 0 } else { self.corner };
        let context = left << 6 | above << 4 | corner << 2 | above_right;
        let [high, odd_low, odd_high] = ODDS.get(usize::from(context)).copied().unwrap_or([128; 3]);
        let is_high = self.decide(high);
        let is_odd = self.decide(if is_high { odd_high } else { odd_low });
        self.corner = above;
        u8::from(is_high) << 1 | u8::from(is_odd)
    }
}

impl Iterator for Bits<'_> {
    type Item = ([usize; 2], u8);

    fn next(&mut self) -> Option<Self::Item> {
        if self.y >= self.height || self.width == 0 {
            return None;
        }
        let level = self.level();
        if let Some(place) = self.row.get_mut(self.x) {
            *place = level;
        }
        let at = [self.x, self.y];
        self.x += 1;
        if self.x == self.width {
            (self.x, self.y) = (0, self.y + 1);
        }
        Some((at, level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_give_pixels_within_the_picture_and_then_end() {
        let mut state = 1_u32;
        for round in 0..500 {
            let mut bytes = [0; 24];
            for byte in &mut bytes {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Runs of equal bytes drive the coder to its bounds.
                *byte = if round % 5 == 0 { u8::MAX * (round as u8 % 2) } else { (state >> 24) as u8 };
            }
            let (width, height) = (1 + round % 40, round % 23);
            let pixels = Bits::new(&bytes[..round % 24], [width, height]);
            let count = pixels.inspect(|([x, y], level)| assert!(*x < width && *y < height && *level < 4)).count();
            assert_eq!(count, width * height);
        }
    }

    #[test]
    fn a_picture_that_is_too_wide_or_empty_is_cut_to_what_can_be_read() {
        let pixels = |size| Bits::new(&[0xff; 9], size).count();
        assert_eq!((pixels([100, 2]), pixels([0, 9]), pixels([9, 0])), (80, 0, 0));
    }
}

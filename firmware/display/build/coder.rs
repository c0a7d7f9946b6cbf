//! Packs pictures of four levels with a binary arithmetic coder.
//!
//! Each pixel is two decisions, weighed by the four pixels around it that are known already; the weights are counted over all pictures.
//! Invariant: `src/bits.rs` reads exactly what this writes.

use std::fmt::Write as _;

/// Pixels from 0 to 3, row by row.
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<u8>,
}

/// For each neighbourhood how often, of 256, a decision is "yes": at least 2; then, below and above that, the odd level.
pub(crate) struct Odds([[u8; 3]; 256]);

impl Picture {
    /// Every pixel with its neighbourhood: left, above, above left, above right.
    fn walk(&self) -> impl Iterator<Item = (usize, u8)> + '_ {
        let at = |x: usize, y: usize, dx: isize, dy: isize| {
            let (x, y) = (x.checked_add_signed(dx)?, y.checked_add_signed(dy)?);
            (x < self.width).then(|| self.pixels[y * self.width + x])
        };
        self.pixels.iter().enumerate().map(move |(index, level)| {
            let (x, y) = (index % self.width, index / self.width);
            let around = [(-1, 0), (0, -1), (-1, -1), (1, -1)];
            let around = around.map(|(dx, dy)| usize::from(at(x, y, dx, dy).unwrap_or(0)));
            (around.iter().fold(0, |context, level| context << 2 | level), *level)
        })
    }
}

/// The two decisions of a level: which odds, and whether "yes".
fn decisions(level: u8) -> [(usize, bool); 2] {
    let high = level >= 2;
    [(0, high), (1 + usize::from(high), level % 2 == 1)]
}

impl Odds {
    /// Counts the decisions of all pictures.
    pub(crate) fn count<'p>(pictures: impl Iterator<Item = &'p Picture>) -> Self {
        let mut counts = [[[1_u32; 2]; 3]; 256];
        for (context, level) in pictures.flat_map(Picture::walk) {
            for (node, yes) in decisions(level) {
                counts[context][node][usize::from(yes)] += 1;
            }
        }
        let share = |[no, yes]: [u32; 2]| (yes * 256 / (no + yes)).clamp(1, 255) as u8;
        Self(counts.map(|nodes| nodes.map(share)))
    }

    /// A picture as bytes; whatever follows them does not matter to the reader.
    pub(crate) fn pack(&self, picture: &Picture) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (mut low, mut high) = (0_u32, u32::MAX);
        for (context, level) in picture.walk() {
            for (node, yes) in decisions(level) {
                let middle = low + ((high - low) >> 8) * u32::from(self.0[context][node]);
                if yes {
                    high = middle;
                } else {
                    low = middle + 1;
                }
                while (low ^ high) >> 24 == 0 {
                    bytes.push((high >> 24) as u8);
                    (low, high) = (low << 8, high << 8 | 0xff);
                }
            }
        }
        // As few bytes as keep any continuation between the bounds.
        for len in 1..=4 {
            let rest = u32::MAX.checked_shr(8 * len).unwrap_or(0);
            let Some(start) = low.checked_add(rest).map(|start| start & !rest) else { continue };
            if start.checked_add(rest).is_some_and(|end| end <= high) {
                bytes.extend(&start.to_be_bytes()[..len as usize]);
                break;
            }
        }
        bytes
    }

    /// Writes the odds as a table.
    pub(crate) fn write(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "/// How often, of 256, a decision is \"yes\" in each neighbourhood.\npub(crate) static ODDS: [[u8; 3]; 256] = {:?};\n",
            self.0
        );
    }
}

//! Glyphs drawn half as large again and bolder, out of the bitmaps of the one size that is kept.
//!
//! Each pixel is the mean of the four around its place, steepened so that edges stay sharp; a level less than half makes the strokes bold.
//! Invariant: whatever the bytes are, no pixel lies further than one beside the glyph's own box.

use embedded_graphics::Pixel;
use embedded_graphics::prelude::Point;

use crate::bits::Bits;
use crate::ink::{Ink, Tone};
use crate::tables::LARGEST;

/// Three pixels for two: a pixel's place among those that are kept counts in sixths.
const SIXTHS: i32 = 6;

/// A measure of the glyphs that are kept, grown.
pub(crate) const fn grown(pixels: u32) -> u32 {
    (pixels * 3).div_ceil(2)
}

/// A glyph's levels, unpacked.
#[derive(Debug)]
pub(crate) struct Grown {
    levels: [u8; LARGEST],
    size: [i32; 2],
    /// The glyph's top left from the pen, in kept pixels.
    corner: [i32; 2],
}

impl Grown {
    /// Unpacks a glyph; `corner` is its top left from the pen.
    pub(crate) fn new(bytes: &[u8], size: [usize; 2], corner: [i32; 2]) -> Self {
        let mut levels = [0; LARGEST];
        for (place, (_, level)) in levels.iter_mut().zip(Bits::new(bytes, size)) {
            *place = level;
        }
        Self { levels, size: size.map(|side| (side as u32).cast_signed()), corner }
    }

    fn level(&self, [x, y]: [i32; 2]) -> i32 {
        let [width, height] = self.size;
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        let level = usize::try_from(y * width + x).ok().filter(|_| inside).and_then(|at| self.levels.get(at));
        level.map_or(0, |level| i32::from(*level))
    }

    /// The level of a grown pixel, by its place from the pen.
    fn grown_level(&self, at: [i32; 2]) -> u8 {
        let [x, y] = [0, 1].map(|axis| place(at[axis]) - SIXTHS * self.corner[axis]);
        let [column, row] = [x, y].map(|sixths| sixths.div_euclid(SIXTHS));
        let [right, below] = [x, y].map(|sixths| sixths.rem_euclid(SIXTHS));
        let pair = |row| (SIXTHS - right) * self.level([column, row]) + right * self.level([column + 1, row]);
        let sum = (SIXTHS - below) * pair(row) + below * pair(row + 1);
        // Of 108; from three tenths on it is more ink than paper.
        ((sum + 4) / 18).clamp(0, 3) as u8
    }

    /// The covered pixels, with the pen at `pen`.
    pub(crate) fn pixels(&self, pen: Point, tone: Tone) -> impl Iterator<Item = Pixel<Ink>> {
        let [columns, rows] = [0, 1].map(|axis| {
            // From the first place that the glyph's edge reaches to the last.
            let (first, last) = (self.corner[axis], self.corner[axis] + self.size[axis]);
            (SIXTHS * first - 2).div_euclid(4)..(SIXTHS * last + 4).div_euclid(4)
        });
        rows.flat_map(move |y| columns.clone().map(move |x| [x, y])).filter_map(move |at| {
            let ink = tone.ink(self.grown_level(at))?;
            Some(Pixel(pen + Point::new(at[0], at[1]), ink))
        })
    }
}

/// Where a grown pixel's middle lies among the middles of those that are kept, in sixths.
const fn place(pixel: i32) -> i32 {
    4 * pixel - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(corner: [i32; 2]) -> Grown {
        let mut levels = [0; LARGEST];
        levels[..16].fill(3);
        Grown { levels, size: [4, 4], corner }
    }

    #[test]
    fn a_square_of_four_grows_to_one_of_six() {
        let grown = square([2, -6]);
        let solid = |at| grown.grown_level(at) == 3;
        for y in -9..-3 {
            for x in 3..9 {
                let is_corner = [3, 8].contains(&x) && [-9, -4].contains(&y);
                assert!(solid([x, y]) || is_corner, "{x} {y}");
            }
        }
        assert!(
            grown
                .pixels(Point::zero(), Tone::Text)
                .all(|Pixel(at, _)| (2..10).contains(&at.x) && (-10..-2).contains(&at.y))
        );
    }

    #[test]
    fn every_pixel_that_a_glyph_reaches_is_drawn() {
        for x in -3..3 {
            let grown = square([x, x]);
            let drawn = grown.pixels(Point::zero(), Tone::Text).count();
            let covered = (-20..20).flat_map(|y| (-20..20).map(move |x| [x, y]));
            assert_eq!(drawn, covered.filter(|at| grown.grown_level(*at) > 0).count(), "{x}");
        }
    }

    #[test]
    fn measures_grow_by_half() {
        assert_eq!([0, 1, 2, 9, 18].map(grown), [0, 2, 3, 14, 27]);
    }
}

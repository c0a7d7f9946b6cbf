//! Faces and icons: bitmaps with two bits for each pixel.
//!
//! Invariant: measuring and drawing walk the same glyphs, so that what fits by measure fits on the panel.

use embedded_graphics::Pixel;
use embedded_graphics::prelude::{DrawTarget, Point};

use crate::ink::{Ink, Tone};

/// The side of an icon in pixels.
pub(crate) const ICON: u32 = 40;

/// A glyph: its box relative to the pen on the base line, and where its pixels begin.
#[derive(Debug)]
pub(crate) struct Glyph {
    pub(crate) code: u16,
    pub(crate) at: u16,
    pub(crate) advance: u8,
    pub(crate) left: i8,
    pub(crate) top: i8,
    pub(crate) width: u8,
    pub(crate) height: u8,
}

/// A face in one size.
#[derive(Debug)]
pub(crate) struct Face {
    /// From the base line to the top of the highest letter, in pixels.
    pub(crate) ascent: u8,
    /// In the order of their codes.
    pub(crate) glyphs: &'static [Glyph],
    pub(crate) bits: &'static [u8],
}

/// An icon of [`ICON`] by [`ICON`] pixels.
#[derive(Debug)]
pub(crate) struct Icon {
    pub(crate) bits: &'static [u8],
}

impl Face {
    fn find(&self, letter: char) -> Option<&Glyph> {
        let code = u16::try_from(u32::from(letter)).ok()?;
        let index = self.glyphs.binary_search_by_key(&code, |glyph| glyph.code).ok()?;
        self.glyphs.get(index)
    }

    /// Whether every letter can be shown.
    pub(crate) fn has(&self, text: &str) -> bool {
        text.chars().all(|letter| self.find(letter).is_some())
    }

    /// How far a letter moves the pen; one that the face lacks is shown as a question mark.
    pub(crate) fn advance(&self, letter: char) -> u32 {
        self.find(letter).or_else(|| self.find('?')).map_or(0, |glyph| u32::from(glyph.advance))
    }

    /// The width of a line in pixels.
    pub(crate) fn width(&self, text: &str) -> u32 {
        text.chars().map(|letter| self.advance(letter)).sum()
    }

    /// Draws a line from `pen` on its base line, and answers where the pen is then.
    pub(crate) fn draw<D: DrawTarget<Color = Ink>>(
        &self,
        target: &mut D,
        text: &str,
        pen: Point,
        tone: Tone,
    ) -> Result<Point, D::Error> {
        let mut pen = pen;
        for letter in text.chars() {
            let Some(glyph) = self.find(letter).or_else(|| self.find('?')) else { continue };
            let corner = pen + Point::new(i32::from(glyph.left), -i32::from(glyph.top));
            let bits = self.bits.get(usize::from(glyph.at)..).unwrap_or_default();
            let count = usize::from(glyph.width) * usize::from(glyph.height);
            target.draw_iter(pixels(bits, u32::from(glyph.width), count, corner, tone))?;
            pen.x += i32::from(glyph.advance);
        }
        Ok(pen)
    }
}

impl Icon {
    /// Draws the icon with its top left at `corner`.
    pub(crate) fn draw<D: DrawTarget<Color = Ink>>(
        &self,
        target: &mut D,
        corner: Point,
        tone: Tone,
    ) -> Result<(), D::Error> {
        target.draw_iter(pixels(self.bits, ICON, (ICON * ICON) as usize, corner, tone))
    }
}

/// The covered pixels of a bitmap.
fn pixels(
    bits: &'static [u8],
    width: u32,
    count: usize,
    corner: Point,
    tone: Tone,
) -> impl Iterator<Item = Pixel<Ink>> {
    let levels = bits.iter().flat_map(|byte| [byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3]).take(count);
    let (mut x, mut y) = (0, 0);
    levels.filter_map(move |level| {
        let at = corner + Point::new(x, y);
        x += 1;
        if x == width as i32 {
            (x, y) = (0, y + 1);
        }
        tone.ink(level).map(|ink| Pixel(at, ink))
    })
}

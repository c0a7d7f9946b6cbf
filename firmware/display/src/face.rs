//! Faces and icons: pictures of four levels.
//!
//! Invariant: measuring and drawing walk the same glyphs, so that what fits by measure fits on the panel.

use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::bits::Bits;
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
            let bytes = self.bits.get(usize::from(glyph.at)..).unwrap_or_default();
            draw(target, bytes, [glyph.width.into(), glyph.height.into()], corner, tone)?;
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
        draw(target, self.bits, [ICON as usize; 2], corner, tone)
    }
}

/// Draws a picture, unless all of it lies outside of the target.
fn draw<D: DrawTarget<Color = Ink>>(
    target: &mut D,
    bytes: &[u8],
    size: [usize; 2],
    corner: Point,
    tone: Tone,
) -> Result<(), D::Error> {
    let area = Rectangle::new(corner, Size::new(size[0] as u32, size[1] as u32));
    if area.intersection(&target.bounding_box()).is_zero_sized() {
        return Ok(());
    }
    target.draw_iter(Bits::new(bytes, size, corner, tone))
}

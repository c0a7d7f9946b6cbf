//! Faces and icons: pictures of four levels.
//!
//! Invariant: measuring and drawing walk the same glyphs, so that what fits by measure fits on the panel.

use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::bits::Bits;
use crate::ink::{Ink, Tone};

/// The side of an icon in pixels.
pub(crate) const ICON: u32 = 40;

/// The box of a glyph relative to the pen on the base line, and how far it moves the pen; many glyphs of a face share theirs.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) advance: u8,
    pub(crate) left: i8,
    pub(crate) top: i8,
    pub(crate) width: u8,
    pub(crate) height: u8,
}

/// A face in one size; a glyph has the same index in all of its tables.
#[derive(Debug)]
pub(crate) struct Face {
    /// From the base line to the top of the highest letter, in pixels.
    pub(crate) ascent: u8,
    /// In their order.
    pub(crate) codes: &'static [u16],
    /// Where the pixels of each glyph begin.
    pub(crate) starts: &'static [u16],
    /// Which of the shapes each glyph has.
    pub(crate) shape_of: &'static [u8],
    pub(crate) shapes: &'static [Shape],
    pub(crate) bits: &'static [u8],
}

/// A letter as a face shows it.
#[derive(Debug)]
pub(crate) struct Glyph {
    shape: &'static Shape,
    bits: &'static [u8],
}

/// An icon of [`ICON`] by [`ICON`] pixels.
#[derive(Debug)]
pub(crate) struct Icon {
    pub(crate) bits: &'static [u8],
}

impl Face {
    fn find(&self, letter: char) -> Option<Glyph> {
        let code = u16::try_from(u32::from(letter)).ok()?;
        self.glyph(self.codes.binary_search(&code).ok()?)
    }

    /// The glyph at an index of the tables.
    pub(crate) fn glyph(&self, index: usize) -> Option<Glyph> {
        let shape = self.shapes.get(usize::from(*self.shape_of.get(index)?))?;
        let bits = self.bits.get(usize::from(*self.starts.get(index)?)..)?;
        Some(Glyph { shape, bits })
    }

    /// What stands for a letter: a question mark if the face lacks it.
    fn shown(&self, letter: char) -> Option<Glyph> {
        self.find(letter).or_else(|| self.find('?'))
    }

    /// Whether every letter can be shown.
    pub(crate) fn has(&self, text: &str) -> bool {
        text.chars().all(|letter| self.find(letter).is_some())
    }

    /// How far a letter moves the pen; one that the face lacks is shown as a question mark.
    pub(crate) fn advance(&self, letter: char) -> u32 {
        self.shown(letter).map_or(0, |glyph| u32::from(glyph.shape.advance))
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
            let Some(Glyph { shape, bits }) = self.shown(letter) else { continue };
            let corner = pen + Point::new(i32::from(shape.left), -i32::from(shape.top));
            draw(target, bits, [shape.width.into(), shape.height.into()], corner, tone)?;
            pen.x += i32::from(shape.advance);
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

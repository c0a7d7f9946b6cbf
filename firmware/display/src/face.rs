//! Faces and icons: pictures of four levels.
//!
//! Invariant: measuring and drawing walk the same glyphs, so that what fits by measure fits on the panel.

use embedded_graphics::Pixel;
use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::bits::Bits;
use crate::grown::{Grown, grown};
use crate::ink::{Ink, Tone};
use crate::point;
use crate::tables::{GLYPHS, STRIDE};

/// The side of an icon in pixels.
pub(crate) const ICON: u32 = 40;

/// The box of a glyph relative to the pen on the base line, and how far it moves the pen; many glyphs share theirs.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) advance: u8,
    pub(crate) left: i8,
    pub(crate) top: i8,
    pub(crate) width: u8,
    pub(crate) height: u8,
}

/// The glyphs that there are; each has the same index in all tables.
#[derive(Debug)]
pub(crate) struct Glyphs {
    /// From the base line to the top of the highest letter, in pixels.
    pub(crate) ascent: u8,
    /// The first codes and the lengths of runs without a gap, whose glyphs stand first.
    pub(crate) runs: &'static [(u16, u16)],
    /// The codes of all others, in their order.
    pub(crate) codes: &'static [u16],
    /// Where the pixels of every [`STRIDE`]th glyph begin.
    pub(crate) starts: &'static [u16],
    /// How many bytes each has.
    pub(crate) lens: &'static [u8],
    /// Which of the shapes each glyph has.
    pub(crate) shape_of: &'static [u8],
    pub(crate) shapes: &'static [Shape],
    pub(crate) bits: &'static [u8],
}

/// A letter as the tables hold it.
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

/// Whether every letter can be shown.
pub(crate) fn has(text: &str) -> bool {
    text.chars().all(|letter| GLYPHS.find(letter).is_some())
}

impl Glyphs {
    fn find(&self, letter: char) -> Option<Glyph> {
        let code = u16::try_from(u32::from(letter)).ok()?;
        let mut before = 0;
        for &(first, len) in self.runs {
            let at = code.wrapping_sub(first);
            if at < len {
                return self.glyph(before + usize::from(at));
            }
            before += usize::from(len);
        }
        self.glyph(before + self.codes.binary_search(&code).ok()?)
    }

    /// The glyph at an index of the tables.
    pub(crate) fn glyph(&self, index: usize) -> Option<Glyph> {
        let shape = self.shapes.get(usize::from(*self.shape_of.get(index)?))?;
        let (near, rest) = (index / STRIDE, index % STRIDE);
        let before = self.lens.get(index - rest..index)?.iter().map(|len| usize::from(*len)).sum::<usize>();
        let bits = self.bits.get(usize::from(*self.starts.get(near)?) + before..)?;
        Some(Glyph { shape, bits })
    }

    /// What stands for a letter: a question mark if there is no glyph for it.
    fn shown(&self, letter: char) -> Option<Glyph> {
        self.find(letter).or_else(|| self.find('?'))
    }
}

/// The glyphs in one of two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// As they are kept.
    Body,
    /// Half as large again, and bolder.
    Title,
}

impl Face {
    fn measure(self, pixels: u8) -> u32 {
        match self {
            Self::Body => pixels.into(),
            Self::Title => grown(pixels.into()),
        }
    }

    /// From the base line to the top of the highest letter, in pixels.
    pub(crate) fn ascent(self) -> u32 {
        self.measure(GLYPHS.ascent)
    }

    /// How far a letter moves the pen; one without a glyph is shown as a question mark.
    pub(crate) fn advance(self, letter: char) -> u32 {
        GLYPHS.shown(letter).map_or(0, |glyph| self.measure(glyph.shape.advance))
    }

    /// The width of a line in pixels.
    pub(crate) fn width(self, text: &str) -> u32 {
        text.chars().map(|letter| self.advance(letter)).sum()
    }

    /// Draws a line from `pen` on its base line, and answers where the pen is then.
    pub(crate) fn draw<D: DrawTarget<Color = Ink>>(
        self,
        target: &mut D,
        text: &str,
        pen: Point,
        tone: Tone,
    ) -> Result<Point, D::Error> {
        let mut pen = pen;
        for letter in text.chars() {
            let Some(Glyph { shape, bits }) = GLYPHS.shown(letter) else { continue };
            let size = [shape.width.into(), shape.height.into()];
            let corner = [i32::from(shape.left), -i32::from(shape.top)];
            match self {
                Self::Body => draw(target, bits, size, pen + Point::new(corner[0], corner[1]), tone)?,
                Self::Title => {
                    // Larger by a pixel at each side than what is drawn.
                    let measures = [size[0], size[1]].map(|side| grown(side as u32 + 2));
                    let at = corner.map(|at| (3 * at).div_euclid(2) - 2);
                    let area = Rectangle::new(pen + Point::new(at[0], at[1]), Size::new(measures[0], measures[1]));
                    if reaches(target, area) {
                        target.draw_iter(Grown::new(bits, size, corner).pixels(pen, tone))?;
                    }
                }
            }
            pen.x += self.measure(shape.advance).cast_signed();
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
    if !reaches(target, Rectangle::new(corner, Size::new(size[0] as u32, size[1] as u32))) {
        return Ok(());
    }
    let pixels = Bits::new(bytes, size).filter_map(|([x, y], level)| {
        let ink = tone.ink(level)?;
        Some(Pixel(corner + point(x as u32, y as u32), ink))
    });
    target.draw_iter(pixels)
}

fn reaches<D: DrawTarget>(target: &D, area: Rectangle) -> bool {
    !area.intersection(&target.bounding_box()).is_zero_sized()
}

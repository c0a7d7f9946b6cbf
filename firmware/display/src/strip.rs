//! A strip of the picture: the scene is drawn once for each strip, so that a small buffer serves a whole panel without flicker.
//!
//! Invariant: what lies outside of the strip or of the panel is left out; no coordinate reaches past the buffer.

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{Dimensions, DrawTarget, Size};
use embedded_graphics::primitives::Rectangle;

use crate::ink::Ink;
use crate::palette::Palette;
use crate::{HEIGHT, WIDTH, point};

/// Bytes of one row: two pixels in a byte.
const ROW_BYTES: usize = WIDTH as usize / 2;

/// A strip of 24 rows, so that ten of them make the panel.
pub const STRIP_BYTES: usize = 24 * ROW_BYTES;

/// `BYTES` of picture, four bits a pixel; at least one row of 160 bytes.
#[derive(Debug)]
pub struct Strip<const BYTES: usize = STRIP_BYTES> {
    pixels: [u8; BYTES],
    top: u32,
}

impl<const BYTES: usize> Default for Strip<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Strip<BYTES> {
    /// How many rows it holds.
    pub const ROWS: u32 = {
        assert!(BYTES >= ROW_BYTES, "a strip holds at least one row");
        (BYTES / ROW_BYTES) as u32
    };

    /// An empty strip; it can stand in a `static`.
    pub const fn new() -> Self {
        Self { pixels: [0; BYTES], top: 0 }
    }

    /// Draws a picture strip by strip and hands each to the panel.
    pub(crate) fn show<D>(
        &mut self,
        palette: &Palette,
        panel: &mut D,
        mut picture: impl FnMut(&mut Self),
    ) -> Result<(), D::Error>
    where
        D: DrawTarget,
        D::Color: From<Rgb888>,
    {
        self.top = 0;
        while self.top < HEIGHT {
            self.pixels.fill(0);
            picture(self);
            let rows = Self::ROWS.min(HEIGHT - self.top);
            let area = Rectangle::new(point(0, self.top), Size::new(WIDTH, rows));
            let bytes = self.pixels.iter().take(rows as usize * ROW_BYTES);
            let inks = bytes.flat_map(|byte| [Ink::from_index(byte >> 4), Ink::from_index(*byte)]);
            panel.fill_contiguous(&area, inks.map(|ink| palette.colour(ink).into()))?;
            self.top += Self::ROWS;
        }
        Ok(())
    }

    fn set(&mut self, x: usize, row: usize, ink: Ink) {
        if let Some(byte) = self.pixels.get_mut(row * ROW_BYTES + x / 2) {
            let ink = ink.index() as u8;
            *byte = if x.is_multiple_of(2) { *byte & 0x0f | ink << 4 } else { *byte & 0xf0 | ink };
        }
    }
}

impl<const BYTES: usize> Dimensions for Strip<BYTES> {
    /// The rows that it holds now, so that what lies elsewhere need not even be unpacked.
    fn bounding_box(&self) -> Rectangle {
        Rectangle::new(point(0, self.top), Size::new(WIDTH, Self::ROWS))
    }
}

impl<const BYTES: usize> DrawTarget for Strip<BYTES> {
    type Color = Ink;
    type Error = core::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Ink>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(at, ink) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < WIDTH && (self.top..self.top + Self::ROWS).contains(&y) {
                self.set(x as usize, (y - self.top) as usize, ink);
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, ink: Ink) -> Result<(), Self::Error> {
        let strip = self.bounding_box();
        let area = area.intersection(&strip);
        for y in area.rows() {
            for x in area.columns() {
                self.set(x as usize, (y - strip.top_left.y) as usize, ink);
            }
        }
        Ok(())
    }
}

//! A panel of 320 × 240 pixels, whose own memory QEMU keeps in the chip's file, so that a test bench sees what a driver would.
//!
//! Invariant: who looks from outside can tell a whole picture from one that is being drawn.

use core::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::{IntoStorage, Rgb565};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Size};
use milepost_board_kit::screen;
use milepost_display::{HEIGHT, WIDTH};

use crate::gram;
use crate::registers::Registers;

const MEMORY: Registers = Registers::PANEL;

/// The panel.
#[derive(Debug)]
pub(crate) struct Panel {
    /// The number of the picture that is whole, or of the one before the one that is being drawn.
    drawn: u32,
}

impl Panel {
    /// Starts the panel with its light off; what its memory holds is no picture yet.
    pub(crate) fn open() -> Self {
        MEMORY.write(gram::LIGHT, 0);
        MEMORY.write(gram::BEGUN, 0);
        MEMORY.write(gram::DRAWN, 0);
        Self { drawn: 0 }
    }
}

impl OriginDimensions for Panel {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
    }
}

impl DrawTarget for Panel {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        MEMORY.write(gram::BEGUN, self.drawn.wrapping_add(1));
        for Pixel(at, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < WIDTH && y < HEIGHT {
                let index = y.wrapping_mul(WIDTH).wrapping_add(x) as usize;
                let offset = index.wrapping_mul(gram::PIXEL_LEN).wrapping_add(gram::PIXELS);
                MEMORY.write(offset, colour.into_storage().into());
            }
        }
        Ok(())
    }
}

impl screen::Panel for Panel {
    type Surface = Self;

    fn surface(&mut self) -> &mut Self {
        self
    }

    fn set_light(&mut self, on: bool) {
        MEMORY.write(gram::LIGHT, on.into());
        self.drawn = self.drawn.wrapping_add(1);
        MEMORY.write(gram::DRAWN, self.drawn);
    }
}

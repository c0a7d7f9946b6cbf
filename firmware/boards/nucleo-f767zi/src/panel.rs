//! A panel of 240 × 320 pixels with an ST7789 on SPI4, used on its side.
//!
//! Invariant: the panel's light is on only while something is shown.

use core::fmt;

use embassy_stm32::Peri;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::mode::Blocking;
use embassy_stm32::peripherals::{PE2, PE3, PE4, PE5, PE6, PF8, SPI4};
use embassy_stm32::spi::{self, Spi};
use embassy_stm32::time::Hertz;
use embassy_time::Delay;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use milepost_board_kit::screen;
use mipidsi::interface::SpiInterface;
use mipidsi::models::ST7789;
use mipidsi::options::{ColorInversion, Orientation, Rotation};
use static_cell::ConstStaticCell;

/// A quarter of the bus clock; the controller takes twice that, a harness may not.
const SPI_HZ: Hertz = Hertz(27_000_000);

/// Pixels are handed to the bus in pieces of this many bytes.
const PIECE_LEN: usize = 512;

type Bus = ExclusiveDevice<Spi<'static, Blocking, spi::mode::Master>, Output<'static>, NoDelay>;

/// The panel's surface.
pub(crate) type Surface = mipidsi::Display<SpiInterface<'static, Bus, Output<'static>>, ST7789, Output<'static>>;

/// What the panel is wired to.
pub(crate) struct Parts {
    pub(crate) spi: Peri<'static, SPI4>,
    pub(crate) clock: Peri<'static, PE2>,
    pub(crate) data: Peri<'static, PE6>,
    pub(crate) select: Peri<'static, PE4>,
    pub(crate) is_data: Peri<'static, PE5>,
    pub(crate) reset: Peri<'static, PE3>,
    pub(crate) light: Peri<'static, PF8>,
}

/// The panel.
pub(crate) struct Panel {
    surface: Surface,
    light: Output<'static>,
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Panel")
    }
}

impl Panel {
    /// Starts the panel, dark; `None` if it does not take commands.
    pub(crate) fn open(parts: Parts) -> Option<Self> {
        static PIECE: ConstStaticCell<[u8; PIECE_LEN]> = ConstStaticCell::new([0; PIECE_LEN]);
        let Parts { spi, clock, data, select, is_data, reset, light } = parts;
        let mut config = spi::Config::default();
        config.frequency = SPI_HZ;
        let bus = Spi::new_blocking_txonly(spi, clock, data, config);
        let Ok(device) = ExclusiveDevice::new_no_delay(bus, Output::new(select, Level::High, Speed::VeryHigh));
        let interface = SpiInterface::new(device, Output::new(is_data, Level::Low, Speed::VeryHigh), PIECE.take());
        let surface = mipidsi::Builder::new(ST7789, interface)
            .reset_pin(Output::new(reset, Level::High, Speed::Low))
            .orientation(Orientation::new().rotate(Rotation::Deg90))
            .invert_colors(ColorInversion::Inverted)
            .init(&mut Delay)
            .ok()?;
        Some(Self { surface, light: Output::new(light, Level::Low, Speed::Low) })
    }
}

impl screen::Panel for Panel {
    type Surface = Surface;

    fn surface(&mut self) -> &mut Surface {
        &mut self.surface
    }

    fn set_light(&mut self, on: bool) {
        self.light.set_level(on.into());
    }
}

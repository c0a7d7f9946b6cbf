//! The NOR chip on SPI1.
//!
//! Invariant: the chip is as large as the board's places need, or the board does not start.

use core::convert::Infallible;
use core::fmt;

use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::mode::Async;
use embassy_stm32::peripherals::{DMA2_CH2, DMA2_CH3, PA4, PB3, PB4, PB5, SPI1};
use embassy_stm32::spi::{self, Spi};
use embassy_stm32::time::Hertz;
use embassy_stm32::{Peri, bind_interrupts, dma};
use embassy_time::Delay;
use embedded_hal_bus::spi::{DeviceError, ExclusiveDevice, NoDelay};
use milepost_places_nucleo_f767zi::NOR_LEN;
use milepost_spi_nor::SpiNor;

bind_interrupts!(struct Irqs {
    DMA2_STREAM2 => dma::InterruptHandler<DMA2_CH2>;
    DMA2_STREAM3 => dma::InterruptHandler<DMA2_CH3>;
});

/// A quarter of the bus clock, and well below what the chip and wires of a hand's length take.
const SPI_HZ: Hertz = Hertz(27_000_000);

/// The chip's bus with its select line.
type Bus = ExclusiveDevice<Spi<'static, Async, spi::mode::Master>, Output<'static>, NoDelay>;

/// The chip.
pub(crate) type Nor = SpiNor<Bus, Delay>;

/// What the chip is wired to.
pub(crate) struct Parts {
    pub(crate) spi: Peri<'static, SPI1>,
    pub(crate) clock: Peri<'static, PB3>,
    pub(crate) to_chip: Peri<'static, PB5>,
    pub(crate) from_chip: Peri<'static, PB4>,
    pub(crate) select: Peri<'static, PA4>,
    pub(crate) send: Peri<'static, DMA2_CH3>,
    pub(crate) receive: Peri<'static, DMA2_CH2>,
}

/// Why there is no chip.
#[derive(Debug)]
pub(crate) enum NorError {
    /// It does not open.
    Chip(milepost_spi_nor::Error<DeviceError<spi::Error, Infallible>>),
    /// It has only so many bytes.
    TooSmall(u32),
}

impl fmt::Display for NorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chip(error) => write!(f, "{error}"),
            Self::TooSmall(len) => write!(f, "flash chip has {len} bytes of {NOR_LEN}"),
        }
    }
}

/// Opens the chip.
pub(crate) async fn open(parts: Parts) -> Result<Nor, NorError> {
    let Parts { spi, clock, to_chip, from_chip, select, send, receive } = parts;
    let mut config = spi::Config::default();
    config.frequency = SPI_HZ;
    let bus = Spi::new(spi, clock, to_chip, from_chip, send, receive, Irqs, config);
    let Ok(device) = ExclusiveDevice::new_no_delay(bus, Output::new(select, Level::High, Speed::VeryHigh));
    let nor = SpiNor::open(device, Delay).await.map_err(NorError::Chip)?;
    if nor.len() < NOR_LEN { Err(NorError::TooSmall(nor.len())) } else { Ok(nor) }
}

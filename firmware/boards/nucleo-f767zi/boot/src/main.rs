//! The boot loader: swaps in an image that the updater has verified, swaps it back unless it proved itself, and starts what is there.
//!
//! The image that runs lies in the chip's flash, the other one and the progress of a swap on the NOR chip.
//! Invariant: a power cut at any moment of a swap is gone on from; without the NOR chip nothing is swapped, and the image still starts.
#![no_std]
#![no_main]

mod fed;
mod jump;
mod prepare;
mod waited;

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_boot::State;
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_futures::block_on;
use embassy_stm32::flash::Flash;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::mode::Blocking;
use embassy_stm32::spi::{self, Spi};
use embassy_stm32::time::Hertz;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_sync::blocking_mutex::Mutex;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use milepost_places_nucleo_f767zi as places;
use milepost_spi_nor::SpiNor;

use crate::fed::{Fed, Spin, Watchdog};
use crate::places::{FLASH_BASE, IMAGE, NOR_LEN, Place};
use crate::prepare::{Failed, prepare};
use crate::waited::Waited;

/// The watchdog's patience, in microseconds: more than the longest erasure of either chip with all tolerances.
const PATIENCE_US: u32 = 30_000_000;

/// Half of what the internal oscillator gives.
const SPI_HZ: Hertz = Hertz(8_000_000);

type Bus = ExclusiveDevice<BlockingAsync<Spi<'static, Blocking, spi::mode::Master>>, Output<'static>, NoDelay>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let peripherals = embassy_stm32::init(embassy_stm32::Config::default());
    let watchdog: Watchdog = RefCell::new(IndependentWatchdog::new(peripherals.IWDG, PATIENCE_US));
    watchdog.borrow_mut().unleash();

    let mut config = spi::Config::default();
    config.frequency = SPI_HZ;
    let bus = Spi::new_blocking(peripherals.SPI1, peripherals.PB3, peripherals.PB5, peripherals.PB4, config);
    let select = Output::new(peripherals.PA4, Level::High, Speed::VeryHigh);
    if let Some(nor) = open(bus, select) {
        let nor = Mutex::new(RefCell::new(Fed { flash: Waited(nor), watchdog: &watchdog }));
        let internal = Fed { flash: Flash::new_blocking(peripherals.FLASH), watchdog: &watchdog };
        let internal = Mutex::new(RefCell::new(internal));
        let active = Place { start: IMAGE.start.wrapping_sub(FLASH_BASE), len: IMAGE.len };
        match prepare(&internal, active, &nor) {
            Ok(State::Swap) => defmt::info!("swapped"),
            Ok(State::Revert) => defmt::info!("the last image was reverted"),
            Ok(_) => {}
            // The next start goes on where this one ended.
            Err(Failed::Swap) => SCB::sys_reset(),
            Err(Failed::State) => defmt::error!("the state does not read; starting what is there"),
        }
    } else {
        defmt::error!("no NOR chip; starting what is there");
    }
    if jump::is_startable(IMAGE) {
        jump::start(IMAGE)
    }
    defmt::error!("no image");
    // The watchdog tries again: a bench may have flashed an image by then.
    loop {
        cortex_m::asm::wfe();
    }
}

fn open(bus: Spi<'static, Blocking, spi::mode::Master>, select: Output<'static>) -> Option<SpiNor<Bus, Spin>> {
    let Ok(device) = ExclusiveDevice::new_no_delay(BlockingAsync::new(bus), select);
    match block_on(SpiNor::open(device, Spin)) {
        Ok(nor) if nor.len() >= NOR_LEN => Some(nor),
        Ok(nor) => {
            defmt::error!("a NOR chip of {=u32} bytes is too small", nor.len());
            None
        }
        Err(error) => {
            defmt::error!("NOR chip: {}", defmt::Display2Format(&error));
            None
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    SCB::sys_reset()
}

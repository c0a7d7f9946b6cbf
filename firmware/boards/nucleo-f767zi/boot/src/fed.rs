//! The flash chips as the boot loader takes them: with the watchdog fed at every access.
//!
//! Invariant: no single access lasts as long as the watchdog waits, so that only a loader that hangs is reset.

use core::cell::RefCell;

use embassy_stm32::peripherals::IWDG;
use embassy_stm32::wdg::IndependentWatchdog;
use embedded_hal_async::delay::DelayNs;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// The watchdog, fed by whoever gets something done.
pub(crate) type Watchdog = RefCell<IndependentWatchdog<'static, IWDG>>;

/// Cycles of the processor in a microsecond: it runs from its internal oscillator of 16 MHz.
const CYCLES_PER_US: u32 = 16;

/// Waits by counting cycles; nothing else wants to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spin;

impl DelayNs for Spin {
    async fn delay_ns(&mut self, ns: u32) {
        cortex_m::asm::delay(ns.div_ceil(1000).saturating_mul(CYCLES_PER_US));
    }
}

/// A chip whose every access feeds the watchdog.
pub(crate) struct Fed<'w, F> {
    pub(crate) flash: F,
    pub(crate) watchdog: &'w Watchdog,
}

impl<F: ErrorType> ErrorType for Fed<'_, F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> ReadNorFlash for Fed<'_, F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.watchdog.borrow_mut().pet();
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> NorFlash for Fed<'_, F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.watchdog.borrow_mut().pet();
        self.flash.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.watchdog.borrow_mut().pet();
        self.flash.write(offset, bytes)
    }
}

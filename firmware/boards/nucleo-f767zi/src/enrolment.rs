//! The configuration that a bench hands over through the chip's own flash, which a debugger can write.
//!
//! The page has the form that the NOR chip keeps, twice; `milepost-gateway chip configure` makes it.
//! Invariant: a page that is not newer than what the NOR chip holds changes nothing, so that it may stay where it is.

use embassy_stm32::Peri;
use embassy_stm32::flash::{Blocking, Error, Flash};
use embassy_stm32::peripherals::FLASH;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use milepost_firmware::configuration::{self, COPY_LEN, Configuration, ConfigurationError};
use milepost_places_nucleo_f767zi::{ENROLMENT, FLASH_BASE};

/// The place in the chip's flash; it is only read.
pub(crate) struct Handed(Flash<'static, Blocking>);

impl Handed {
    /// Over the chip's flash.
    pub(crate) fn new(flash: Peri<'static, FLASH>) -> Self {
        Self(Flash::new_blocking(flash))
    }
}

impl ErrorType for Handed {
    type Error = Error;
}

impl ReadNorFlash for Handed {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let start = ENROLMENT.start.saturating_sub(FLASH_BASE);
        self.0.blocking_read(start.saturating_add(offset), bytes)
    }

    fn capacity(&self) -> usize {
        ENROLMENT.len as usize
    }
}

impl NorFlash for Handed {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = COPY_LEN;

    async fn erase(&mut self, _: u32, _: u32) -> Result<(), Error> {
        Err(Error::Protected)
    }

    async fn write(&mut self, _: u32, _: &[u8]) -> Result<(), Error> {
        Err(Error::Protected)
    }
}

/// The configuration in force; one that was handed over later than it was stored is stored first.
pub(crate) async fn settle<S: NorFlash>(
    handed: &mut Handed,
    kept: &mut S,
    copy: &mut configuration::Copy,
) -> Result<Option<Configuration>, ConfigurationError<S::Error>> {
    let stored = configuration::load(kept, copy).await?.map(|(_, configuration)| configuration);
    let Ok(Some((_, fresh))) = configuration::load(handed, copy).await else { return Ok(stored) };
    if stored.as_ref().is_some_and(|stored| stored.written_ms >= fresh.written_ms) {
        return Ok(stored);
    }
    configuration::store(kept, copy, &fresh).await?;
    defmt::info!("enrolled as {=str}", fresh.device.as_str());
    Ok(Some(fresh))
}

//! The chip as `embedded-storage` sees it.
//!
//! The chip could write single bytes; four at a time is the unit of the emulated board too, so that both keep one format.
//! Invariant: bits only fall between two erasures, and a write never wraps around at the end of a page.

use core::fmt::Debug;

use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::spi::SpiDevice;
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

use crate::chip::SpiNor;
use crate::error::Error;

/// What one program command reaches, in bytes.
pub const PAGE_LEN: u32 = 256;

/// What one erasure reaches at least, in bytes.
pub const SECTOR_LEN: u32 = 4096;

const BLOCK_LEN: u32 = 1 << 16;
const WRITE_LEN: u32 = 4;

impl<B: SpiDevice, D: DelayNs> SpiNor<B, D> {
    /// The end of an access, if it is aligned and inside.
    fn end(&self, at: u32, len: usize, unit: u32) -> Result<u32, Error<B::Error>> {
        let end = u32::try_from(len).ok().and_then(|len| at.checked_add(len)).ok_or(Error::OutOfBounds)?;
        if !at.is_multiple_of(unit) || !end.is_multiple_of(unit) {
            return Err(Error::NotAligned);
        }
        if end <= self.len() { Ok(end) } else { Err(Error::OutOfBounds) }
    }
}

impl<B: SpiDevice, D> ErrorType for SpiNor<B, D>
where
    B::Error: Debug,
{
    type Error = Error<B::Error>;
}

impl<B: SpiDevice, D: DelayNs> ReadNorFlash for SpiNor<B, D> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.end(offset, bytes.len(), 1)?;
        if bytes.is_empty() { Ok(()) } else { self.fetch(offset, bytes).await }
    }

    fn capacity(&self) -> usize {
        self.len() as usize
    }
}

impl<B: SpiDevice, D: DelayNs> NorFlash for SpiNor<B, D> {
    const WRITE_SIZE: usize = WRITE_LEN as usize;
    const ERASE_SIZE: usize = SECTOR_LEN as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let len = to.checked_sub(from).ok_or(Error::OutOfBounds)?;
        let end = self.end(from, len as usize, SECTOR_LEN)?;
        let mut at = from;
        while at < end {
            match self.block_erase() {
                Some(command) if at.is_multiple_of(BLOCK_LEN) && end - at >= BLOCK_LEN => {
                    self.erase_block(command, at).await?;
                    at += BLOCK_LEN;
                }
                _ => {
                    self.erase_sector(at).await?;
                    at += SECTOR_LEN;
                }
            }
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.end(offset, bytes.len(), WRITE_LEN)?;
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = (PAGE_LEN - at % PAGE_LEN) as usize;
            let (page, after) = rest.split_at(room.min(rest.len()));
            self.program(at, page).await?;
            at += page.len() as u32;
            rest = after;
        }
        Ok(())
    }
}

/// Writing a word again without an erasure only clears further bits; these chips correct no errors, so that nothing stands in its way.
impl<B: SpiDevice, D: DelayNs> MultiwriteNorFlash for SpiNor<B, D> {}

//! An asynchronous flash chip for code that waits.
//!
//! Invariant: it adds nothing to an access but the waiting; whoever uses it has nothing else to do.

use embassy_futures::block_on;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as asynchronous;

/// An asynchronous chip whose every access is waited for.
pub(crate) struct Waited<F>(pub(crate) F);

impl<F: asynchronous::ErrorType> ErrorType for Waited<F> {
    type Error = F::Error;
}

impl<F: asynchronous::ReadNorFlash> ReadNorFlash for Waited<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        block_on(self.0.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: asynchronous::NorFlash> NorFlash for Waited<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        block_on(self.0.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        block_on(self.0.write(offset, bytes))
    }
}

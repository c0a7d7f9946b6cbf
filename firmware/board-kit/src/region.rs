//! A window on a flash chip that several users share.
//!
//! Invariant: an access that leaves its window is refused before it reaches the chip, and the chip serves one access at a time.
//! An access that is given up half-way is its last, because nobody knows what the chip goes on doing.

use core::mem::ManuallyDrop;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::{Mutex, MutexGuard};
use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use milepost_firmware::Flash;
use milepost_firmware::layout::{Layout, Place};

/// A chip between the users of one executor.
pub type Chip<F> = Mutex<NoopRawMutex, F>;

/// Why a region did not take an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionError<E> {
    /// The chip's driver failed.
    Chip(E),
    /// The access leaves the region.
    OutOfBounds,
    /// Another access is under way, or was given up.
    Busy,
}

impl<E: core::fmt::Debug> core::fmt::Display for RegionError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Chip(error) => write!(f, "flash chip failed: {error:?}"),
            Self::OutOfBounds => f.write_str("flash access leaves its region"),
            Self::Busy => f.write_str("flash chip is busy"),
        }
    }
}

impl<E: NorFlashError> NorFlashError for RegionError<E> {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Chip(error) => error.kind(),
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Busy => NorFlashErrorKind::Other,
        }
    }
}

/// A window on a shared chip.
#[derive(Debug)]
pub struct Region<'c, F> {
    chip: &'c Chip<F>,
    place: Place,
}

impl<'c, F> Region<'c, F> {
    /// The window at `place`.
    pub fn new(chip: &'c Chip<F>, place: Place) -> Self {
        Self { chip, place }
    }

    /// The four regions of the core.
    pub fn of_core(chip: &'c Chip<F>, layout: &Layout) -> Flash<Self> {
        Flash {
            alerts: Self::new(chip, layout.alerts),
            bulk: Self::new(chip, layout.bulk),
            state: Self::new(chip, layout.state),
            table: Self::new(chip, layout.table),
        }
    }

    /// Where `offset` is on the chip, if `len` bytes from there stay inside.
    fn on_chip<E>(&self, offset: u32, len: usize) -> Result<u32, RegionError<E>> {
        let end = u32::try_from(len).ok().and_then(|len| offset.checked_add(len));
        end.filter(|&end| end <= self.place.len)
            .and_then(|_| self.place.start.checked_add(offset))
            .ok_or(RegionError::OutOfBounds)
    }

    /// The chip, until [`free`].
    ///
    /// Nothing of an access has to be dropped, so that the futures above it need no code for being given up.
    fn take<E>(&self) -> Result<Taken<'c, F>, RegionError<E>> {
        self.chip.try_lock().map(ManuallyDrop::new).map_err(|_| RegionError::Busy)
    }
}

type Taken<'c, F> = ManuallyDrop<MutexGuard<'c, NoopRawMutex, F>>;

/// The access is over, and the chip is there for the next.
fn free<F>(chip: Taken<'_, F>) {
    drop(ManuallyDrop::into_inner(chip));
}

impl<F: ErrorType> ErrorType for Region<'_, F> {
    type Error = RegionError<F::Error>;
}

impl<F: ReadNorFlash> ReadNorFlash for Region<'_, F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let at = self.on_chip(offset, bytes.len())?;
        let mut chip = self.take()?;
        let done = chip.read(at, bytes).await;
        free(chip);
        done.map_err(RegionError::Chip)
    }

    fn capacity(&self) -> usize {
        self.place.len as usize
    }
}

impl<F: NorFlash> NorFlash for Region<'_, F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let len = to.checked_sub(from).ok_or(RegionError::OutOfBounds)?;
        let at = self.on_chip(from, len as usize)?;
        let end = at.checked_add(len).ok_or(RegionError::OutOfBounds)?;
        let mut chip = self.take()?;
        let done = chip.erase(at, end).await;
        free(chip);
        done.map_err(RegionError::Chip)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let at = self.on_chip(offset, bytes.len())?;
        let mut chip = self.take()?;
        let done = chip.write(at, bytes).await;
        free(chip);
        done.map_err(RegionError::Chip)
    }
}

impl<F: MultiwriteNorFlash> MultiwriteNorFlash for Region<'_, F> {}

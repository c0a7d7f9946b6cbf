//! The board's PSRAM as a NOR chip; QEMU keeps it in a file, so that it outlives the power.
//!
//! Bits only fall between two erasures, a write goes word by word and an erasure 256 bytes at a time, as on silicon.
//! With a [`Cut`] the power goes after a number of steps or at a place, in the middle of whatever is under way.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use milepost_places_mps2_an386::{NOR_BASE, NOR_LEN, SWAP_PAGE};

/// The exit code of a program whose power went.
const POWER_CUT: i32 = 42;

const LEN: usize = NOR_LEN as usize;
const WORD: usize = 4;
const ERASE_PAGE: usize = SWAP_PAGE as usize;
const ERASE_STEP: usize = 256;

/// When the power goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// After so many words or erase steps.
    pub(crate) after: Option<u32>,
    /// When the word at this offset is to be written.
    pub(crate) at: Option<u32>,
}

/// An access that the chip does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NorError {
    /// An address or a length is no multiple of the unit.
    NotAligned,
    /// The access leaves the chip.
    OutOfBounds,
}

impl NorFlashError for NorError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
        }
    }
}

/// The chip.
#[derive(Debug)]
pub(crate) struct Nor {
    memory: &'static mut [u8],
    cut: Cut,
}

impl Nor {
    /// The chip, which is handed out once.
    pub(crate) fn take(cut: Cut) -> Option<Self> {
        static TAKEN: core::sync::atomic::AtomicBool = core::sync::atomic::AtomicBool::new(false);
        let taken = critical_section::with(|_| {
            let before = TAKEN.load(core::sync::atomic::Ordering::Relaxed);
            TAKEN.store(true, core::sync::atomic::Ordering::Relaxed);
            before
        });
        if taken {
            return None;
        }
        #[expect(unsafe_code, reason = "the PSRAM is no memory of the linker's")]
        // SAFETY: the board has 16 MiB of plain memory there, and the flag above lets this run once. Of the linker's only the image that
        // runs lies in it, which nobody writes while it runs: no region of an image holds it, and the boot loader is none.
        let memory = unsafe { core::slice::from_raw_parts_mut(NOR_BASE as *mut u8, LEN) };
        Some(Self { memory, cut })
    }

    fn burn(&mut self) {
        match &mut self.cut.after {
            None => {}
            Some(0) => power_goes(),
            Some(fuel) => *fuel = fuel.saturating_sub(1),
        }
    }

    fn range(offset: u32, len: usize, unit: usize) -> Result<core::ops::Range<usize>, NorError> {
        let start = offset as usize;
        if !start.is_multiple_of(unit) || !len.is_multiple_of(unit) {
            return Err(NorError::NotAligned);
        }
        let end = start.checked_add(len).filter(|&end| end <= LEN).ok_or(NorError::OutOfBounds)?;
        Ok(start..end)
    }
}

fn power_goes() -> ! {
    // What was written must be in the file before the emulator ends.
    cortex_m::asm::dsb();
    semihosting::process::exit(POWER_CUT)
}

impl ErrorType for Nor {
    type Error = NorError;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorError> {
        let range = Self::range(offset, bytes.len(), Self::READ_SIZE)?;
        bytes.copy_from_slice(self.memory.get(range).ok_or(NorError::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        LEN
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = ERASE_PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        let len = to.checked_sub(from).ok_or(NorError::OutOfBounds)? as usize;
        let range = Self::range(from, len, ERASE_PAGE)?;
        for start in range.step_by(ERASE_STEP) {
            self.burn();
            let step = start..start.saturating_add(ERASE_STEP);
            self.memory.get_mut(step).ok_or(NorError::OutOfBounds)?.fill(0xFF);
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorError> {
        let range = Self::range(offset, bytes.len(), WORD)?;
        for (start, word) in range.step_by(WORD).zip(bytes.chunks(WORD)) {
            self.burn();
            if self.cut.at.is_some_and(|at| at as usize == start) {
                power_goes();
            }
            let place = self.memory.get_mut(start..).ok_or(NorError::OutOfBounds)?;
            for (cell, byte) in place.iter_mut().zip(word) {
                *cell &= byte;
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Nor {}

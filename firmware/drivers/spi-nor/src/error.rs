//! Why the chip did not do what was asked.
//!
//! Invariant: an error says whether the bus, the chip or the caller is to blame.

use core::fmt;

use embedded_storage_async::nor_flash::{NorFlashError, NorFlashErrorKind};

/// What the driver waited for when its patience ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The end of something that a run before this one began.
    Before,
    /// The end of a page program.
    Program,
    /// The end of an erasure.
    Erase,
}

/// Why the chip did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The SPI bus failed.
    Bus(E),
    /// Nobody answers: the identification reads as all ones or all zeros.
    Absent,
    /// The parameter table is missing or names no 4 KiB erasure, no pages of 256 bytes or no size.
    Unsuitable,
    /// Block protection bits are set, or the chip did not take the write enable.
    Protected,
    /// The chip was still busy when the longest time of its data sheet was over twice.
    Stuck(Wait),
    /// An address or a length is no multiple of the unit.
    NotAligned,
    /// The access leaves the chip.
    OutOfBounds,
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(f, "SPI bus failed: {error:?}"),
            Self::Absent => f.write_str("no flash chip answers"),
            Self::Unsuitable => f.write_str("flash chip lacks a parameter table with 4 KiB erasure and 256-byte pages"),
            Self::Protected => f.write_str("flash chip is write-protected"),
            Self::Stuck(Wait::Before) => f.write_str("flash chip is still busy with what came before"),
            Self::Stuck(Wait::Program) => f.write_str("flash chip does not end a page program"),
            Self::Stuck(Wait::Erase) => f.write_str("flash chip does not end an erasure"),
            Self::NotAligned => f.write_str("flash access is not aligned"),
            Self::OutOfBounds => f.write_str("flash access leaves the chip"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}

impl<E: fmt::Debug> NorFlashError for Error<E> {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Bus(_) | Self::Absent | Self::Unsuitable | Self::Protected | Self::Stuck(_) => {
                NorFlashErrorKind::Other
            }
        }
    }
}

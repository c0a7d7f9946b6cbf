//! The slot that an image is received into.
//!
//! Invariant: a page is erased before its first byte is written, so that going on at a page's start is always possible.

use embedded_storage_async::nor_flash::NorFlash;
use milepost_protocol::update::MAX_IMAGE_CHUNK_LEN;
use sha2::{Digest, Sha256};

use crate::error::{Error, Operation};

/// The widest write and read of any flash that is supported, in bytes.
const MAX_UNIT: usize = 64;

/// A slot over its region.
pub(super) struct Slot<S: NorFlash> {
    flash: S,
    longest: u32,
}

impl<S: NorFlash> Slot<S> {
    /// Opens the region for images of at most `longest` bytes.
    pub(super) fn open(flash: S, longest: u32) -> Result<Self, Error<S::Error>> {
        let fits = |size: usize| size > 0 && size <= MAX_UNIT && MAX_UNIT.is_multiple_of(size);
        let capacity = u32::try_from(flash.capacity()).unwrap_or(u32::MAX);
        let sound = fits(S::WRITE_SIZE) && fits(S::READ_SIZE) && S::ERASE_SIZE.is_power_of_two() && capacity > 0;
        if sound { Ok(Self { flash, longest: longest.min(capacity) }) } else { Err(Error::Layout(Operation::Update)) }
    }

    /// The longest image that fits, in bytes.
    pub(super) fn longest(&self) -> u32 {
        self.longest
    }

    /// At multiples of so many bytes receiving can go on after a power cut.
    pub(super) fn step() -> u32 {
        S::ERASE_SIZE.max(MAX_IMAGE_CHUNK_LEN) as u32
    }

    /// Writes a chunk, erasing each page that it begins.
    pub(super) async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error<S::Error>> {
        let page = S::ERASE_SIZE as u32;
        let end = offset.saturating_add(bytes.len() as u32);
        let mut at = offset.next_multiple_of(page);
        while at < end {
            self.flash.erase(at, at.saturating_add(page)).await.map_err(failed)?;
            at = at.saturating_add(page);
        }
        let mut padded = [0xFF; MAX_IMAGE_CHUNK_LEN];
        let len = bytes.len().next_multiple_of(S::WRITE_SIZE);
        if let Some(front) = padded.get_mut(..bytes.len()) {
            front.copy_from_slice(bytes);
        }
        self.flash.write(offset, padded.get(..len).unwrap_or_default()).await.map_err(failed)
    }

    /// The SHA-256 of the first `len` bytes, as they read back.
    pub(super) async fn hash(&mut self, len: u32) -> Result<[u8; 32], Error<S::Error>> {
        let mut sha256 = Sha256::new();
        let mut buffer = [0; 256];
        let mut at = 0;
        while at < len {
            let wanted = (len - at).min(256) as usize;
            let aligned = buffer.get_mut(..wanted.next_multiple_of(S::READ_SIZE)).unwrap_or_default();
            self.flash.read(at, aligned).await.map_err(failed)?;
            sha256.update(buffer.get(..wanted).unwrap_or_default());
            at += wanted as u32;
        }
        Ok(sha256.finalize().into())
    }

    /// The region, for a host that reads the image itself.
    pub(super) fn flash(&mut self) -> &mut S {
        &mut self.flash
    }
}

fn failed<E>(source: E) -> Error<E> {
    Error::Flash { operation: Operation::Update, source }
}

//! The writing end.
//!
//! Invariant: a sample is in the block or refused before anything has changed.

use core::fmt;

use super::chain::{Head, Link};
use super::coder::{Encode, FLUSH_LEN};
use super::model::Model;
use super::{MAX_SAMPLE_LEN, MAX_SAMPLES, Sample};

/// Why a sample is not in the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushError {
    /// The block has no room for another sample; it belongs into the next.
    Full,
    /// There is no memory for another column; a block that stands alone forgets all columns.
    TooManyColumns,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "block is full",
            Self::TooManyColumns => "more signals than there is memory for",
        })
    }
}

impl core::error::Error for PushError {}

/// Writes blocks of up to `COLUMNS` signals; it is the memory that a chain of blocks needs.
#[derive(Debug, Clone)]
pub struct Encoder<const COLUMNS: usize> {
    model: Model<COLUMNS>,
    /// The place behind the last block; none before the first, and while one is written.
    link: Option<Link>,
}

impl<const COLUMNS: usize> Default for Encoder<COLUMNS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const COLUMNS: usize> Encoder<COLUMNS> {
    /// An encoder that has written nothing.
    pub const fn new() -> Self {
        Self { model: Model::new(), link: None }
    }

    /// Begins a block that stands alone; the nearer its first sample is to `near_ms`, the shorter it is.
    ///
    /// A buffer shorter than [`MIN_BLOCK_LEN`](super::MIN_BLOCK_LEN) takes no sample.
    pub fn alone<'e, 'b>(&'e mut self, buffer: &'b mut [u8], near_ms: u64) -> BlockWriter<'e, 'b, COLUMNS> {
        self.model.restart(near_ms);
        BlockWriter::new(self, buffer, Head::Alone { near_ms }, Link::START)
    }

    /// Begins a block that continues the last one; `None` if there is none, or if its writer was dropped unfinished.
    pub fn continuing<'e, 'b>(&'e mut self, buffer: &'b mut [u8]) -> Option<BlockWriter<'e, 'b, COLUMNS>> {
        let link = self.link?;
        Some(BlockWriter::new(self, buffer, Head::Continuing(link), link))
    }
}

/// A block that is being written.
#[derive(Debug)]
pub struct BlockWriter<'e, 'b, const COLUMNS: usize> {
    encoder: &'e mut Encoder<COLUMNS>,
    bits: Encode<'b>,
    count: u16,
    /// The place at which the block stands.
    link: Link,
}

impl<'e, 'b, const COLUMNS: usize> BlockWriter<'e, 'b, COLUMNS> {
    fn new(encoder: &'e mut Encoder<COLUMNS>, buffer: &'b mut [u8], head: Head, link: Link) -> Self {
        encoder.link = None;
        let start = head.write(buffer);
        Self { encoder, bits: Encode::new(buffer, start), count: 0, link }
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: &Sample) -> Result<(), PushError> {
        if self.count == MAX_SAMPLES || self.bits.room() < MAX_SAMPLE_LEN + FLUSH_LEN {
            return Err(PushError::Full);
        }
        if !self.encoder.model.takes(sample) {
            return Err(PushError::TooManyColumns);
        }
        self.encoder.model.code(&mut self.bits, sample).map_err(|_| PushError::TooManyColumns)?;
        self.count += 1;
        Ok(())
    }

    /// How many samples are in the block.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Ends the block; nothing, if the buffer was shorter than a block's head.
    pub fn finish(self) -> &'b [u8] {
        let (buffer, len) = self.bits.finish();
        Head::set_count(buffer, self.count);
        let block = buffer.get(..len).unwrap_or_default();
        self.encoder.link = (!block.is_empty()).then(|| self.link.behind(block));
        block
    }
}

//! The reading end.
//!
//! Invariant: a block that is refused for its place leaves the chain as it was; one that breaks off ends the chain.

use core::fmt;

use super::chain::{Head, HeadError, Kind, Link};
use super::coder::Decode;
use super::model::{Model, Refused};
use super::{MAX_SAMPLES, Resolution, Sample};
use crate::SignalId;

/// What a block that was decoded is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Whether it stood alone.
    pub kind: Kind,
    /// Its number in its chain, modulo 256; the first has 0.
    pub number: u8,
    /// How many samples it held.
    pub samples: u16,
}

/// Why a block was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockError {
    /// The first byte is no kind of block that this build reads.
    UnknownFormat(u8),
    /// The head is cut short, or tells of more samples than a block may hold.
    Head,
    /// The block continues one that was not decoded right before it; it and what continues it wait for a block that stands alone.
    MissingPredecessor {
        /// The block's number in its chain, modulo 256.
        number: u8,
        /// The number that would continue what was decoded last, if anything can.
        expected: Option<u8>,
    },
    /// The block is the one that was decoded last.
    Repeated {
        /// The block's number in its chain, modulo 256.
        number: u8,
    },
    /// The block has more columns than this decoder has memory for.
    TooManyColumns,
    /// The bits are not those of so many samples; what was handed out of this block is to be thrown away.
    Malformed,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFormat(byte) => write!(f, "series block of unknown format {byte:#04x}"),
            Self::Head => f.write_str("head of the series block is cut short or out of range"),
            Self::MissingPredecessor { number, expected: Some(expected) } => {
                write!(f, "series block {number} continues one that is missing; {expected} would be next")
            }
            Self::MissingPredecessor { number, expected: None } => {
                write!(f, "series block {number} continues one that is missing")
            }
            Self::Repeated { number } => write!(f, "series block {number} was decoded already"),
            Self::TooManyColumns => f.write_str("series block has more columns than there is memory for"),
            Self::Malformed => f.write_str("bits of the series block are not those of its samples"),
        }
    }
}

impl core::error::Error for BlockError {}

/// Reads blocks of up to `COLUMNS` signals; it is the memory that a chain of blocks needs.
#[derive(Debug, Clone)]
pub struct Decoder<const COLUMNS: usize> {
    model: Model<COLUMNS>,
    /// The place behind the last block.
    link: Option<Link>,
}

impl<const COLUMNS: usize> Default for Decoder<COLUMNS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const COLUMNS: usize> Decoder<COLUMNS> {
    /// A decoder that has read nothing.
    pub const fn new() -> Self {
        Self { model: Model::new(), link: None }
    }

    /// Decodes a block and hands out its samples in the order in which they were written.
    ///
    /// A block that stands alone always decodes, and begins a chain.
    /// One that continues another decodes only right behind it: what is missing costs the blocks up to the next one that stands alone,
    /// and each of them says so.
    pub fn decode(&mut self, block: &[u8], mut take: impl FnMut(Sample)) -> Result<Block, BlockError> {
        let (head, samples, bits) = Head::read(block).map_err(|error| match error {
            HeadError::UnknownFormat(byte) => BlockError::UnknownFormat(byte),
            HeadError::Short => BlockError::Head,
        })?;
        if samples > MAX_SAMPLES {
            return Err(BlockError::Head);
        }
        let (kind, place) = match head {
            Head::Alone { .. } => (Kind::Alone, Link::START),
            Head::Continuing(place) => (Kind::Continuing, place),
        };
        let (number, behind) = (place.number, place.behind(block));
        if self.link == Some(behind) {
            return Err(BlockError::Repeated { number });
        }
        match head {
            Head::Alone { near_ms } => self.model.restart(near_ms),
            Head::Continuing(place) if self.link == Some(place) => {}
            Head::Continuing(_) => {
                let expected = self.link.map(|link| link.number);
                return Err(BlockError::MissingPredecessor { number, expected });
            }
        }
        self.link = None;
        let mut bits = Decode::new(bits);
        let any = Sample { signal: SignalId(0), resolution: Resolution::ONE, at_ms: 0, raw: 0 };
        for _ in 0..samples {
            take(self.model.code(&mut bits, &any).map_err(|refused| match refused {
                Refused::TooManyColumns => BlockError::TooManyColumns,
                Refused::Malformed => BlockError::Malformed,
            })?);
        }
        if !bits.is_whole() {
            return Err(BlockError::Malformed);
        }
        self.link = Some(behind);
        Ok(Block { kind, number, samples })
    }
}

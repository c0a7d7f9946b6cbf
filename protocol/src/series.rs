//! Series blocks: sampled signals in few bytes, without loss, between a microcontroller and the service.
//!
//! A block is a row of samples in the order in which they were measured.
//! Each signal is a column with a history and models of its own: what is coded is how far a sample lies from what its column foretells.
//! Which column comes next follows from when each is due, so that the order of polled signals costs almost nothing.
//! The difference goes bit by bit through an arithmetic coder; several adaptive estimates of a bit are mixed, in integers alone,
//! so that both ends come to the same numbers on every machine.
//! A block stands alone or continues the one before it, and says which; see [`Decoder::decode`].
//! Invariant: what [`Decoder`] hands out is what [`Encoder`] took, bit by bit; bytes that no encoder wrote end in an error, never in a panic,
//! and cost no more work than [`MAX_SAMPLES`] samples.
//!
//! # Memory
//!
//! Either end takes [`SHARED_BYTES`] and, for each column, [`COLUMN_BYTES`]; both are held by the compiler.
//! Sixteen signals, more than a diagnostic link polls, take 12 KiB.
//! A column is a signal at one resolution; how many there may be is the type's parameter, which the bytes on the wire do not depend on.

mod chain;
mod coder;
mod column;
mod decode;
mod encode;
mod logistic;
mod model;
mod number;

use serde::{Deserialize, Serialize};

use crate::SignalId;

pub use chain::Kind;
pub use decode::{Block, BlockError, Decoder};
pub use encode::{BlockWriter, Encoder, PushError};

/// The most samples in a block.
pub const MAX_SAMPLES: u16 = 8192;

/// The most bytes that one more sample takes; [`BlockWriter::push`] refuses when a block has less room.
pub const MAX_SAMPLE_LEN: usize = 128;

/// The shortest buffer that takes a sample, in bytes.
pub const MIN_BLOCK_LEN: usize = chain::MAX_HEAD_LEN + MAX_SAMPLE_LEN + coder::FLUSH_LEN;

/// The memory that a column takes, in bytes.
pub const COLUMN_BYTES: usize = 528;

/// The memory that an end takes besides its columns, in bytes.
pub const SHARED_BYTES: usize = 4 * 1024;

const _: () = assert!(size_of::<column::Column>() <= COLUMN_BYTES);
const _: () = assert!(size_of::<Encoder<16>>() <= SHARED_BYTES + 16 * COLUMN_BYTES);
const _: () = assert!(size_of::<Decoder<16>>() <= SHARED_BYTES + 16 * COLUMN_BYTES);

/// What one unit of a raw value is worth: `numerator / denominator` of the signal's unit on the wire.
///
/// A byte that means 0 to 100 % is 1/255, a speed in whole kilometres per hour is 5/18 m/s, a voltage in millivolts is 1/1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resolution {
    /// The numerator.
    pub numerator: u32,
    /// The denominator; a decoder takes any number, and [`Resolution::value`] makes nothing of zero.
    pub denominator: u32,
}

impl Resolution {
    /// Whole units.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The value in the signal's unit; `None` if the denominator is zero.
    pub fn value(self, raw: i64) -> Option<f64> {
        (self.denominator != 0).then(|| raw as f64 * f64::from(self.numerator) / f64::from(self.denominator))
    }
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sample {
    /// The signal.
    pub signal: SignalId,
    /// What one unit of `raw` is worth.
    pub resolution: Resolution,
    /// When it was measured, in milliseconds on any scale; a block keeps every number, whatever came before it.
    pub at_ms: u64,
    /// The value in units of `resolution`.
    pub raw: i64,
}

//! What a log consists of, whatever wrote it: frames in time, and lines that are none.
//!
//! Invariant: every line that is no frame is either known to carry none, or counted with its reason and its number.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use embedded_can::Id;

/// One frame of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Time in microseconds, on the log's own scale.
    pub at_us: u64,
    /// The channel's name.
    pub channel: String,
    /// The identifier, 11 or 29 bits.
    pub id: Id,
    /// What the frame carries.
    pub payload: Payload,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// 0 to 8 bytes, or up to 64 with CAN FD.
    Data(Vec<u8>),
    /// A request for data, which no core uses.
    Remote,
}

/// Why a line is no frame, or what is doubtful about its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LineError {
    /// It does not begin with a time.
    #[error("no time, or one that cannot be read")]
    Time,
    /// There is no channel behind the time.
    #[error("no channel")]
    Channel,
    /// There is no identifier where one has to stand.
    #[error("no identifier")]
    Identifier,
    /// The identifier is not within 11 or 29 bits.
    #[error("identifier out of range")]
    IdentifierRange,
    /// The data are not whole bytes.
    #[error("data are not bytes")]
    Data,
    /// There are more data than the frame format holds.
    #[error("more data than the frame holds")]
    Length,
    /// There are fewer data than the line itself announces.
    #[error("line is cut, fewer data than it announces")]
    Cut,
    /// The line is not text, or far too long.
    #[error("not a line of text")]
    Text,
    /// The bus reported an error.
    #[error("an error frame, which carries nothing")]
    ErrorFrame,
    /// The tool wrote about something else than a frame.
    #[error("an event that is no frame")]
    Event,
    /// The frame is kept, with its own time.
    #[error("clock jumps back, frame kept with its own time")]
    ClockBack,
    /// The frame is kept.
    #[error("last line has no end and may be cut, frame kept")]
    Unended,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened or read.
    #[error("cannot read the log, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The compressed data are damaged.
    #[error("compressed log is damaged after line {line}, {}", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The last whole line.
        line: u64,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// No line of it is a CAN frame.
    #[error("not a CAN log ({error}), {}:{line}", path.display())]
    NoFrames {
        /// The file.
        path: PathBuf,
        /// The first line that is not empty.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
    /// There is nothing in it.
    #[error("log is empty, {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is a measurement file (ASAM MDF), for which there is no reader here.
    #[error("log is an MDF file; convert it, for example with `asammdf` or `mdf2socketcan`, {}", path.display())]
    Mdf {
        /// The file.
        path: PathBuf,
    },
}

/// Lines that were told apart from good frames, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Broken {
    /// How many lines, by reason.
    pub counts: BTreeMap<LineError, u64>,
    /// The first of them, with their numbers.
    pub examples: Vec<(u64, LineError)>,
}

impl Broken {
    /// How many examples are kept.
    pub const EXAMPLES: usize = 1_000;

    /// How many lines there were.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    pub(super) fn note(&mut self, line: u64, error: LineError) {
        *self.counts.entry(error).or_default() += 1;
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push((line, error));
        }
    }
}

/// Numbers channels in the order in which they appear.
#[derive(Debug, Default)]
pub struct Channels(Vec<String>);

impl Channels {
    /// Channels with given numbers, the first being bus 0.
    pub fn fixed(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The bus number of a channel; a new one takes the next number, and the 256th shares the last.
    pub fn bus(&mut self, channel: &str) -> u8 {
        let at = self.0.iter().position(|name| name == channel).unwrap_or_else(|| {
            self.0.push(channel.to_owned());
            self.0.len() - 1
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }
}

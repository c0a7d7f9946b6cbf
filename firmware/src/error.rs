//! What can go wrong, by blame.
//!
//! The host's flash and the host's region sizes can fail a call; bytes from the air can be refused; nothing else can.

use core::fmt;

use milepost_protocol::DecodeError;

/// What the core was doing when the flash failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading what an outbox lane holds.
    ReadOutbox,
    /// Appending to an outbox lane.
    Push,
    /// Removing what the cloud has committed.
    Acknowledge,
    /// Reading state.
    LoadState,
    /// Writing state.
    SaveState,
    /// Reading or writing a signal table.
    Table,
    /// Receiving a firmware image, or keeping its state.
    Update,
}

/// Why a call into the core failed; `E` is the flash driver's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The flash driver failed.
    Flash {
        /// What the core was doing.
        operation: Operation,
        /// The driver's error.
        source: E,
    },
    /// The flash holds bytes that do not read back, beyond repair.
    Corrupt(Operation),
    /// A region is too small, too large or not a multiple of its erase size.
    Layout(Operation),
}

impl<E> Error<E> {
    pub(crate) fn from_storage(operation: Operation, error: sequential_storage::Error<E>) -> Self {
        match error {
            sequential_storage::Error::Storage { value, .. } => Self::Flash { operation, source: value },
            sequential_storage::Error::FullStorage
            | sequential_storage::Error::ItemTooBig
            | sequential_storage::Error::SerializationError(_) => Self::Layout(operation),
            _ => Self::Corrupt(operation),
        }
    }
}

impl Operation {
    /// What it does, in words.
    fn text(self) -> &'static str {
        match self {
            Self::ReadOutbox => "read the outbox",
            Self::Push => "append to the outbox",
            Self::Acknowledge => "remove committed records",
            Self::LoadState => "load state",
            Self::SaveState => "save state",
            Self::Table => "read or write the signal table",
            Self::Update => "receive a firmware image",
        }
    }
}

impl<E> Error<E> {
    /// What `Display` writes, in two pieces, for an image without formatting.
    pub fn words(&self) -> [&'static str; 2] {
        match self {
            Self::Flash { operation, .. } => ["flash failed to ", operation.text()],
            Self::Corrupt(operation) => ["flash is corrupt, failed to ", operation.text()],
            Self::Layout(operation) => ["flash region has a wrong size, failed to ", operation.text()],
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().into_iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash { source, .. } => Some(source),
            Self::Corrupt(_) | Self::Layout(_) => None,
        }
    }
}

/// Why a downlink message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownlinkError<E> {
    /// The bytes are no message of the protocol; they are counted, and sending them again will not help.
    Decode(DecodeError),
    /// The core itself failed; the message should be delivered again.
    Device(Error<E>),
}

impl<E> From<Error<E>> for DownlinkError<E> {
    fn from(error: Error<E>) -> Self {
        Self::Device(error)
    }
}

impl<E> fmt::Display for DownlinkError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(_) => f.write_str("downlink message does not decode"),
            Self::Device(_) => f.write_str("downlink message could not be kept"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for DownlinkError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Decode(source) => Some(source),
            Self::Device(source) => Some(source),
        }
    }
}

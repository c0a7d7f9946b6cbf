//! The framing that both directions share: length-prefixed bodies behind a kind number.
//!
//! A body is a postcard structure that starts at its frame; bytes behind what a reader knows are passed over, so that a body may grow at its end.

use core::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{MAX_BODY_LEN, codec};

/// Why bytes are no message of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// There are no bytes at all.
    Empty,
    /// The version byte is not one that this build reads.
    UnknownVersion(u8),
    /// The header behind the version byte is cut short or out of range.
    Header,
    /// The message is longer than the protocol allows.
    TooLong,
    /// The frame with this index is cut short or out of range.
    Frame(u16),
    /// The body of a known kind does not decode.
    Body {
        /// The frame's index within the message.
        frame: u16,
        /// The frame's kind number.
        kind: u16,
    },
    /// A record number or time leaves its range at the frame with this index.
    Range(u16),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("message is empty"),
            Self::UnknownVersion(version) => write!(f, "version {version} is unknown"),
            Self::Header => f.write_str("header is cut short or out of range"),
            Self::TooLong => f.write_str("message is longer than allowed"),
            Self::Frame(frame) => write!(f, "frame {frame} is cut short or out of range"),
            Self::Body { frame, kind } => {
                write!(f, "body of frame {frame}, kind {kind}, does not decode")
            }
            Self::Range(frame) => write!(f, "number or time of frame {frame} is out of range"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl DecodeError {
    /// A short name for counters.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownVersion(_) => "unknown_version",
            Self::Header => "header",
            Self::TooLong => "too_long",
            Self::Frame(_) => "frame",
            Self::Body { .. } => "body",
            Self::Range(_) => "range",
        }
    }
}

/// Takes one postcard structure off the front of `bytes`.
pub(crate) fn take<'a, T: Deserialize<'a>>(bytes: &mut &'a [u8]) -> Option<T> {
    let (value, rest) = codec::take(bytes)?;
    *bytes = rest;
    Some(value)
}

/// Takes a body of `len` bytes off the front of `bytes`; one that no writer could have written is refused.
pub(crate) fn take_body<'a>(bytes: &mut &'a [u8], len: u16) -> Option<&'a [u8]> {
    let len = usize::from(len);
    if len > MAX_BODY_LEN {
        return None;
    }
    let (front, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(front)
}

/// Reads a body; trailing bytes belong to a newer writer and are passed over.
pub(crate) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    codec::read(bytes)
}

/// Appends one postcard structure at `len`; answers the new length.
pub(crate) fn append<T: Serialize + ?Sized>(buffer: &mut [u8], len: usize, value: &T) -> Option<usize> {
    let written = codec::write(value, buffer.get_mut(len..)?)?;
    Some(len + written)
}

/// Appends raw bytes at `len`; answers the new length.
pub(crate) fn append_slice(buffer: &mut [u8], len: usize, bytes: &[u8]) -> Option<usize> {
    let end = len.checked_add(bytes.len())?;
    buffer.get_mut(len..end)?.copy_from_slice(bytes);
    Some(end)
}

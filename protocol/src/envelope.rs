//! The envelope: a run of records of one boot, as a device publishes them.
//!
//! Layout: the version byte; the header as postcard; then one frame a record: `(numbers skipped, milliseconds since the
//! record before, kind, body length)` as postcard, and the body.
//! Invariant: an envelope that parsed once yields every record without error.

use serde::{Deserialize, Serialize};

use crate::frame::{self, DecodeError};
use crate::record::Record;
use crate::{MAX_BODY_LEN, MAX_ENVELOPE_LEN, VERSION};

/// How far a device's clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClockQuality {
    /// Times are milliseconds since the boot.
    SinceBoot,
    /// Unix time carried over from before a restart; it may lag.
    Estimated,
    /// Unix time from the network.
    Network,
}

/// What all records of an envelope share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The boot that made the records.
    pub boot: u32,
    /// The number before which none of the records stands; the first record's number is this plus its skip.
    pub first: u32,
    /// The time that the first record's delta counts from, in milliseconds.
    pub base_ms: u64,
    /// What `base_ms` counts from.
    pub quality: ClockQuality,
    /// How long before sending `base_ms` was, by the device's own clock; known only within the same boot.
    pub age_ms: Option<u64>,
    /// The consent version that the device worked under.
    pub consent: u32,
}

/// One record of an envelope, with its body undecoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The record's number within the envelope's boot.
    pub number: u32,
    /// When it was measured, in milliseconds, as [`Header::quality`] says.
    pub at_ms: u64,
    /// The kind.
    pub kind: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Entry<'_> {
    /// The record itself.
    pub fn record(&self) -> Record {
        Record::decode_body(self.kind, self.body).expect("the envelope was checked when it was parsed")
    }
}

/// A checked envelope over the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// What the records share.
    pub header: Header,
    frames: &'a [u8],
}

type FrameHead = (u32, i64, u16, u16);

impl<'a> Envelope<'a> {
    /// Checks `bytes` whole: version, header, every frame, every known body.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_ENVELOPE_LEN {
            return Err(DecodeError::TooLong);
        }
        let (&version, mut rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
        if version != VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        let header = frame::take(&mut rest).ok_or(DecodeError::Header)?;
        let envelope = Self { header, frames: rest };
        let mut walk = envelope.walk();
        while let Some(entry) = walk.step()? {
            if Record::decode_body(entry.kind, entry.body).is_none() {
                return Err(DecodeError::Body { frame: walk.index - 1, kind: entry.kind });
            }
        }
        Ok(envelope)
    }

    /// The header and the record numbers of an envelope that does not parse whole, as far as its frames can be walked;
    /// `None` if not even the header reads.
    ///
    /// A reader that sets such an envelope aside can thereby still tell the device which numbers it need not send again.
    pub fn salvage(bytes: &'a [u8]) -> Option<(Header, impl Iterator<Item = u32> + use<'a>)> {
        let (&version, mut rest) = bytes.split_first()?;
        if version != VERSION || bytes.len() > MAX_ENVELOPE_LEN {
            return None;
        }
        let header: Header = frame::take(&mut rest)?;
        let mut walk = Self { header, frames: rest }.walk();
        Some((header, core::iter::from_fn(move || walk.step().ok().flatten().map(|entry| entry.number))))
    }

    /// The records in order, numbers strictly rising.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut walk = self.walk();
        core::iter::from_fn(move || walk.step().expect("the envelope was checked when it was parsed"))
    }

    fn walk(&self) -> Walk<'a> {
        Walk { rest: self.frames, index: 0, next: Some(self.header.first), at_ms: self.header.base_ms }
    }
}

struct Walk<'a> {
    rest: &'a [u8],
    index: u16,
    next: Option<u32>,
    at_ms: u64,
}

impl<'a> Walk<'a> {
    fn step(&mut self) -> Result<Option<Entry<'a>>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let index = self.index;
        let (skip, delta_ms, kind, len) = frame::take::<FrameHead>(&mut self.rest).ok_or(DecodeError::Frame(index))?;
        let body = frame::take_slice(&mut self.rest, usize::from(len)).ok_or(DecodeError::Frame(index))?;
        let number = self.next.and_then(|next| next.checked_add(skip)).ok_or(DecodeError::Range(index))?;
        self.at_ms = self.at_ms.checked_add_signed(delta_ms).ok_or(DecodeError::Range(index))?;
        self.next = number.checked_add(1);
        self.index += 1;
        Ok(Some(Entry { number, at_ms: self.at_ms, kind, body }))
    }
}

/// Why a record did not go into an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushError {
    /// The envelope has no room left; send it and begin another.
    Full,
    /// The number is not above the ones before it.
    Order,
    /// The body is longer than [`MAX_BODY_LEN`].
    Body,
}

/// Builds one envelope in a buffer of the caller.
#[derive(Debug)]
pub struct EnvelopeWriter<'b> {
    buffer: &'b mut [u8],
    len: usize,
    next: Option<u32>,
    at_ms: u64,
    count: u16,
}

impl<'b> EnvelopeWriter<'b> {
    /// Begins an envelope; `None` if not even the header fits.
    pub fn new(buffer: &'b mut [u8], header: &Header) -> Option<Self> {
        let limit = buffer.len().min(MAX_ENVELOPE_LEN);
        let buffer = &mut buffer[..limit];
        *buffer.first_mut()? = VERSION;
        let len = frame::append(buffer, 1, header)?;
        Some(Self { buffer, len, next: Some(header.first), at_ms: header.base_ms, count: 0 })
    }

    /// Appends a record by its encoded body; the envelope is unchanged on error.
    pub fn push_body(&mut self, number: u32, at_ms: u64, kind: u16, body: &[u8]) -> Result<(), PushError> {
        if body.len() > MAX_BODY_LEN {
            return Err(PushError::Body);
        }
        let skip = self.next.and_then(|next| number.checked_sub(next)).ok_or(PushError::Order)?;
        let delta_ms = at_ms.wrapping_sub(self.at_ms).cast_signed();
        let head: FrameHead = (skip, delta_ms, kind, body.len() as u16);
        let len = frame::append(self.buffer, self.len, &head).ok_or(PushError::Full)?;
        self.len = frame::append_slice(self.buffer, len, body).ok_or(PushError::Full)?;
        self.next = number.checked_add(1);
        self.at_ms = at_ms;
        self.count += 1;
        Ok(())
    }

    /// Appends a record; the envelope is unchanged on error.
    pub fn push(&mut self, number: u32, at_ms: u64, record: &Record) -> Result<(), PushError> {
        let mut body = [0; MAX_BODY_LEN];
        let body = record.encode_body(&mut body).ok_or(PushError::Body)?;
        self.push_body(number, at_ms, record.kind(), body)
    }

    /// How many records it holds.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// The finished bytes.
    pub fn finish(self) -> &'b [u8] {
        &self.buffer[..self.len]
    }
}

//! The one place where recordings are read for diagnostics.
//!
//! Invariant: frames come in the order of the log, with the log's own times; broken lines and remote frames are counted.

use std::path::Path;

use milepost_firmware::frame::raw;

use crate::log::{Broken, LogError, Payload, Reader};

/// A data frame of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Time in microseconds, on the log's own scale.
    pub at_us: u64,
    /// The channel's name.
    pub channel: String,
    /// The identifier, as [`raw`] writes it.
    pub id: u32,
    /// The data bytes.
    pub data: Vec<u8>,
}

/// A log that is being read.
#[derive(Debug)]
pub struct Log(Reader);

impl Log {
    /// Opens a log.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        Reader::open(path).map(Self)
    }

    /// The next data frame.
    pub fn next_frame(&mut self) -> Result<Option<Heard>, LogError> {
        while let Some(entry) = self.0.next_entry()? {
            if let Payload::Data(data) = entry.payload {
                return Ok(Some(Heard { at_us: entry.at_us, channel: entry.channel, id: raw(entry.id), data }));
            }
        }
        Ok(None)
    }

    /// The lines that were no frames, so far.
    pub fn broken(&self) -> &Broken {
        self.0.broken()
    }
}

/// Seconds, as logs count them.
pub fn seconds(at_us: u64) -> f64 {
    at_us as f64 / 1e6
}

/// An identifier as people write it: three digits for 11 bits, eight for 29.
pub fn id_hex(id: u32) -> String {
    use milepost_firmware::frame::EXTENDED;
    if id & EXTENDED == 0 { format!("{id:03X}") } else { format!("{:08X}", id & !EXTENDED) }
}

/// Bytes as hexadecimal digits, upper case.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Bytes of hexadecimal digits; `None` if they are not whole bytes.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

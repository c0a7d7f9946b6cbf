//! Messages on a serial line: postcard, a CRC-32, stuffed by COBS and ended by a zero byte.
//!
//! COBS: Cheshire, Baker, "Consistent overhead byte stuffing", IEEE/ACM Transactions on Networking 7 (1999).
//! Invariant: a message is taken whole and with a right checksum, or it is broken; whoever comes late is in step at the next zero.

use core::fmt;

use heapless::Vec;
use milepost_protocol::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message with its checksum, before stuffing.
const MAX_MESSAGE_LEN: usize = 1280;

/// The longest message on the line, its ending zero included.
pub const MAX_LINE_LEN: usize = MAX_MESSAGE_LEN + MAX_MESSAGE_LEN / 254 + 2;

/// Why bytes between two zeros were no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// More bytes than any message has.
    TooLong,
    /// The stuffing does not add up.
    Stuffing,
    /// The checksum is wrong.
    Checksum,
    /// It is no message that this build knows.
    Message,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "line is longer than any message",
            Self::Stuffing => "line is stuffed wrongly",
            Self::Checksum => "line has a wrong checksum",
            Self::Message => "line holds no known message",
        })
    }
}

impl core::error::Error for Broken {}

/// Writes a message as it goes over the line; `None` if it is too long.
pub fn encode<T: Serialize>(message: &T) -> Option<Vec<u8, MAX_LINE_LEN>> {
    let mut plain = [0; MAX_MESSAGE_LEN];
    let len = codec::write(message, plain.get_mut(..MAX_MESSAGE_LEN - 4)?)?;
    let checksum = crc32(plain.get(..len)?).to_be_bytes();
    plain.get_mut(len..len + 4)?.copy_from_slice(&checksum);
    stuff(plain.get(..len + 4)?)
}

/// Gathers bytes of a line.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8, MAX_LINE_LEN>,
    overflow: bool,
}

impl Reader {
    /// A reader that has seen nothing.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), overflow: false }
    }

    /// Takes one byte; answers at the end of a line that is not empty.
    pub fn push<T: DeserializeOwned>(&mut self, byte: u8) -> Option<Result<T, Broken>> {
        if byte != 0 {
            self.overflow |= self.bytes.push(byte).is_err();
            return None;
        }
        let message = match (self.overflow, self.bytes.is_empty()) {
            (true, _) => Some(Err(Broken::TooLong)),
            (false, true) => None,
            (false, false) => Some(decode(&self.bytes)),
        };
        self.bytes.clear();
        self.overflow = false;
        message
    }
}

fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, Broken> {
    let plain = unstuff(line).ok_or(Broken::Stuffing)?;
    let (body, checksum) = plain.split_last_chunk::<4>().ok_or(Broken::Checksum)?;
    if crc32(body) != u32::from_be_bytes(*checksum) {
        return Err(Broken::Checksum);
    }
    codec::read(body).ok_or(Broken::Message)
}

fn stuff(plain: &[u8]) -> Option<Vec<u8, MAX_LINE_LEN>> {
    let mut line = Vec::new();
    let mut blocks = plain.split(|byte| *byte == 0);
    for block in &mut blocks {
        let mut rest = block;
        while let Some((full, behind)) = rest.split_at_checked(254) {
            line.push(0xFF).ok()?;
            line.extend_from_slice(full).ok()?;
            rest = behind;
        }
        line.push(rest.len() as u8 + 1).ok()?;
        line.extend_from_slice(rest).ok()?;
    }
    line.push(0).ok()?;
    Some(line)
}

fn unstuff(line: &[u8]) -> Option<Vec<u8, MAX_LINE_LEN>> {
    let mut plain = Vec::new();
    let mut rest = line;
    while let Some((&code, behind)) = rest.split_first() {
        let (block, behind) = behind.split_at_checked(usize::from(code).checked_sub(1)?)?;
        plain.extend_from_slice(block).ok()?;
        if code != 0xFF && !behind.is_empty() {
            plain.push(0).ok()?;
        }
        rest = behind;
    }
    Some(plain)
}

/// CRC-32 as in ISO 3309 and Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec as List;

    use super::*;

    fn read(line: &[u8]) -> List<Result<heapless::Vec<u8, 1200>, Broken>> {
        let mut reader = Reader::new();
        line.iter().filter_map(|byte| reader.push(*byte)).collect()
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_line_without_an_end_is_given_up_and_the_next_one_counts() {
        let mut line = std::vec![7; 5 * MAX_LINE_LEN];
        line.push(0);
        line.extend_from_slice(&encode(&heapless::Vec::<u8, 1200>::new()).unwrap());
        assert_eq!(read(&line), [Err(Broken::TooLong), Ok(heapless::Vec::new())]);
    }

    proptest! {
        #[test]
        fn a_message_arrives_as_it_was_sent_whatever_came_before(
            bytes in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..1200),
            noise in proptest::collection::vec(1_u8.., 0..40),
        ) {
            let sent: heapless::Vec<u8, 1200> = heapless::Vec::from_slice(&bytes).unwrap();
            let line = encode(&sent).unwrap();
            prop_assert_eq!(line.iter().position(|byte| *byte == 0), Some(line.len() - 1));
            prop_assert_eq!(read(&line), [Ok(sent.clone())]);
            let late: List<u8> = noise.iter().copied().chain([0]).chain(line.iter().copied()).collect();
            prop_assert_eq!(read(&late).pop(), Some(Ok(sent)));
        }

        #[test]
        fn a_changed_byte_is_noticed(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), change in 1_u8..,
        ) {
            let sent: heapless::Vec<u8, 1200> = heapless::Vec::from_slice(&bytes).unwrap();
            let mut line = encode(&sent).unwrap();
            let at = at.index(line.len());
            line[at] ^= change;
            line.push(0).unwrap();
            prop_assert!(!read(&line).contains(&Ok(sent)));
        }
    }
}

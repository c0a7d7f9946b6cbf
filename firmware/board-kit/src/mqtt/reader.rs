//! Packets from a stream of bytes, as far as a broker sends them to a device.
//!
//! Source: MQTT 3.1.1 (OASIS, 2014), chapters 2 and 3.
//! Invariant: a packet of any length ends where it says; of one that is longer than the room, the payload is left out and counts as empty.

use core::num::NonZeroU16;

use heapless::Vec;
use milepost_protocol::MAX_DOWNLINK_LEN;
use milepost_protocol::topics::MAX_TOPIC_LEN;

/// The longest message with its topic and number.
const ROOM: usize = 2 + MAX_TOPIC_LEN + 2 + MAX_DOWNLINK_LEN;

/// Bytes that are no packet, or one that no broker sends to a device like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A packet of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet<'p> {
    /// CONNACK: whether the broker has kept the session, and its answer, 0 for yes.
    Answer { kept: bool, code: u8 },
    /// PUBLISH; without a number nobody waits for its acknowledgement.
    Message { topic: &'p [u8], number: Option<NonZeroU16>, payload: &'p [u8] },
    /// PUBACK.
    Acknowledgement(u16),
    /// SUBACK, and whether it was granted.
    Subscribed { number: u16, granted: bool },
    /// PINGRESP.
    Pong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    First,
    /// The next byte of the length counts from this bit on.
    Length(u32),
    Body,
}

/// Collects one packet at a time.
#[derive(Debug)]
pub(super) struct Reader {
    stage: Stage,
    first: u8,
    /// Bytes of the packet that are still to come.
    rest: u32,
    is_cut: bool,
    body: Vec<u8, ROOM>,
}

impl Reader {
    pub(super) const fn new() -> Self {
        Self { stage: Stage::First, first: 0, rest: 0, is_cut: false, body: Vec::new() }
    }

    /// Forgets what has come of a packet.
    pub(super) fn reset(&mut self) {
        self.stage = Stage::First;
    }

    /// Takes bytes away from the front until a packet is whole, or there are none left.
    pub(super) fn next<'p>(&'p mut self, bytes: &mut &[u8]) -> Result<Option<Packet<'p>>, Malformed> {
        while self.stage != Stage::Body {
            let Some(&byte) = bytes.split_off_first() else { return Ok(None) };
            match self.stage {
                Stage::Length(from) => {
                    self.rest |= u32::from(byte & 0x7f).wrapping_shl(from);
                    self.stage = match (byte & 0x80 != 0, from) {
                        (false, _) => Stage::Body,
                        (true, ..21) => Stage::Length(from.wrapping_add(7)),
                        (true, _) => return Err(Malformed),
                    };
                }
                Stage::First | Stage::Body => {
                    (self.first, self.rest, self.is_cut, self.stage) = (byte, 0, false, Stage::Length(0));
                    self.body.clear();
                }
            }
        }
        let len = bytes.len().min(self.rest as usize);
        let came = bytes.split_off(..len).unwrap_or_default();
        let fits = came.get(..self.body.capacity().saturating_sub(self.body.len())).unwrap_or(came);
        // It fits by that very measure.
        let _ = self.body.extend_from_slice(fits);
        self.is_cut |= fits.len() < came.len();
        self.rest = self.rest.saturating_sub(len as u32);
        if self.rest > 0 {
            return Ok(None);
        }
        self.stage = Stage::First;
        self.packet().map(Some)
    }

    fn packet(&self) -> Result<Packet<'_>, Malformed> {
        match (self.first, self.body.as_slice()) {
            (0x20, &[kept @ ..=1, code]) => Ok(Packet::Answer { kept: kept == 1, code }),
            // With the bits for "again" and "retained", whichever they are.
            (0x30 | 0x31 | 0x38 | 0x39, body) => self.message(body, false).ok_or(Malformed),
            (0x32 | 0x33 | 0x3a | 0x3b, body) => self.message(body, true).ok_or(Malformed),
            (0x40, &[high, low]) => Ok(Packet::Acknowledgement(u16::from_be_bytes([high, low]))),
            (0x90, &[high, low, granted]) => {
                Ok(Packet::Subscribed { number: u16::from_be_bytes([high, low]), granted: granted <= 2 })
            }
            (0xD0, []) => Ok(Packet::Pong),
            _ => Err(Malformed),
        }
    }

    fn message<'p>(&self, body: &'p [u8], is_numbered: bool) -> Option<Packet<'p>> {
        let (&len, body) = body.split_first_chunk()?;
        let (topic, mut payload) = body.split_at_checked(u16::from_be_bytes(len).into())?;
        let mut number = None;
        if is_numbered {
            let (&bytes, rest) = payload.split_first_chunk()?;
            (number, payload) = (Some(NonZeroU16::new(u16::from_be_bytes(bytes))?), rest);
        }
        Some(Packet::Message { topic, number, payload: if self.is_cut { &[] } else { payload } })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MESSAGE: &[u8] = b"\x32\x0d\x00\x06v/d/dn\x00\x07xyz";

    fn one(mut bytes: &[u8]) -> Result<std::string::String, Malformed> {
        let mut reader = Reader::new();
        let packet = reader.next(&mut bytes)?.map(|packet| std::format!("{packet:?}"));
        Ok(packet.unwrap_or_default())
    }

    #[test]
    fn packets_of_the_standard_are_read() {
        let mut reader = Reader::new();
        let mut next = |mut bytes: &[u8]| std::format!("{:?}", reader.next(&mut bytes).unwrap().unwrap());
        assert_eq!(next(b"\x20\x02\x01\x00"), "Answer { kept: true, code: 0 }");
        assert_eq!(next(b"\x20\x02\x00\x05"), "Answer { kept: false, code: 5 }");
        assert_eq!(next(b"\x40\x02\x01\x02"), "Acknowledgement(258)");
        assert_eq!(next(b"\x90\x03\x00\x07\x01"), "Subscribed { number: 7, granted: true }");
        assert_eq!(next(b"\x90\x03\x00\x07\x80"), "Subscribed { number: 7, granted: false }");
        assert_eq!(next(b"\xd0\x00"), "Pong");
    }

    #[test]
    fn a_message_has_its_topic_number_and_payload() {
        let mut reader = Reader::new();
        let packet = reader.next(&mut &*MESSAGE).unwrap().unwrap();
        let number = NonZeroU16::new(7);
        assert_eq!(packet, Packet::Message { topic: b"v/d/dn", number, payload: b"xyz" });
        let packet = reader.next(&mut &b"\x31\x04\x00\x01tz"[..]).unwrap().unwrap();
        assert_eq!(packet, Packet::Message { topic: b"t", number: None, payload: b"z" });
    }

    #[test]
    fn packets_come_whole_however_their_bytes_are_cut() {
        let stream = [MESSAGE, b"\xd0\x00", MESSAGE].concat();
        for size in 1..stream.len() {
            let mut reader = Reader::new();
            let mut count = 0;
            for mut bytes in stream.chunks(size) {
                while reader.next(&mut bytes).unwrap().is_some() {
                    count += 1;
                }
            }
            assert_eq!(count, 3, "pieces of {size}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_empty_and_the_next_one_is_whole() {
        let mut stream = std::vec![0x32, 0x80, 0x20, 0, 6];
        stream.extend_from_slice(b"v/d/dn\x00\x07");
        stream.resize(3 + 0x1000, 0xee);
        stream.extend_from_slice(MESSAGE);
        let mut reader = Reader::new();
        let mut bytes = &*stream;
        let number = NonZeroU16::new(7);
        let packet = reader.next(&mut bytes).unwrap().unwrap();
        assert_eq!(packet, Packet::Message { topic: b"v/d/dn", number, payload: b"" });
        let packet = reader.next(&mut bytes).unwrap().unwrap();
        assert_eq!(packet, Packet::Message { topic: b"v/d/dn", number, payload: b"xyz" });
    }

    #[test]
    fn what_no_broker_sends_is_refused() {
        let wrong: [&[u8]; 9] = [
            b"\x20\x02\x02\x00",
            b"\x20\x01\x00",
            b"\x34\x05\x00\x01t\x00\x01",
            b"\x32\x05\x00\x01t\x00\x00",
            b"\x30\x03\x00\x09t",
            b"\x41\x02\x00\x01",
            b"\x10\x00",
            b"\xf0\x00",
            b"\x30\xff\xff\xff\xff",
        ];
        for bytes in wrong {
            assert_eq!(one(bytes), Err(Malformed), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), size in 1_usize..50) {
            let mut reader = Reader::new();
            for mut piece in bytes.chunks(size) {
                while let Ok(Some(_)) = reader.next(&mut piece) {}
            }
        }
    }
}

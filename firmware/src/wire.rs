//! CAN over a serial line, for boards without a CAN controller and for the emulated one.
//!
//! A packet is a kind byte, a body and a CRC-32, stuffed by COBS (Cheshire, Baker: "Consistent overhead byte stuffing", 1999) and ended
//! by a zero byte, so that a reader that comes late or loses bytes is back in step at the next zero.
//! Invariant: a packet is taken whole and with a right checksum, or it is counted as broken; nothing in between.

use crate::checksum::crc32;
use crate::frame::{Frame, MAX_DATA_LEN, unraw};

/// The longest packet before stuffing: kind, bus, identifier, data, checksum.
const MAX_PACKET_LEN: usize = 1 + 1 + 4 + MAX_DATA_LEN + 4;

/// The longest packet on the line, with its stuffing and its ending zero.
pub const MAX_WIRE_LEN: usize = MAX_PACKET_LEN + 2;

const FRAME: u8 = 1;
const BUTTON: u8 = 2;
const ORDER: u8 = 3;

/// One of the two buttons below a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// The left one: later.
    Later,
    /// The right one: yes.
    Yes,
}

/// What the one at the other end of the line, a test bench, may ask of an emulated board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Close the open trip and stop once everything has its receipt.
    Finish,
    /// Panic, to show what becomes of it.
    Panic,
    /// Stop feeding the watchdog, to show what becomes of it.
    Hang,
    /// Touch memory that is not there, to show what becomes of it.
    Fault,
    /// Make a new key and have it certified, whether it is time or not.
    Renew,
}

/// What crosses the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    /// A frame of a CAN bus, in either direction.
    Frame(Frame),
    /// A button went down (`true`) or up.
    Button(Button, bool),
    /// An order to an emulated board.
    Order(Order),
}

/// Why bytes between two zeros were no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The stuffing does not add up, or the packet is longer than any.
    Stuffing,
    /// The checksum is wrong.
    Checksum,
    /// The kind or the body is none that this build knows.
    Content,
}

impl Packet {
    /// Writes the packet with stuffing and ending zero; answers the bytes for the line.
    pub fn encode<'b>(&self, line: &'b mut [u8; MAX_WIRE_LEN]) -> &'b [u8] {
        let mut packet = heapless::Vec::<u8, MAX_PACKET_LEN>::new();
        let filled = match self {
            Self::Frame(frame) => packet
                .extend_from_slice(&[FRAME, frame.bus])
                .and_then(|()| packet.extend_from_slice(&frame.raw_id().to_be_bytes()))
                .and_then(|()| packet.extend_from_slice(frame.data())),
            Self::Button(button, down) => packet.extend_from_slice(&[BUTTON, *button as u8, u8::from(*down)]),
            Self::Order(order) => packet.extend_from_slice(&[ORDER, *order as u8]),
        };
        let checksum = crc32(&packet).to_be_bytes();
        let filled = filled.and_then(|()| packet.extend_from_slice(&checksum));
        debug_assert!(filled.is_ok(), "MAX_PACKET_LEN has room for the longest packet");
        stuff(&packet, line)
    }

    fn decode(packet: &[u8]) -> Result<Self, Broken> {
        let (body, checksum) = packet.split_last_chunk::<4>().ok_or(Broken::Checksum)?;
        if crc32(body) != u32::from_be_bytes(*checksum) {
            return Err(Broken::Checksum);
        }
        match body {
            [FRAME, bus, a, b, c, d, data @ ..] => {
                let id = unraw(u32::from_be_bytes([*a, *b, *c, *d]));
                Frame::new(*bus, id, data).map(Self::Frame).ok_or(Broken::Content)
            }
            [BUTTON, button, down @ 0..=1] => {
                let button = match button {
                    0 => Button::Later,
                    1 => Button::Yes,
                    _ => return Err(Broken::Content),
                };
                Ok(Self::Button(button, *down == 1))
            }
            [ORDER, order] => Ok(Self::Order(match order {
                0 => Order::Finish,
                1 => Order::Panic,
                2 => Order::Hang,
                3 => Order::Fault,
                4 => Order::Renew,
                _ => return Err(Broken::Content),
            })),
            _ => Err(Broken::Content),
        }
    }
}

/// Stuffs `packet`, which is shorter than 254 bytes, so that one code byte leads each run up to the next zero.
fn stuff<'b>(packet: &[u8], line: &'b mut [u8; MAX_WIRE_LEN]) -> &'b [u8] {
    let mut len = 0;
    let mut put = |at: usize, byte: u8| {
        if let Some(cell) = line.get_mut(at) {
            *cell = byte;
        }
    };
    for run in packet.split(|&byte| byte == 0) {
        put(len, run.len() as u8 + 1);
        for (offset, &byte) in run.iter().enumerate() {
            put(len + 1 + offset, byte);
        }
        len += 1 + run.len();
    }
    put(len, 0);
    line.get(..=len).unwrap_or_default()
}

/// Takes bytes as they come and answers packets.
#[derive(Debug, Clone)]
pub struct Decoder {
    packet: heapless::Vec<u8, MAX_PACKET_LEN>,
    /// Bytes until the next code byte.
    run: u8,
    /// Whether anything came since the last zero.
    started: bool,
    broken: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the beginning of a packet.
    pub const fn new() -> Self {
        Self { packet: heapless::Vec::new(), run: 0, started: false, broken: false }
    }

    /// Takes a byte; answers what ended with it.
    pub fn push(&mut self, byte: u8) -> Option<Result<Packet, Broken>> {
        if byte == 0 {
            let whole = self.run == 0 && !self.broken;
            let started = self.started;
            let outcome = if whole { Packet::decode(&self.packet) } else { Err(Broken::Stuffing) };
            *self = Self::new();
            return started.then_some(outcome);
        }
        if self.run == 0 {
            // A code byte: behind the first run it stands for the zero that was taken out.
            if self.started && self.packet.push(0).is_err() {
                self.broken = true;
            }
            self.run = byte - 1;
        } else {
            self.run -= 1;
            self.broken |= self.packet.push(byte).is_err();
        }
        self.started = true;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::frame::EXTENDED;

    fn decode(bytes: &[u8]) -> Vec<Result<Packet, Broken>> {
        let mut decoder = Decoder::new();
        bytes.iter().filter_map(|&byte| decoder.push(byte)).collect()
    }

    fn packets() -> impl Strategy<Value = Packet> {
        let frame = (any::<u8>(), 0_u32..0x800, any::<bool>(), proptest::collection::vec(0_u8..4, 0..=64)).prop_map(
            |(bus, id, extended, data)| {
                let id = unraw(if extended { id | EXTENDED } else { id });
                Packet::Frame(Frame::new(bus, id, &data).unwrap())
            },
        );
        let button = (any::<bool>(), any::<bool>())
            .prop_map(|(yes, down)| Packet::Button(if yes { Button::Yes } else { Button::Later }, down));
        let order = prop::sample::select(
            [Order::Finish, Order::Panic, Order::Hang, Order::Fault, Order::Renew].map(Packet::Order).to_vec(),
        );
        prop_oneof![frame, button, order]
    }

    proptest! {
        #[test]
        fn packets_survive_the_line_one_behind_the_other(packets in proptest::collection::vec(packets(), 0..8)) {
            let mut bytes = Vec::new();
            for packet in &packets {
                let mut line = [0; MAX_WIRE_LEN];
                let encoded = packet.encode(&mut line);
                prop_assert_eq!(encoded.iter().position(|&byte| byte == 0), Some(encoded.len() - 1));
                bytes.extend_from_slice(encoded);
            }
            prop_assert_eq!(decode(&bytes), packets.into_iter().map(Ok).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_survived_and_the_packet_behind_the_next_zero_is_whole(
            noise in proptest::collection::vec(any::<u8>(), 0..400), packet in packets(),
        ) {
            let mut bytes = noise;
            bytes.push(0);
            let mut line = [0; MAX_WIRE_LEN];
            bytes.extend_from_slice(packet.encode(&mut line));
            prop_assert_eq!(decode(&bytes).last().copied(), Some(Ok(packet)));
        }

        #[test]
        fn a_changed_byte_is_never_another_packet(packet in packets(), at in any::<prop::sample::Index>(), change in 1_u8..) {
            let mut line = [0; MAX_WIRE_LEN];
            let mut bytes = packet.encode(&mut line).to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            bytes.push(0);
            prop_assert!(decode(&bytes).iter().all(Result::is_err));
        }
    }
}

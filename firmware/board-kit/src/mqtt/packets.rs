//! The packets that a device sends.
//!
//! Source: MQTT 3.1.1 (OASIS, 2014), chapters 2 and 3. Invariant: a packet stands whole in its place or not at all.

use core::num::NonZeroU16;

use heapless::{Vec, VecView};
use milepost_protocol::MAX_ENVELOPE_LEN;
use milepost_protocol::topics::MAX_TOPIC_LEN;

/// A packet's first byte, the most bytes of its remaining length, the topic with its length, and the packet's number.
const PUBLISH_HEAD: usize = 1 + 4 + 2 + MAX_TOPIC_LEN + 2;

/// Every packet but PUBLISH.
pub(crate) type Control = Vec<u8, 64>;

/// A PUBLISH with the longest envelope.
pub(super) type Publish = Vec<u8, { PUBLISH_HEAD + MAX_ENVELOPE_LEN }>;

const _: () = assert!(12 + 2 + MAX_TOPIC_LEN <= 64, "CONNECT and SUBSCRIBE find room in a `Control`");

/// The bit of PUBLISH that says that it may have come before.
const AGAIN: u8 = 0x08;

/// CONNECT of version 4, without a will, for a session that the broker keeps.
pub(super) fn connect(client: &str, keep_alive_s: u16) -> Control {
    let (len, keep_alive) = (length(client), keep_alive_s.to_be_bytes());
    control(0x10, &[b"\x00\x04MQTT\x04\x00", &keep_alive, &len, client.as_bytes()])
}

/// SUBSCRIBE to one topic with quality of service 1.
pub(super) fn subscribe(number: NonZeroU16, topic: &str) -> Control {
    control(0x82, &[&number.get().to_be_bytes(), &length(topic), topic.as_bytes(), &[1]])
}

/// PUBACK.
pub(super) fn acknowledge(number: NonZeroU16) -> Control {
    control(0x40, &[&number.get().to_be_bytes()])
}

/// PINGREQ.
pub(super) fn ping() -> Control {
    control(0xC0, &[])
}

/// DISCONNECT.
pub(super) fn goodbye() -> Control {
    control(0xE0, &[])
}

/// PUBLISH with quality of service 1; whether it found room.
pub(super) fn publish(place: &mut Publish, number: NonZeroU16, topic: &str, payload: &[u8]) -> bool {
    write(place.as_mut_view(), 0x32, &[&length(topic), topic.as_bytes(), &number.get().to_be_bytes(), payload])
}

/// Marks a PUBLISH as one that may have come before.
pub(super) fn mark_again(packet: &mut Publish) {
    if let Some(first) = packet.first_mut() {
        *first |= AGAIN;
    }
}

/// No text of ours is longer than its prefix can say.
fn length(text: &str) -> [u8; 2] {
    (text.len() as u16).to_be_bytes()
}

fn control(first: u8, parts: &[&[u8]]) -> Control {
    let mut packet = Control::new();
    // It fits: the longest parts were counted above.
    write(packet.as_mut_view(), first, parts);
    packet
}

fn write(place: &mut VecView<u8>, first: u8, parts: &[&[u8]]) -> bool {
    place.clear();
    let whole = put(place, first, parts).is_some();
    if !whole {
        place.clear();
    }
    whole
}

fn put(place: &mut VecView<u8>, first: u8, parts: &[&[u8]]) -> Option<()> {
    place.push(first).ok()?;
    let mut rest = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    while rest > 0x7f {
        place.push(rest as u8 | 0x80).ok()?;
        rest >>= 7;
    }
    place.push(rest as u8).ok()?;
    parts.iter().try_for_each(|part| place.extend_from_slice(part)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: NonZeroU16 = NonZeroU16::new(7).unwrap();

    #[test]
    fn packets_are_those_of_the_standard() {
        assert_eq!(connect("d", 60), *b"\x10\x0d\x00\x04MQTT\x04\x00\x00\x3c\x00\x01d");
        assert_eq!(subscribe(SEVEN, "v/d/dn"), *b"\x82\x0b\x00\x07\x00\x06v/d/dn\x01");
        assert_eq!(acknowledge(SEVEN), *b"\x40\x02\x00\x07");
        assert_eq!((ping(), goodbye()), (Control::from(*b"\xc0\x00"), Control::from(*b"\xe0\x00")));
        let mut packet = Publish::new();
        assert!(publish(&mut packet, SEVEN, "v/d/up", b"xyz"));
        assert_eq!(packet, *b"\x32\x0d\x00\x06v/d/up\x00\x07xyz");
        mark_again(&mut packet);
        assert_eq!(packet.first(), Some(&0x3a));
    }

    #[test]
    fn a_long_packet_has_its_length_in_two_bytes() {
        let mut packet = Publish::new();
        assert!(publish(&mut packet, SEVEN, "v/d/up", &[0; 200]));
        assert_eq!((packet.len(), &packet[..3]), (3 + 210, &[0x32, 0xd2, 0x01][..]));
    }

    #[test]
    fn the_longest_device_and_envelope_find_room_and_nothing_longer_does() {
        let device = "0123456789012345678901234567890123456789";
        let topic = std::format!("v/{device}/up");
        assert!(connect(device, 60).len() > device.len() && subscribe(SEVEN, &topic).len() > topic.len());
        let mut packet = Publish::new();
        assert!(publish(&mut packet, SEVEN, &topic, &[0; MAX_ENVELOPE_LEN]));
        assert!(!publish(&mut packet, SEVEN, &topic, &[0; MAX_ENVELOPE_LEN + 8]));
        assert!(packet.is_empty());
    }
}

//! A device's session with its broker, over as many connections as it takes.
//!
//! Invariant: a message is acknowledged with the packet that stands beside it, so by nobody who has not taken the message; what was not
//! acknowledged to us goes again, under its number, where the broker has kept the session, and is forgotten where it has not.

use core::num::NonZeroU16;

use milepost_firmware::link::Loss;

use super::keep_alive::{Due, KeepAlive, PROMISED_S};
use super::packets::{self, Control};
use super::reader::{Packet, Reader};
use super::window::Window;

/// Answers of CONNACK that mean this device: client id refused, name or password wrong, not authorised.
const REFUSALS: [u8; 3] = [2, 4, 5];

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// CONNECT is sent.
    Connecting,
    /// CONNACK came.
    Accepted,
    /// SUBSCRIBE is sent, with this number.
    Subscribing(NonZeroU16),
    /// SUBACK came.
    Up,
}

/// What bytes of the broker amount to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'p> {
    /// It has accepted us: [`Client::again`] and then [`Client::subscribe`] are due.
    Accepted,
    /// The session stands.
    Subscribed,
    /// A message, and what acknowledges it once it is taken.
    Message(&'p [u8], Option<Control>),
    /// A publish has arrived.
    Acknowledged,
    /// Nothing that matters to anybody else.
    Nothing,
}

/// The session.
#[derive(Debug)]
pub(crate) struct Client {
    phase: Phase,
    keep_alive: KeepAlive,
    window: Window,
    reader: Reader,
}

impl Client {
    /// A session that no broker knows yet.
    pub(crate) const fn new() -> Self {
        let keep_alive = KeepAlive::new();
        Self { phase: Phase::Connecting, keep_alive, window: Window::new(), reader: Reader::new() }
    }

    /// A connection is open; what to send on it first.
    pub(crate) fn connect(&mut self, device: &str, now_ms: u64) -> Control {
        self.phase = Phase::Connecting;
        self.keep_alive.begin(now_ms);
        self.reader.reset();
        packets::connect(device, PROMISED_S)
    }

    /// What is to go again, for each number from 0 until there is none.
    pub(crate) fn again(&mut self, place: usize) -> Option<&[u8]> {
        self.window.again(place)
    }

    /// What asks for the messages of a topic.
    pub(crate) fn subscribe(&mut self, topic: &str) -> Control {
        let number = self.window.number();
        self.phase = Phase::Subscribing(number);
        packets::subscribe(number, topic)
    }

    /// Whether a publish may leave.
    pub(crate) fn has_room(&self) -> bool {
        self.phase == Phase::Up && self.window.has_room()
    }

    /// How many publishes wait for their acknowledgement.
    pub(crate) fn under_way(&self) -> usize {
        self.window.len()
    }

    /// The packet of a publish; `None` if there is no room for it.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], now_ms: u64) -> Option<&[u8]> {
        self.keep_alive.spoke(now_ms);
        self.window.keep(topic, payload)
    }

    /// What says goodbye.
    pub(crate) fn goodbye() -> Control {
        packets::goodbye()
    }

    /// When [`Client::due`] has something to say, in milliseconds of the link's clock.
    pub(crate) fn deadline(&self) -> u64 {
        self.keep_alive.deadline()
    }

    /// What has to be sent now, so that neither side takes the other for dead.
    pub(crate) fn due(&mut self, now_ms: u64) -> Result<Option<Control>, Loss> {
        match self.keep_alive.step(now_ms) {
            Due::Nothing => Ok(None),
            Due::Ask => Ok(Some(packets::ping())),
            Due::GiveUp => Err(Loss::Broken),
        }
    }

    /// Takes bytes of the broker away from the front, up to the end of a packet; `None` if there is no whole one.
    ///
    /// Messages of another topic than the one subscribed to are acknowledged as empty ones.
    pub(crate) fn hear<'p>(&'p mut self, topic: &str, bytes: &mut &[u8]) -> Result<Option<Heard<'p>>, Loss> {
        let broken = if self.phase == Phase::Connecting { Loss::ClosedEarly } else { Loss::Broken };
        let Some(packet) = self.reader.next(bytes).map_err(|_| broken)? else { return Ok(None) };
        Ok(Some(match (packet, self.phase) {
            (Packet::Answer { kept, code: 0 }, Phase::Connecting) => {
                self.phase = Phase::Accepted;
                if !kept {
                    self.window.clear();
                }
                Heard::Accepted
            }
            (Packet::Answer { code, .. }, Phase::Connecting) if REFUSALS.contains(&code) => return Err(Loss::Refused),
            (Packet::Subscribed { number, granted }, Phase::Subscribing(asked)) if number == asked.get() => {
                if !granted {
                    return Err(Loss::Refused);
                }
                self.phase = Phase::Up;
                Heard::Subscribed
            }
            (_, Phase::Connecting) | (Packet::Answer { .. } | Packet::Subscribed { .. }, _) => return Err(broken),
            (Packet::Message { topic: of, number, payload }, _) => {
                let acknowledgement = number.map(packets::acknowledge);
                Heard::Message(if of == topic.as_bytes() { payload } else { &[] }, acknowledgement)
            }
            (Packet::Acknowledgement(number), _) => {
                if self.window.done(number) {
                    Heard::Acknowledged
                } else {
                    Heard::Nothing
                }
            }
            (Packet::Pong, _) => {
                self.keep_alive.answered();
                Heard::Nothing
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;
    const DOWN: &str = "v/d/dn";

    fn hear<'p>(client: &'p mut Client, mut bytes: &[u8]) -> Result<Heard<'p>, Loss> {
        let heard = client.hear(DOWN, &mut bytes)?;
        assert!(bytes.is_empty());
        Ok(heard.unwrap())
    }

    fn up(kept: u8) -> Client {
        let mut client = Client::new();
        stand(&mut client, kept);
        client
    }

    fn stand(client: &mut Client, kept: u8) {
        assert_eq!(client.connect("d", NOW), *b"\x10\x0d\x00\x04MQTT\x04\x00\x00\x3c\x00\x01d");
        assert_eq!(hear(client, &[0x20, 2, kept, 0]), Ok(Heard::Accepted));
        assert!(!client.has_room(), "nothing leaves before the session stands");
        let subscribe = client.subscribe(DOWN);
        assert_eq!(hear(client, &[0x90, 3, subscribe[2], subscribe[3], 1]), Ok(Heard::Subscribed));
    }

    #[test]
    fn a_publish_is_under_way_until_it_is_acknowledged() {
        let mut client = up(0);
        let number = client.publish("v/d/up", b"x", NOW).unwrap()[11];
        assert_eq!(client.under_way(), 1);
        assert_eq!(hear(&mut client, &[0x40, 2, 0, number]), Ok(Heard::Acknowledged));
        assert_eq!(hear(&mut client, &[0x40, 2, 0, number]), Ok(Heard::Nothing));
        assert_eq!(client.under_way(), 0);
    }

    #[test]
    fn where_the_broker_kept_the_session_what_was_under_way_goes_again_under_its_number() {
        let mut client = up(0);
        let first = client.publish("v/d/up", b"x", NOW).unwrap().to_vec();
        client.connect("d", NOW);
        assert_eq!(hear(&mut client, &[0x20, 2, 1, 0]), Ok(Heard::Accepted));
        let again = client.again(0).unwrap().to_vec();
        assert_eq!((again[0], &again[1..]), (0x3a, &first[1..]));
        assert_eq!(client.again(1), None);
        let subscribe = client.subscribe(DOWN);
        assert!(subscribe[2..4] != first[10..12], "a number that is under way is not given out twice");
    }

    #[test]
    fn where_the_broker_has_no_session_nothing_goes_again() {
        let mut client = up(0);
        client.publish("v/d/up", b"x", NOW).unwrap();
        stand(&mut client, 0);
        assert!(client.again(0).is_none() && client.again(1).is_none());
        assert_eq!(client.under_way(), 0);
    }

    #[test]
    fn a_message_comes_with_what_acknowledges_it() {
        let mut client = up(1);
        let acknowledgement = Some(Control::from(*b"\x40\x02\x00\x07"));
        let heard = hear(&mut client, b"\x32\x0d\x00\x06v/d/dn\x00\x07xyz");
        assert_eq!(heard, Ok(Heard::Message(b"xyz", acknowledgement.clone())));
        assert_eq!(hear(&mut client, b"\x30\x0b\x00\x06v/d/dnxyz"), Ok(Heard::Message(b"xyz", None)));
        let heard = hear(&mut client, b"\x32\x0d\x00\x06v/e/dn\x00\x07xyz");
        assert_eq!(heard, Ok(Heard::Message(b"", acknowledgement)), "another topic's");
    }

    #[test]
    fn a_message_may_come_before_the_subscription_is_granted() {
        let mut client = Client::new();
        client.connect("d", NOW);
        hear(&mut client, b"\x20\x02\x01\x00").unwrap();
        client.subscribe(DOWN);
        assert_eq!(hear(&mut client, b"\x30\x09\x00\x06v/d/dnx"), Ok(Heard::Message(b"x", None)));
    }

    #[test]
    fn a_refusal_of_this_device_is_told_from_one_of_the_moment() {
        for (answer, loss) in [(1, Loss::ClosedEarly), (2, Loss::Refused), (3, Loss::ClosedEarly), (5, Loss::Refused)] {
            let mut client = Client::new();
            client.connect("d", NOW);
            assert_eq!(hear(&mut client, &[0x20, 2, 0, answer]), Err(loss), "{answer}");
        }
        let mut client = Client::new();
        client.connect("d", NOW);
        hear(&mut client, b"\x20\x02\x00\x00").unwrap();
        let subscribe = client.subscribe(DOWN);
        assert_eq!(hear(&mut client, &[0x90, 3, subscribe[2], subscribe[3], 0x80]), Err(Loss::Refused));
    }

    #[test]
    fn packets_at_the_wrong_time_end_the_connection() {
        let mut client = Client::new();
        client.connect("d", NOW);
        assert_eq!(hear(&mut client, b"\xd0\x00"), Err(Loss::ClosedEarly));
        let mut client = up(0);
        assert_eq!(hear(&mut client, b"\x20\x02\x00\x00"), Err(Loss::Broken));
        assert_eq!(hear(&mut client, b"\x90\x03\x00\x09\x01"), Err(Loss::Broken));
    }

    #[test]
    fn a_broker_that_answers_no_ping_is_given_up() {
        let mut client = up(0);
        assert_eq!(client.due(NOW), Ok(None));
        let asked = client.deadline();
        assert_eq!(client.due(asked), Ok(Some(packets::ping())));
        assert_eq!(hear(&mut client, b"\xd0\x00"), Ok(Heard::Nothing));
        let asked = client.deadline();
        assert_eq!(client.due(asked), Ok(Some(packets::ping())));
        assert_eq!(client.due(client.deadline()), Err(Loss::Broken));
    }

    #[test]
    fn half_a_packet_of_a_lost_connection_is_forgotten() {
        let mut client = up(0);
        assert!(client.hear(DOWN, &mut &b"\x32\x0d\x00"[..]).is_ok_and(|heard| heard.is_none()));
        stand(&mut client, 0);
    }
}

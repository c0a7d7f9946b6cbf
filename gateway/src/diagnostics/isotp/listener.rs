//! All conversations of a log at once, each by channel, identifier and address byte.
//!
//! Invariant: what one says never touches what another says, and memory grows only with the number of those who speak.

use std::collections::BTreeMap;

use milepost_firmware::isotp::{DropReason, Pci, Receiver};

use super::super::log;
use super::participants::{Participants, Role};

/// The longest message that is put together, in bytes.
const MAX_LEN: usize = 4095;

/// How many conversations are followed; frames of others are told as failures.
const MAX_CONVERSATIONS: usize = 4096;

/// Why a reception failed. The names are those of the independent tools that others compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A new message began before the one under way was whole.
    InterruptedByFirstFrame,
    /// A message of one frame came before the one under way was whole.
    InterruptedBySingleFrame,
    /// A part is missing or came twice.
    WrongSequence,
    /// A part came although no message was under way.
    Unexpected,
    /// The next part came more than a second late.
    Timeout,
    /// The message is longer than what is put together.
    TooLong,
    /// The frame is none of the protocol.
    Invalid,
    /// More speak at once than are followed.
    TooMany,
}

impl Fault {
    /// The name that is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::InterruptedByFirstFrame => "ReceptionInterruptedWithFirstFrameError",
            Self::InterruptedBySingleFrame => "ReceptionInterruptedWithSingleFrameError",
            Self::WrongSequence => "WrongSequenceNumberError",
            Self::Unexpected => "UnexpectedConsecutiveFrameError",
            Self::Timeout => "ConsecutiveFrameTimeoutError",
            Self::TooLong => "FrameTooLongError",
            Self::Invalid => "InvalidCanDataError",
            Self::TooMany => "TooManyConversationsError",
        }
    }
}

/// What a frame led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'l> {
    /// A message is whole; before it, another may have been given up.
    Message {
        /// The message.
        payload: &'l [u8],
        /// What was given up for it.
        interrupted: Option<Fault>,
    },
    /// A reception failed.
    Failed(Fault),
}

/// An outcome and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard<'l> {
    /// When the last frame of it came, in microseconds on the log's scale.
    pub at_us: u64,
    /// The identifier, as [`milepost_firmware::frame::raw`] writes it.
    pub id: u32,
    /// The address byte of extended addressing.
    pub address: Option<u8>,
    /// What was heard.
    pub outcome: Outcome<'l>,
}

/// Listens to all conversations of a log.
#[derive(Debug)]
pub struct Listener {
    participants: Participants,
    conversations: BTreeMap<(String, u32, Option<u8>), Box<Receiver<MAX_LEN>>>,
}

impl Listener {
    /// A listener that has heard nothing.
    pub fn new(participants: Participants) -> Self {
        Self { participants, conversations: BTreeMap::new() }
    }

    /// Takes a frame; answers what it led to.
    pub fn accept(&mut self, frame: &log::Heard) -> Option<Heard<'_>> {
        let (address, data) = match self.participants.role(&frame.channel, frame.id) {
            Role::Silent => return None,
            Role::Normal => (None, frame.data.as_slice()),
            Role::Extended => frame.data.split_first().map(|(&address, rest)| (Some(address), rest))?,
        };
        let heard = |outcome| Heard { at_us: frame.at_us, id: frame.id, address, outcome };
        let key = (frame.channel.clone(), frame.id, address);
        if self.conversations.len() >= MAX_CONVERSATIONS && !self.conversations.contains_key(&key) {
            return Some(heard(Outcome::Failed(Fault::TooMany)));
        }
        let receiver = self.conversations.entry(key).or_default();
        // A message whose time ran out without anybody saying so counts as under way until its next frame.
        let under_way = receiver.is_busy(0);
        let pci = Pci::parse(data);
        if pci == Pci::Other {
            **receiver = Receiver::new();
            return Some(heard(Outcome::Failed(Fault::Invalid)));
        }
        let reception = receiver.accept(frame.at_us / 1_000, data);
        let interrupted = match (&pci, under_way) {
            (Pci::First { .. }, true) => Some(Fault::InterruptedByFirstFrame),
            (Pci::Single(_), true) => Some(Fault::InterruptedBySingleFrame),
            _ => None,
        };
        match (reception.message, reception.dropped, pci) {
            (Some(payload), _, _) => Some(heard(Outcome::Message { payload, interrupted })),
            (None, Some(DropReason::TooLong), _) => Some(heard(Outcome::Failed(Fault::TooLong))),
            (None, _, Pci::First { .. }) => interrupted.map(|fault| heard(Outcome::Failed(fault))),
            (None, Some(DropReason::WrongIndex), _) => Some(heard(Outcome::Failed(Fault::WrongSequence))),
            (None, Some(_), Pci::Consecutive { .. }) => Some(heard(Outcome::Failed(Fault::Timeout))),
            (None, None, Pci::Consecutive { .. }) if !under_way => Some(heard(Outcome::Failed(Fault::Unexpected))),
            _ => None,
        }
    }

    /// How many receptions are under way.
    pub fn unfinished(&self) -> usize {
        self.conversations.values().filter(|receiver| receiver.is_busy(0)).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(at_us: u64, id: u32, data: &[u8]) -> log::Heard {
        log::Heard { at_us, channel: "can0".into(), id, data: data.to_vec() }
    }

    fn outcomes(frames: &[log::Heard]) -> Vec<String> {
        let mut listener = Listener::new(Participants::default());
        let mut all = Vec::new();
        for frame in frames {
            match listener.accept(frame).map(|heard| heard.outcome) {
                Some(Outcome::Message { payload, interrupted }) => {
                    all.extend(interrupted.map(|fault| fault.name().to_owned()));
                    all.push(log::hex(payload));
                }
                Some(Outcome::Failed(fault)) => all.push(fault.name().to_owned()),
                None => {}
            }
        }
        all
    }

    const FIRST: &[u8] = &[0x10, 10, 1, 2, 3, 4, 5, 6];
    const SECOND: &[u8] = &[0x21, 7, 8, 9, 10, 0, 0, 0];

    #[test]
    fn interleaved_conversations_do_not_disturb_each_other() {
        let heard = outcomes(&[
            frame(0, 0x7E8, FIRST),
            frame(1, 0x7E9, FIRST),
            frame(2, 0x7E8, SECOND),
            frame(3, 0x7EA, &[1, 0x7E]),
            frame(4, 0x7E9, SECOND),
        ]);
        assert_eq!(heard, ["0102030405060708090A", "7E", "0102030405060708090A"]);
    }

    #[test]
    fn each_way_in_which_a_reception_fails_has_its_name() {
        let id = 0x7E8;
        for (frames, expected) in [
            (vec![frame(0, id, FIRST), frame(1, id, FIRST)], vec!["ReceptionInterruptedWithFirstFrameError"]),
            (vec![frame(0, id, FIRST), frame(3_000_000, id, FIRST)], vec!["ReceptionInterruptedWithFirstFrameError"]),
            (
                vec![frame(0, id, FIRST), frame(1, id, &[1, 0x7E])],
                vec!["ReceptionInterruptedWithSingleFrameError", "7E"],
            ),
            (
                vec![frame(0, id, FIRST), frame(1, id, &[0x22, 1]), frame(2, id, &[0x23, 1])],
                vec!["WrongSequenceNumberError", "UnexpectedConsecutiveFrameError"],
            ),
            (vec![frame(0, id, SECOND)], vec!["UnexpectedConsecutiveFrameError"]),
            (vec![frame(0, id, FIRST), frame(1_001_001, id, SECOND)], vec!["ConsecutiveFrameTimeoutError"]),
            (vec![frame(0, id, &[0x10, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2])], vec!["FrameTooLongError"]),
            (
                vec![frame(0, id, FIRST), frame(1, id, &[0xF0, 0]), frame(2, id, SECOND)],
                vec!["InvalidCanDataError", "UnexpectedConsecutiveFrameError"],
            ),
            (
                vec![frame(0, id, FIRST), frame(1, id, &[0x30, 0, 0]), frame(2, id, SECOND)],
                vec!["0102030405060708090A"],
            ),
        ] {
            assert_eq!(outcomes(&frames), expected, "{frames:?}");
        }
    }

    #[test]
    fn what_a_log_ends_in_the_middle_of_is_counted() {
        let mut listener = Listener::new(Participants::default());
        listener.accept(&frame(0, 0x7E8, FIRST));
        assert_eq!(listener.unfinished(), 1);
    }

    proptest! {
        #[test]
        fn floods_never_panic_and_tell_no_empty_payload(
            frames in proptest::collection::vec(
                (0x7E8_u32..0x7EB, proptest::collection::vec(any::<u8>(), 0..65), 0_u64..2_000_000), 0..200,
            ),
        ) {
            let mut listener = Listener::new(Participants::default());
            let mut now_us = 0;
            for (id, data, pause) in frames {
                now_us += pause;
                if let Some(Heard { outcome: Outcome::Message { payload, .. }, .. }) = listener.accept(&frame(now_us, id, &data)) {
                    prop_assert!(!payload.is_empty());
                }
            }
        }
    }
}

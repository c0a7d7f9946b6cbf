//! The sending side of one conversation.
//!
//! Invariant: after a first frame nothing more is sent until the receiver has allowed it, nor faster than it asked for.

use heapless::Vec;

use super::{FlowControl, FlowStatus, PADDING, TIMEOUT_MS};
use crate::frame::MAX_DATA_LEN;

/// A frame's data, padded to a length that a bus can carry.
pub type FrameData = Vec<u8, MAX_DATA_LEN>;

/// Why a transmission ended without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The payload is empty or longer than the buffer.
    Length,
    /// Another message is still under way.
    Busy,
    /// The receiver did not allow the rest in time.
    Timeout,
    /// The receiver has no room for the message.
    Overflow,
    /// The receiver asked to wait more often than it may.
    Waited,
}

/// How the frames of a conversation look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The most data bytes of a frame: 8, or up to 64 with CAN FD.
    pub frame_len: u8,
    /// The address byte in front of each frame, with extended or mixed addressing.
    pub address: Option<u8>,
}

impl Format {
    /// Classic frames and normal addressing.
    pub const CLASSIC: Self = Self { frame_len: 8, address: None };

    fn frame_len(self) -> usize {
        [8, 12, 16, 20, 24, 32, 48, 64].into_iter().rfind(|&len| len <= usize::from(self.frame_len)).unwrap_or(8)
    }

    /// Puts a frame together: address, head, as much of the payload as fits, padding.
    pub(super) fn frame(self, head: &[u8], payload: &[u8]) -> FrameData {
        let mut data: FrameData =
            self.address.iter().chain(head).chain(payload).copied().take(self.frame_len()).collect();
        let padded = [8, 12, 16, 20, 24, 32, 48].into_iter().find(|&len| len >= data.len()).unwrap_or(MAX_DATA_LEN);
        // There is room: the longest frame is as long as the buffer.
        let _ = data.resize(padded, PADDING);
        data
    }

    /// How much payload a frame carries behind a head of `head` bytes.
    fn room(self, head: usize) -> usize {
        self.frame_len().saturating_sub(head + usize::from(self.address.is_some()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Begin,
    AwaitFlow { deadline_ms: u64, waited: u8 },
    Stream { left_in_block: Option<u8>, pause_ms: u64, not_before_ms: u64 },
}

/// How often a receiver may ask to wait before the message is given up (`N_WFTmax`).
pub const MAX_WAITS: u8 = 20;

/// Cuts messages of up to `N` bytes into frames.
#[derive(Debug, Clone)]
pub struct Sender<const N: usize> {
    format: Format,
    payload: Vec<u8, N>,
    sent: usize,
    index: u8,
    state: State,
}

impl<const N: usize> Default for Sender<N> {
    fn default() -> Self {
        Self::new(Format::CLASSIC)
    }
}

impl<const N: usize> Sender<N> {
    /// A sender that has nothing to send.
    pub const fn new(format: Format) -> Self {
        Self { format, payload: Vec::new(), sent: 0, index: 0, state: State::Idle }
    }

    /// Begins a message.
    pub fn begin(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if self.state != State::Idle {
            return Err(SendError::Busy);
        }
        if payload.is_empty() || u32::try_from(payload.len()).is_err() {
            return Err(SendError::Length);
        }
        self.payload = Vec::from_slice(payload).map_err(|_| SendError::Length)?;
        self.sent = 0;
        self.index = 1;
        self.state = State::Begin;
        Ok(())
    }

    /// Whether a message is under way.
    pub fn is_busy(&self) -> bool {
        self.state != State::Idle
    }

    /// The next frame's data, if one may go out now.
    pub fn poll(&mut self, now_ms: u64) -> Result<Option<FrameData>, SendError> {
        match self.state {
            State::Begin => Ok(Some(self.first(now_ms))),
            State::AwaitFlow { deadline_ms, .. } if now_ms > deadline_ms => {
                self.state = State::Idle;
                Err(SendError::Timeout)
            }
            State::Idle | State::AwaitFlow { .. } => Ok(None),
            State::Stream { not_before_ms, .. } if now_ms < not_before_ms => Ok(None),
            State::Stream { left_in_block, pause_ms, .. } => {
                Ok(Some(self.consecutive(now_ms, left_in_block, pause_ms)))
            }
        }
    }

    /// Takes the receiver's flow control frame without its address; other frames are passed over.
    pub fn flow_control(&mut self, now_ms: u64, data: &[u8]) -> Result<(), SendError> {
        let (State::AwaitFlow { waited, .. }, Some(flow)) = (self.state, FlowControl::parse(data)) else {
            return Ok(());
        };
        match flow.status {
            FlowStatus::ContinueToSend => {
                let left_in_block = (flow.block_size > 0).then_some(flow.block_size);
                self.state = State::Stream { left_in_block, pause_ms: flow.pause_ms(), not_before_ms: now_ms };
                Ok(())
            }
            FlowStatus::Wait if waited < MAX_WAITS => {
                self.state = State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS), waited: waited + 1 };
                Ok(())
            }
            FlowStatus::Wait => {
                self.state = State::Idle;
                Err(SendError::Waited)
            }
            FlowStatus::Overflow => {
                self.state = State::Idle;
                Err(SendError::Overflow)
            }
        }
    }

    fn first(&mut self, now_ms: u64) -> FrameData {
        let len = self.payload.len();
        // A length of up to seven stands in the first byte; a longer one only in a frame of CAN FD, in the second.
        let short = self.format.frame(&[len as u8], &self.payload);
        if len <= self.format.room(1).min(7) && short.len() <= 8 {
            self.state = State::Idle;
            return short;
        }
        if len <= self.format.room(2) && self.format.frame_len() > 8 {
            self.state = State::Idle;
            return self.format.frame(&[0, len as u8], &self.payload);
        }
        self.state = State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS), waited: 0 };
        if len <= 4095 {
            self.sent = self.format.room(2);
            return self.format.frame(&[0x10 | (len >> 8) as u8, len as u8], &self.payload);
        }
        self.sent = self.format.room(6);
        let [a, b, c, d] = (len as u32).to_be_bytes();
        self.format.frame(&[0x10, 0, a, b, c, d], &self.payload)
    }

    fn consecutive(&mut self, now_ms: u64, left_in_block: Option<u8>, pause_ms: u64) -> FrameData {
        let frame = self.format.frame(&[0x20 | self.index], self.payload.get(self.sent..).unwrap_or_default());
        self.sent = self.sent.saturating_add(self.format.room(1));
        self.index = (self.index + 1) & 0x0F;
        self.state = match left_in_block {
            _ if self.sent >= self.payload.len() => State::Idle,
            Some(1) => State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS), waited: 0 },
            left => State::Stream {
                left_in_block: left.map(|left| left - 1),
                pause_ms,
                not_before_ms: now_ms.saturating_add(pause_ms),
            },
        };
        frame
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{CLEAR_TO_SEND, Receiver};
    use super::*;

    #[test]
    fn a_receiver_that_never_answers_ends_the_transmission() {
        let mut sender = Sender::<32>::default();
        sender.begin(&[1; 20]).unwrap();
        assert!(sender.poll(0).unwrap().is_some());
        assert_eq!(sender.poll(1000), Ok(None));
        assert_eq!(sender.poll(1001), Err(SendError::Timeout));
        assert!(!sender.is_busy());
    }

    #[test]
    fn blocks_and_pauses_of_the_receiver_are_kept() {
        let mut sender = Sender::<64>::default();
        sender.begin(&[1; 40]).unwrap();
        sender.poll(0).unwrap();
        sender.flow_control(0, &[0x30, 2, 10]).unwrap();
        assert!(sender.poll(0).unwrap().is_some());
        assert_eq!(sender.poll(9), Ok(None));
        assert!(sender.poll(10).unwrap().is_some());
        assert_eq!(sender.poll(20), Ok(None), "the block is used up");
    }

    #[test]
    fn a_receiver_may_ask_to_wait_but_not_for_ever_and_may_have_no_room() {
        let mut sender = Sender::<64>::default();
        sender.begin(&[1; 40]).unwrap();
        sender.poll(0).unwrap();
        for wait in 0..u64::from(MAX_WAITS) {
            assert_eq!(sender.flow_control(wait * 900, &[0x31, 0, 0]), Ok(()));
            assert_eq!(sender.poll(wait * 900 + 899), Ok(None));
        }
        assert_eq!(sender.flow_control(18_100, &[0x31, 0, 0]), Err(SendError::Waited));
        sender.begin(&[1; 40]).unwrap();
        sender.poll(0).unwrap();
        assert_eq!(sender.flow_control(0, &[0x32, 0, 0]), Err(SendError::Overflow));
        assert!(!sender.is_busy());
    }

    proptest! {
        #[test]
        fn what_is_sent_is_received_in_every_format(
            payload in proptest::collection::vec(any::<u8>(), 1..6000), frame_len in 8_u8..=64, address: Option<u8>,
        ) {
            let mut sender = Sender::<6000>::new(Format { frame_len, address });
            let mut receiver = Receiver::<6000>::new();
            sender.begin(&payload).unwrap();
            let mut whole = None;
            while let Some(frame) = sender.poll(0).unwrap() {
                prop_assert!([8, 12, 16, 20, 24, 32, 48, 64].contains(&frame.len()));
                prop_assert!(frame.len() <= usize::from(frame_len));
                let reception = receiver.accept(0, &frame[usize::from(address.is_some())..]);
                whole = reception.message.map(<[u8]>::to_vec);
                if reception.flow_control_due {
                    sender.flow_control(0, &CLEAR_TO_SEND).unwrap();
                }
            }
            prop_assert_eq!(whole, Some(payload));
        }
    }
}

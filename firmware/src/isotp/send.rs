//! The sending side of one conversation.
//!
//! Invariant: after a first frame nothing more is sent until the receiver has allowed it.

use heapless::Vec;

use super::{PADDING, TIMEOUT_MS};

/// Why a transmission ended without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The payload is empty or longer than the buffer or 4095 bytes.
    Length,
    /// Another message is still under way.
    Busy,
    /// The receiver did not allow the rest in time.
    Timeout,
    /// The receiver has no room for the message.
    Overflow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Begin,
    AwaitFlow { deadline_ms: u64 },
    Stream { left_in_block: Option<u8>, pause_ms: u64, not_before_ms: u64 },
}

/// Cuts messages of up to `N` bytes into frames.
#[derive(Debug, Clone)]
pub struct Sender<const N: usize> {
    payload: Vec<u8, N>,
    sent: usize,
    index: u8,
    state: State,
}

impl<const N: usize> Default for Sender<N> {
    fn default() -> Self {
        Self { payload: Vec::new(), sent: 0, index: 0, state: State::Idle }
    }
}

impl<const N: usize> Sender<N> {
    /// Begins a message.
    pub fn begin(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if self.state != State::Idle {
            return Err(SendError::Busy);
        }
        if payload.is_empty() || payload.len() > 4095 {
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
    pub fn poll(&mut self, now_ms: u64) -> Result<Option<[u8; 8]>, SendError> {
        match self.state {
            State::Begin => Ok(Some(self.first(now_ms))),
            State::AwaitFlow { deadline_ms } if now_ms > deadline_ms => {
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

    /// Takes the receiver's flow control frame; other frames are passed over.
    pub fn flow_control(&mut self, now_ms: u64, data: &[u8]) -> Result<(), SendError> {
        let (State::AwaitFlow { .. }, &[kind @ 0x30..=0x3F, block, pause, ..]) = (self.state, data) else {
            return Ok(());
        };
        match kind & 0x0F {
            0 => {
                // Pauses below a millisecond (F1 to F9) round up to one; reserved values mean the longest, 127 ms.
                let pause_ms = match pause {
                    0..=0x7F => u64::from(pause),
                    0xF1..=0xF9 => 1,
                    _ => 0x7F,
                };
                let left_in_block = (block > 0).then_some(block);
                self.state = State::Stream { left_in_block, pause_ms, not_before_ms: now_ms };
                Ok(())
            }
            1 => {
                self.state = State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS) };
                Ok(())
            }
            _ => {
                self.state = State::Idle;
                Err(SendError::Overflow)
            }
        }
    }

    fn first(&mut self, now_ms: u64) -> [u8; 8] {
        let len = self.payload.len();
        let mut frame = [PADDING; 8];
        if len <= 7 {
            fill(&mut frame, &[len as u8], &self.payload);
            self.state = State::Idle;
        } else {
            fill(&mut frame, &[0x10 | (len >> 8) as u8, len as u8], &self.payload);
            self.sent = 6;
            self.state = State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS) };
        }
        frame
    }

    fn consecutive(&mut self, now_ms: u64, left_in_block: Option<u8>, pause_ms: u64) -> [u8; 8] {
        let mut frame = [PADDING; 8];
        fill(&mut frame, &[0x20 | self.index], self.payload.get(self.sent..).unwrap_or_default());
        self.sent = self.sent.saturating_add(7);
        self.index = (self.index + 1) & 0x0F;
        self.state = match left_in_block {
            _ if self.sent >= self.payload.len() => State::Idle,
            Some(1) => State::AwaitFlow { deadline_ms: now_ms.saturating_add(TIMEOUT_MS) },
            left => State::Stream {
                left_in_block: left.map(|left| left - 1),
                pause_ms,
                not_before_ms: now_ms.saturating_add(pause_ms),
            },
        };
        frame
    }
}

fn fill(frame: &mut [u8; 8], head: &[u8], payload: &[u8]) {
    for (to, from) in frame.iter_mut().zip(head.iter().chain(payload)) {
        *to = *from;
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

    proptest! {
        #[test]
        fn what_is_sent_is_received(payload in proptest::collection::vec(any::<u8>(), 1..300)) {
            let mut sender = Sender::<300>::default();
            let mut receiver = Receiver::<300>::new();
            sender.begin(&payload).unwrap();
            let mut whole = None;
            while let Some(frame) = sender.poll(0).unwrap() {
                let reception = receiver.accept(0, &frame);
                whole = reception.message.map(<[u8]>::to_vec);
                if reception.flow_control_due {
                    sender.flow_control(0, &CLEAR_TO_SEND).unwrap();
                }
            }
            prop_assert_eq!(whole, Some(payload));
        }
    }
}

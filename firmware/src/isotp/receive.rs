//! The receiving side of one conversation.
//!
//! Invariant: the buffer holds a prefix of the message under way, and nothing else.

use heapless::Vec;

use super::{Pci, TIMEOUT_MS};

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// A consecutive frame is missing or came twice.
    WrongIndex,
    /// The next frame did not come in time.
    Timeout,
    /// The message is longer than the buffer.
    TooLong,
    /// Another message began before this one was whole.
    Interrupted,
}

/// What a frame led to.
#[derive(Debug, PartialEq, Eq)]
pub struct Reception<'r> {
    /// A message that is now whole.
    pub message: Option<&'r [u8]>,
    /// The message that was given up at this frame.
    pub dropped: Option<DropReason>,
    /// A first frame stood here: its addressee owes a flow control frame.
    pub flow_control_due: bool,
}

/// Assembles the messages of one sender, up to `N` bytes each.
#[derive(Debug, Clone, Default)]
pub struct Receiver<const N: usize> {
    buffer: Vec<u8, N>,
    expected: usize,
    next_index: u8,
    deadline_ms: Option<u64>,
}

impl<const N: usize> Receiver<N> {
    /// A receiver that waits for a message.
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), expected: 0, next_index: 0, deadline_ms: None }
    }

    /// Whether a message is under way at `now_ms`.
    pub fn is_busy(&self, now_ms: u64) -> bool {
        self.deadline_ms.is_some_and(|deadline_ms| now_ms <= deadline_ms)
    }

    /// Takes a frame's data.
    pub fn accept(&mut self, now_ms: u64, data: &[u8]) -> Reception<'_> {
        let mut dropped = self.expire(now_ms);
        match Pci::parse(data) {
            Pci::Single(payload) => {
                dropped = dropped.or(self.interrupt());
                self.buffer.clear();
                if self.buffer.extend_from_slice(payload).is_err() {
                    return Reception { message: None, dropped: Some(DropReason::TooLong), flow_control_due: false };
                }
                Reception { message: Some(&self.buffer), dropped, flow_control_due: false }
            }
            Pci::First { len, data } => {
                dropped = dropped.or(self.interrupt());
                self.buffer.clear();
                if len > N || self.buffer.extend_from_slice(data.get(..len).unwrap_or(data)).is_err() {
                    return Reception { message: None, dropped: Some(DropReason::TooLong), flow_control_due: false };
                }
                self.expected = len;
                self.next_index = 1;
                self.deadline_ms = Some(now_ms.saturating_add(TIMEOUT_MS));
                Reception { message: None, dropped, flow_control_due: true }
            }
            Pci::Consecutive { index, data } => self.consecutive(now_ms, index, data, dropped),
            Pci::FlowControl | Pci::Other => Reception { message: None, dropped, flow_control_due: false },
        }
    }

    /// The message that the last frame made whole, or what there is of one.
    pub fn message(&self) -> &[u8] {
        &self.buffer
    }

    /// Gives the sender its time anew: it was told to wait, or to go on.
    pub fn restart(&mut self, now_ms: u64) {
        if let Some(deadline_ms) = &mut self.deadline_ms {
            *deadline_ms = now_ms.saturating_add(TIMEOUT_MS);
        }
    }

    /// Gives up a message whose next frame is late.
    pub fn expire(&mut self, now_ms: u64) -> Option<DropReason> {
        if self.deadline_ms.is_some_and(|deadline_ms| now_ms > deadline_ms) {
            self.deadline_ms = None;
            return Some(DropReason::Timeout);
        }
        None
    }

    fn consecutive(&mut self, now_ms: u64, index: u8, data: &[u8], dropped: Option<DropReason>) -> Reception<'_> {
        if self.deadline_ms.is_none() {
            return Reception { message: None, dropped, flow_control_due: false };
        }
        if index != self.next_index {
            self.deadline_ms = None;
            return Reception { message: None, dropped: Some(DropReason::WrongIndex), flow_control_due: false };
        }
        let missing = self.expected.saturating_sub(self.buffer.len());
        let part = data.get(..missing).unwrap_or(data);
        if self.buffer.extend_from_slice(part).is_err() {
            self.deadline_ms = None;
            return Reception { message: None, dropped: Some(DropReason::TooLong), flow_control_due: false };
        }
        self.next_index = (index + 1) & 0x0F;
        if self.buffer.len() < self.expected {
            self.deadline_ms = Some(now_ms.saturating_add(TIMEOUT_MS));
            return Reception { message: None, dropped, flow_control_due: false };
        }
        self.deadline_ms = None;
        Reception { message: Some(&self.buffer), dropped, flow_control_due: false }
    }

    fn interrupt(&mut self) -> Option<DropReason> {
        self.deadline_ms.take().map(|_| DropReason::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec as StdVec;

    use super::*;

    fn frames(payload: &[u8]) -> StdVec<StdVec<u8>> {
        if payload.len() <= 7 {
            let mut frame = std::vec![payload.len() as u8];
            frame.extend(payload);
            return std::vec![frame];
        }
        let mut all = std::vec![std::vec![0x10 | (payload.len() >> 8) as u8, payload.len() as u8]];
        all[0].extend(&payload[..6]);
        for (index, part) in payload[6..].chunks(7).enumerate() {
            let mut frame = std::vec![0x20 | ((index + 1) & 0xF) as u8];
            frame.extend(part);
            all.push(frame);
        }
        all
    }

    #[test]
    fn a_wrong_index_drops_the_whole_message() {
        let mut receiver = Receiver::<64>::new();
        let all = frames(&[7; 30]);
        assert!(receiver.accept(0, &all[0]).flow_control_due);
        assert_eq!(receiver.accept(1, &all[2]).dropped, Some(DropReason::WrongIndex));
        assert_eq!(receiver.accept(2, &all[1]).message, None);
    }

    #[test]
    fn a_pause_longer_than_a_second_drops_the_message() {
        let mut receiver = Receiver::<64>::new();
        let all = frames(&[7; 12]);
        receiver.accept(0, &all[0]);
        assert_eq!(receiver.accept(1001, &all[1]).dropped, Some(DropReason::Timeout));
    }

    #[test]
    fn a_length_beyond_the_buffer_is_refused_at_once_plain_or_escaped() {
        let mut receiver = Receiver::<64>::new();
        assert_eq!(receiver.accept(0, &[0x10, 65, 1, 2, 3, 4, 5, 6]).dropped, Some(DropReason::TooLong));
        let escaped = [0x10, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2];
        assert_eq!(receiver.accept(0, &escaped).dropped, Some(DropReason::TooLong));
        assert!(!receiver.is_busy(0));
    }

    proptest! {
        #[test]
        fn a_message_in_order_arrives_whole(payload in proptest::collection::vec(any::<u8>(), 1..600)) {
            let mut receiver = Receiver::<600>::new();
            let all = frames(&payload);
            let (last, front) = all.split_last().unwrap();
            for frame in front {
                prop_assert_eq!(receiver.accept(0, frame).message, None);
            }
            prop_assert_eq!(receiver.accept(0, last).message, Some(&payload[..]));
        }

        #[test]
        fn arbitrary_frames_never_panic_nor_exceed_the_buffer(
            frames in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..65), 0_u64..2000), 0..60),
        ) {
            let mut receiver = Receiver::<32>::new();
            let mut now_ms = 0;
            for (data, pause) in &frames {
                now_ms += pause;
                if let Some(message) = receiver.accept(now_ms, data).message {
                    prop_assert!(message.len() <= 32 && !message.is_empty());
                }
            }
        }
    }
}

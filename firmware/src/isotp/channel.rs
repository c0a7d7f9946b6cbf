//! Both directions of one conversation, flow control included: what a tester or a control unit runs.
//!
//! Invariant: every first frame that is ours is answered by a flow control frame, and no frame leaves but from `poll`.

use super::{DropReason, FlowControl, FlowStatus, Format, FrameData, Pci, Receiver, SendError, Sender};

/// What a receiver asks of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// How many consecutive frames may come before the next flow control frame; 0 for all of them.
    pub block_size: u8,
    /// The least pause between them, as `STmin` codes it.
    pub separation: u8,
}

/// What a frame led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'c> {
    /// A message is whole.
    Message(&'c [u8]),
    /// A message was given up.
    Dropped(DropReason),
    /// Our own message was given up.
    NotSent(SendError),
    /// Nothing that concerns the caller.
    Nothing,
}

/// One conversation, with messages of up to `N` bytes in each direction.
#[derive(Debug, Clone)]
pub struct Channel<const N: usize> {
    format: Format,
    /// The address byte of frames to us.
    own_address: Option<u8>,
    limits: Limits,
    receiver: Receiver<N>,
    sender: Sender<N>,
    /// What we owe the other side.
    owed: Option<FlowStatus>,
    in_block: u8,
    ready: bool,
    next_wait_ms: u64,
}

/// How often a side that is not ready says so; well within the other side's patience.
const WAIT_EVERY_MS: u64 = 500;

impl<const N: usize> Channel<N> {
    /// A conversation in which nothing has been said; `own_address` is the address byte of frames to us.
    pub const fn new(format: Format, own_address: Option<u8>, limits: Limits) -> Self {
        Self {
            format,
            own_address,
            limits,
            receiver: Receiver::new(),
            sender: Sender::new(format),
            owed: None,
            in_block: 0,
            ready: true,
            next_wait_ms: 0,
        }
    }

    /// Begins a message to the other side.
    pub fn send(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.sender.begin(payload)
    }

    /// Whether the sender may go on; while it may not, it is told to wait.
    pub fn set_ready(&mut self, ready: bool) {
        self.ready = ready;
    }

    /// Takes a frame of the other side.
    pub fn accept(&mut self, now_ms: u64, data: &[u8]) -> Event<'_> {
        let data = match (self.own_address, data.split_first()) {
            (None, _) => data,
            (Some(own), Some((&address, rest))) if own == address => rest,
            _ => return Event::Nothing,
        };
        let pci = Pci::parse(data);
        if pci == Pci::FlowControl {
            return self.sender.flow_control(now_ms, data).err().map_or(Event::Nothing, Event::NotSent);
        }
        let reception = self.receiver.accept(now_ms, data);
        let (due, dropped) = (reception.flow_control_due, reception.dropped);
        let whole = reception.message.is_some();
        match pci {
            Pci::First { .. } if due => {
                self.in_block = 0;
                self.owed = Some(FlowStatus::ContinueToSend);
                self.next_wait_ms = now_ms;
            }
            Pci::First { .. } if dropped == Some(DropReason::TooLong) => self.owed = Some(FlowStatus::Overflow),
            Pci::Single(_) => self.owed = None,
            Pci::Consecutive { .. } if !whole && self.receiver.is_busy(now_ms) => {
                self.in_block = self.in_block.saturating_add(1);
                if self.limits.block_size > 0 && self.in_block >= self.limits.block_size {
                    self.in_block = 0;
                    self.owed = Some(FlowStatus::ContinueToSend);
                    self.next_wait_ms = now_ms;
                }
            }
            _ => {}
        }
        match (whole, dropped) {
            (true, _) => Event::Message(self.receiver.message()),
            (false, Some(reason)) => Event::Dropped(reason),
            (false, None) => Event::Nothing,
        }
    }

    /// The next frame for the bus, if one may go out now.
    pub fn poll(&mut self, now_ms: u64) -> Result<Option<FrameData>, SendError> {
        let status = match self.owed {
            Some(FlowStatus::ContinueToSend) if !self.ready => {
                (now_ms >= self.next_wait_ms).then_some(FlowStatus::Wait)
            }
            owed => owed,
        };
        let Some(status) = status else { return self.sender.poll(now_ms) };
        if status == FlowStatus::Wait {
            self.next_wait_ms = now_ms.saturating_add(WAIT_EVERY_MS);
        } else {
            self.owed = None;
        }
        self.receiver.restart(now_ms);
        let flow = FlowControl { status, block_size: self.limits.block_size, separation: self.limits.separation };
        Ok(Some(self.format.frame(&flow.bytes(), &[])))
    }

    /// Gives up a message whose next frame is late.
    pub fn expire(&mut self, now_ms: u64) -> Option<DropReason> {
        let dropped = self.receiver.expire(now_ms);
        if dropped.is_some() {
            self.owed = None;
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    fn pair(format: Format, limits: Limits) -> (Channel<5000>, Channel<5000>) {
        let back = format.address.map(|_| 0xF1);
        let there = Channel::new(format, back, limits);
        (there, Channel::new(Format { address: back, ..format }, format.address, limits))
    }

    /// Lets both sides talk until nobody has anything to say; answers what the second heard and when the last was said.
    fn talk(from_ms: u64, one: &mut Channel<5000>, two: &mut Channel<5000>) -> (Vec<Vec<u8>>, u64) {
        let (mut heard, mut now_ms, mut quiet) = (Vec::new(), from_ms, 0);
        while quiet < 300 {
            quiet += 1;
            now_ms += 1;
            if let Some(frame) = one.poll(now_ms).unwrap() {
                quiet = 0;
                if let Event::Message(message) = two.accept(now_ms, &frame) {
                    heard.push(message.to_vec());
                }
            }
            if let Some(frame) = two.poll(now_ms).unwrap() {
                quiet = 0;
                assert_eq!(one.accept(now_ms, &frame), Event::Nothing);
            }
        }
        (heard, now_ms - quiet)
    }

    #[test]
    fn a_pause_that_the_receiver_asks_for_is_kept() {
        let (mut one, mut two) = pair(Format::CLASSIC, Limits { block_size: 4, separation: 20 });
        one.send(&[7; 76]).unwrap();
        let (heard, took_ms) = talk(0, &mut one, &mut two);
        assert_eq!(heard, [[7; 76].to_vec()]);
        assert!(took_ms >= 7 * 20, "{took_ms}");
    }

    #[test]
    fn a_side_that_is_not_ready_says_so_and_loses_nothing() {
        let (mut one, mut two) = pair(Format::CLASSIC, Limits::default());
        one.send(&[7; 30]).unwrap();
        let first = one.poll(0).unwrap().unwrap();
        two.set_ready(false);
        two.accept(0, &first);
        for now_ms in (0..5_000).step_by(500) {
            let wait = two.poll(now_ms).unwrap().unwrap();
            assert_eq!(wait[0], 0x31);
            assert_eq!(two.poll(now_ms), Ok(None), "one wait at a time");
            one.accept(now_ms, &wait);
            assert_eq!(one.poll(now_ms), Ok(None));
        }
        two.set_ready(true);
        let go = two.poll(5_000).unwrap().unwrap();
        assert_eq!(go[0], 0x30);
        one.accept(5_000, &go);
        assert_eq!(talk(5_000, &mut one, &mut two).0, [[7; 30].to_vec()]);
    }

    #[test]
    fn a_message_without_room_is_refused_with_overflow_and_its_sender_is_told() {
        let mut small = Channel::<16>::new(Format::CLASSIC, None, Limits::default());
        let mut large = Channel::<64>::new(Format::CLASSIC, None, Limits::default());
        large.send(&[1; 40]).unwrap();
        let first = large.poll(0).unwrap().unwrap();
        assert_eq!(small.accept(0, &first), Event::Dropped(DropReason::TooLong));
        let refusal = small.poll(0).unwrap().unwrap();
        assert_eq!(refusal[0], 0x32);
        assert_eq!(large.accept(0, &refusal), Event::NotSent(SendError::Overflow));
    }

    #[test]
    fn frames_to_another_address_are_not_ours() {
        let mut channel =
            Channel::<64>::new(Format { frame_len: 8, address: Some(0x12) }, Some(0xF1), Limits::default());
        assert_eq!(channel.accept(0, &[0x40, 1, 0x7E]), Event::Nothing);
        assert_eq!(channel.accept(0, &[0xF1, 1, 0x7E]), Event::Message(&[0x7E]));
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_heard(
            payload in proptest::collection::vec(any::<u8>(), 1..5000), frame_len in 8_u8..=64, address: Option<u8>,
            block_size in 0_u8..20, separation in 0_u8..3,
        ) {
            let (mut one, mut two) = pair(Format { frame_len, address }, Limits { block_size, separation });
            one.send(&payload).unwrap();
            prop_assert_eq!(talk(0, &mut one, &mut two).0, [payload]);
        }

        #[test]
        fn floods_of_arbitrary_frames_neither_panic_nor_outgrow_the_buffer(
            frames in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..65), 0_u64..400), 0..80),
        ) {
            let mut channel = Channel::<48>::new(Format::CLASSIC, None, Limits { block_size: 3, separation: 1 });
            let mut now_ms = 0;
            for (data, pause) in &frames {
                now_ms += pause;
                channel.expire(now_ms);
                if let Event::Message(message) = channel.accept(now_ms, data) {
                    prop_assert!(!message.is_empty() && message.len() <= 48);
                }
                let _ = channel.poll(now_ms);
            }
        }
    }
}

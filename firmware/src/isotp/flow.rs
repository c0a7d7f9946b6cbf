//! Flow control: how the receiver of a long message holds the sender to what it can take.
//!
//! Invariant: a status or pause that the standard reserves is read as the standard says, never passed over in silence.

/// Whether the sender may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowStatus {
    /// It may.
    ContinueToSend,
    /// It waits for the next flow control frame.
    Wait,
    /// The message is too long for the receiver.
    Overflow,
}

/// A flow control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowControl {
    /// Whether to go on.
    pub status: FlowStatus,
    /// How many consecutive frames may follow before the next flow control frame; 0 for all of them.
    pub block_size: u8,
    /// The least pause between them, as `STmin` codes it.
    pub separation: u8,
}

impl FlowControl {
    /// Reads a frame; `None` if it is no flow control frame or its status is reserved.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let &[kind @ 0x30..=0x32, block_size, separation, ..] = data else { return None };
        let status = match kind & 0x0F {
            0 => FlowStatus::ContinueToSend,
            1 => FlowStatus::Wait,
            _ => FlowStatus::Overflow,
        };
        Some(Self { status, block_size, separation })
    }

    /// The three bytes of the frame.
    pub fn bytes(self) -> [u8; 3] {
        let status = match self.status {
            FlowStatus::ContinueToSend => 0x30,
            FlowStatus::Wait => 0x31,
            FlowStatus::Overflow => 0x32,
        };
        [status, self.block_size, self.separation]
    }

    /// The pause in milliseconds.
    ///
    /// Pauses below a millisecond (F1 to F9) round up to one; reserved values mean the longest, 127 ms.
    pub fn pause_ms(self) -> u64 {
        match self.separation {
            0..=0x7F => u64::from(self.separation),
            0xF1..=0xF9 => 1,
            _ => 0x7F,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_its_bytes_and_pauses_mean_what_the_standard_says() {
        for status in [FlowStatus::ContinueToSend, FlowStatus::Wait, FlowStatus::Overflow] {
            let flow = FlowControl { status, block_size: 8, separation: 20 };
            assert_eq!(FlowControl::parse(&flow.bytes()), Some(flow));
        }
        assert_eq!(FlowControl::parse(&[0x33, 0, 0]), None);
        let pause = |separation| FlowControl::parse(&[0x30, 0, separation]).map(FlowControl::pause_ms);
        assert_eq!(
            [pause(0), pause(0x7F), pause(0x80), pause(0xF0), pause(0xF1), pause(0xF9), pause(0xFA)],
            [0, 127, 127, 127, 1, 1, 127].map(Some)
        );
    }
}

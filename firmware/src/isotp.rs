//! ISO 15765-2 messages over CAN, without I/O: reception (also of conversations between others) and transmission.
//!
//! The caller picks frames by identifier, 11 or 29 bits alike, and takes the address byte of extended addressing off;
//! [`Channel`] does that, and all else that either side of a conversation owes the other.
//! Invariant: a message is answered whole and in order, or not at all; a length beyond the buffer is refused at its first frame.

mod channel;
mod flow;
mod pci;
mod receive;
mod send;

pub use channel::{Channel, Event, Limits};
pub use flow::{FlowControl, FlowStatus};
pub use pci::Pci;
pub(crate) use pci::{begins_more, single};
pub use receive::{DropReason, Receiver, Reception};
pub use send::{Format, FrameData, MAX_WAITS, SendError, Sender};

/// `N_Bs` and `N_Cr` of ISO 15765-2: how long either side waits for the other, in milliseconds.
pub const TIMEOUT_MS: u64 = 1000;

/// What fills a classic frame behind its payload.
pub const PADDING: u8 = 0x55;

/// The flow control frame that lets the other side send everything at its own pace.
pub const CLEAR_TO_SEND: [u8; 8] = [0x30, 0, 0, PADDING, PADDING, PADDING, PADDING, PADDING];

//! ELM327 adapters: a diagnostic socket behind a serial line or a WLAN, spoken to in text.
//!
//! The adapter is one more bus: what control units answer enters the core as frames, and the core's requests leave through it.
//! Invariant: only services that read leave through it; what cannot be taken is counted with its reason.

mod adapter;
mod drive;
mod line;
mod port;

pub use adapter::{Adapter, Counters, Event, Loss, Refused};
pub use drive::{Ends, SessionError, Status, drive, session};
pub use line::{Complaint, Line};
pub use port::{Place, PlaceError, Stream};

use milepost_firmware::Frame;

/// Whether a frame is flow control (ISO 15765-2), which an adapter sends by itself.
pub fn is_flow_control(frame: &Frame) -> bool {
    frame.data().first().is_some_and(|first| first >> 4 == 3)
}

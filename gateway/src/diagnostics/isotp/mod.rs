//! Overheard conversations of testers and control units, put together from a recording.
//!
//! Invariant: a payload is told whole, and a reception that failed is told once, when the frame that broke it came.

mod listener;
mod participants;
mod payload;

use std::path::Path;

pub use listener::{Fault, Heard, Listener, Outcome};
pub use participants::{Participants, Role};
pub use payload::Line;

use super::log::Log;
use crate::log::{Broken, LogError};

/// What is left when a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Receptions that were still under way.
    pub unfinished: usize,
    /// Lines that were no frames.
    pub broken: Broken,
}

/// Reads a log and hands on every message and every failure, in the order in which they came.
pub fn listen<E: From<LogError>>(path: &Path, mut take: impl FnMut(Heard<'_>) -> Result<(), E>) -> Result<Ending, E> {
    let participants = Participants::of_log(path)?;
    let mut listener = Listener::new(participants);
    let mut log = Log::open(path)?;
    while let Some(frame) = log.next_frame()? {
        if let Some(heard) = listener.accept(&frame) {
            take(heard)?;
        }
    }
    Ok(Ending { unfinished: listener.unfinished(), broken: log.broken().clone() })
}

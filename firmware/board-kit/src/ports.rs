//! What passes between the tasks of a board.
//!
//! Invariant: the core's task owns the core and never waits for the network; every queue is bounded, and what finds no room is counted.

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::zerocopy_channel;
use milepost_firmware::Frame;
use milepost_identity::rotation::Which;
use milepost_protocol::notice::Answer;
#[cfg(feature = "screen")]
use milepost_protocol::notice::Notice;
use milepost_protocol::{MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, NoticeId};

use crate::lead::Lead;
use crate::supervisor::Supervisor;
use crate::time::Time;

/// Frames that may wait for the core.
pub const FRAMES: usize = 64;

/// An envelope between the core and the link.
pub type Envelope = heapless::Vec<u8, MAX_ENVELOPE_LEN>;

/// A message from the cloud between the link and the core.
pub type Message = heapless::Vec<u8, MAX_DOWNLINK_LEN>;

/// A place that is written by one task and read in place by another, also by one that interrupts it.
pub type Mailbox<T> = zerocopy_channel::Channel<'static, CriticalSectionRawMutex, T>;
/// The end that writes.
pub type Outgoing<T> = zerocopy_channel::Sender<'static, CriticalSectionRawMutex, T>;
/// The end that reads.
pub type Incoming<T> = zerocopy_channel::Receiver<'static, CriticalSectionRawMutex, T>;

/// What the core's task is told beside frames and messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// The session stands, with these credentials; envelopes may leave.
    LinkUp(Which),
    /// There is none any more; what has no receipt has to be sent again.
    LinkDown,
    /// The cloud refused these credentials.
    Refused(Which),
    /// Make a new key and have it certified, whether it is time or not.
    Renew,
    /// The owner answered a notice at the display.
    Answer(NoticeId, Answer),
    /// The drive is over: close the trip, and end once everything has its receipt.
    Finish,
}

/// The newest value for the one task that waits for it; an older one that nobody took is forgotten.
///
/// `embassy_sync::signal::Signal` does the same, but its empty state is no zero: a static that contains one starts from an image in flash.
pub struct Latest<T>(Channel<CriticalSectionRawMutex, T, 1>);

impl<T> core::fmt::Debug for Latest<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Latest")
    }
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Latest<T> {
    /// Nothing was said yet.
    pub const fn new() -> Self {
        Self(Channel::new())
    }

    /// Says the newest value; only one task may.
    pub fn signal(&self, value: T) {
        self.0.clear();
        // There is room: nobody else writes.
        let _ = self.0.try_send(value);
    }

    /// Waits for a value that was not taken yet.
    pub async fn wait(&self) -> T {
        self.0.receive().await
    }
}

/// What the display has to go by.
#[cfg(feature = "screen")]
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put a notice on, and there is one of these")]
pub enum Sight {
    /// The car moves, sleeps, or is not known to stand.
    Moving,
    /// The car stands; this is the most urgent notice.
    Standing(Option<Notice>),
}

#[cfg(feature = "screen")]
impl Sight {
    /// The notice that may be shown.
    pub fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Moving => None,
            Self::Standing(notice) => notice.as_ref(),
        }
    }
}

/// Everything that tasks share and that needs no place of its own.
pub struct Ports {
    /// Frames from the buses.
    pub frames: Channel<CriticalSectionRawMutex, Frame, FRAMES>,
    /// Frames for the buses.
    pub requests: Channel<CriticalSectionRawMutex, Frame, 4>,
    /// What the core is told.
    pub inputs: Channel<CriticalSectionRawMutex, Input, 8>,
    /// What the display has to go by from now on.
    #[cfg(feature = "screen")]
    pub sight: Latest<Sight>,
    /// What the core wants of the link.
    pub lead: Lead,
    /// What time it is.
    pub time: Time,
    /// Who still lives.
    pub supervisor: Supervisor,
    waiting: AtomicU32,
    lost_frames: AtomicU32,
}

impl core::fmt::Debug for Ports {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ports")
            .field("waiting", &self.waiting)
            .field("lost_frames", &self.lost_frames)
            .finish_non_exhaustive()
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self::new()
    }
}

impl Ports {
    /// Nothing has happened yet.
    pub const fn new() -> Self {
        Self {
            frames: Channel::new(),
            requests: Channel::new(),
            inputs: Channel::new(),
            #[cfg(feature = "screen")]
            sight: Latest::new(),
            lead: Lead::new(),
            time: Time::new(),
            supervisor: Supervisor::new(),
            waiting: AtomicU32::new(0),
            lost_frames: AtomicU32::new(0),
        }
    }

    /// How many records wait for a receipt.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn set_waiting(&self, records: u32) {
        self.waiting.store(records, Ordering::Relaxed);
    }

    /// A frame found no room between a bus and the core.
    pub fn lost_frame(&self) {
        self.lost_frames.fetch_add(1, Ordering::Relaxed);
    }

    /// How many frames found no room.
    pub fn lost_frames(&self) -> u32 {
        self.lost_frames.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use embassy_futures::block_on;
    use embassy_futures::poll_once;

    use super::*;

    #[test]
    fn only_the_newest_value_waits_and_it_is_taken_once() {
        let latest = Latest::new();
        assert!(poll_once(latest.wait()).is_pending());
        latest.signal(1);
        latest.signal(2);
        assert_eq!(block_on(latest.wait()), 2);
        assert!(poll_once(latest.wait()).is_pending());
    }
}

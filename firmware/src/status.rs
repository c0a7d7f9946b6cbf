//! What a host may observe of the core: a status on demand and a small ring of events.
//!
//! Invariant: observation changes nothing; whatever has to survive is in flash, never only here.

use heapless::{Deque, Vec};
use milepost_protocol::NoticeId;
use milepost_protocol::downlink::Consent;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::record::{Counters, TripEnded};

pub use crate::usage::latest::LastSignal;
use crate::usage::latest::MAX_SIGNALS;

/// How many events the ring holds before the oldest gives way.
///
/// One call makes fewer: a reminder for every item of a plan, a notice shown and one changed.
pub const MAX_EVENTS: usize = 10;

/// The 12 V battery as this boot has seen it, in millivolts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Battery {
    /// The lowest voltage.
    pub lowest_mv: Option<u16>,
    /// The newest rest voltage, also from earlier boots.
    pub rest_mv: Option<u16>,
    /// The newest cranking minimum, also from earlier boots.
    pub cranking_mv: Option<u16>,
}

/// What was dropped in this boot, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drops {
    /// Signal values outside their validity range, and odometer readings of 0, of all ones or that fell.
    pub invalid_values: u32,
    /// Signal values that no purpose of the consent needs.
    pub consent: u32,
    /// Multi-frame messages with a wrong index, a timeout, or longer than the buffer.
    pub isotp: u32,
    /// OBD-II responses that do not parse.
    pub obd: u32,
    /// Downlink messages that do not decode.
    pub downlinks: u32,
    /// Downlink messages of a kind that this build does not know.
    pub unknown_downlinks: u32,
    /// Notices that found no room.
    pub notices: u32,
    /// Records that gave way because a lane was full, or that flash could not read back.
    pub records: u32,
    /// Events that the host did not fetch in time.
    pub events: u32,
    /// Pieces of the log beyond the rate at which they are sent.
    pub logs: u32,
}

/// A trip under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTrip {
    /// Its number within the boot that started it.
    pub trip: u32,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// How far it came, in metres.
    pub distance_m: u32,
}

/// A snapshot of the core.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The boot number.
    pub boot: u32,
    /// How many records this boot has numbered.
    pub created: u32,
    /// How many records of all boots wait in flash for a receipt.
    pub stored: u32,
    /// The first four bytes of the SHA-256 of the signal table in use.
    pub table: u32,
    /// The plan's version; 0 if there is none.
    pub plan_version: u32,
    /// The consent in force.
    pub consent: Consent,
    /// The lifetime counters, ahead of flash by at most the ledger's interval.
    pub counters: Counters,
    /// The trip under way.
    pub trip: Option<OpenTrip>,
    /// The 12 V battery.
    pub battery: Battery,
    /// Whether the car is known to stand.
    pub stationary: bool,
    /// The newest value of each signal seen in this boot.
    pub signals: Vec<LastSignal, MAX_SIGNALS>,
    /// What was dropped.
    pub drops: Drops,
}

/// Something a host may want to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The car raised a reminder by itself.
    NoticeRaised {
        /// The notice.
        id: NoticeId,
    },
    /// The display showed a notice for the first time.
    NoticeShown {
        /// The notice.
        id: NoticeId,
    },
    /// The car learnt of a change from the cloud.
    NoticeUpdated {
        /// The notice.
        id: NoticeId,
        /// Its state now.
        state: NoticeState,
    },
    /// A trip ended.
    TripEnded(TripEnded),
}

/// The ring of events.
#[derive(Debug, Default)]
pub(crate) struct Events(Deque<Event, MAX_EVENTS>);

impl Events {
    /// Appends an event; answers whether an older one gave way.
    pub(crate) fn push(&mut self, event: Event) -> bool {
        let full = self.0.is_full();
        if full {
            self.0.pop_front();
        }
        // There is room: an element was just removed if the ring was full.
        let _ = self.0.push_back(event);
        full
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.0.pop_front()
    }
}

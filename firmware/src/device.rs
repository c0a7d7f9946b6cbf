//! The core itself: frames, ticks and downlinks in; envelopes, requests and notices out.
//!
//! Every call is a transaction with flash: when it returns `Ok`, what it derived survives a power cut.
//! The futures must be driven to their end: a dropped one leaves the flash caches undefined, as `sequential-storage` states.

use core::marker::PhantomData;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Answer, Notice};
use milepost_protocol::record::ResetReason;

use crate::clock::Now;
use crate::error::{DownlinkError, Error};
use crate::frame::Frame;
use crate::status::{Event, Events, Status};

/// The four flash regions, each its own handle with offsets from 0 to its capacity.
#[derive(Debug)]
pub struct Flash<S> {
    /// The outbox lane of what a person waits for; at least two erase pages.
    pub alerts: S,
    /// The outbox lane of everything else; at least two erase pages.
    pub bulk: S,
    /// Counters, plan, consent, notices; at least four erase pages.
    pub state: S,
    /// The signal tables, two halves; each half holds the longest table.
    pub table: S,
}

/// What the host decides for a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The firmware's version: major, minor, patch.
    pub firmware: [u16; 3],
    /// Why the device started.
    pub reset: ResetReason,
    /// Whether to poll OBD-II; responses are understood in any case.
    pub obd: bool,
    /// Whether the car raises reminders by itself from its plan.
    pub local_reminders: bool,
    /// The tank's volume in millilitres, if known; without it the fuel level alone says nothing about litres.
    pub tank_ml: Option<u32>,
    /// The longest time between two ledger writes during a trip, in milliseconds: what a power cut can cost.
    pub ledger_every_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            firmware: [0, 1, 0],
            reset: ResetReason::Unknown,
            obd: false,
            local_reminders: true,
            tank_ml: None,
            ledger_every_ms: 30_000,
        }
    }
}

/// The core over four flash regions.
#[derive(Debug)]
pub struct Device<S> {
    settings: Settings,
    events: Events,
    flash: PhantomData<S>,
}

impl<S: MultiwriteNorFlash> Device<S> {
    /// Starts: a new boot number is durable first; then counters, plan, consent, notices and an open trip are restored.
    pub async fn start(flash: Flash<S>, settings: Settings, now: Now) -> Result<Self, Error<S::Error>> {
        let _ = (flash, now);
        Ok(Self { settings, events: Events::default(), flash: PhantomData })
    }

    /// Takes a frame from a bus; everything derived from it is in flash on return.
    pub async fn frame(&mut self, now: Now, frame: &Frame) -> Result<(), Error<S::Error>> {
        let _ = (now, frame, self.settings.obd);
        Ok(())
    }

    /// Lets time pass: at least once a second while awake, at any spacing while parked.
    pub async fn tick(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        let _ = now;
        Ok(())
    }

    /// The next frame to put on a bus: an ISO-TP flow control or an OBD-II request. Call it until it answers `None`.
    pub fn request(&mut self, now: Now) -> Option<Frame> {
        let _ = now;
        None
    }

    /// The next envelope that was not sent yet, alerts first; `None` when all is sent or the cloud's credit is used up.
    pub async fn envelope<'b>(&mut self, now: Now, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Error<S::Error>> {
        let _ = (now, buffer);
        Ok(None)
    }

    /// The link broke: everything without a receipt will be sent again.
    pub fn link_lost(&mut self) {}

    /// Takes a downlink message; it is durable on return, so that the host may acknowledge it then.
    pub async fn downlink(&mut self, now: Now, bytes: &[u8]) -> Result<(), DownlinkError<S::Error>> {
        let _ = (now, bytes);
        Ok(())
    }

    /// The owner answered a notice in the car; `false` if it is not open any more.
    pub async fn answer(&mut self, now: Now, notice: NoticeId, answer: Answer) -> Result<bool, Error<S::Error>> {
        let _ = (now, notice, answer);
        Ok(false)
    }

    /// What the display shows: only while the car stands, the most urgent first. It marks nothing.
    pub fn display(&self, now: Now) -> Option<&Notice> {
        let _ = now;
        None
    }

    /// The input ended: closes the open trip.
    pub async fn finish(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        let _ = now;
        Ok(())
    }

    /// A snapshot for the host.
    pub fn status(&self) -> Status {
        Status {
            boot: 0,
            created: 0,
            stored: 0,
            table: 0,
            plan_version: 0,
            consent: milepost_protocol::downlink::Consent { version: 0, purposes: Default::default() },
            counters: Default::default(),
            trip: None,
            battery: Default::default(),
            stationary: true,
            signals: heapless::Vec::new(),
            drops: Default::default(),
        }
    }

    /// The oldest event that the host has not fetched yet.
    pub fn events(&mut self) -> Option<Event> {
        self.events.pop()
    }
}

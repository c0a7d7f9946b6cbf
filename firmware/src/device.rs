//! The core itself: frames, ticks and downlinks in; envelopes, requests and notices out.
//!
//! Every call is a transaction with flash: when it returns `Ok`, what it derived survives a power cut.
//! The futures must be driven to their end: a dropped one leaves the flash caches undefined, as `sequential-storage` states.

mod bus;
mod downlinks;
mod keep;
mod log;
mod start;

use core::fmt;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::downlink::Consent;
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::notice::{Answer, Notice};
use milepost_protocol::plan::PlanView;
use milepost_protocol::record::{Body, CertificateRequest, NoticeAnswered, ParkedDay, ResetReason, SeriesBlock};
use milepost_protocol::settings::DeviceSettings;
use milepost_protocol::{MAX_BODY_LEN, MAX_UNKNOWN_LEN, NoticeId, codec};

use crate::clock::{Clock, Dispute, Now};
use crate::error::{Error, Operation};
use crate::facts::Fact;
use crate::frame::Frame;
use crate::notices::Notices;
use crate::outbox::Outbox;
use crate::power::{QUIET_AFTER_MS, Senses};
use crate::signal::table::Reading;
use crate::status::{Battery, Drops, Event, Events, OpenTrip, Status};
use crate::store::{Key, Store};
use crate::table_store::TableStore;
use crate::usage::Usage;
use bus::Diagnostics;
use keep::{Memory, Todo};
use log::LogRate;

/// Without a frame for this long the display is dark, in milliseconds.
const DARK_AFTER_MS: u64 = 120_000;

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
    /// Whether somebody sees what [`Device::display`] answers; without a display no notice counts as shown.
    pub display: bool,
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
            display: true,
            local_reminders: true,
            tank_ml: None,
            ledger_every_ms: 30_000,
        }
    }
}

/// The core over four flash regions: the outbox's two lanes, state, and signal tables.
///
/// Each call is given the time as [`Now`]: milliseconds since the boot, which never fall, and Unix time where the host knows it.
/// What a call has derived is in flash when it returns `Ok`.
/// A call fails with [`Error`] alone: the driver's own failure, bytes that do not read back, or regions of a wrong size; after an
/// error the host starts the core anew over the same regions, and nothing that was told as created is lost.
pub struct Device<S: MultiwriteNorFlash> {
    settings: Settings,
    clock: Clock,
    store: Store<S>,
    outbox: Outbox<S>,
    tables: TableStore<S>,
    table_hash: u32,
    usage: Usage,
    consent: Consent,
    /// The plan as it came; its items are decoded when they are looked at.
    plan: Vec<u8, MAX_BODY_LEN>,
    notices: Notices,
    /// The notice whose words are in memory: the displayed one, or the one at hand.
    front: Option<Notice>,
    memory: Memory,
    diagnostics: Diagnostics,
    ledger_ms: u64,
    ledger_unix_ms: u64,
    counters_ms: u64,
    assess_from_ms: u64,
    newest_ms: u64,
    events: Events,
    drops: Drops,
    log: LogRate,
    todo: Todo,
    /// What the cloud decided.
    remote: DeviceSettings,
    dispute: Dispute,
}

impl<S: MultiwriteNorFlash> fmt::Debug for Device<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("settings", &self.settings)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<S: MultiwriteNorFlash> Device<S> {
    /// Takes a frame from a bus; everything derived from it is in flash on return.
    pub async fn frame(&mut self, now: Now, frame: &Frame) -> Result<(), Error<S::Error>> {
        self.frame_to(now, frame, &mut |_| ()).await
    }

    /// As [`Device::frame`]; whatever of the frame the owner's consent lets the core see is handed to `sink` as well.
    pub async fn frame_to(
        &mut self,
        now: Now,
        frame: &Frame,
        sink: &mut impl FnMut(Reading),
    ) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        self.usage.alive(now.uptime_ms);
        self.read_signals(now, frame, sink).await?;
        self.read_diagnostics(now, frame, sink);
        self.keep(now, true).await
    }

    /// Lets time pass: at least once a second while awake, at any spacing while parked.
    pub async fn tick(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        self.drops.isotp = self.drops.isotp.saturating_add(self.diagnostics.expire(now.uptime_ms));
        self.keep(now, true).await
    }

    /// The next frame to put on a bus: an ISO-TP flow control or an OBD-II request. Call it until it answers `None`.
    pub fn request(&mut self, now: Now) -> Option<Frame> {
        if !self.settings.obd {
            return None;
        }
        self.diagnostics.request(now.uptime_ms, &self.usage)
    }

    /// The host saw that the car may be waking, such as by a step of its voltage: for a while the device may ask on a silent bus,
    /// as after its own start.
    pub fn car_wakes(&mut self, now: Now) {
        self.diagnostics.start(now.uptime_ms);
    }

    /// The next envelope that was not sent yet, alerts first; `None` when all is sent or the cloud's credit is used up.
    ///
    /// `buffer` holds [`milepost_protocol::MAX_ENVELOPE_LEN`] bytes; into a shorter one a long record may never fit.
    /// Nothing is resent by time alone: a host that misses receipts calls [`Device::link_lost`].
    pub async fn envelope<'b>(&mut self, now: Now, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Error<S::Error>> {
        self.clock.observe(now);
        let len = self.outbox.envelope(now.uptime_ms, buffer).await?;
        Ok(len.and_then(|len| buffer.get(..len)))
    }

    /// The link broke: everything without a receipt will be sent again.
    pub fn link_lost(&mut self) {
        self.outbox.rewind();
        self.dispute.session_ended();
    }

    /// Asks the cloud for a certificate: the request travels as a record, and its answer comes to the host as a downlink.
    ///
    /// The key behind it must be durable before this is called.
    pub async fn request_certificate(&mut self, now: Now, request: CertificateRequest) -> Result<(), Error<S::Error>> {
        self.report(now, request).await
    }

    /// The owner answered a notice in the car; `false` if it is not open any more.
    pub async fn answer(&mut self, now: Now, notice: NoticeId, answer: Answer) -> Result<bool, Error<S::Error>> {
        self.pass_time(now);
        let unix_ms = self.clock.unix_ms(now.uptime_ms).unwrap_or(0);
        let Some(touched) = self.notices.answer(notice, answer, unix_ms) else { return Ok(false) };
        let odometer_m = self.usage.ledger.odometer_m;
        self.touched(touched);
        self.tell(now.uptime_ms, NoticeAnswered { notice, answer, odometer_m });
        self.keep(now, false).await?;
        Ok(true)
    }

    /// What the display shows: only while the car stands, the most urgent first. It marks nothing.
    ///
    /// Its words come from flash with the call that takes a frame, time, a message or an answer.
    pub fn display(&self, now: Now) -> Option<&Notice> {
        let (_, id) = self.displayed(now)?;
        self.front.as_ref().filter(|notice| notice.id == id)
    }

    /// Whether a display may show anything: the car is awake and known to stand.
    pub fn may_show(&self, now: Now) -> bool {
        let awake = self.usage.alive_ms().is_some_and(|ms| now.uptime_ms.saturating_sub(ms) < DARK_AFTER_MS);
        awake && self.usage.is_stationary(now.uptime_ms)
    }

    /// Whether the car is parked: no trip is open, and for a while nothing has said that the car is on.
    pub fn is_parked(&self, now: Now) -> bool {
        let on = self.usage.on_ms().is_some_and(|ms| now.uptime_ms.saturating_sub(ms) < QUIET_AFTER_MS);
        !on && self.usage.ledger.trip.is_none()
    }

    /// Appends a record that the host makes beside the core, such as an updater's report; it is in flash on return.
    pub async fn report<B: Body>(&mut self, now: Now, record: B) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        let mut body = [0; MAX_UNKNOWN_LEN];
        // It may be longer than anything that the core tells by itself, so it does not take the way of facts that wait.
        let body = codec::write(&record, &mut body).and_then(|len| body.get(..len));
        let fact = Fact { uptime_ms: now.uptime_ms, kind: B::KIND, body: body.ok_or(Error::Layout(Operation::Push))? };
        let moment = self.clock.moment(now.uptime_ms);
        self.outbox.record(&mut self.store, moment, self.consent.version, fact).await
    }

    /// Appends a block of samples that the host collected; it is in flash on return.
    pub async fn series(&mut self, now: Now, series: &SeriesBlock) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        let mut body = [0; MAX_BODY_LEN];
        let body = codec::write(series, &mut body).and_then(|len| body.get(..len));
        let body = body.ok_or(Error::Layout(Operation::Push))?;
        let fact = Fact { uptime_ms: now.uptime_ms, kind: SeriesBlock::KIND, body };
        let moment = self.clock.moment(now.uptime_ms);
        self.outbox.record(&mut self.store, moment, self.consent.version, fact).await
    }

    /// What the owner allows.
    pub fn consent(&self) -> Consent {
        self.consent
    }

    /// The input ended: closes the open trip.
    pub async fn finish(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        self.usage.finish(now.uptime_ms, unix_ms);
        self.changed(Key::Ledger as u8);
        self.keep(now, true).await
    }

    /// Tells what a parked day took from the battery, as [`crate::power::Policy::last_day`] answers it; durable on return.
    pub async fn parked_day(&mut self, now: Now, day: ParkedDay) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        self.tell(now.uptime_ms, day);
        self.keep(now, false).await
    }

    /// Signs by which a board's [`crate::power::Policy`] decides; `battery_mv` is the board's own measurement.
    pub fn senses(&self, battery_mv: Option<u16>) -> Senses {
        let (on_ms, bus_ms) = (self.usage.on_ms(), self.usage.alive_ms());
        Senses { on_ms, bus_ms, battery_mv, waiting: self.waiting(), held: false }
    }

    /// Unix time in milliseconds as the core knows it, and how far it can be trusted.
    ///
    /// What flash remembers is its floor, so that no expired certificate becomes valid again, not even across restarts.
    /// It goes back only where [`crate::clock`] says, and then to what sessions have said whose certificate was valid by the later time;
    /// a host never judges by a time before its configuration was written.
    pub fn unix_ms(&self, now: Now) -> Option<(u64, ClockQuality)> {
        let unix_ms = self.clock.unix_ms(now.uptime_ms)?;
        Some((unix_ms, self.clock.moment(now.uptime_ms).quality))
    }

    /// The settings in force, as the cloud decided them.
    pub fn settings(&self) -> DeviceSettings {
        self.remote
    }

    /// How many records of all boots wait in flash for a receipt.
    pub fn waiting(&self) -> u32 {
        self.outbox.stored()
    }

    /// The number of this boot.
    pub fn boot(&self) -> u32 {
        self.outbox.boot()
    }

    /// How many records this boot has created.
    pub fn created(&self) -> u32 {
        self.outbox.created()
    }

    /// How many records this boot has lost: they gave way to others, did not read back, or were too many at once.
    pub fn dropped(&self) -> u32 {
        self.drops.records.saturating_add(self.outbox.dropped).saturating_add(self.usage.overflow)
    }

    /// A snapshot for the host.
    pub fn status(&self) -> Status {
        let ledger = &self.usage.ledger;
        let trip = ledger.trip.as_ref().map(|trip| OpenTrip {
            trip: trip.number,
            duration_ms: trip.duration_ms,
            distance_m: (trip.distance_um / 1_000_000) as u32,
        });
        Status {
            boot: self.boot(),
            created: self.created(),
            stored: self.outbox.stored(),
            table: self.table_hash,
            plan_version: plan_of(&self.plan).version,
            consent: self.consent,
            counters: self.usage.counters(),
            trip,
            battery: Battery {
                lowest_mv: self.usage.lowest_mv(),
                rest_mv: ledger.rest_mv,
                cranking_mv: ledger.cranking_mv,
            },
            stationary: self.usage.is_stationary(self.newest_ms),
            signals: self.usage.latest.all(),
            drops: Drops {
                invalid_values: self.drops.invalid_values.saturating_add(self.usage.invalid),
                records: self.dropped(),
                ..self.drops
            },
        }
    }

    /// The oldest event that the host has not fetched yet.
    pub fn events(&mut self) -> Option<Event> {
        self.events.pop()
    }

    fn displayed(&self, now: Now) -> Option<(usize, NoticeId)> {
        if !self.settings.display || !self.may_show(now) {
            return None;
        }
        let (index, head) = self.notices.most_urgent(self.clock.unix_ms(now.uptime_ms))?;
        Some((index, head.id))
    }

    fn pass_time(&mut self, now: Now) {
        self.clock.observe(now);
        self.newest_ms = self.newest_ms.max(now.uptime_ms);
        self.usage.advance(now.uptime_ms, self.clock.unix_ms(now.uptime_ms));
    }

    fn event(&mut self, event: Event) {
        if self.events.push(event) {
            self.drops.events = self.drops.events.saturating_add(1);
        }
    }
}

/// The plan in its bytes; an empty one if there is none.
fn plan_of(bytes: &[u8]) -> PlanView<'_> {
    PlanView::parse(bytes).unwrap_or_default()
}

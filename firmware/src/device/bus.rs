//! Frames: signals by the table, and diagnostic conversations, our own and overheard.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::record::{DistanceSource, Trouble};

use super::Device;
use crate::clock::Now;
use crate::error::Error;
use crate::frame::{Frame, unraw};
use crate::isotp::{CLEAR_TO_SEND, DropReason, Receiver};
use crate::obd::pids::{self, Item, Quantity};
use crate::obd::poll::{Poller, Signs};
use crate::obd::trouble::Listing;
use crate::obd::{is_response, request_id};
use crate::signal::table::Reading;
use crate::usage::{Usage, consent};

/// How many conversations are followed at once.
const CONVERSATIONS: usize = 4;

/// The longest message of a conversation, in bytes: a listing of more than a hundred trouble codes.
const MAX_MESSAGE_LEN: usize = 256;

/// How long after its own start a device may ask on a silent bus, in milliseconds.
const POWERED_MS: u64 = 30_000;

#[derive(Debug, Clone)]
struct Conversation {
    bus: u8,
    id: u32,
    receiver: Receiver<MAX_MESSAGE_LEN>,
}

/// What goes on between testers and control units.
#[derive(Debug, Clone, Default)]
pub(super) struct Diagnostics {
    conversations: Vec<Conversation, CONVERSATIONS>,
    poller: Poller,
    flow_control: Option<Frame>,
    /// The bus that the car's control units answer on.
    bus: u8,
    /// When a frame was last seen that is no answer to a tester.
    bus_ms: Option<u64>,
    started_ms: u64,
}

impl Diagnostics {
    /// The diagnostics of a device that starts now.
    pub(super) fn start(now_ms: u64) -> Self {
        Self { started_ms: now_ms, ..Self::default() }
    }

    /// Gives up messages whose next frame is late; answers how many.
    pub(super) fn expire(&mut self, now_ms: u64) -> u32 {
        let late = self.conversations.iter_mut().filter_map(|conversation| conversation.receiver.expire(now_ms));
        late.count() as u32
    }

    /// The next frame for the bus.
    pub(super) fn request(&mut self, now_ms: u64, usage: &Usage) -> Option<Frame> {
        if let Some(frame) = self.flow_control.take() {
            return Some(frame);
        }
        // A diagnostic socket behind a gateway is silent until somebody asks: a device that was just powered may ask.
        let powered = now_ms.saturating_sub(self.started_ms) < POWERED_MS;
        let bus_ms = self.bus_ms.or(powered.then_some(now_ms));
        let signs = Signs { bus_ms, on_ms: usage.on_ms(), starting: usage.is_starting() };
        let request = self.poller.next(now_ms, signs)?;
        Frame::new(self.bus, unraw(request.id), &request.data)
    }

    /// Takes a frame of a control unit; answers a message that is now whole, and what was given up.
    fn accept(
        &mut self,
        now_ms: u64,
        frame: &Frame,
        obd: bool,
    ) -> (Option<Vec<u8, MAX_MESSAGE_LEN>>, Option<DropReason>) {
        let id = frame.raw_id();
        let known = self.conversations.iter().position(|talk| talk.id == id && talk.bus == frame.bus);
        let place = known.or_else(|| {
            let conversation = Conversation { bus: frame.bus, id, receiver: Receiver::new() };
            if self.conversations.push(conversation.clone()).is_ok() {
                return self.conversations.len().checked_sub(1);
            }
            let idle = self.conversations.iter().position(|talk| !talk.receiver.is_busy(now_ms))?;
            *self.conversations.get_mut(idle)? = conversation;
            Some(idle)
        });
        let Some(conversation) = place.and_then(|place| self.conversations.get_mut(place)) else {
            return (None, Some(DropReason::Interrupted));
        };
        let reception = conversation.receiver.accept(now_ms, frame.data());
        // What we only overhear is answered by the tester that asked.
        if reception.flow_control_due && obd && self.poller.awaits(id) {
            self.flow_control = Frame::new(frame.bus, unraw(request_id(id)), &CLEAR_TO_SEND);
        }
        let dropped = reception.dropped;
        (reception.message.and_then(|message| Vec::from_slice(message).ok()), dropped)
    }
}

impl<S: MultiwriteNorFlash> Device<S> {
    pub(super) fn read_signals(&mut self, now: Now, frame: &Frame) {
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        for reading in self.table.decode(frame.bus, frame.raw_id(), frame.data()) {
            match reading {
                Reading::Value(signal, value) if consent::allows(self.consent, signal) => {
                    self.usage.signal(now.uptime_ms, unix_ms, signal, value, DistanceSource::Odometer);
                }
                Reading::Value(..) => self.drops.consent = self.drops.consent.saturating_add(1),
                Reading::Invalid(_) => self.drops.invalid_values = self.drops.invalid_values.saturating_add(1),
            }
        }
    }

    pub(super) async fn read_diagnostics(&mut self, now: Now, frame: &Frame) -> Result<(), Error<S::Error>> {
        let ecu = frame.raw_id();
        if !is_response(ecu) {
            self.diagnostics.bus_ms = Some(now.uptime_ms);
            return Ok(());
        }
        self.diagnostics.bus = frame.bus;
        let (message, dropped) = self.diagnostics.accept(now.uptime_ms, frame, self.settings.obd);
        if dropped.is_some() {
            self.drops.isotp = self.drops.isotp.saturating_add(1);
        }
        let Some(message) = message else { return Ok(()) };
        match message.first() {
            Some(0x41) => self.parameters(now, ecu, &message),
            Some(0x43 | 0x47 | 0x4A) => self.trouble_codes(now, ecu, &message).await?,
            _ => {}
        }
        self.diagnostics.poller.answered(ecu, &message);
        Ok(())
    }

    fn parameters(&mut self, now: Now, ecu: u32, message: &[u8]) {
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        let Self { usage, drops, diagnostics, consent: allowed, .. } = self;
        let decoded = pids::decode(message, |item| match item {
            Item::Supported { base, mask } => diagnostics.poller.supported(ecu, base, mask),
            Item::Value(Quantity::Signal(signal), value) if consent::allows(*allowed, signal) => {
                usage.signal(now.uptime_ms, unix_ms, signal, value, DistanceSource::ObdOdometer);
            }
            Item::Value(Quantity::FuelMassRate, value) if consent::allows(*allowed, SignalId::FUEL_RATE) => {
                usage.fuel_mass_rate(now.uptime_ms, unix_ms, value);
            }
            Item::Value(..) => drops.consent = drops.consent.saturating_add(1),
        });
        if decoded.is_err() {
            drops.obd = drops.obd.saturating_add(1);
        }
    }

    async fn trouble_codes(&mut self, now: Now, ecu: u32, message: &[u8]) -> Result<(), Error<S::Error>> {
        let Some(listing) = Listing::parse(message) else {
            self.drops.obd = self.drops.obd.saturating_add(1);
            return Ok(());
        };
        if !consent::allows_trouble_codes(self.consent) {
            self.drops.consent = self.drops.consent.saturating_add(1);
            return Ok(());
        }
        let changes = self.memory.codes.apply(ecu, listing);
        if changes.is_empty() {
            return Ok(());
        }
        let odometer_m = self.usage.ledger.odometer();
        let records: Vec<_, { crate::obd::trouble::MAX_CHANGES }> = changes
            .iter()
            .map(|change| Trouble { code: change.code, status: change.status, ecu: change.ecu, odometer_m }.into())
            .collect();
        self.keep_memory(now, &records).await
    }
}

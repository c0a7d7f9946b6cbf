//! Frames: signals by the table, and diagnostic conversations, our own and overheard.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::record::{DistanceSource, Trouble};

use super::Device;
use crate::clock::Now;
use crate::error::Error;
use crate::frame::{Frame, unraw};
use crate::isotp::{self, CLEAR_TO_SEND, DropReason, Receiver};
use crate::obd::pids::{self, Item, Quantity};
use crate::obd::poll::{Poller, Signs};
use crate::obd::trouble::Listing;
use crate::obd::{is_response, request_id};
use crate::signal::table::{Reading, group_key};
use crate::store::Key;
use crate::usage::{Usage, consent};

/// How many messages of more than one frame are followed at once.
const CONVERSATIONS: usize = 3;

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
    /// The device starts now.
    pub(super) fn start(&mut self, now_ms: u64) {
        self.started_ms = now_ms;
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
        if known.is_none() && !isotp::begins_more(frame.data()) {
            // A message of one frame needs no place to be put together.
            return (isotp::single(frame.data()).and_then(|message| Vec::from_slice(message).ok()), None);
        }
        let place = known.or_else(|| {
            let conversation = Conversation { bus: frame.bus, id, receiver: Receiver::new() };
            if self.conversations.is_full() {
                let idle = self.conversations.iter().position(|talk| !talk.receiver.is_busy(now_ms))?;
                self.conversations.swap_remove(idle);
            }
            // There is room: an idle one was just removed if there was none.
            let _ = self.conversations.push(conversation);
            self.conversations.len().checked_sub(1)
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
    pub(super) async fn read_signals(
        &mut self,
        now: Now,
        frame: &Frame,
        sink: &mut impl FnMut(Reading),
    ) -> Result<(), Error<S::Error>> {
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        let mut key = Some(frame.raw_id());
        while let Some(id) = key {
            let mut cursor = self.tables.rows_of(id);
            while let Some(row) = self.tables.next_row(&mut cursor, frame.bus, id).await? {
                match row.read(frame.data()) {
                    Some(reading @ Reading::Value(signal, value)) if consent::allows(self.consent, signal) => {
                        sink(reading);
                        self.usage.signal(now.uptime_ms, unix_ms, signal, value);
                    }
                    Some(reading @ Reading::Odometer(metres)) if consent::allows(self.consent, SignalId::ODOMETER) => {
                        sink(reading);
                        self.usage.odometer(now.uptime_ms, unix_ms, metres, DistanceSource::Odometer);
                    }
                    Some(Reading::Value(..) | Reading::Odometer(_)) => {
                        self.drops.consent = self.drops.consent.saturating_add(1);
                    }
                    Some(Reading::Invalid(_)) => {
                        self.drops.invalid_values = self.drops.invalid_values.saturating_add(1);
                    }
                    None => {}
                }
            }
            key = group_key(id);
        }
        Ok(())
    }

    /// Takes what control units say to testers; changes of trouble codes wait to be stored.
    #[inline(never)]
    pub(super) fn read_diagnostics(&mut self, now: Now, frame: &Frame, sink: &mut impl FnMut(Reading)) {
        let ecu = frame.raw_id();
        if !is_response(ecu) {
            self.diagnostics.bus_ms = Some(now.uptime_ms);
            return;
        }
        self.diagnostics.bus = frame.bus;
        let (message, dropped) = self.diagnostics.accept(now.uptime_ms, frame, self.settings.obd);
        if dropped.is_some() {
            self.drops.isotp = self.drops.isotp.saturating_add(1);
        }
        let Some(message) = message else { return };
        match message.first() {
            Some(0x41) => self.parameters(now, ecu, &message, sink),
            Some(0x43 | 0x47 | 0x4A) => self.trouble_codes(now, ecu, &message),
            _ => {}
        }
        self.diagnostics.poller.answered(ecu, &message);
    }

    fn parameters(&mut self, now: Now, ecu: u32, message: &[u8], sink: &mut impl FnMut(Reading)) {
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        let Self { usage, drops, diagnostics, consent: allowed, .. } = self;
        let decoded = pids::decode(message, |item| match item {
            Item::Supported { base, mask } => diagnostics.poller.supported(ecu, base, mask),
            Item::Value(Quantity::Signal(signal), value) if consent::allows(*allowed, signal) => {
                sink(Reading::Value(signal, value));
                usage.signal(now.uptime_ms, unix_ms, signal, value);
            }
            Item::Odometer(metres) if consent::allows(*allowed, SignalId::ODOMETER) => {
                sink(Reading::Odometer(metres));
                usage.odometer(now.uptime_ms, unix_ms, metres, DistanceSource::ObdOdometer);
            }
            Item::Value(Quantity::FuelMassRate, value) if consent::allows(*allowed, SignalId::FUEL_RATE) => {
                usage.fuel_mass_rate(now.uptime_ms, unix_ms, value);
            }
            Item::Value(..) | Item::Odometer(_) => drops.consent = drops.consent.saturating_add(1),
        });
        if decoded.is_err() {
            drops.obd = drops.obd.saturating_add(1);
        }
    }

    fn trouble_codes(&mut self, now: Now, ecu: u32, message: &[u8]) {
        let Some(listing) = Listing::parse(message) else {
            self.drops.obd = self.drops.obd.saturating_add(1);
            return;
        };
        if !consent::allows_trouble_codes(self.consent) {
            self.drops.consent = self.drops.consent.saturating_add(1);
            return;
        }
        let odometer_m = self.usage.ledger.odometer();
        for change in &self.memory.codes.apply(ecu, listing) {
            // As many as one listing can change have room; a test holds that.
            self.tell(now.uptime_ms, Trouble { code: change.code, status: change.status, ecu: change.ecu, odometer_m });
            self.changed(Key::Memory as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::trouble::{TroubleCode, TroubleStatus};

    use super::*;
    use crate::clock::Clock;
    use crate::debt::{Identities, MAX_OWED_BODY, Owing};
    use crate::facts::Few;
    use crate::obd::trouble::MAX_CHANGES;

    #[test]
    fn all_changes_of_one_listing_have_room_and_are_owed_at_once() {
        let mut facts = Few::new();
        let code = TroubleCode { code: u16::MAX, failure_type: Some(u8::MAX) };
        for _ in 0..MAX_CHANGES {
            let trouble = Trouble { code, status: TroubleStatus::Permanent, ecu: u32::MAX, odometer_m: Some(u32::MAX) };
            assert!(facts.push(u64::MAX, trouble));
        }
        let identities = Identities { boot: 1, first: 0, consent: 1, clock: Clock::default(), moment: None };
        assert_eq!(Owing::new(facts.iter(), MAX_OWED_BODY, identities).len(), MAX_CHANGES);
    }
}

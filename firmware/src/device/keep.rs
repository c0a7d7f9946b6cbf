//! Making durable what was derived: state first, then the records that it owes.
//!
//! Calls change memory and note here what of it has to be stored; one loop then stores it, a value at a time.
//! Invariant: no record leaves for the outbox before the state that it tells is in flash.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_engine::maintenance;
use milepost_protocol::downlink::Consent;
use milepost_protocol::notice::Notice;
use milepost_protocol::record::{Body, Gap, GapReason, NoticeRaised, NoticeShown, TripEnded};
use milepost_protocol::settings::{DeviceSettings, MIN_COUNTERS_EVERY_S};
use milepost_protocol::{NoticeId, codec};
use serde::{Deserialize, Serialize};

use super::{Device, plan_of};
use crate::clock::{Dispute, Moment, Now};
use crate::debt::{MAX_OWED_BODY, Owing};
use crate::error::Error;
use crate::facts::{Few, Iter};
use crate::notices::{Head, MAX_NOTICES, Slot, Taken, Told, Touched};
use crate::obd::trouble::Codes;
use crate::status::Event;
use crate::store::{Encode, Key};
use crate::usage::ledger::Ledger;

/// How often reminders are looked for, in milliseconds of uptime.
const ASSESS_EVERY_MS: u64 = 5_000;

/// How far the clock may run ahead of flash while nothing else is stored.
const CLOCK_EVERY_MS: u64 = 6 * 3_600_000;

/// How many commands are remembered, so that none is carried out twice.
pub(super) const MAX_COMMANDS: usize = 16;

/// What has to survive beside ledger, plan and notices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) codes: Codes,
    pub(super) commands: Vec<u32, MAX_COMMANDS>,
}

/// What memory's key holds.
pub(super) type StoredMemory = (Memory, Told);

/// What is still to be stored.
#[derive(Debug, Default)]
pub(super) struct Todo {
    /// Keys whose values have changed, as bits: see [`bit`].
    keys: u32,
    /// Records that follow from the change of a notice or of the memory, or from no change at all.
    facts: Few,
    /// The moment of what the ledger owes, where the clock does not know it.
    pub(super) moment: Option<Moment>,
}

impl Todo {
    /// The next key: notices first, which the memory closes, and the memory last, which owes the outcome of what was done.
    fn key(&self) -> Option<u8> {
        let others = self.keys & !bit(Key::Memory as u8);
        let bit = others.checked_ilog2().or(self.keys.checked_ilog2())? as usize;
        Some(bit.checked_sub(SLOTS).map_or(bit as u8, Key::notice))
    }
}

/// From this bit on the notice slots stand.
const SLOTS: usize = 16;

/// The bit of a key.
fn bit(key: u8) -> u32 {
    1 << (Key::slot(key).map_or(usize::from(key), |slot| SLOTS + slot) % 32)
}

const _: () = assert!((Key::Dispute as usize) < SLOTS && SLOTS + MAX_NOTICES <= 32, "every key has a bit of its own");

/// The next thing that has to be done about flash.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A value is stored, with what it owes.
    Store(u8),
    /// Records go to the outbox that follow from no value.
    Tell,
    /// The words of a slot's notice are brought into memory.
    Words(usize),
}

/// A value as it is stored under its key, with what it owes.
struct Snapshot<'a> {
    key: u8,
    ledger: &'a Ledger,
    memory: &'a Memory,
    told: &'a Told,
    head: Option<Head>,
    front: Option<&'a Notice>,
    plan: &'a [u8],
    consent: &'a Consent,
    remote: &'a DeviceSettings,
    dispute: Dispute,
    owing: &'a Owing<'a>,
}

impl Encode for Snapshot<'_> {
    fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        const LEDGER: u8 = Key::Ledger as u8;
        const MEMORY: u8 = Key::Memory as u8;
        const PLAN: u8 = Key::Plan as u8;
        const CONSENT: u8 = Key::Consent as u8;
        const REMOTE: u8 = Key::Remote as u8;
        const DISPUTE: u8 = Key::Dispute as u8;
        let value = match self.key {
            LEDGER => codec::write(self.ledger, buffer),
            MEMORY => codec::write(&(self.memory, self.told), buffer),
            PLAN => {
                // As it came: what a newer cloud put at its end is kept for a newer build.
                buffer.get_mut(..self.plan.len())?.copy_from_slice(self.plan);
                return Some(self.plan.len());
            }
            CONSENT => return codec::write(self.consent, buffer),
            REMOTE => return codec::write(self.remote, buffer),
            DISPUTE => return codec::write(&self.dispute, buffer),
            _ => {
                let words = self.head.zip(self.front);
                let slot = words.map(|(Head { snoozed_until_ms, shown, .. }, notice)| Slot {
                    notice,
                    snoozed_until_ms,
                    shown,
                });
                codec::write(&slot, buffer)
            }
        };
        let len = value?;
        Some(len + codec::write(self.owing, buffer.get_mut(len..)?)?)
    }
}

impl<S: MultiwriteNorFlash> Device<S> {
    /// The value of `key` has changed: the next [`Device::keep`] stores it.
    #[inline(never)]
    pub(super) fn changed(&mut self, key: u8) {
        self.todo.keys |= bit(key);
    }

    /// A notice's slot and what is remembered of notices have changed.
    pub(super) fn touched(&mut self, Touched(index): Touched) {
        self.changed(Key::notice(index));
        self.changed(Key::Memory as u8);
    }

    /// A record follows from what has changed, or from nothing.
    pub(super) fn tell(&mut self, uptime_ms: u64, record: impl Body) {
        if !self.todo.facts.push(uptime_ms, record) {
            self.usage.overflow = self.usage.overflow.saturating_add(1);
        }
    }

    /// Makes everything durable that was derived. With `all`, it also looks what time and usage have made due.
    pub(super) async fn keep(&mut self, now: Now, all: bool) -> Result<(), Error<S::Error>> {
        while let Some(step) = self.next_step(now, all) {
            let slot = match step {
                Step::Words(slot) => Some(slot),
                Step::Store(key) => Key::slot(key),
                Step::Tell => None,
            };
            if let Some((slot, id)) = self.missing_words(slot) {
                let stored = self.store.bytes(Key::notice(slot)).await?;
                read_words(stored, &mut self.front);
                self.brought(id);
            }
            if let Step::Words(_) = step {
                continue;
            }
            self.note_time(now, step);
            let Self { usage, outbox, store, todo, clock, consent, .. } = self;
            let ledger = matches!(step, Step::Store(key) if key == Key::Ledger as u8);
            let owes = matches!(step, Step::Store(key) if key == Key::Memory as u8 || slot.is_some());
            let (facts, longest, moment) = match step {
                Step::Store(_) if ledger => (usage.pending().iter(), MAX_OWED_BODY, todo.moment),
                Step::Store(_) if owes => (todo.facts.iter(), MAX_OWED_BODY, None),
                Step::Tell => (todo.facts.iter(), usize::MAX, None),
                _ => (Iter::default(), 0, None),
            };
            let owing = outbox.owe(facts, longest, *clock, moment, consent.version);
            let mut result = Ok(());
            if let Step::Store(key) = step {
                let value = Snapshot {
                    key,
                    ledger: &usage.ledger,
                    memory: &self.memory,
                    told: &self.notices.told,
                    head: slot.and_then(|slot| self.notices.slot(slot)).copied(),
                    front: self.front.as_ref(),
                    plan: &self.plan,
                    consent,
                    remote: &self.remote,
                    dispute: self.dispute,
                    owing: &owing,
                };
                result = store.put(key, &value).await;
                if result.is_ok() {
                    todo.keys &= !bit(key);
                }
            }
            let mut told = 0;
            for (stamp, body) in owing.iter() {
                if result.is_ok() {
                    result = outbox.push(store, &stamp, body).await;
                    told += usize::from(result.is_ok());
                }
            }
            // The numbers of what was not told are free again: they are for the same records, when these are told.
            outbox.forget(owing.len() - told);
            self.settle(now, ledger, told);
            result?;
        }
        Ok(())
    }

    /// What has to be done next about flash: first what is known to have changed, then what time and usage have made due.
    #[inline(never)]
    fn next_step(&mut self, now: Now, all: bool) -> Option<Step> {
        if all && self.todo.keys == 0 && self.todo.facts.is_empty() && self.usage.pending().is_empty() {
            self.derive(now);
        }
        if let Some(key) = self.todo.key() {
            return Some(Step::Store(key));
        }
        if !self.todo.facts.is_empty() {
            return Some(Step::Tell);
        }
        if !self.usage.pending().is_empty() {
            return Some(Step::Store(Key::Ledger as u8));
        }
        let count = core::mem::take(&mut self.usage.overflow);
        if count > 0 {
            self.drops.records = self.drops.records.saturating_add(count);
            let (boot, first) = (self.outbox.boot(), self.outbox.created());
            self.tell(now.uptime_ms, Gap { boot, first, count, reason: GapReason::Overflow });
            return Some(Step::Tell);
        }
        let (slot, id) = self.displayed(now)?;
        if self.front_is(id) {
            if !(all && self.notices.show(slot)) {
                return None;
            }
            // The display shows it for the first time.
            self.tell(now.uptime_ms, NoticeShown { notice: id });
            self.event(Event::NoticeShown { id });
            return Some(Step::Store(Key::notice(slot)));
        }
        Some(Step::Words(slot))
    }

    /// Notes what time and usage have made due: counters, the ledger, a reminder, a notice that is out of date.
    fn derive(&mut self, now: Now) {
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        let in_trip = self.usage.ledger.trip.is_some();
        let since_ms = now.uptime_ms.saturating_sub(self.ledger_ms);
        let clock_ms = unix_ms.unwrap_or(0).saturating_sub(self.ledger_unix_ms);
        let counters_every_ms = u64::from(self.remote.counters_every_s.max(MIN_COUNTERS_EVERY_S)) * 1000;
        if in_trip && now.uptime_ms.saturating_sub(self.counters_ms) >= counters_every_ms {
            self.counters_ms = now.uptime_ms;
            let counters = self.usage.counters();
            self.usage.tell(now.uptime_ms, counters);
            return;
        }
        if (in_trip && since_ms > 0 && since_ms >= self.settings.ledger_every_ms) || clock_ms >= CLOCK_EVERY_MS {
            self.changed(Key::Ledger as u8);
            return;
        }
        if now.uptime_ms < self.assess_from_ms {
            return;
        }
        if self.settings.local_reminders && self.remote.local_reminders && self.raise(now, unix_ms.unwrap_or(0)) {
            return;
        }
        if let Some(touched) = self.notices.sweep(&plan_of(&self.plan), unix_ms) {
            self.touched(touched);
            return;
        }
        self.assess_from_ms = now.uptime_ms.saturating_add(ASSESS_EVERY_MS);
    }

    /// Raises the next reminder whose level was reached; answers whether there was one.
    fn raise(&mut self, now: Now, unix_ms: u64) -> bool {
        let counters = self.usage.counters();
        let usage = maintenance::Usage::from_counters(&counters, self.usage.ledger.battery.health());
        let Some((notice, _)) = self.notices.reminder(&plan_of(&self.plan), &usage, unix_ms) else { return false };
        let Some((item, cycle, level)) = notice.id.as_reminder() else { return false };
        let id = notice.id;
        match self.notices.take(&notice) {
            Taken::Open(touched) => {
                self.front = Some(notice);
                self.touched(touched);
            }
            Taken::NoRoom | Taken::Closed => {
                self.drops.notices = self.drops.notices.saturating_add(1);
                self.changed(Key::Memory as u8);
            }
        }
        self.tell(now.uptime_ms, NoticeRaised { item, cycle, level, odometer_m: counters.odometer_m });
        self.event(Event::NoticeRaised { id });
        true
    }

    /// The ledger carries the time at which it is stored.
    fn note_time(&mut self, now: Now, step: Step) {
        if matches!(step, Step::Store(key) if key == Key::Ledger as u8) {
            self.ledger_ms = now.uptime_ms;
            let unix_ms = self.clock.unix_ms(now.uptime_ms);
            self.ledger_unix_ms = unix_ms.unwrap_or(0);
            self.usage.ledger.unix_ms = unix_ms.or(self.usage.ledger.unix_ms);
        }
    }

    /// So many of the records that waited are in the outbox.
    #[inline(never)]
    fn settle(&mut self, now: Now, ledger: bool, told: usize) {
        if !ledger {
            self.todo.facts.drop_first(told);
            return;
        }
        for index in 0..told {
            let ended = self.usage.pending().iter().nth(index).filter(|fact| fact.kind == TripEnded::KIND);
            if let Some(ended) = ended.and_then(|fact| codec::read(fact.body)) {
                self.counters_ms = now.uptime_ms;
                // A trip may have made a rule due; look at once.
                self.assess_from_ms = 0;
                self.event(Event::TripEnded(ended));
            }
        }
        self.usage.stored(told);
    }

    fn front_is(&self, id: NoticeId) -> bool {
        self.front.as_ref().is_some_and(|notice| notice.id == id)
    }

    /// The notice of a slot whose words are not in memory.
    fn missing_words(&self, slot: Option<usize>) -> Option<(usize, NoticeId)> {
        let slot = slot?;
        let id = self.notices.slot(slot)?.id;
        (!self.front_is(id)).then_some((slot, id))
    }

    /// The words of a notice were looked for.
    fn brought(&mut self, id: NoticeId) {
        if !self.front_is(id) {
            // Flash lost its words: there is nothing to show, and nothing to keep.
            self.front = None;
            self.notices.close(id);
            self.drops.notices = self.drops.notices.saturating_add(1);
        }
    }
}

/// The words of a stored notice.
#[inline(never)]
fn read_words(stored: Option<&[u8]>, front: &mut Option<Notice>) {
    let slot = stored.and_then(codec::read::<Option<Slot>>);
    *front = slot.flatten().map(|slot| slot.notice);
}

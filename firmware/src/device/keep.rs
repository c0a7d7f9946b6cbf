//! Making durable what was derived: state first, then the records that it owes.
//!
//! Invariant: no record leaves for the outbox before the state that it tells is in flash.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_engine::maintenance;
use milepost_protocol::notice::Notice;
use milepost_protocol::record::{Body, Gap, GapReason, NoticeRaised, NoticeShown, TripEnded};
use milepost_protocol::settings::MIN_COUNTERS_EVERY_S;
use milepost_protocol::{NoticeId, codec};
use serde::{Deserialize, Serialize};

use super::{Device, plan_of};
use crate::clock::{Moment, Now};
use crate::error::{Error, Operation};
use crate::facts::Few;
use crate::notices::{Slot, Taken, Told, Touched};
use crate::obd::trouble::Codes;
use crate::outbox::Outbox;
use crate::status::Event;
use crate::store::{Key, Owing, Store};

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

impl<S: MultiwriteNorFlash> Device<S> {
    /// Makes everything durable that the last call derived, and raises and shows notices.
    pub(super) async fn keep(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.keep_pending(now, None).await?;
        let since_ms = now.uptime_ms.saturating_sub(self.ledger_ms);
        let unix_ms = self.clock.unix_ms(now.uptime_ms).unwrap_or(0);
        let in_trip = self.usage.ledger.trip.is_some();
        let counters_every_ms = u64::from(self.remote.counters_every_s.max(MIN_COUNTERS_EVERY_S)) * 1000;
        if in_trip && now.uptime_ms.saturating_sub(self.counters_ms) >= counters_every_ms {
            self.counters_ms = now.uptime_ms;
            let counters = self.usage.counters();
            self.usage.tell(now.uptime_ms, counters);
            self.keep_pending(now, None).await?;
        } else if (in_trip && since_ms >= self.settings.ledger_every_ms)
            || unix_ms.saturating_sub(self.ledger_unix_ms) >= CLOCK_EVERY_MS
        {
            self.keep_ledger(now).await?;
        }
        self.raise(now).await?;
        self.show(now).await
    }

    /// Stores the records that the usage has ready, each batch with the ledger that it tells.
    pub(super) async fn keep_pending(&mut self, now: Now, moment: Option<Moment>) -> Result<(), Error<S::Error>> {
        while !self.usage.pending().is_empty() {
            let count = self.keep_ledger_with(now, moment).await?;
            for index in 0..count {
                self.tell_of(now, index);
            }
            self.usage.stored(count);
        }
        let count = core::mem::take(&mut self.usage.overflow);
        if count > 0 {
            self.drops.records = self.drops.records.saturating_add(count);
            let (boot, first) = (self.outbox.boot(), self.outbox.created());
            self.record(now, Gap { boot, first, count, reason: GapReason::Overflow }).await?;
        }
        Ok(())
    }

    /// Stores the ledger, and with it what it has to tell.
    pub(super) async fn keep_ledger(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.keep_pending(now, None).await?;
        self.keep_ledger_with(now, None).await.map(|_| ())
    }

    /// Stores the ledger with the front of what it has to tell; answers how many records that were.
    async fn keep_ledger_with(&mut self, now: Now, moment: Option<Moment>) -> Result<usize, Error<S::Error>> {
        self.ledger_ms = now.uptime_ms;
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        self.ledger_unix_ms = unix_ms.unwrap_or(0);
        self.usage.ledger.unix_ms = unix_ms.or(self.usage.ledger.unix_ms);
        let facts = self.usage.pending().iter();
        let owing = self.outbox.owe(facts, self.clock, moment, self.consent.version);
        let saved = self.store.save_owing(Key::Ledger as u8, &self.usage.ledger, Some(&owing)).await;
        settle(&mut self.outbox, &mut self.store, saved, &owing).await?;
        Ok(owing.len())
    }

    /// What the host may want to know of a record that is now stored.
    #[inline(never)]
    fn tell_of(&mut self, now: Now, index: usize) {
        let ended = self.usage.pending().iter().nth(index).filter(|fact| fact.kind == TripEnded::KIND);
        if let Some(ended) = ended.and_then(|fact| codec::read(fact.body)) {
            self.counters_ms = now.uptime_ms;
            // A trip may have made a rule due; look at once.
            self.assessed_ms = None;
            self.event(Event::TripEnded(ended));
        }
    }

    /// Stores what was told and known, with the records that follow from it.
    pub(super) async fn keep_memory(&mut self, facts: Option<&Few>) -> Result<(), Error<S::Error>> {
        let facts = facts.unwrap_or(&NO_FACTS).iter();
        let owing = self.outbox.owe(facts, self.clock, None, self.consent.version);
        let value = (&self.memory, &self.notices.told);
        let saved = self.store.save_owing(Key::Memory as u8, &value, Some(&owing)).await;
        settle(&mut self.outbox, &mut self.store, saved, &owing).await
    }

    /// Stores a notice's slot, with the record that follows from it.
    pub(super) async fn keep_notice(
        &mut self,
        Touched(index): Touched,
        facts: Option<&Few>,
    ) -> Result<(), Error<S::Error>> {
        let head = self.notices.slot(index).copied();
        if let Some(head) = &head {
            self.bring_to_front(index, head.id).await?;
        }
        let slot = head.zip(self.front.as_ref()).map(|(head, notice)| Slot {
            notice,
            snoozed_until_ms: head.snoozed_until_ms,
            shown: head.shown,
        });
        let facts = facts.unwrap_or(&NO_FACTS).iter();
        let owing = self.outbox.owe(facts, self.clock, None, self.consent.version);
        let saved = self.store.save_owing(Key::notice(index), &slot, Some(&owing)).await;
        settle(&mut self.outbox, &mut self.store, saved, &owing).await
    }

    /// Appends a record that tells no state of its own.
    pub(super) async fn record(&mut self, now: Now, record: impl Body) -> Result<(), Error<S::Error>> {
        let fact = Few::one(now.uptime_ms, record);
        self.record_fact(fact).await
    }

    /// Appends a record that tells no state of its own, if there is one.
    pub(super) async fn record_fact(&mut self, fact: Option<Few>) -> Result<(), Error<S::Error>> {
        let Some(fact) = fact.as_ref().and_then(|facts| facts.iter().next()) else {
            return Err(Error::Layout(Operation::Push));
        };
        let moment = self.clock.moment(fact.uptime_ms);
        self.outbox.record(&mut self.store, moment, self.consent.version, fact).await
    }

    /// Brings the words of a notice from flash into memory.
    async fn bring_to_front(&mut self, index: usize, id: NoticeId) -> Result<(), Error<S::Error>> {
        if self.front.as_ref().is_none_or(|notice| notice.id != id) {
            read_words(self.store.bytes(Key::notice(index)).await?, &mut self.front);
            if self.front.as_ref().is_none_or(|notice| notice.id != id) {
                // Flash lost its words: there is nothing to show, and nothing to keep.
                self.front = None;
                self.notices.close(id);
                self.drops.notices = self.drops.notices.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Brings the words of what the display shows into memory.
    pub(super) async fn turn_to_front(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        match self.displayed(now) {
            Some((index, id)) => self.bring_to_front(index, id).await,
            None => Ok(()),
        }
    }

    /// Clears notices that are out of date and raises reminders whose level was reached.
    async fn raise(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        let due = self.assessed_ms.is_none_or(|ms| now.uptime_ms.saturating_sub(ms) >= ASSESS_EVERY_MS);
        if !due {
            return Ok(());
        }
        self.assessed_ms = Some(now.uptime_ms);
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        if self.settings.local_reminders && self.remote.local_reminders {
            let counters = self.usage.counters();
            let usage = maintenance::Usage::from_counters(&counters, self.usage.ledger.battery.health());
            while let Some((id, taken)) = self.reminder(&usage, unix_ms.unwrap_or(0)) {
                let Some((item, cycle, level)) = id.as_reminder() else { break };
                let raised = NoticeRaised { item, cycle, level, odometer_m: counters.odometer_m };
                let raised = Few::one(now.uptime_ms, raised);
                match taken {
                    Taken::Open(touched) => {
                        self.keep_notice(touched, raised.as_ref()).await?;
                        self.keep_memory(None).await?;
                    }
                    Taken::NoRoom | Taken::Closed => {
                        self.drops.notices = self.drops.notices.saturating_add(1);
                        self.keep_memory(raised.as_ref()).await?;
                    }
                }
                self.event(Event::NoticeRaised { id });
            }
        }
        while let Some(touched) = self.notices.sweep(&plan_of(&self.plan), unix_ms) {
            self.keep_notice(touched, None).await?;
            self.keep_memory(None).await?;
        }
        Ok(())
    }

    /// The next reminder that is to be raised now, with its words at the front.
    #[inline(never)]
    fn reminder(&mut self, usage: &maintenance::Usage, unix_ms: u64) -> Option<(NoticeId, Taken)> {
        let (notice, _) = self.notices.reminder(&plan_of(&self.plan), usage, unix_ms)?;
        let taken = self.notices.take(&notice);
        let id = notice.id;
        self.front = Some(notice);
        Some((id, taken))
    }

    /// Records the first time that the display shows a notice.
    async fn show(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.turn_to_front(now).await?;
        let Some((index, id)) = self.displayed(now) else { return Ok(()) };
        if self.notices.show(index) {
            let shown = Few::one(now.uptime_ms, NoticeShown { notice: id });
            self.keep_notice(Touched(index), shown.as_ref()).await?;
            self.event(Event::NoticeShown { id });
        }
        Ok(())
    }
}

/// The words of a stored notice.
#[inline(never)]
fn read_words(stored: Option<&[u8]>, front: &mut Option<Notice>) {
    let slot = stored.and_then(codec::read::<Option<Slot>>);
    *front = slot.flatten().map(|slot| slot.notice);
}

/// The state is stored: pushes what it owes. It was not: the numbers are free again.
async fn settle<S: MultiwriteNorFlash>(
    outbox: &mut Outbox<S>,
    store: &mut Store<S>,
    saved: Result<(), Error<S::Error>>,
    owing: &Owing<'_>,
) -> Result<(), Error<S::Error>> {
    if saved.is_err() {
        outbox.forget(owing.len());
        return saved;
    }
    for (stamp, body) in owing.iter() {
        outbox.push(store, &stamp, body).await?;
    }
    Ok(())
}

/// No records.
static NO_FACTS: Few = Few::new();

/// What the memory's key holds.
pub(super) type StoredMemory = (Memory, Told);

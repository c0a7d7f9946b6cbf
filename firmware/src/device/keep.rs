//! Making durable what was derived: state first, then the records that it owes.
//!
//! Invariant: no record leaves for the outbox before the state that it tells is in flash.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_engine::maintenance;
use milepost_protocol::record::{Gap, GapReason, NoticeRaised, NoticeShown};
use milepost_protocol::{NoticeId, Record};
use serde::{Deserialize, Serialize};

use super::Device;
use crate::clock::{Moment, Now};
use crate::error::{Error, Operation};
use crate::notices::{Taken, Told, Touched};
use crate::obd::trouble::Codes;
use crate::status::Event;
use crate::store::{Key, MAX_OWED, Owing};

/// How often reminders are looked for, in milliseconds of uptime.
const ASSESS_EVERY_MS: u64 = 5_000;

/// How often the counters are told during a long trip.
const COUNTERS_EVERY_MS: u64 = 1_800_000;

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
        if in_trip && now.uptime_ms.saturating_sub(self.counters_ms) >= COUNTERS_EVERY_MS {
            self.counters_ms = now.uptime_ms;
            let counters = self.usage.counters();
            self.keep_ledger_with(now, &[(now.uptime_ms, counters.into())], None).await?;
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
            let batch: Vec<(u64, Record), MAX_OWED> = self.usage.pending().iter().take(MAX_OWED).cloned().collect();
            self.keep_ledger_with(now, &batch, moment).await?;
            self.usage.stored(batch.len());
            for (_, record) in batch {
                if let Record::TripEnded(ended) = record {
                    self.counters_ms = now.uptime_ms;
                    // A trip may have made a rule due; look at once.
                    self.assessed_ms = None;
                    self.event(Event::TripEnded(ended));
                }
            }
        }
        let count = core::mem::take(&mut self.usage.overflow);
        if count > 0 {
            self.drops.records = self.drops.records.saturating_add(count);
            let (boot, first) = (self.outbox.boot(), self.outbox.created());
            let gap = Gap { boot, first, count, reason: GapReason::Overflow };
            self.record(now, &gap.into()).await?;
        }
        Ok(())
    }

    /// Stores the ledger.
    pub(super) async fn keep_ledger(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.keep_ledger_with(now, &[], None).await
    }

    async fn keep_ledger_with(
        &mut self,
        now: Now,
        records: &[(u64, Record)],
        moment: Option<Moment>,
    ) -> Result<(), Error<S::Error>> {
        self.ledger_ms = now.uptime_ms;
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        self.ledger_unix_ms = unix_ms.unwrap_or(0);
        self.usage.ledger.unix_ms = unix_ms.or(self.usage.ledger.unix_ms);
        let mut owing = Owing::new();
        for (uptime_ms, record) in records {
            let moment = moment.unwrap_or_else(|| self.clock.moment(*uptime_ms));
            self.owe(&mut owing, *uptime_ms, moment, record)?;
        }
        let saved = self.store.save_owing(Key::Ledger as u8, &self.usage.ledger, &owing).await;
        self.settle(saved, &owing).await
    }

    /// Stores what was told and known, with the records that follow from it.
    pub(super) async fn keep_memory(&mut self, now: Now, records: &[Record]) -> Result<(), Error<S::Error>> {
        let owing = self.owing(now, records)?;
        let value = (&self.memory, &self.notices.told);
        let saved = self.store.save_owing(Key::Memory as u8, &value, &owing).await;
        self.settle(saved, &owing).await
    }

    /// Stores a notice's slot, with the record that follows from it.
    pub(super) async fn keep_notice(
        &mut self,
        now: Now,
        Touched(index): Touched,
        record: Option<Record>,
    ) -> Result<(), Error<S::Error>> {
        let owing = self.owing(now, record.as_slice())?;
        let saved = self.store.save_owing(Key::notice(index), &self.notices.slot(index), &owing).await;
        self.settle(saved, &owing).await
    }

    /// Appends a record that tells no state of its own.
    pub(super) async fn record(&mut self, now: Now, record: &Record) -> Result<(), Error<S::Error>> {
        let moment = self.clock.moment(now.uptime_ms);
        self.outbox.record(&mut self.store, now.uptime_ms, moment, self.consent.version, record).await
    }

    fn owing(&mut self, now: Now, records: &[Record]) -> Result<Owing, Error<S::Error>> {
        let moment = self.clock.moment(now.uptime_ms);
        let mut owing = Owing::new();
        for record in records {
            self.owe(&mut owing, now.uptime_ms, moment, record)?;
        }
        Ok(owing)
    }

    fn owe(
        &mut self,
        owing: &mut Owing,
        uptime_ms: u64,
        moment: Moment,
        record: &Record,
    ) -> Result<(), Error<S::Error>> {
        let owed = self.outbox.stamp(uptime_ms, moment, self.consent.version, record);
        owed.and_then(|owed| owing.push(owed).ok()).ok_or(Error::Layout(Operation::Push))
    }

    /// The state is stored: pushes what it owes. It was not: the numbers are free again.
    async fn settle(&mut self, saved: Result<(), Error<S::Error>>, owing: &Owing) -> Result<(), Error<S::Error>> {
        if saved.is_err() {
            self.outbox.forget(owing.len());
            return saved;
        }
        for owed in owing {
            self.outbox.owed(&mut self.store, owed).await?;
        }
        Ok(())
    }

    /// Clears notices that are out of date and raises reminders whose level was reached.
    async fn raise(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        let due = self.assessed_ms.is_none_or(|ms| now.uptime_ms.saturating_sub(ms) >= ASSESS_EVERY_MS);
        if !due {
            return Ok(());
        }
        self.assessed_ms = Some(now.uptime_ms);
        let unix_ms = self.clock.unix_ms(now.uptime_ms);
        if self.settings.local_reminders {
            let counters = self.usage.counters();
            let usage = maintenance::Usage::from_counters(&counters, self.usage.ledger.battery.health());
            while let Some((notice, cycle)) = self.notices.reminder(&self.plan, &usage, unix_ms.unwrap_or(0)) {
                let (Some(item), Some(level)) = (notice.item, notice.level) else { break };
                let id = NoticeId::reminder(item, cycle, level);
                let raised = NoticeRaised { item, cycle, level, odometer_m: counters.odometer_m };
                match self.notices.take(notice) {
                    Taken::Open(touched) => {
                        self.keep_notice(now, touched, Some(raised.into())).await?;
                        self.keep_memory(now, &[]).await?;
                    }
                    Taken::NoRoom | Taken::Closed => {
                        self.drops.notices = self.drops.notices.saturating_add(1);
                        self.keep_memory(now, &[raised.into()]).await?;
                    }
                }
                self.event(Event::NoticeRaised { id });
            }
        }
        while let Some(touched) = self.notices.sweep(&self.plan, unix_ms) {
            self.keep_notice(now, touched, None).await?;
            self.keep_memory(now, &[]).await?;
        }
        Ok(())
    }

    /// Records the first time that the display shows a notice.
    async fn show(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        let Some((index, id)) = self.displayed(now).map(|(index, notice)| (index, notice.id)) else { return Ok(()) };
        if self.notices.show(index) {
            self.keep_notice(now, Touched(index), Some(NoticeShown { notice: id }.into())).await?;
            self.event(Event::NoticeShown { id });
        }
        Ok(())
    }
}

/// What the memory's key holds.
pub(super) type StoredMemory = (Memory, Told);

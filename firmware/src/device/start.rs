//! Starting: a new boot number first, then everything that flash remembers, then what an earlier boot could not finish.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::codec;
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::notice::Answer;
use milepost_protocol::record::{Boot, NoticeAnswered};
use milepost_protocol::settings::DeviceSettings;
use serde::de::DeserializeOwned;

use super::bus::Diagnostics;
use super::keep::{Memory, StoredMemory};
use super::log::LogRate;
use super::{Device, Flash, Settings};
use crate::clock::{Clock, Moment, Now};
use crate::error::Error;
use crate::notices::{MAX_NOTICES, Notices, Slot};
use crate::outbox::Outbox;
use crate::status::{Drops, Events};
use crate::store::{Key, Owed, Store};
use crate::table_store::TableStore;
use crate::usage::ledger::Ledger;
use crate::usage::{Usage, consent};

impl<S: MultiwriteNorFlash> Device<S> {
    /// Starts: a new boot number is durable first; then counters, plan, consent, notices and an open trip are restored.
    ///
    /// A board without room for two cores at once makes one in its place with [`Device::new`], and then calls [`Device::begin`].
    pub async fn start(flash: Flash<S>, settings: Settings, now: Now) -> Result<Self, Error<S::Error>> {
        let mut device = Self::new(flash, settings)?;
        device.begin(now).await?;
        Ok(device)
    }

    /// A core that has not started: [`Device::begin`] comes before any other call. It touches no flash.
    pub fn new(flash: Flash<S>, settings: Settings) -> Result<Self, Error<S::Error>> {
        Ok(Self {
            settings,
            clock: Clock::default(),
            store: Store::open(flash.state)?,
            outbox: Outbox::new(flash.alerts, flash.bulk)?,
            tables: TableStore::open(flash.table)?,
            table_hash: 0,
            usage: Usage::new(settings.tank_ml),
            consent: consent::INITIAL,
            plan: Vec::new(),
            notices: Notices::default(),
            front: None,
            memory: Memory::default(),
            diagnostics: Diagnostics::default(),
            ledger_ms: 0,
            ledger_unix_ms: 0,
            counters_ms: 0,
            assessed_ms: None,
            newest_ms: 0,
            events: Events::default(),
            drops: Drops::default(),
            log: LogRate::default(),
            remote: DeviceSettings::default(),
        })
    }

    /// Starts a core that [`Device::new`] made: see [`Device::start`].
    pub async fn begin(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.outbox.count().await?;
        let newest = self.outbox.newest();
        self.begin_boot(newest.map_or(0, |id| id.boot)).await?;
        self.restore_usage().await?;
        self.restore_memory().await?;
        for index in 0..MAX_NOTICES {
            self.restore_notice(index).await?;
        }
        self.consent = self.store.load(Key::Consent as u8).await?.unwrap_or(consent::INITIAL);
        if let Some(plan) = self.store.bytes(Key::Plan as u8).await? {
            self.plan.clear();
            // A body is never longer than what is kept of it.
            let _ = self.plan.extend_from_slice(plan);
        }
        self.remote = self.store.load(Key::Remote as u8).await?.unwrap_or_default();
        let in_use = self.store.load(Key::Table as u8).await?;
        self.tables.load(in_use).await?;
        self.table_hash = self.tables.short_hash();

        self.clock = Clock::start(self.usage.ledger.unix_ms, now);
        self.diagnostics.start(now.uptime_ms);
        (self.ledger_ms, self.counters_ms, self.newest_ms) = (now.uptime_ms, now.uptime_ms, now.uptime_ms);
        let Settings { firmware, reset: reason, .. } = self.settings;
        self.record(now, Boot { reason, firmware, newest, table: self.table_hash }).await?;
        let moment = self.clock.moment(now.uptime_ms);
        self.outbox.tell_losses(&mut self.store, now.uptime_ms, moment, self.consent.version).await?;
        if self.usage.ledger.trip.is_some() {
            // The trip ended when the power went, at the newest moment that flash knows.
            let end_ms = self.usage.end_cut_trip(now.uptime_ms);
            let moment = end_ms.map(|at_ms| Moment { at_ms, quality: ClockQuality::Estimated });
            self.keep_pending(now, moment).await?;
        }
        Ok(())
    }

    async fn begin_boot(&mut self, newest_boot: u32) -> Result<(), Error<S::Error>> {
        let remembered: Option<u32> = match self.store.load(Key::Boot as u8).await {
            Err(Error::Corrupt(_)) => {
                // Nothing of the state reads back: begin anew rather than never again. The lanes still know the last boot.
                self.store.erase().await?;
                self.drops.records = 1;
                None
            }
            loaded => loaded?,
        };
        let last = remembered.unwrap_or(0).max(newest_boot);
        let boot = last.saturating_add(1);
        self.store.save(Key::Boot as u8, &boot).await?;
        self.outbox.begin(boot, &mut self.store).await
    }

    async fn restore_usage(&mut self) -> Result<(), Error<S::Error>> {
        let Some((ledger, owes)) = self.store.load_owing::<Ledger>(Key::Ledger as u8).await? else { return Ok(()) };
        self.usage.ledger = ledger;
        for index in 0..owes {
            self.restore_owed::<Ledger>(Key::Ledger as u8, index).await?;
        }
        if owes > 0 {
            self.store.save_owing(Key::Ledger as u8, &self.usage.ledger, None).await?;
        }
        Ok(())
    }

    async fn restore_memory(&mut self) -> Result<(), Error<S::Error>> {
        let Some(((memory, told), owes)) = self.store.load_owing::<StoredMemory>(Key::Memory as u8).await? else {
            return Ok(());
        };
        (self.memory, self.notices.told) = (memory, told);
        for index in 0..owes {
            self.restore_owed::<StoredMemory>(Key::Memory as u8, index).await?;
        }
        if owes > 0 {
            let value = (&self.memory, &self.notices.told);
            self.store.save_owing(Key::Memory as u8, &value, None).await?;
        }
        Ok(())
    }

    async fn restore_notice(&mut self, index: usize) -> Result<(), Error<S::Error>> {
        let key = Key::notice(index);
        let Some((slot, owes)) = self.store.load_owing::<Option<Slot>>(key).await? else { return Ok(()) };
        self.notices.restore(index, slot.as_ref());
        for index in 0..owes {
            // The slot was cleared, but the power may have gone before the closed id was noted.
            if let Some(owed) = self.restore_owed::<Option<Slot>>(key, index).await?
                && owed.stamp.kind == NoticeAnswered::KIND
                && let Some(answered) = codec::read::<NoticeAnswered>(&owed.body)
                && !matches!(answered.answer, Answer::Snooze { .. })
            {
                self.notices.close(answered.notice);
            }
        }
        if owes > 0 {
            self.store.save_owing(key, &slot, None).await?;
        }
        Ok(())
    }

    /// Pushes a record that a value still owes to the outbox, under the identity that was chosen then.
    async fn restore_owed<T: DeserializeOwned>(
        &mut self,
        key: u8,
        index: usize,
    ) -> Result<Option<Owed>, Error<S::Error>> {
        let Some(owed) = self.store.load_owed::<T>(key, index).await? else { return Ok(None) };
        if self.outbox.lacks(&owed.stamp) {
            self.outbox.owed(&mut self.store, &owed).await?;
        }
        Ok(Some(owed))
    }
}

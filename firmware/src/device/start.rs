//! Starting: a new boot number first, then everything that flash remembers, then what an earlier boot could not finish.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_protocol::Record;
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::notice::Answer;
use milepost_protocol::record::Boot;
use serde::Serialize;

use super::bus::Diagnostics;
use super::keep::StoredMemory;
use super::{Device, Flash, Settings};
use crate::clock::{Clock, Moment, Now};
use crate::error::Error;
use crate::notices::{MAX_NOTICES, Notices, Slot};
use crate::outbox::Outbox;
use crate::signal::table;
use crate::status::{Drops, Events};
use crate::store::{Key, Owing, Store};
use crate::table_store::{InUse, TableStore, short};
use crate::usage::ledger::Ledger;
use crate::usage::{Usage, consent};

impl<S: MultiwriteNorFlash> Device<S> {
    /// Starts: a new boot number is durable first; then counters, plan, consent, notices and an open trip are restored.
    pub async fn start(flash: Flash<S>, settings: Settings, now: Now) -> Result<Self, Error<S::Error>> {
        let mut drops = Drops::default();
        let mut store = Store::open(flash.state)?;
        let mut outbox = Outbox::open(flash.alerts, flash.bulk).await?;
        let newest = outbox.newest();
        let remembered: Option<u32> = match store.load(Key::Boot as u8).await {
            Err(Error::Corrupt(_)) => {
                // Nothing of the state reads back: begin anew rather than never again. The lanes still know the last boot.
                store.erase().await?;
                drops.records = 1;
                None
            }
            loaded => loaded?,
        };
        let last = remembered.unwrap_or(0).max(newest.map_or(0, |id| id.boot));
        let boot = last.saturating_add(1);
        store.save(Key::Boot as u8, &boot).await?;
        outbox.begin(boot, &mut store).await?;

        let (ledger, _) = restore::<S, Ledger>(&mut store, &mut outbox, Key::Ledger as u8).await?;
        let (memory, _) = restore::<S, StoredMemory>(&mut store, &mut outbox, Key::Memory as u8).await?;
        let (memory, told) = memory.unwrap_or_default();
        let mut notices = Notices::new(told);
        for index in 0..MAX_NOTICES {
            let (slot, owing) = restore::<S, Option<Slot>>(&mut store, &mut outbox, Key::notice(index)).await?;
            notices.restore(index, slot.flatten());
            for owed in &owing {
                // The slot was cleared, but the power went before the closed id was noted.
                if let Some(Record::NoticeAnswered(answered)) = Record::decode_body(owed.stamp.kind, &owed.body)
                    && !matches!(answered.answer, Answer::Snooze { .. })
                {
                    notices.close(answered.notice);
                }
            }
        }
        let consent = store.load(Key::Consent as u8).await?.unwrap_or(consent::INITIAL);
        let plan = store.load(Key::Plan as u8).await?.unwrap_or_default();
        let in_use: Option<InUse> = store.load(Key::Table as u8).await?;
        let mut tables = TableStore::open(flash.table, in_use)?;
        let (table, table_hash) = if let Some((table, sha256)) = tables.load().await? {
            (table, short(&sha256))
        } else {
            let table = table::builtin();
            let mut bytes = [0; table::MAX_TABLE_LEN];
            let sha256 = table::hash(table.encode_to(&mut bytes).unwrap_or_default());
            (table, short(&sha256))
        };

        let ledger = ledger.unwrap_or_default();
        let clock = Clock::start(ledger.unix_ms, now);
        let mut device = Self {
            settings,
            clock,
            store,
            outbox,
            tables,
            table,
            table_hash,
            usage: Usage::new(ledger, settings.tank_ml),
            consent,
            plan,
            notices,
            memory,
            diagnostics: Diagnostics::start(now.uptime_ms),
            ledger_ms: now.uptime_ms,
            ledger_unix_ms: 0,
            counters_ms: now.uptime_ms,
            assessed_ms: None,
            newest_ms: now.uptime_ms,
            events: Events::default(),
            drops,
        };
        let Settings { firmware, reset: reason, .. } = settings;
        device.record(now, &Boot { reason, firmware, newest, table: table_hash }.into()).await?;
        let moment = device.clock.moment(now.uptime_ms);
        device.outbox.tell_losses(&mut device.store, now.uptime_ms, moment, device.consent.version).await?;
        if device.usage.ledger.trip.is_some() {
            // The trip ended when the power went, at the newest moment that flash knows.
            let end_ms = device.usage.end_cut_trip(now.uptime_ms);
            let moment = end_ms.map(|at_ms| Moment { at_ms, quality: ClockQuality::Estimated });
            device.keep_pending(now, moment).await?;
        }
        Ok(device)
    }
}

/// Loads a value and pushes what it still owes to the outbox, under the identities that were chosen then.
async fn restore<S: MultiwriteNorFlash, T: serde::de::DeserializeOwned + Serialize>(
    store: &mut Store<S>,
    outbox: &mut Outbox<S>,
    key: u8,
) -> Result<(Option<T>, Owing), Error<S::Error>> {
    let Some((value, owing)) = store.load_owing::<T>(key).await? else { return Ok((None, Owing::new())) };
    for owed in &owing {
        if outbox.lacks(&owed.stamp) {
            outbox.owed(store, owed).await?;
        }
    }
    if !owing.is_empty() {
        store.save_owing(key, &value, &Owing::new()).await?;
    }
    Ok((Some(value), owing))
}

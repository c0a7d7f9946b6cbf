//! Starting: a new boot number first, then everything that flash remembers, then what an earlier boot could not finish.

use core::mem::MaybeUninit;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;
use milepost_protocol::downlink::Consent;
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::notice::Answer;
use milepost_protocol::record::{Boot, NoticeAnswered};
use milepost_protocol::settings::DeviceSettings;
use milepost_protocol::{MAX_BODY_LEN, RecordId, codec};
use sequential_storage::map::MapConfig;
use serde::Deserialize;

use super::bus::Diagnostics;
use super::keep::{Memory, StoredMemory, Todo};
use super::log::LogRate;
use super::{Device, Flash, Settings};
use crate::clock::{Clock, Dispute, Moment, Now};
use crate::debt::Owed;
use crate::error::Error;
use crate::notices::{MAX_NOTICES, Notices, Slot};
use crate::outbox::{Ground, Outbox};
use crate::status::{Drops, Events};
use crate::store::{Key, Measured, Store};
use crate::table_store::{InUse, TableStore};
use crate::usage::ledger::Ledger;
use crate::usage::{Usage, consent};

/// The four flash regions, found large enough.
struct Regions<S: MultiwriteNorFlash> {
    alerts: Ground<S>,
    bulk: Ground<S>,
    state: Measured<S, MapConfig<S>>,
    table: Measured<S, u32>,
}

impl<S: MultiwriteNorFlash> Regions<S> {
    fn measure(flash: Flash<S>) -> Result<Self, Error<S::Error>> {
        Ok(Self {
            alerts: Outbox::measure(flash.alerts)?,
            bulk: Outbox::measure(flash.bulk)?,
            state: Store::measure(flash.state)?,
            table: TableStore::measure(flash.table)?,
        })
    }
}

/// What is restored, in this order; the notice slots follow.
const RESTORED: [Key; 8] =
    [Key::Lost, Key::Ledger, Key::Memory, Key::Consent, Key::Plan, Key::Remote, Key::Dispute, Key::Table];

impl<S: MultiwriteNorFlash> Device<S> {
    /// Starts: a new boot number is durable first; then counters, plan, consent, notices and an open trip are restored.
    ///
    /// A board without room for two cores at once makes one in its place with [`Device::new_in`], and then calls [`Device::begin`].
    pub async fn start(flash: Flash<S>, settings: Settings, now: Now) -> Result<Self, Error<S::Error>> {
        let mut device = Self::new(flash, settings)?;
        device.begin(now).await?;
        Ok(device)
    }

    /// A core that has not started: [`Device::begin`] comes before any other call. It touches no flash.
    pub fn new(flash: Flash<S>, settings: Settings) -> Result<Self, Error<S::Error>> {
        Regions::measure(flash).map(|regions| Self::over(regions, settings))
    }

    /// As [`Device::new`], made where it stays.
    pub fn new_in(
        place: &mut MaybeUninit<Self>,
        flash: Flash<S>,
        settings: Settings,
    ) -> Result<&mut Self, Error<S::Error>> {
        Ok(place.write(Self::over(Regions::measure(flash)?, settings)))
    }

    /// Without a failure, and in the midst of its caller, so that it is written where it stays and needs no place on the stack.
    #[expect(clippy::inline_always, reason = "a core as the result of a call takes its whole length of stack")]
    #[inline(always)]
    fn over(regions: Regions<S>, settings: Settings) -> Self {
        Self {
            settings,
            clock: Clock::default(),
            store: Store::over(regions.state),
            outbox: Outbox::over(regions.alerts, regions.bulk),
            tables: TableStore::over(regions.table),
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
            assess_from_ms: 0,
            newest_ms: 0,
            events: Events::default(),
            drops: Drops::default(),
            log: LogRate::default(),
            todo: Todo::default(),
            remote: DeviceSettings::default(),
            dispute: Dispute::default(),
        }
    }

    /// Starts a core that [`Device::new`] made: see [`Device::start`].
    pub async fn begin(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        self.outbox.count().await?;
        let newest = self.outbox.newest();
        let remembered = match self.store.bytes(Key::Boot as u8).await {
            Ok(bytes) => bytes.and_then(codec::read).unwrap_or(0),
            Err(Error::Corrupt(_)) => {
                // Nothing of the state reads back: begin anew rather than never again. The lanes still know the last boot.
                self.store.erase().await?;
                self.drops.records = 1;
                0
            }
            Err(error) => return Err(error),
        };
        let boot = newest.map_or(0, |id| id.boot).max(remembered).saturating_add(1);
        self.store.put(Key::Boot as u8, &boot).await?;
        self.outbox.begin(boot);

        let mut in_use = None;
        for place in 0..RESTORED.len() + MAX_NOTICES {
            let key = RESTORED.get(place).map_or_else(|| Key::notice(place - RESTORED.len()), |key| *key as u8);
            let (mut index, mut debt_at) = (0, None);
            while let Some(bytes) = self.store.bytes(key).await? {
                let at = *debt_at.get_or_insert_with(|| {
                    let restore = Restore {
                        lost: &mut self.outbox,
                        ledger: &mut self.usage.ledger,
                        memory: &mut self.memory,
                        notices: &mut self.notices,
                        consent: &mut self.consent,
                        plan: &mut self.plan,
                        remote: &mut self.remote,
                        dispute: &mut self.dispute,
                        in_use: &mut in_use,
                    };
                    restore.value(key, bytes)
                });
                let Some(owed) = bytes.get(at..).and_then(|debt| Owed::nth(debt, index)) else { break };
                index += 1;
                self.close_answered(&owed);
                if self.outbox.lacks(&owed.stamp) {
                    self.outbox.push(&mut self.store, &owed.stamp, &owed.body).await?;
                }
            }
            if index > 0 {
                // It owes nothing any more.
                self.changed(key);
            }
        }
        self.tables.load(in_use).await?;
        self.table_hash = self.tables.short_hash();
        self.wake(now, newest);
        self.keep(now, false).await?;
        self.todo.moment = None;
        Ok(())
    }

    /// Everything is restored: tells the start, and ends a trip that the power cut.
    fn wake(&mut self, now: Now, newest: Option<RecordId>) {
        self.clock = Clock::start(self.usage.ledger.unix_ms, now);
        self.diagnostics.start(now.uptime_ms);
        (self.ledger_ms, self.counters_ms, self.newest_ms) = (now.uptime_ms, now.uptime_ms, now.uptime_ms);
        let Settings { firmware, reset: reason, .. } = self.settings;
        self.tell(now.uptime_ms, Boot { reason, firmware, newest, table: self.table_hash });
        if let Some(gap) = self.outbox.corrupt() {
            self.tell(now.uptime_ms, gap);
        }
        if self.usage.ledger.trip.is_some() {
            // The trip ended when the power went, at the newest moment that flash knows.
            let end_ms = self.usage.end_cut_trip(now.uptime_ms);
            self.todo.moment = end_ms.map(|at_ms| Moment { at_ms, quality: ClockQuality::Estimated });
        }
    }

    /// The slot of a notice was cleared, but the power may have gone before the closed id was noted.
    fn close_answered(&mut self, owed: &Owed) {
        if owed.stamp.kind == NoticeAnswered::KIND
            && let Some(answered) = codec::read::<NoticeAnswered>(&owed.body)
            && !matches!(answered.answer, Answer::Snooze { .. })
        {
            self.notices.close(answered.notice);
        }
    }
}

/// Where what flash remembers belongs.
struct Restore<'a, S: MultiwriteNorFlash> {
    lost: &'a mut Outbox<S>,
    ledger: &'a mut Ledger,
    memory: &'a mut Memory,
    notices: &'a mut Notices,
    consent: &'a mut Consent,
    plan: &'a mut Vec<u8, MAX_BODY_LEN>,
    remote: &'a mut DeviceSettings,
    dispute: &'a mut Dispute,
    in_use: &'a mut Option<InUse>,
}

impl<S: MultiwriteNorFlash> Restore<'_, S> {
    /// Takes the value of a key; answers where in the bytes its debt begins, which is their end where it can owe nothing.
    #[inline(never)]
    fn value(self, key: u8, bytes: &[u8]) -> usize {
        const LOST: u8 = Key::Lost as u8;
        const LEDGER: u8 = Key::Ledger as u8;
        const MEMORY: u8 = Key::Memory as u8;
        const CONSENT: u8 = Key::Consent as u8;
        const PLAN: u8 = Key::Plan as u8;
        const REMOTE: u8 = Key::Remote as u8;
        const DISPUTE: u8 = Key::Dispute as u8;
        const TABLE: u8 = Key::Table as u8;
        let debt = match key {
            LEDGER => put(bytes, self.ledger),
            MEMORY => codec::take::<StoredMemory>(bytes).map(|((memory, told), debt)| {
                (*self.memory, self.notices.told) = (memory, told);
                debt
            }),
            LOST => {
                self.lost.restore_lost(bytes);
                None
            }
            CONSENT => put(bytes, self.consent).and(None),
            PLAN => {
                // A body is never longer than what is kept of it.
                let _ = self.plan.extend_from_slice(bytes);
                None
            }
            REMOTE => put(bytes, self.remote).and(None),
            DISPUTE => put(bytes, self.dispute).and(None),
            TABLE => {
                *self.in_use = codec::read(bytes);
                None
            }
            _ => codec::take::<Option<Slot>>(bytes).map(|(slot, debt)| {
                if let Some(index) = Key::slot(key) {
                    self.notices.restore(index, slot.as_ref());
                }
                debt
            }),
        };
        bytes.len() - debt.map_or(0, <[u8]>::len)
    }
}

/// Takes a value off the front of `bytes` to its place, which keeps what it has if there is none; answers what stands behind it.
fn put<'b, T: Deserialize<'b>>(bytes: &'b [u8], place: &mut T) -> Option<&'b [u8]> {
    let (value, rest) = codec::take(bytes)?;
    *place = value;
    Some(rest)
}

//! What the cloud sends: receipts, notices, the plan, consent, commands.
//!
//! Invariant: whatever a message changes is in flash before the call returns, and a message that comes twice changes nothing more.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_protocol::Downlink;
use milepost_protocol::downlink::{Body, Command, Consent, NoticeUpdate, Part, Receipt, Task};
use milepost_protocol::notice::Notice;
use milepost_protocol::plan::{PlanView, ServicePlan};
use milepost_protocol::record::{CommandOutcome, CommandResult, SignalChange};
use milepost_protocol::settings::DeviceSettings;

use super::keep::MAX_COMMANDS;
use super::{Device, plan_of};
use crate::clock::Now;
use crate::error::{DownlinkError, Error};
use crate::facts::Few;
use crate::notices::Taken;
use crate::status::{Event, LastSignal};
use crate::store::Key;
use crate::usage::consent;
use crate::usage::latest::MAX_SIGNALS;

impl<S: MultiwriteNorFlash> Device<S> {
    /// Takes a downlink message; it is durable on return, so that the host may acknowledge it then.
    pub async fn downlink(&mut self, now: Now, bytes: &[u8]) -> Result<(), DownlinkError<S::Error>> {
        self.pass_time(now);
        let parts = match Downlink::parts(bytes) {
            Ok(parts) => parts,
            Err(error) => {
                self.drops.downlinks = self.drops.downlinks.saturating_add(1);
                return Err(DownlinkError::Decode(error));
            }
        };
        for part in parts {
            match part {
                Part::Receipt(receipt) => self.receipt(now, receipt).await?,
                Part::Notice(notice) => self.notice(notice).await?,
                Part::NoticeUpdate(update) => self.notice_update(update).await?,
                Part::Plan(plan) => self.new_plan(plan).await?,
                Part::Consent(consent) => self.new_consent(consent).await?,
                Part::Command(command) => self.command(now, command).await?,
                // Keys and certificates are the host's, which looks at the message before it hands it in.
                Part::Certificate(_) => {}
                // What an updater takes never comes here; without one it is as good as unknown.
                Part::UpdateOffer(_) | Part::UpdateChunk(_) | Part::Unknown(_) => {
                    self.drops.unknown_downlinks = self.drops.unknown_downlinks.saturating_add(1);
                }
            }
        }
        self.keep(now).await?;
        Ok(())
    }

    async fn receipt(&mut self, now: Now, receipt: Body<'_, Receipt>) -> Result<(), Error<S::Error>> {
        let Some(receipt) = receipt.decode() else { return Ok(()) };
        self.clock.receipt(receipt.now_ms, now);
        self.outbox.acknowledge(receipt.boot, &receipt.ranges, receipt.credit).await
    }

    async fn notice(&mut self, notice: Body<'_, Notice>) -> Result<(), Error<S::Error>> {
        self.front = notice.decode();
        let Some(notice) = &self.front else { return Ok(()) };
        match self.notices.take(notice) {
            Taken::Open(touched) => {
                self.keep_notice(touched, None).await?;
                self.keep_memory(None).await
            }
            Taken::NoRoom => {
                self.drops.notices = self.drops.notices.saturating_add(1);
                Ok(())
            }
            Taken::Closed => Ok(()),
        }
    }

    async fn notice_update(&mut self, update: Body<'_, NoticeUpdate>) -> Result<(), Error<S::Error>> {
        let Some(NoticeUpdate { id, state }) = update.decode() else { return Ok(()) };
        if let Some(touched) = self.notices.update(id, state) {
            self.keep_notice(touched, None).await?;
        }
        self.keep_memory(None).await?;
        self.event(Event::NoticeUpdated { id, state });
        Ok(())
    }

    async fn new_plan(&mut self, plan: Body<'_, ServicePlan>) -> Result<(), Error<S::Error>> {
        let new = PlanView::parse(plan.bytes()).map_or(0, |plan| plan.version);
        if new <= plan_of(&self.plan).version {
            return Ok(());
        }
        // As it came: what a newer cloud put at its end is kept for a newer build.
        self.store.save_bytes(Key::Plan as u8, plan.bytes()).await?;
        self.plan.clear();
        // A body is never longer than what is kept of it.
        let _ = self.plan.extend_from_slice(plan.bytes());
        self.assessed_ms = None;
        Ok(())
    }

    async fn new_consent(&mut self, consent: Body<'_, Consent>) -> Result<(), Error<S::Error>> {
        let Some(consent) = consent.decode().filter(|consent| consent.version > self.consent.version) else {
            return Ok(());
        };
        self.store.save(Key::Consent as u8, &consent).await?;
        self.consent = consent;
        self.usage.latest.retain(|signal| consent::allows(consent, signal));
        Ok(())
    }

    async fn command(&mut self, now: Now, command: Body<'_, Command>) -> Result<(), Error<S::Error>> {
        let Some(id) = command.number().filter(|id| !self.memory.commands.contains(id)) else { return Ok(()) };
        let outcome = {
            let task = self.task_of(now, &command);
            match &task {
                Ok(task) => self.carry_out(now, task).await?,
                Err(outcome) => *outcome,
            }
        };
        if self.memory.commands.len() == MAX_COMMANDS {
            self.memory.commands.remove(0);
        }
        // There is room: the oldest was just removed if there was none.
        let _ = self.memory.commands.push(id);
        let result = Few::one(now.uptime_ms, CommandResult { command: id, outcome });
        self.keep_memory(result.as_ref()).await
    }

    /// What a command asks for, if it is known and still wanted.
    #[inline(never)]
    fn task_of(&self, now: Now, command: &Body<'_, Command>) -> Result<Task, CommandOutcome> {
        let Command { expires_ms, task, .. } = command.decode().ok_or(CommandOutcome::Unsupported)?;
        let expired = self.clock.unix_ms(now.uptime_ms).is_some_and(|unix_ms| unix_ms > expires_ms);
        if expired { Err(CommandOutcome::Expired) } else { Ok(task) }
    }

    async fn carry_out(&mut self, now: Now, task: &Task) -> Result<CommandOutcome, Error<S::Error>> {
        match task {
            Task::TableBegin { len, sha256 } => self.tables.begin(*len, *sha256).await,
            Task::TableChunk { offset, bytes } => self.tables.chunk(*offset, bytes).await,
            Task::TableCommit => {
                let in_use = match self.tables.commit().await? {
                    Ok(checked) => checked,
                    Err(outcome) => return Ok(outcome),
                };
                // One write decides which half counts.
                self.store.save(Key::Table as u8, &in_use).await?;
                self.tables.take_into_use(in_use).await?;
                self.table_hash = self.tables.short_hash();
                Ok(CommandOutcome::Done)
            }
            Task::Report => {
                self.keep_ledger(now).await?;
                let counters = self.usage.counters();
                self.record(now, counters).await?;
                for index in 0..MAX_SIGNALS {
                    if let Some(LastSignal { signal, value, uptime_ms }) = self.usage.latest.last(index) {
                        self.record_fact(Few::one(uptime_ms, SignalChange { signal, value })).await?;
                    }
                }
                Ok(CommandOutcome::Done)
            }
            Task::AnchorOdometer { odometer_m } => {
                if !self.usage.anchor_odometer(*odometer_m) {
                    // The odometer never falls; the cloud keeps its own view of a replaced cluster.
                    return Ok(CommandOutcome::Unsupported);
                }
                self.keep_ledger(now).await?;
                Ok(CommandOutcome::Done)
            }
            Task::LogLevel { level } => self.configure(now, DeviceSettings { log_level: *level, ..self.remote }).await,
            Task::Configure { settings } => self.configure(now, *settings).await,
        }
    }

    /// Takes settings into force that are not older than those in force, and tells which are.
    async fn configure(&mut self, now: Now, settings: DeviceSettings) -> Result<CommandOutcome, Error<S::Error>> {
        if settings.version >= self.remote.version {
            self.store.save(Key::Remote as u8, &settings).await?;
            self.remote = settings;
        }
        self.record(now, self.remote).await?;
        Ok(CommandOutcome::Done)
    }
}

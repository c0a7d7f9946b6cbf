//! What the cloud sends: receipts, notices, the plan, consent, commands.
//!
//! Invariant: whatever a message changes is in flash before the call returns, and a message that comes twice changes nothing more.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_protocol::Downlink;
use milepost_protocol::downlink::{Command, Consent, NoticeUpdate, Receipt, Task};
use milepost_protocol::notice::Notice;
use milepost_protocol::plan::ServicePlan;
use milepost_protocol::record::{CommandOutcome, CommandResult, SignalChange};

use super::Device;
use super::keep::MAX_COMMANDS;
use crate::clock::Now;
use crate::error::{DownlinkError, Error};
use crate::notices::Taken;
use crate::status::Event;
use crate::store::Key;
use crate::usage::consent;

impl<S: MultiwriteNorFlash> Device<S> {
    /// Takes a downlink message; it is durable on return, so that the host may acknowledge it then.
    pub async fn downlink(&mut self, now: Now, bytes: &[u8]) -> Result<(), DownlinkError<S::Error>> {
        self.pass_time(now);
        let messages = match Downlink::parse(bytes) {
            Ok(messages) => messages,
            Err(error) => {
                self.drops.downlinks = self.drops.downlinks.saturating_add(1);
                return Err(DownlinkError::Decode(error));
            }
        };
        for message in messages {
            match message {
                Downlink::Receipt(receipt) => self.receipt(now, &receipt).await?,
                Downlink::Notice(notice) => self.notice(now, notice).await?,
                Downlink::NoticeUpdate(update) => self.notice_update(now, update).await?,
                Downlink::Plan(plan) => self.new_plan(plan).await?,
                Downlink::Consent(consent) => self.new_consent(consent).await?,
                Downlink::Command(command) => self.command(now, &command).await?,
                // What an updater takes never comes here; without one it is as good as unknown.
                Downlink::UpdateOffer(_) | Downlink::UpdateChunk(_) | Downlink::Unknown(_) => {
                    self.drops.unknown_downlinks = self.drops.unknown_downlinks.saturating_add(1);
                }
            }
        }
        self.keep(now).await?;
        Ok(())
    }

    async fn receipt(&mut self, now: Now, receipt: &Receipt) -> Result<(), Error<S::Error>> {
        self.clock.receipt(receipt.now_ms, now);
        self.outbox.acknowledge(receipt.boot, &receipt.ranges, receipt.credit).await
    }

    async fn notice(&mut self, now: Now, notice: Notice) -> Result<(), Error<S::Error>> {
        match self.notices.take(notice) {
            Taken::Open(touched) => {
                self.keep_notice(now, touched, None).await?;
                self.keep_memory(now, &[]).await
            }
            Taken::NoRoom => {
                self.drops.notices = self.drops.notices.saturating_add(1);
                Ok(())
            }
            Taken::Closed => Ok(()),
        }
    }

    async fn notice_update(&mut self, now: Now, update: NoticeUpdate) -> Result<(), Error<S::Error>> {
        let NoticeUpdate { id, state } = update;
        if let Some(touched) = self.notices.update(id, state) {
            self.keep_notice(now, touched, None).await?;
        }
        self.keep_memory(now, &[]).await?;
        self.event(Event::NoticeUpdated { id, state });
        Ok(())
    }

    async fn new_plan(&mut self, plan: ServicePlan) -> Result<(), Error<S::Error>> {
        if plan.version <= self.plan.version {
            return Ok(());
        }
        self.store.save(Key::Plan as u8, &plan).await?;
        self.plan = plan;
        self.assessed_ms = None;
        Ok(())
    }

    async fn new_consent(&mut self, consent: Consent) -> Result<(), Error<S::Error>> {
        if consent.version <= self.consent.version {
            return Ok(());
        }
        self.store.save(Key::Consent as u8, &consent).await?;
        self.consent = consent;
        self.usage.latest.retain(|signal| consent::allows(consent, signal));
        Ok(())
    }

    async fn command(&mut self, now: Now, command: &Command) -> Result<(), Error<S::Error>> {
        let Command { id, expires_ms, task } = command;
        if self.memory.commands.contains(id) {
            return Ok(());
        }
        let expired = self.clock.unix_ms(now.uptime_ms).is_some_and(|unix_ms| unix_ms > *expires_ms);
        let outcome = if expired { CommandOutcome::Expired } else { self.carry_out(now, task).await? };
        if self.memory.commands.len() == MAX_COMMANDS {
            self.memory.commands.remove(0);
        }
        // There is room: the oldest was just removed if there was none.
        let _ = self.memory.commands.push(*id);
        self.keep_memory(now, &[CommandResult { command: *id, outcome }.into()]).await
    }

    async fn carry_out(&mut self, now: Now, task: &Task) -> Result<CommandOutcome, Error<S::Error>> {
        match task {
            Task::TableBegin { len, sha256 } => self.tables.begin(*len, *sha256).await,
            Task::TableChunk { offset, bytes } => self.tables.chunk(*offset, bytes).await,
            Task::TableCommit => {
                let (table, in_use) = match self.tables.commit().await? {
                    Ok(checked) => checked,
                    Err(outcome) => return Ok(outcome),
                };
                // One write decides which half counts.
                self.store.save(Key::Table as u8, &in_use).await?;
                self.tables.committed(in_use);
                self.table_hash = in_use.short_hash();
                self.table = table;
                Ok(CommandOutcome::Done)
            }
            Task::Report => {
                self.keep_ledger(now).await?;
                let counters = self.usage.counters();
                self.record(now, &counters.into()).await?;
                for last in &self.usage.latest.all() {
                    let moment = self.clock.moment(last.uptime_ms);
                    let change = SignalChange { signal: last.signal, value: last.value };
                    let consent = self.consent.version;
                    self.outbox.record(&mut self.store, last.uptime_ms, moment, consent, &change.into()).await?;
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
        }
    }
}

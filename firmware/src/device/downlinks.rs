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
                Part::Receipt(receipt) => {
                    if let Some(Receipt { boot, ranges, now_ms, credit }) = receipt.decode() {
                        if self.dispute.hear(&mut self.clock, now_ms, now) {
                            self.changed(Key::Dispute as u8);
                            self.changed(Key::Ledger as u8);
                        }
                        self.outbox.acknowledge(boot, &ranges, credit).await?;
                    }
                }
                Part::Command(command) => {
                    if let Some(id) = command.number().filter(|id| !self.memory.commands.contains(id)) {
                        let outcome = match self.task_of(now, &command) {
                            Ok(task) => self.carry_out(now, &task).await?,
                            Err(outcome) => outcome,
                        };
                        self.answer_command(now, id, outcome);
                    }
                }
                other => self.take(other),
            }
            // One at a time: memory has room for the words of one notice.
            self.keep(now, false).await?;
        }
        self.keep(now, true).await?;
        Ok(())
    }

    /// Takes what changes memory alone, and notes what has to be stored.
    #[inline(never)]
    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Notice(notice) => self.notice(&notice),
            Part::NoticeUpdate(update) => self.notice_update(&update),
            Part::Plan(plan) => self.new_plan(&plan),
            Part::Consent(consent) => self.new_consent(&consent),
            // Keys, certificates and collecting are the host's, which looks at the message before it hands it in.
            Part::Certificate(_) | Part::Collection(_) | Part::Receipt(_) | Part::Command(_) => {}
            // What an updater takes never comes here; without one it is as good as unknown.
            Part::UpdateOffer(_) | Part::UpdateChunk(_) | Part::Unknown(_) => {
                self.drops.unknown_downlinks = self.drops.unknown_downlinks.saturating_add(1);
            }
        }
    }

    fn notice(&mut self, notice: &Body<'_, Notice>) {
        self.front = notice.decode();
        let Some(notice) = &self.front else { return };
        match self.notices.take(notice) {
            Taken::Open(touched) => self.touched(touched),
            Taken::NoRoom => self.drops.notices = self.drops.notices.saturating_add(1),
            Taken::Closed => {}
        }
    }

    fn notice_update(&mut self, update: &Body<'_, NoticeUpdate>) {
        let Some(NoticeUpdate { id, state }) = update.decode() else { return };
        if let Some(touched) = self.notices.update(id, state) {
            self.touched(touched);
        }
        self.changed(Key::Memory as u8);
        self.event(Event::NoticeUpdated { id, state });
    }

    fn new_plan(&mut self, plan: &Body<'_, ServicePlan>) {
        let new = PlanView::parse(plan.bytes()).map_or(0, |plan| plan.version);
        if new > plan_of(&self.plan).version {
            self.plan.clear();
            // A body is never longer than what is kept of it.
            let _ = self.plan.extend_from_slice(plan.bytes());
            self.changed(Key::Plan as u8);
            self.assess_from_ms = 0;
        }
    }

    fn new_consent(&mut self, consent: &Body<'_, Consent>) {
        if let Some(consent) = consent.decode().filter(|consent| consent.version > self.consent.version) {
            self.consent = consent;
            self.changed(Key::Consent as u8);
            self.usage.latest.retain(|signal| consent::allows(consent, signal));
        }
    }

    fn answer_command(&mut self, now: Now, id: u32, outcome: CommandOutcome) {
        if self.memory.commands.len() == MAX_COMMANDS {
            self.memory.commands.remove(0);
        }
        // There is room: the oldest was just removed if there was none.
        let _ = self.memory.commands.push(id);
        self.changed(Key::Memory as u8);
        self.tell(now.uptime_ms, CommandResult { command: id, outcome });
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
            Task::TableBegin { len, sha256 } => return self.tables.begin(*len, *sha256).await,
            Task::TableChunk { offset, bytes } => return self.tables.chunk(*offset, bytes).await,
            Task::TableCommit => {
                let in_use = match self.tables.commit().await? {
                    Ok(checked) => checked,
                    Err(outcome) => return Ok(outcome),
                };
                // One write decides which half counts.
                self.store.put(Key::Table as u8, &in_use).await?;
                self.tables.take_into_use(in_use).await?;
                self.table_hash = self.tables.short_hash();
            }
            Task::Report => {
                self.changed(Key::Ledger as u8);
                self.keep(now, false).await?;
                let counters = self.usage.counters();
                self.tell(now.uptime_ms, counters);
                for index in 0..MAX_SIGNALS {
                    if let Some(LastSignal { signal, value, uptime_ms }) = self.usage.latest.last(index) {
                        self.tell(uptime_ms, SignalChange { signal, value });
                    }
                    self.keep(now, false).await?;
                }
            }
            Task::AnchorOdometer { odometer_m } => {
                if !self.usage.anchor_odometer(*odometer_m) {
                    // The odometer never falls; the cloud keeps its own view of a replaced cluster.
                    return Ok(CommandOutcome::Unsupported);
                }
                self.changed(Key::Ledger as u8);
            }
            Task::LogLevel { level } => self.configure(now, DeviceSettings { log_level: *level, ..self.remote }),
            Task::Configure { settings } => self.configure(now, *settings),
        }
        Ok(CommandOutcome::Done)
    }

    /// Takes settings into force that are not older than those in force, and tells which are.
    fn configure(&mut self, now: Now, settings: DeviceSettings) {
        if settings.version >= self.remote.version {
            self.remote = settings;
            self.changed(Key::Remote as u8);
        }
        self.tell(now.uptime_ms, self.remote);
    }
}

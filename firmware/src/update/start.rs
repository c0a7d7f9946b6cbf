//! What a start means for an update that was under way: the trial of a new image, its end, or an install that never happened.

use embedded_storage_async::nor_flash::NorFlash;
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{Refusal, UpdateState};

use super::kept::{Kept, Memory, Stage};
use super::slot::Slot;
use super::updater::{Dropped, Running, Settings, Unsaved, Updater};
use crate::clock::Now;
use crate::error::Error;

/// How often the boot loader is told again when a power cut came between, before it was told or during the trial.
const MAX_TRIES: u8 = 3;

impl<'k, S: NorFlash> Updater<'k, S> {
    /// Opens slot and state and draws the conclusions of this start.
    ///
    /// `state` has two erase pages or more; `slot` is the boot loader's update partition.
    pub async fn start(
        slot: S,
        state: S,
        settings: Settings<'k>,
        running: Running,
        now: Now,
    ) -> Result<Self, Error<S::Error>> {
        let slot = Slot::open(slot, settings.longest)?;
        let mut memory = Memory::open(state)?;
        let (before, have) = memory.load().await?.unwrap_or_else(|| {
            // Nothing is known, so that nothing older than what runs is ever taken.
            (Kept { floor: settings.version, ..Kept::default() }, 0)
        });
        let mut kept = before.clone();
        let abnormal = matches!(settings.reset, ResetReason::Watchdog | ResetReason::Fault);
        kept.resets = if kept.ran == settings.version { kept.resets.saturating_add(u16::from(abnormal)) } else { 0 };
        kept.ran = settings.version;
        let dropped = conclude(&mut kept, &settings, running);
        if kept != before {
            memory.save(&kept).await?;
        }
        let step = Slot::<S>::step();
        let (have, ask) = match kept.stage {
            // The page that was being written when the power went is received again from its start.
            Stage::Receiving(job) if have < job.len => (have - have % step, true),
            Stage::Receiving(_) => (0, true),
            _ => (0, false),
        };
        Ok(Self {
            settings,
            slot,
            memory,
            kept,
            have,
            ask: ask.then_some(have),
            asked_ms: now.uptime_ms,
            started_ms: now.uptime_ms,
            reconnect_ms: None,
            health_ms: None,
            on_trial: running == Running::Trial,
            dropped: Dropped { reports: dropped, ..Dropped::default() },
            unsaved: Unsaved::default(),
        })
    }
}

/// Moves the stage on by what runs now; answers how many reports gave way.
fn conclude(kept: &mut Kept, settings: &Settings<'_>, running: Running) -> u32 {
    let mut given_way = 0;
    let mut owe = |kept: &mut Kept, report| given_way += u32::from(kept.owe(report));
    match kept.stage {
        Stage::Installing(job, _) | Stage::OnTrial(job) if job.version == settings.version => {
            if running == Running::Trial {
                // The stage stays: a trial is one start, and the old image has to know how often it was tried.
                owe(kept, job.report(UpdateState::OnTrial));
            } else {
                // The boot loader was told that the image stays, and then the power went.
                kept.raise_floor(job.floor);
                kept.stage = Stage::Idle;
                kept.ended = Some(job.report(UpdateState::Confirmed));
                owe(kept, job.report(UpdateState::Confirmed));
            }
        }
        Stage::OnTrial(job) => end(kept, job.report(UpdateState::Reverted(settings.reset)), &mut owe),
        // The boot loader cannot tell a trial that the power ended from one that the image failed; the reason of this start can.
        // The image is in the slot again, and is read back before it is handed over once more.
        Stage::Installing(job, tries)
            if running == Running::Reverted && settings.reset == ResetReason::PowerOn && tries < MAX_TRIES =>
        {
            kept.stage = Stage::Verified(job, tries);
        }
        Stage::Installing(job, _) if running == Running::Reverted => {
            end(kept, job.report(UpdateState::Reverted(settings.reset)), &mut owe);
        }
        // The power went before the boot loader was told.
        Stage::Installing(job, tries) if tries < MAX_TRIES => kept.stage = Stage::Verified(job, tries),
        Stage::Installing(job, _) => {
            end(kept, job.report(UpdateState::Refused(Refusal::BootLoader)), &mut owe);
        }
        Stage::Idle | Stage::Receiving(_) | Stage::Verified(..) => {}
    }
    given_way
}

fn end(
    kept: &mut Kept,
    report: milepost_protocol::update::UpdateReport,
    owe: &mut impl FnMut(&mut Kept, milepost_protocol::update::UpdateReport),
) {
    kept.stage = Stage::Idle;
    kept.ended = Some(report);
    owe(kept, report);
}

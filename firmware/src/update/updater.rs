//! The updater: offers and chunks in; reports, an image to install and a trial to confirm out.
//!
//! The device pulls: it tells how far it has come, and the cloud sends what follows; so any cut is resumed by telling it again.
//! Invariant: progress that was told is in flash, and after a power cut at most one erase page of it is received again.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use milepost_protocol::Downlink;
use milepost_protocol::downlink::Part;
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{
    Health, MAX_IMAGE_CHUNK_LEN, Refusal, SignedManifest, UpdateChunk, UpdateOffer, UpdateReport, UpdateState, Version,
    Window,
};

use super::check;
use super::kept::{Job, Kept, Memory, Stage};
use super::slot::Slot;
use crate::clock::Now;
use crate::error::{DownlinkError, Error};

/// What the host decides for a start.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'k> {
    /// The board, as manifests name it; at most [`milepost_protocol::update::MAX_BOARD_LEN`] bytes.
    pub board: &'k str,
    /// The version that runs.
    pub version: Version,
    /// The public keys whose signatures are trusted.
    pub keys: &'k [[u8; 32]],
    /// Why the device started.
    pub reset: ResetReason,
    /// The longest image that the boot loader can start, in bytes; a shorter slot bounds it too.
    pub longest: u32,
    /// Without any wanted byte for this long the device asks again, in milliseconds.
    pub ask_after_ms: u64,
    /// An image that has not reached the cloud after this long on trial is given up, in milliseconds.
    pub trial_ms: u64,
    /// How often health is told after the first time, in milliseconds.
    pub health_every_ms: u64,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            board: "",
            version: Version::default(),
            keys: &[],
            reset: ResetReason::Unknown,
            longest: u32::MAX,
            ask_after_ms: 30_000,
            trial_ms: 3_600_000,
            health_every_ms: 3_600_000,
        }
    }
}

/// What the boot loader says of the image that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// It stays.
    Settled,
    /// It is on trial: any reset before it is confirmed brings the old one back.
    Trial,
    /// It came back after a trial that failed.
    Reverted,
}

/// An image that the boot loader may be told of: read back from flash, hash right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Install {
    /// Its version.
    pub version: Version,
    /// Its length in bytes, from the slot's beginning.
    pub len: u32,
}

/// What was dropped in this boot, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Chunks of an image that is not wanted.
    pub foreign_chunks: u32,
    /// Chunks that were in flash already.
    pub repeated_chunks: u32,
    /// Chunks that lie ahead of a missing one.
    pub early_chunks: u32,
    /// Chunks that break the image's length or grid.
    pub misplaced_chunks: u32,
    /// Offers that are older than one seen before.
    pub old_offers: u32,
    /// Reports that gave way to newer ones before the host took them over.
    pub reports: u32,
}

/// An updater over the boot loader's update partition and a small region of its own.
pub struct Updater<'k, S: NorFlash> {
    pub(super) settings: Settings<'k>,
    pub(super) slot: Slot<S>,
    pub(super) memory: Memory<S>,
    pub(super) kept: Kept,
    /// How many bytes of the image are in flash.
    pub(super) have: u32,
    /// What is to be asked for next.
    pub(super) ask: Option<u32>,
    pub(super) asked_ms: u64,
    pub(super) started_ms: u64,
    pub(super) reconnect_ms: Option<u32>,
    pub(super) health_ms: Option<u64>,
    pub(super) on_trial: bool,
    pub(super) dropped: Dropped,
    pub(super) unsaved: Unsaved,
}

/// What has changed since it was written to flash.
///
/// Calls change memory and note it here; [`Updater::save`] then writes it, so that one place waits for it and not each change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unsaved {
    /// The durable state.
    kept: bool,
    /// How many bytes of the image are in flash.
    have: bool,
}

impl<S: NorFlash> fmt::Debug for Updater<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kept, have, dropped, .. } = self;
        f.debug_struct("Updater")
            .field("kept", kept)
            .field("have", have)
            .field("dropped", dropped)
            .finish_non_exhaustive()
    }
}

/// Whether a downlink message is for an updater; all others are for the device.
pub fn concerns(bytes: &[u8]) -> bool {
    Downlink::parts(bytes)
        .is_ok_and(|mut parts| parts.any(|part| matches!(part, Part::UpdateOffer(_) | Part::UpdateChunk(_))))
}

impl<S: NorFlash> Updater<'_, S> {
    /// Takes a downlink message that [`concerns`] named; what it leads to is durable on return.
    pub async fn downlink(&mut self, now: Now, bytes: &[u8]) -> Result<(), DownlinkError<S::Error>> {
        for part in Downlink::parts(bytes).map_err(DownlinkError::Decode)? {
            match part {
                Part::UpdateOffer(offer) => {
                    if let Some(offer) = offer.decode() {
                        self.offer(&offer);
                    }
                }
                Part::UpdateChunk(chunk) => {
                    if let Some(chunk) = chunk.decode() {
                        self.chunk(now, &chunk).await?;
                    }
                }
                _ => {}
            }
            self.save().await?;
        }
        Ok(())
    }

    /// Lets time pass: what was asked for and did not come is asked for again.
    pub fn tick(&mut self, now: Now) {
        let waited_ms = now.uptime_ms.saturating_sub(self.asked_ms);
        if matches!(self.kept.stage, Stage::Receiving(_))
            && self.ask.is_none()
            && waited_ms >= self.settings.ask_after_ms
        {
            self.ask = Some(self.have);
        }
    }

    /// The session with the cloud stands. `true`: the running image was on trial, the host tells the boot loader that it stays
    /// and then calls [`Updater::confirmed`].
    pub fn connected(&mut self, now: Now) -> bool {
        if self.reconnect_ms.is_none() {
            let took_ms = now.uptime_ms.saturating_sub(self.started_ms);
            self.reconnect_ms = Some(u32::try_from(took_ms).unwrap_or(u32::MAX));
        }
        if matches!(self.kept.stage, Stage::Receiving(_)) {
            self.ask = Some(self.have);
        }
        self.on_trial
    }

    /// The boot loader knows that the running image stays.
    pub async fn confirmed(&mut self) -> Result<(), Error<S::Error>> {
        self.on_trial = false;
        let (Stage::OnTrial(job) | Stage::Installing(job, _)) = self.kept.stage else { return Ok(()) };
        if job.version != self.settings.version {
            return Ok(());
        }
        self.kept.raise_floor(job.floor);
        self.end(job.report(UpdateState::Confirmed));
        self.save().await
    }

    /// Whether the image that runs has yet to prove itself, for which the device needs the cloud.
    pub fn is_on_trial(&self) -> bool {
        self.on_trial
    }

    /// Whether an image is on its way in, of which more comes while the device is connected.
    pub fn is_receiving(&self) -> bool {
        matches!(self.kept.stage, Stage::Receiving(_))
    }

    /// Whether the trial took too long: the host resets, and the boot loader brings the old image back.
    pub fn trial_is_over(&self, now: Now) -> bool {
        self.on_trial && now.uptime_ms.saturating_sub(self.started_ms) >= self.settings.trial_ms
    }

    /// The image to install now, if there is one and the car stands and the window is open.
    ///
    /// The host tells the boot loader and resets; if the boot loader does not take it, it calls [`Updater::not_installed`].
    pub async fn install(&mut self, now: Now, stands: bool) -> Result<Option<Install>, Error<S::Error>> {
        let Stage::Verified(job, tries) = self.kept.stage else { return Ok(None) };
        let open = |window: Window| now.unix_ms.is_some_and(|unix_ms| window.is_open(unix_ms));
        if !stands || !job.window.is_none_or(open) {
            return Ok(None);
        }
        let whole = self.slot.hash(job.len).await? == job.sha256;
        if whole {
            self.kept.stage = Stage::Installing(job, tries.saturating_add(1));
            self.owe(job.report(UpdateState::Installed));
        } else {
            self.end(job.report(UpdateState::Refused(Refusal::Hash)));
        }
        self.save().await?;
        Ok(whole.then_some(Install { version: job.version, len: job.len }))
    }

    /// The boot loader did not take the image.
    pub async fn not_installed(&mut self) -> Result<(), Error<S::Error>> {
        let Stage::Installing(job, _) = self.kept.stage else { return Ok(()) };
        self.end(job.report(UpdateState::Refused(Refusal::BootLoader)));
        self.save().await
    }

    /// The next record to tell the cloud; it stays until [`Updater::reported`].
    pub fn report(&self) -> Option<UpdateReport> {
        if let Some(report) = self.kept.reports.first() {
            return Some(*report);
        }
        let job = self.kept.stage.job()?;
        self.ask.map(|have| job.report(UpdateState::Receiving(have)))
    }

    /// The record of [`Updater::report`] is in the outbox. If the power goes before this, it is told twice, which is harmless.
    pub async fn reported(&mut self, now: Now) -> Result<(), Error<S::Error>> {
        if self.kept.reports.is_empty() {
            self.ask = None;
            self.asked_ms = now.uptime_ms;
            return Ok(());
        }
        self.kept.reports.remove(0);
        self.unsaved.kept = true;
        self.save().await
    }

    /// How the device does, when it is time to tell: once connected, and from time to time after that.
    pub fn health(&mut self, now: Now, backlog: u32, current_ma: Option<u16>) -> Option<Health> {
        let reconnect_ms = self.reconnect_ms?;
        let due = self.health_ms.is_none_or(|ms| now.uptime_ms.saturating_sub(ms) >= self.settings.health_every_ms);
        if !due {
            return None;
        }
        self.health_ms = Some(now.uptime_ms);
        let uptime_s = u32::try_from(now.uptime_ms.saturating_sub(self.started_ms) / 1000).unwrap_or(u32::MAX);
        let Kept { ran: version, resets, .. } = self.kept;
        let board = self.settings.board.try_into().unwrap_or_default();
        Some(Health { board, version, uptime_s, reconnect_ms, resets, backlog, current_ma })
    }

    /// What was dropped in this boot.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// The rollback floor.
    pub fn floor(&self) -> Version {
        self.kept.floor
    }

    /// The slot's region, for a host that reads or swaps the image itself.
    pub fn slot(&mut self) -> &mut S {
        self.slot.flash()
    }

    fn offer(&mut self, offer: &UpdateOffer) {
        let UpdateOffer { update, image, window } = offer;
        if *update < self.kept.newest {
            self.dropped.old_offers = self.dropped.old_offers.saturating_add(1);
            return;
        }
        self.kept.newest = *update;
        let Some(signed) = image else { return self.withdraw(*update) };
        if let Some(ended) = self.kept.ended.filter(|ended| ended.update == *update) {
            return self.owe(ended);
        }
        match self.kept.stage {
            Stage::Installing(..) | Stage::OnTrial(_) => {
                let report = UpdateReport {
                    update: *update,
                    version: Version::default(),
                    state: UpdateState::Refused(Refusal::OnTrial),
                };
                self.owe(report);
            }
            _ => self.take_offer(*update, signed, *window),
        }
    }

    fn take_offer(&mut self, update: u32, signed: &SignedManifest, window: Option<Window>) {
        let manifest = match check::accept(signed, &self.settings, self.kept.floor, self.slot.longest()) {
            Ok(manifest) => manifest,
            Err((refusal, version)) => {
                let report = UpdateReport { update, version, state: UpdateState::Refused(refusal) };
                if self.kept.stage.job().is_some_and(|job| job.update != update) {
                    // What is under way goes on; only the new offer is refused.
                    return self.owe(report);
                }
                return self.end(report);
            }
        };
        let job = Job::new(update, &manifest, window);
        match self.kept.stage {
            Stage::Receiving(before) if before.sha256 == job.sha256 && before.len == job.len => {
                self.kept.stage = Stage::Receiving(job);
                self.unsaved.kept = true;
            }
            Stage::Verified(before, tries) if before.sha256 == job.sha256 => {
                self.kept.stage = Stage::Verified(job, tries);
                return self.owe(job.report(UpdateState::Verified));
            }
            _ => {
                // What was received is of another image.
                self.have = 0;
                self.kept.stage = Stage::Receiving(job);
                self.unsaved = Unsaved { kept: true, have: true };
            }
        }
        self.ask = Some(self.have);
    }

    fn withdraw(&mut self, update: u32) {
        match self.kept.stage {
            Stage::Receiving(job) | Stage::Verified(job, _) if job.update <= update => {
                self.ask = None;
                self.end(UpdateReport { update, ..job.report(UpdateState::Withdrawn) });
            }
            // Too late, or nothing to withdraw; what became of it is told, or was.
            _ => self.unsaved.kept = true,
        }
    }

    async fn chunk(&mut self, now: Now, chunk: &UpdateChunk) -> Result<(), Error<S::Error>> {
        let UpdateChunk { image, offset, last, bytes } = chunk;
        let job = match self.kept.stage {
            Stage::Receiving(job) if job.image() == *image => job,
            _ => {
                self.dropped.foreign_chunks = self.dropped.foreign_chunks.saturating_add(1);
                return Ok(());
            }
        };
        let left = job.len.saturating_sub(*offset).min(MAX_IMAGE_CHUNK_LEN as u32);
        if left == 0 || bytes.len() != left as usize || !offset.is_multiple_of(MAX_IMAGE_CHUNK_LEN as u32) {
            self.dropped.misplaced_chunks = self.dropped.misplaced_chunks.saturating_add(1);
            return Ok(());
        }
        match offset.cmp(&self.have) {
            core::cmp::Ordering::Less => {
                self.dropped.repeated_chunks = self.dropped.repeated_chunks.saturating_add(1);
            }
            core::cmp::Ordering::Greater => {
                self.dropped.early_chunks = self.dropped.early_chunks.saturating_add(1);
            }
            core::cmp::Ordering::Equal => {
                self.slot.write(*offset, bytes).await?;
                self.have += left;
                self.asked_ms = now.uptime_ms;
                if self.have >= job.len {
                    return self.verify(job).await;
                }
                self.unsaved.have |= self.have.is_multiple_of(Slot::<S>::step());
            }
        }
        if *last {
            self.ask = Some(self.have);
        }
        Ok(())
    }

    /// All bytes are there: reads them back.
    async fn verify(&mut self, job: Job) -> Result<(), Error<S::Error>> {
        self.ask = None;
        if self.slot.hash(job.len).await? == job.sha256 {
            self.kept.stage = Stage::Verified(job, 0);
            self.owe(job.report(UpdateState::Verified));
        } else {
            self.have = 0;
            self.unsaved.have = true;
            self.end(job.report(UpdateState::Refused(Refusal::Hash)));
        }
        Ok(())
    }

    fn end(&mut self, report: UpdateReport) {
        self.kept.stage = Stage::Idle;
        self.kept.ended = Some(report);
        self.owe(report);
    }

    fn owe(&mut self, report: UpdateReport) {
        self.dropped.reports = self.dropped.reports.saturating_add(u32::from(self.kept.owe(report)));
        self.unsaved.kept = true;
    }

    /// Makes durable what has changed.
    async fn save(&mut self) -> Result<(), Error<S::Error>> {
        // First how much there is: where it was received for another image, a cut in between costs nothing but time.
        if self.unsaved.have {
            self.memory.save_have(self.have).await?;
            self.unsaved.have = false;
        }
        if self.unsaved.kept {
            self.memory.save(&self.kept).await?;
            self.unsaved.kept = false;
        }
        Ok(())
    }
}

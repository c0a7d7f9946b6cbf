//! What of an update survives a power cut: the floor, the stage, and the reports that are still owed.
//!
//! Invariant: one write changes all of it, and the rollback floor only rises.

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use milepost_protocol::codec;
use milepost_protocol::update::{Manifest, UpdateReport, UpdateState, Version, Window};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Operation};
use crate::store::{Encode, Values};

/// The most reports that wait to be taken over.
const MAX_REPORTS: usize = 4;

/// The longest stored value with its key, in bytes.
const WORK_LEN: usize = 256;

const KEPT: u8 = 1;
const HAVE: u8 = 2;

/// An image on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) update: u32,
    pub(super) version: Version,
    pub(super) floor: Version,
    pub(super) len: u32,
    pub(super) sha256: [u8; 32],
    pub(super) window: Option<Window>,
}

impl Job {
    pub(super) fn new(update: u32, manifest: &Manifest, window: Option<Window>) -> Self {
        let Manifest { version, floor, len, sha256, .. } = *manifest;
        Self { update, version, floor, len, sha256, window }
    }

    /// How chunks name the image.
    pub(super) fn image(&self) -> u32 {
        self.sha256.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    pub(super) fn report(&self, state: UpdateState) -> UpdateReport {
        UpdateReport { update: self.update, version: self.version, state }
    }
}

/// How far an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Bytes are coming in.
    Receiving(Job),
    /// The image is whole and waits to be installed; so often the boot loader was told in vain.
    Verified(Job, u8),
    /// The boot loader is being told, or has been, or the image is on trial; so often it was told.
    Installing(Job, u8),
    /// The image is on trial, as builds wrote it that did not count trials.
    OnTrial(Job),
}

impl Stage {
    /// The image that the stage is about.
    pub(super) fn job(&self) -> Option<&Job> {
        match self {
            Self::Idle => None,
            Self::Receiving(job) | Self::Verified(job, _) | Self::Installing(job, _) | Self::OnTrial(job) => Some(job),
        }
    }
}

/// The durable state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) floor: Version,
    /// The version that ran last, and the starts after a watchdog or fault since it ran first.
    pub(super) ran: Version,
    pub(super) resets: u16,
    /// The newest offer that was seen.
    pub(super) newest: u32,
    pub(super) stage: Stage,
    /// How the last update ended, to be told again when it is offered again.
    pub(super) ended: Option<UpdateReport>,
    pub(super) reports: Vec<UpdateReport, MAX_REPORTS>,
}

impl Kept {
    /// Owes a report; answers whether an older one gave way.
    pub(super) fn owe(&mut self, report: UpdateReport) -> bool {
        let full = self.reports.is_full();
        if full {
            self.reports.remove(0);
        }
        // There is room: an element was just removed if the queue was full.
        let _ = self.reports.push(report);
        full
    }

    /// The floor from now on; it never falls.
    pub(super) fn raise_floor(&mut self, floor: Version) {
        self.floor = self.floor.max(floor);
    }
}

/// The region of the durable state: two erase pages or more.
pub(super) struct Memory<S: NorFlash> {
    values: Values<S>,
}

impl<S: NorFlash> Memory<S> {
    pub(super) fn open(flash: S) -> Result<Self, Error<S::Error>> {
        Ok(Self { values: Values::open(flash, Operation::Update)? })
    }

    /// The state and how many bytes of the image are in flash for certain; `None` if nothing reads back.
    pub(super) async fn load(&mut self) -> Result<Option<(Kept, u32)>, Error<S::Error>> {
        let mut work = [0; WORK_LEN];
        let kept = match self.values.bytes(Operation::Update, &mut work, KEPT).await {
            Ok(bytes) => bytes.and_then(codec::read::<Kept>),
            Err(Error::Corrupt(_)) => {
                self.values.erase(Operation::Update).await?;
                None
            }
            Err(error) => return Err(error),
        };
        let have = self.values.bytes(Operation::Update, &mut work, HAVE).await?;
        let have = have.and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        Ok(kept.map(|kept| (kept, have)))
    }

    /// Replaces the state; durable on return.
    pub(super) async fn save(&mut self, kept: &Kept) -> Result<(), Error<S::Error>> {
        self.put(KEPT, kept).await
    }

    /// Replaces how far receiving has come; durable on return.
    pub(super) async fn save_have(&mut self, have: u32) -> Result<(), Error<S::Error>> {
        self.put(HAVE, &have.to_le_bytes()).await
    }

    async fn put(&mut self, key: u8, value: &dyn Encode) -> Result<(), Error<S::Error>> {
        let mut work = [0; WORK_LEN];
        self.values.put(Operation::Update, &mut work, key, value).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_state_fits_its_buffer() {
        let most = Version([u16::MAX; 3]);
        let window = Some(Window { from_minute: u16::MAX, minutes: u16::MAX });
        let job = Job { update: u32::MAX, version: most, floor: most, len: u32::MAX, sha256: [0xFF; 32], window };
        let report = job.report(UpdateState::Receiving(u32::MAX));
        let kept = Kept {
            floor: most,
            ran: most,
            resets: u16::MAX,
            newest: u32::MAX,
            stage: Stage::Installing(job, u8::MAX),
            ended: Some(report),
            reports: core::iter::repeat_n(report, MAX_REPORTS).collect(),
        };
        let mut buffer = [0; WORK_LEN];
        let len = codec::write(&kept, &mut buffer).unwrap();
        assert!(len + 16 < WORK_LEN, "{len}");
    }
}

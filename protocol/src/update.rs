//! Firmware updates over the air: what is offered, the bytes of an image, and what the device makes of them.
//!
//! The cloud offers a signed manifest; the device asks for bytes by telling how far it has come; the cloud answers with a run of chunks.
//! Invariant: a signature covers the manifest's bytes exactly as they stand in the offer, so that a manifest may grow at its end
//! and an older device still verifies it.

use core::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::frame;
use crate::record::ResetReason;

/// The longest name of a board, in bytes.
pub const MAX_BOARD_LEN: usize = 24;

/// The longest manifest, in bytes; what this build writes is far shorter, so that there is room to grow.
pub const MAX_MANIFEST_LEN: usize = 192;

/// The most bytes of one image chunk; every chunk but an image's last has exactly so many.
pub const MAX_IMAGE_CHUNK_LEN: usize = 512;

/// What stands before the manifest in the bytes that are signed, so that the signature of anything else is never one of a manifest.
pub const SIGNATURE_DOMAIN: &[u8] = b"milepost firmware manifest 1\0";

/// The longest message that is signed, in bytes.
pub const MAX_SIGNED_LEN: usize = SIGNATURE_DOMAIN.len() + MAX_MANIFEST_LEN;

/// A firmware's version: major, minor, patch; ordered as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub [u16; 3]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The text is not three numbers below 65536 with dots between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("version is not MAJOR.MINOR.PATCH")
    }
}

impl core::error::Error for VersionError {}

impl core::str::FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.').map(|part| part.parse::<u16>().map_err(|_| VersionError));
        let mut next = || parts.next().ok_or(VersionError)?;
        let version = Self([next()?, next()?, next()?]);
        if parts.next().is_some() { Err(VersionError) } else { Ok(version) }
    }
}

/// What an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The board that it runs on, such as `nucleo-f767zi`.
    pub board: String<MAX_BOARD_LEN>,
    /// Its version.
    pub version: Version,
    /// The rollback floor: once the image is confirmed, the device never takes a version below this one again.
    pub floor: Version,
    /// The first eight bytes of the build id, by which logs are decoded.
    pub build: [u8; 8],
    /// The image's length in bytes.
    pub len: u32,
    /// The SHA-256 of the image.
    pub sha256: [u8; 32],
}

impl Manifest {
    /// The bytes to sign and to send.
    pub fn encode(&self) -> Vec<u8, MAX_MANIFEST_LEN> {
        let mut buffer = [0; MAX_MANIFEST_LEN];
        let len = frame::append(&mut buffer, 0, self).unwrap_or_default();
        Vec::from_slice(buffer.get(..len).unwrap_or_default()).unwrap_or_default()
    }

    /// Reads a manifest; bytes behind what this build knows belong to a newer writer and are passed over.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        frame::body(bytes)
    }

    /// The first four bytes of the image's hash, by which chunks name their image.
    pub fn image(&self) -> u32 {
        self.sha256.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }
}

/// A manifest with its Ed25519 signature over [`SIGNATURE_DOMAIN`] and the manifest's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedManifest {
    /// The manifest as it was signed.
    pub manifest: Vec<u8, MAX_MANIFEST_LEN>,
    /// The signature's two halves, R and S (RFC 8032).
    pub signature: [[u8; 32]; 2],
}

impl SignedManifest {
    /// The message that the signature covers.
    pub fn message(&self) -> Vec<u8, MAX_SIGNED_LEN> {
        let mut message = Vec::new();
        // The capacity is the sum of both capacities.
        let _ = message.extend_from_slice(SIGNATURE_DOMAIN);
        let _ = message.extend_from_slice(&self.manifest);
        message
    }

    /// The signature as one run of bytes.
    pub fn signature_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (to, from) in bytes.chunks_exact_mut(32).zip(&self.signature) {
            to.copy_from_slice(from);
        }
        bytes
    }

    /// The halves of a signature.
    pub fn split(signature: [u8; 64]) -> [[u8; 32]; 2] {
        let mut halves = [[0; 32]; 2];
        for (to, from) in halves.iter_mut().zip(signature.chunks_exact(32)) {
            to.copy_from_slice(from);
        }
        halves
    }
}

/// When a day's maintenance window is open, in minutes of the UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The minute of the UTC day at which it opens, below 1440.
    pub from_minute: u16,
    /// For how many minutes; it may run past midnight.
    pub minutes: u16,
}

impl Window {
    /// Whether it is open at `unix_ms`.
    pub fn is_open(self, unix_ms: u64) -> bool {
        const DAY: u64 = 1440;
        let minute = unix_ms / 60_000 % DAY;
        let since = (minute + DAY - u64::from(self.from_minute) % DAY) % DAY;
        since < u64::from(self.minutes)
    }
}

/// An image for this device; or, without one, the end of what was offered before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateOffer {
    /// The offer's number; reports name it. A number below one that the device has seen is old and means nothing.
    pub update: u32,
    /// The image; `None` withdraws the update of this number if it is not installed yet.
    pub image: Option<SignedManifest>,
    /// When the device may restart into it, apart from standing still; at any time without a window.
    pub window: Option<Window>,
}

/// Bytes of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateChunk {
    /// The image: [`Manifest::image`].
    pub image: u32,
    /// Where the bytes belong; a multiple of [`MAX_IMAGE_CHUNK_LEN`].
    pub offset: u32,
    /// Whether the cloud waits for word after this one before it sends more.
    pub last: bool,
    /// The bytes.
    pub bytes: Vec<u8, MAX_IMAGE_CHUNK_LEN>,
}

/// Why a device does not take an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The signature is none of a key that the device trusts.
    Signature,
    /// The manifest does not read.
    Manifest,
    /// It is for another board.
    Board,
    /// It is not newer than what runs.
    NotNewer,
    /// It lies below the rollback floor.
    BelowFloor,
    /// It is longer than the slot, or empty.
    Length,
    /// The image that was received is not the one of the manifest.
    Hash,
    /// The boot loader did not take it.
    BootLoader,
    /// What runs is still on trial.
    OnTrial,
}

/// How an update stands on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UpdateState {
    /// It is not taken.
    Refused(Refusal),
    /// The bytes before this offset are in flash; those from it on are wanted.
    Receiving(u32),
    /// All bytes are in flash and their hash is right.
    Verified,
    /// The boot loader has been told; the device restarts.
    Installed,
    /// The new image runs on trial.
    OnTrial,
    /// The new image reached the cloud and stays.
    Confirmed,
    /// The old image runs again; the reset that ended the trial.
    Reverted(ResetReason),
    /// It was withdrawn before it was installed.
    Withdrawn,
}

/// An update moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateReport {
    /// The offer's number.
    pub update: u32,
    /// The version that was offered; zero where the manifest was not read.
    pub version: Version,
    /// How it stands.
    pub state: UpdateState,
}

/// How a device does after a start, told when it is connected and from time to time after that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The board, as manifests name it.
    pub board: String<MAX_BOARD_LEN>,
    /// The firmware that runs.
    pub version: Version,
    /// For how long it has been running, in seconds.
    pub uptime_s: u32,
    /// From the start until the first session with the cloud, in milliseconds.
    pub reconnect_ms: u32,
    /// Starts after a watchdog or a fault since this version ran first.
    pub resets: u16,
    /// Records that waited for a receipt at this moment.
    pub backlog: u32,
    /// The device's own current in milliamperes, where it is measured.
    pub current_ma: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_as_it_prints_and_orders_by_its_parts() {
        let version: Version = "1.4.260".parse().unwrap();
        assert_eq!(version, Version([1, 4, 260]));
        assert!(version < Version([1, 10, 0]));
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.65536", "1..3"] {
            assert_eq!(text.parse::<Version>(), Err(VersionError), "{text}");
        }
    }

    #[test]
    fn a_window_may_run_past_midnight() {
        let window = Window { from_minute: 23 * 60, minutes: 120 };
        let at = |minute: u64| minute * 60_000;
        for (minute, open) in [(22 * 60 + 59, false), (23 * 60, true), (1440 + 59, true), (60, false)] {
            assert_eq!(window.is_open(at(minute)), open, "{minute}");
        }
    }
}

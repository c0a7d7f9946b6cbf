//! The board of a simulated car: a boot loader with two slots, of which the updater fills one.
//!
//! A simulated image begins with a line that says how it behaves after its start; the rest is filling.
//! Invariant: what the boot loader knows is on disk before the car restarts, so that a killed process starts what would have started.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded_storage_async::nor_flash::ReadNorFlash as _;
use milepost_firmware::Now;
use milepost_firmware::update::{Running, Settings, Updater};
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::Version;
use serde::{Deserialize, Serialize};

use crate::flash_file::{self, FlashError, Region, Sync};
use crate::host::DeviceError;

/// How large the slot is, in bytes.
const SLOT: u32 = 128 << 10;

/// How large the updater's state is, in bytes.
const STATE: u32 = 4 * flash_file::PAGE as u32;

/// The first line of a simulated image.
const MAGIC: &str = "milepost simulated image: ";

/// How long an image that is slow takes to connect, in real time.
const SLOW: Duration = Duration::from_secs(90);

/// How long after its first connection an image that resets does so, and how often.
const RESETS_AFTER_MS: u64 = 1_000;
const RESETS: u8 = 2;

/// The current that a simulated board reports, in milliamperes.
pub(super) const CURRENT_MA: u16 = 80;

/// What the boards of a fleet have in common.
#[derive(Debug, Clone)]
pub struct Boards {
    /// The board's name.
    pub name: String,
    /// The version that a new board runs.
    pub version: Version,
    /// The public keys that it trusts.
    pub keys: Vec<[u8; 32]>,
}

/// How an image behaves after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// As it should.
    #[default]
    Good,
    /// It takes a minute and a half to connect.
    Slow,
    /// The watchdog resets it again and again.
    Resets,
    /// It never comes as far as its own updater.
    BootLoop,
}

impl Behaviour {
    /// A simulated image of `len` bytes at least.
    pub fn image(self, len: usize) -> Vec<u8> {
        let word = serde_json::to_value(self).expect("a word is plain data");
        let mut image = format!("{MAGIC}{}\n", word.as_str().unwrap_or_default()).into_bytes();
        let filling = (image.len()..len).map(|at| (at * 31 % 251) as u8);
        image.extend(filling);
        image
    }

    fn of(image: &[u8]) -> Self {
        let line = image.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let word = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix(MAGIC));
        let known = word.and_then(|word| serde_json::from_value(word.into()).ok());
        // An image that is no simulated one crashes a simulated board at once.
        known.unwrap_or(Self::BootLoop)
    }
}

/// What a boot loader remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Loader {
    version: Version,
    behaviour: Behaviour,
    /// What ran before, while the image is on trial.
    before: Option<(Version, Behaviour)>,
    /// Whether the image came back after a trial.
    reverted: bool,
    /// How often a resetting image has reset.
    resets: u8,
}

/// Why a board cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The slot's file cannot be opened.
    #[error(transparent)]
    Flash(#[from] flash_file::OpenError),
    /// What the boot loader remembers cannot be kept.
    #[error("cannot keep the boot loader's state, {}", path.display())]
    Loader {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The updater failed.
    #[error("the updater failed")]
    Updater(#[from] DeviceError),
    /// The slot does not read.
    #[error("the slot does not read")]
    Slot(#[from] FlashError),
}

/// A restart that the board asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Restart {
    /// What the core is told as the reason.
    pub(super) reset: ResetReason,
}

/// One car's board.
#[derive(Debug)]
pub(super) struct Board {
    path: PathBuf,
    loader: Loader,
    born_ms: u64,
    connected_ms: Option<u64>,
    pub(super) updater: Updater<'static, Region>,
}

impl Board {
    /// Starts the board of `device` at the virtual time `at_ms`.
    pub(super) async fn start(
        boards: &'static Boards,
        folder: &Path,
        device: &str,
        reset: ResetReason,
        at_ms: u64,
    ) -> Result<Self, BoardError> {
        let path = folder.join(format!("{device}.boot.json"));
        let fail = |source| BoardError::Loader { path: path.clone(), source };
        let loader = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| fail(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Loader { version: boards.version, behaviour: Behaviour::Good, before: None, reverted: false, resets: 0 }
            }
            Err(error) => return Err(fail(error)),
        };
        let (slot, state) = flash_file::open_update(&folder.join(format!("{device}.slot")), SLOT, STATE, Sync::Never)?;
        let settings = Settings {
            board: &boards.name,
            version: loader.version,
            keys: &boards.keys,
            reset,
            ask_after_ms: 10_000,
            ..Settings::default()
        };
        let running = match (loader.before, loader.reverted) {
            (Some(_), _) => Running::Trial,
            (None, true) => Running::Reverted,
            (None, false) => Running::Settled,
        };
        let now = Now { uptime_ms: 0, unix_ms: Some(at_ms) };
        let updater = Updater::start(slot, state, settings, running, now).await?;
        Ok(Self { path, loader, born_ms: at_ms, connected_ms: None, updater })
    }

    /// The version that runs.
    pub(super) fn version(&self) -> Version {
        self.loader.version
    }

    /// The board's own clocks at a virtual time.
    pub(super) fn now(&self, at_ms: u64) -> Now {
        Now { uptime_ms: at_ms.saturating_sub(self.born_ms), unix_ms: Some(at_ms) }
    }

    /// How long after its start the image connects.
    pub(super) fn connects_after(&self) -> Duration {
        if self.loader.behaviour == Behaviour::Slow { SLOW } else { Duration::ZERO }
    }

    /// The session with the cloud stands.
    pub(super) async fn connected(&mut self, at_ms: u64) -> Result<(), BoardError> {
        self.connected_ms.get_or_insert(at_ms);
        if self.updater.connected(self.now(at_ms)) {
            self.keep(Loader { before: None, ..self.loader })?;
            self.updater.confirmed().await?;
        }
        Ok(())
    }

    /// Whether the board restarts now, by an install or by the image's own fault.
    pub(super) async fn restarts(&mut self, at_ms: u64, parked: bool) -> Result<Option<Restart>, BoardError> {
        let now = self.now(at_ms);
        self.updater.tick(now);
        let Loader { version, behaviour, before, resets, .. } = self.loader;
        if let Some(before) = before
            && self.updater.trial_is_over(now)
        {
            self.revert(before)?;
            return Ok(Some(Restart { reset: ResetReason::Watchdog }));
        }
        let lived_ms = self.connected_ms.map_or(0, |ms| at_ms.saturating_sub(ms));
        if behaviour == Behaviour::Resets && before.is_none() && resets < RESETS && lived_ms >= RESETS_AFTER_MS {
            self.keep(Loader { resets: resets + 1, ..self.loader })?;
            return Ok(Some(Restart { reset: ResetReason::Watchdog }));
        }
        let Some(install) = self.updater.install(now, parked).await? else { return Ok(None) };
        let mut image = vec![0; install.len as usize];
        self.updater.slot().read(0, &mut image).await?;
        let ran = (version, behaviour);
        let behaviour = Behaviour::of(&image);
        if behaviour == Behaviour::BootLoop {
            // The new image crashes before anything of it runs; the boot loader has the old one back at the next reset.
            self.revert(ran)?;
            return Ok(Some(Restart { reset: ResetReason::Watchdog }));
        }
        self.keep(Loader { version: install.version, behaviour, before: Some(ran), reverted: false, resets: 0 })?;
        Ok(Some(Restart { reset: ResetReason::Software }))
    }

    fn revert(&mut self, (version, behaviour): (Version, Behaviour)) -> Result<(), BoardError> {
        self.keep(Loader { version, behaviour, before: None, reverted: true, resets: 0 })
    }

    fn keep(&mut self, loader: Loader) -> Result<(), BoardError> {
        let unfinished = self.path.with_extension("json.new");
        let text = serde_json::to_vec(&loader).expect("what a boot loader remembers is plain data");
        std::fs::write(&unfinished, text)
            .and_then(|()| std::fs::rename(&unfinished, &self.path))
            .map_err(|source| BoardError::Loader { path: self.path.clone(), source })?;
        self.loader = loader;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_image_says_how_it_behaves() {
        for behaviour in [Behaviour::Good, Behaviour::Slow, Behaviour::Resets, Behaviour::BootLoop] {
            let image = behaviour.image(5_000);
            assert_eq!((Behaviour::of(&image), image.len()), (behaviour, 5_000));
        }
        assert_eq!(Behaviour::of(b"\x7fELF"), Behaviour::BootLoop);
    }
}

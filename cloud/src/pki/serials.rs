//! Which hardware serial numbers may enrol with a claim, which have, and which came that nobody expects.
//!
//! One small file each, so that a factory's hundred thousand boards are as cheap as one.
//! Invariant: a serial number is bound to the first key that enrols with it before any certificate for it exists.

use std::path::{Path, PathBuf};

use milepost_protocol::DeviceId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PkiError, files};

/// How many unexpected serial numbers are kept; more are only counted in the metrics.
const MAX_UNKNOWN: usize = 1_000;

/// A serial number that is expected or has enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The hardware's serial number.
    pub serial: DeviceId,
    /// The id of the device that it becomes.
    pub device: DeviceId,
    /// When it was announced, in milliseconds of Unix time.
    pub expected_ms: u64,
    /// With which key it enrolled, and when.
    #[serde(default)]
    pub enrolled: Option<Enrolled>,
    /// How often another key tried to enrol with it since.
    #[serde(default)]
    pub repeats: u64,
}

/// How a serial number enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The SHA-256 of the public key in hexadecimal.
    pub key_sha256: String,
    /// The batch of the claim.
    pub batch: DeviceId,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// A serial number that nobody expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The serial number, as the board gave it.
    pub serial: DeviceId,
    /// The batch of the claim that it came with last.
    pub batch: DeviceId,
    /// How often it came.
    pub count: u64,
    /// When it first came, in milliseconds of Unix time.
    pub first_ms: u64,
    /// When it last came.
    pub last_ms: u64,
}

/// The files.
#[derive(Debug)]
pub(super) struct Serials {
    expected: PathBuf,
    unknown: PathBuf,
}

impl Serials {
    pub(super) fn open(folder: &Path) -> Result<Self, PkiError> {
        let serials = Self { expected: folder.join("serials"), unknown: folder.join("unknown-serials") };
        files::create_folder(&serials.expected)?;
        files::create_folder(&serials.unknown)?;
        Ok(serials)
    }

    pub(super) fn find(&self, serial: &DeviceId) -> Result<Option<Expected>, PkiError> {
        read(&self.expected.join(format!("{serial}.json")))
    }

    pub(super) fn put(&self, expected: &Expected) -> Result<(), PkiError> {
        let serial = &expected.serial;
        write(&self.expected.join(format!("{serial}.json")), expected)?;
        files::remove(&self.unknown.join(format!("{serial}.json")))
    }

    pub(super) fn note_unknown(&self, serial: &DeviceId, batch: &DeviceId, now_ms: u64) -> Result<(), PkiError> {
        let path = self.unknown.join(format!("{serial}.json"));
        let unknown = match read::<Unknown>(&path)? {
            Some(known) => Unknown { batch: batch.clone(), count: known.count + 1, last_ms: now_ms, ..known },
            None if files::names(&self.unknown)?.len() >= MAX_UNKNOWN => return Ok(()),
            None => {
                Unknown { serial: serial.clone(), batch: batch.clone(), count: 1, first_ms: now_ms, last_ms: now_ms }
            }
        };
        write(&path, &unknown)
    }

    pub(super) fn all_expected(&self) -> Result<Vec<Expected>, PkiError> {
        all(&self.expected)
    }

    pub(super) fn all_unknown(&self) -> Result<Vec<Unknown>, PkiError> {
        all(&self.unknown)
    }
}

fn all<T: DeserializeOwned>(folder: &Path) -> Result<Vec<T>, PkiError> {
    let mut found = Vec::new();
    for name in files::names(folder)?.iter().filter(|name| name.strip_suffix(".json").is_some()) {
        // One that was removed meanwhile is not there any more.
        found.extend(read(&folder.join(name))?);
    }
    Ok(found)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, PkiError> {
    let Some(text) = files::read(path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|source| PkiError::Register { path: path.to_owned(), source })
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), PkiError> {
    let text = serde_json::to_string(value).expect("a serial number's file is plain data");
    files::write(path, &text)
}

//! Which certificates were issued, and which of them are revoked.

use std::collections::HashSet;
use std::path::Path;

use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};

use super::{PkiError, files};

/// What a certificate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A vehicle: its own two topics.
    Device,
    /// An engineer: reads `v/+/up`, writes nothing.
    Tap,
}

/// One issued certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Whose.
    pub device: DeviceId,
    /// For what.
    pub role: Role,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// When it was issued, in milliseconds of Unix time.
    pub issued_ms: u64,
    /// When it expires.
    pub expires_ms: u64,
    /// When it was revoked.
    pub revoked_ms: Option<u64>,
}

/// Every certificate that the device authority issued.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Register {
    /// The certificates, oldest first.
    pub issued: Vec<Issued>,
}

impl Register {
    /// The serial numbers that must be refused.
    pub fn revoked(&self) -> HashSet<String> {
        let revoked = self.issued.iter().filter(|issued| issued.revoked_ms.is_some());
        revoked.map(|issued| issued.serial.clone()).collect()
    }

    /// Reads the register; an absent one is empty.
    pub fn read(path: &Path) -> Result<Self, PkiError> {
        let Some(text) = files::read(path)? else { return Ok(Self::default()) };
        serde_json::from_str(&text).map_err(|source| PkiError::Register { path: path.to_owned(), source })
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), PkiError> {
        let text = serde_json::to_string_pretty(self).expect("the register is plain data");
        files::write(path, &text)
    }
}

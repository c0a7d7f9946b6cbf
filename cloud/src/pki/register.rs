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
    /// A factory's batch of boards: may ask for a certificate of a board's own, once for each serial number, and nothing else.
    Claim,
}

impl Role {
    /// The organisational unit that marks the role in a certificate; devices have none.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Device => None,
            Self::Tap => Some("tap"),
            Self::Claim => Some("claim"),
        }
    }

    /// The role that a certificate's organisational unit marks; one that is not known allows nothing.
    pub fn of_unit(unit: Option<&str>) -> Option<Self> {
        [Self::Device, Self::Tap, Self::Claim].into_iter().find(|role| role.unit() == unit)
    }
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
    /// The SHA-256 of the public key in hexadecimal, where the device made the key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_sha256: Option<String>,
    /// Whether it was issued while another one of the same device was valid, and takes its place with its first use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// When a connection first showed it; noted only where it replaces another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_ms: Option<u64>,
    /// When it stops to count because its successor is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires_ms: Option<u64>,
}

impl Issued {
    /// Whether it is good for a connection at `now_ms`.
    pub fn is_valid(&self, now_ms: u64) -> bool {
        self.revoked_ms.is_none()
            && now_ms < self.expires_ms
            && self.retires_ms.is_none_or(|retires_ms| now_ms < retires_ms)
    }

    fn is_refused(&self, now_ms: u64) -> bool {
        self.revoked_ms.is_some() || self.retires_ms.is_some_and(|retires_ms| retires_ms <= now_ms)
    }

    fn awaits_use(&self) -> bool {
        self.replaces && self.used_ms.is_none() && self.revoked_ms.is_none()
    }
}

/// Every certificate that the device authority issued.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Register {
    /// The certificates, oldest first.
    pub issued: Vec<Issued>,
}

impl Register {
    /// The serial numbers that must be refused at `now_ms`: revoked, or retired by a successor.
    pub fn refused(&self, now_ms: u64) -> HashSet<String> {
        let refused = self.issued.iter().filter(|issued| issued.is_refused(now_ms));
        refused.map(|issued| issued.serial.clone()).collect()
    }

    /// The serial numbers whose next use changes nothing.
    pub fn settled(&self) -> HashSet<String> {
        self.issued.iter().filter(|issued| !issued.awaits_use()).map(|issued| issued.serial.clone()).collect()
    }

    /// The next moment behind `now_ms` at which a certificate retires.
    pub fn next_retirement_ms(&self, now_ms: u64) -> Option<u64> {
        let retiring = self.issued.iter().filter(|issued| issued.revoked_ms.is_none());
        retiring.filter_map(|issued| issued.retires_ms).filter(|at_ms| *at_ms > now_ms).min()
    }

    /// Notes that successors are in use: what they replace retires at `retires_ms`. Answers whether anything changed.
    pub(super) fn note_used(&mut self, serials: &[String], now_ms: u64, retires_ms: u64) -> bool {
        let mut changed = false;
        for serial in serials {
            let Some(at) = self.issued.iter().position(|issued| issued.serial == *serial && issued.awaits_use()) else {
                continue;
            };
            let (older, rest) = self.issued.split_at_mut(at);
            let Some(successor) = rest.first_mut() else { continue };
            successor.used_ms = Some(now_ms);
            changed = true;
            let replaced = older.iter_mut().filter(|issued| {
                issued.device == successor.device && issued.role == successor.role && issued.retires_ms.is_none()
            });
            for issued in replaced {
                issued.retires_ms = Some(retires_ms);
            }
        }
        changed
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

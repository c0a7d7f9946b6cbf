//! One receipt: what is known of it without its bytes.

use std::fmt;
use std::str::FromStr;

use milepost_engine::service_book::EventId;
use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::accounts::{RandomError, Token};
use crate::domain::AccountId;

/// A receipt's id: 16 hexadecimal digits, drawn at random.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AttachmentId(String);

/// The text is not 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("receipt id must be 16 hexadecimal digits")]
pub struct AttachmentIdError;

impl AttachmentId {
    /// A new id.
    pub(super) fn random() -> Result<Self, RandomError> {
        Ok(Self(Token::random()?.reveal()[..16].to_owned()))
    }
}

impl FromStr for AttachmentId {
    type Err = AttachmentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if clean && text.len() == 16 { Ok(Self(text.to_owned())) } else { Err(AttachmentIdError) }
    }
}

impl<'de> Deserialize<'de> for AttachmentId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A receipt, with its name in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// Whose.
    pub owner: AccountId,
    /// Of which vehicle.
    pub vehicle: DeviceId,
    /// To which entry of its service book it belongs.
    pub service: EventId,
    /// What it is.
    pub kind: Kind,
    /// What its file was called.
    pub name: String,
    /// How long it is, in bytes.
    pub len: usize,
    /// When it was attached, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// A receipt, as it is stored beside its parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) owner: AccountId,
    pub(super) kind: Kind,
    /// The name under the owner's key, in base64.
    pub(super) name: String,
    pub(super) len: usize,
    pub(super) parts: usize,
    pub(super) at_ms: u64,
}

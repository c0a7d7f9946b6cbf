//! Who caused something.

use std::fmt;
use std::str::FromStr;

use milepost_protocol::notice::Surface;
use serde::{Deserialize, Serialize};

/// The longest account id, in bytes.
const MAX_ACCOUNT_ID_LEN: usize = 64;

/// An opaque account id: 1 to 64 characters of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

/// The text is empty, longer than 64 bytes or has a character outside `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("account id must be 1 to 64 characters of [A-Za-z0-9_-]")]
pub struct AccountIdError;

impl AccountId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MAX_ACCOUNT_ID_LEN).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if fits && clean { Ok(Self(text.to_owned())) } else { Err(AccountIdError) }
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who caused a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The car, or somebody at its display.
    Car,
    /// The owner, on the account pages or through the API.
    Owner(AccountId),
    /// Somebody whom the owner lets drive, on the account pages or through the API.
    Family(AccountId),
    /// A service advisor on the owner's behalf.
    Advisor(AccountId),
    /// A firmware engineer, about the device.
    Engineer(AccountId),
    /// The service itself: a rule, a timer.
    System,
    /// Somebody who has erased their account since.
    Forgotten,
}

impl Actor {
    /// The surface that this actor uses; the service itself has none.
    pub fn surface(&self) -> Option<Surface> {
        match self {
            Self::Car => Some(Surface::Car),
            Self::Owner(_) | Self::Family(_) => Some(Surface::Account),
            Self::Advisor(_) => Some(Surface::Advisor),
            Self::Engineer(_) | Self::System | Self::Forgotten => None,
        }
    }
}

//! One invitation, as it is stored.

use std::fmt;
use std::str::FromStr;

use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};

use crate::accounts::{RandomError, Token};
use crate::channels::{Address, Asked};
use crate::domain::{AccountId, Grant, Vehicle};

/// How long an invitation can be taken, in milliseconds: a week.
pub const INVITATION_MS: u64 = 7 * 86_400_000;

/// The most open invitations of one vehicle.
pub const MAX_INVITATIONS: usize = 12;

/// An invitation's id: 16 hexadecimal digits, drawn at random.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct InvitationId(String);

/// The text is not 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invitation id must be 16 hexadecimal digits")]
pub struct InvitationIdError;

impl InvitationId {
    /// A new id.
    pub(super) fn random() -> Result<Self, RandomError> {
        Ok(Self(Token::random()?.reveal()[..16].to_owned()))
    }
}

impl FromStr for InvitationId {
    type Err = InvitationIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if clean && text.len() == 16 { Ok(Self(text.to_owned())) } else { Err(InvitationIdError) }
    }
}

impl<'de> Deserialize<'de> for InvitationId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One invitation, as it is stored until somebody takes it or its owner withdraws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// To which vehicle.
    pub vehicle: DeviceId,
    /// Who invites.
    pub by: AccountId,
    /// What is granted.
    pub grant: Grant,
    /// Whom.
    pub to: Address,
    /// When it was made, in milliseconds of Unix time.
    pub made_ms: u64,
    /// When it ends, in milliseconds of Unix time.
    pub until_ms: u64,
    /// How far its mail has come; absent where the service sends no mails.
    pub mail: Option<Asked>,
}

impl Invitation {
    /// What the store knows it by.
    pub fn key(&self) -> String {
        format!("{}/{}", self.vehicle, self.id)
    }

    /// Whether it can be taken: it has not ended, and the vehicle is still its inviter's.
    pub fn counts(&self, vehicle: &Vehicle, now_ms: u64) -> bool {
        now_ms < self.until_ms
            && vehicle.owner.as_ref() == Some(&self.by)
            && self.made_ms >= vehicle.book.owned_since_ms
    }
}

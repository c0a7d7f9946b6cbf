//! One notice on its way to one recipient by one channel.
//!
//! Invariant: what was sent stays sent; only a staff member takes a dead delivery up again, or has one sent anew.

use std::fmt;
use std::str::FromStr;

use milepost_engine::channels::{Channel, Hold, Leave, Rule};
use milepost_engine::journey::Cause;
use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::AccountId;

/// What a delivery is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To tell the notice.
    Show,
    /// To take it away again, because it was answered elsewhere.
    Clear,
}

/// The identity of a delivery.
///
/// The notice's id holds item, cycle and level of a reminder, so that no level is told twice to one recipient by one channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// The vehicle.
    pub device: DeviceId,
    /// The notice.
    pub notice: NoticeId,
    /// What for.
    pub purpose: Purpose,
    /// By which channel.
    pub channel: Channel,
    /// To whom: a hash of the address, which stands nowhere but with its owner.
    pub recipient: String,
}

impl DeliveryKey {
    /// What a receiver knows a message by that carries this delivery alone: the same for every attempt.
    pub fn idempotency_key(&self) -> String {
        short_hash(&self.to_string())
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, notice, purpose, channel, recipient } = self;
        let purpose = match purpose {
            Purpose::Show => "show",
            Purpose::Clear => "clear",
        };
        write!(f, "{device}/{notice}/{purpose}/{}/{recipient}", channel.name())
    }
}

/// The text is no delivery's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("text is no delivery's key")]
pub struct KeyError;

impl FromStr for DeliveryKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(KeyError);
        let key = Self {
            device: next()?.parse().map_err(|_| KeyError)?,
            notice: next()?.parse().map_err(|_| KeyError)?,
            purpose: match next()? {
                "show" => Purpose::Show,
                "clear" => Purpose::Clear,
                _ => return Err(KeyError),
            },
            channel: Channel::from_name(next()?).ok_or(KeyError)?,
            recipient: next()?.to_owned(),
        };
        let is_hash = key.recipient.len() == 32 && key.recipient.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && parts.next().is_none() { Ok(key) } else { Err(KeyError) }
    }
}

/// The first half of a SHA-256 as 32 hexadecimal digits.
pub(crate) fn short_hash(text: &str) -> String {
    crate::pki::hex(&Sha256::digest(text.as_bytes())[..16])
}

/// Why a delivery that was planned does not take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The notice was answered or has expired.
    Closed,
    /// The owner does not want it by this channel any more.
    Unwanted,
    /// The address is gone, or the vehicle has another owner.
    Gone,
}

impl From<Leave> for Why {
    fn from(leave: Leave) -> Self {
        match leave {
            Leave::Closed => Self::Closed,
            Leave::Offer | Leave::Off | Leave::Level | Leave::Consent => Self::Unwanted,
        }
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes out as soon as its channel comes to it.
    Queued {
        /// Since when, in milliseconds of Unix time.
        due_ms: u64,
    },
    /// A rule holds it back.
    Held {
        /// Which.
        rule: Rule,
        /// Until when, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// The last attempt failed.
    Failed {
        /// When the next follows, in milliseconds of Unix time.
        next_ms: u64,
    },
    /// It went out.
    Sent {
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// It was given up; staff can take it up again.
    Dead {
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// It does not take place.
    Withdrawn {
        /// When that was known, in milliseconds of Unix time.
        at_ms: u64,
        /// Why.
        why: Why,
    },
}

impl State {
    /// The state that a hold leads to.
    pub fn held(hold: Hold) -> Self {
        Self::Held { rule: hold.rule, until_ms: hold.until_ms }
    }

    /// When something has to be done about it, in milliseconds of Unix time; `None` when nothing has.
    pub fn due_ms(self) -> Option<u64> {
        match self {
            Self::Queued { due_ms } => Some(due_ms),
            Self::Held { until_ms, .. } => Some(until_ms),
            Self::Failed { next_ms } => Some(next_ms),
            Self::Sent { .. } | Self::Dead { .. } | Self::Withdrawn { .. } => None,
        }
    }

    /// The name, for counters and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Held { .. } => "held",
            Self::Failed { .. } => "failed",
            Self::Sent { .. } => "sent",
            Self::Dead { .. } => "dead",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// A delivery, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its identity.
    pub key: DeliveryKey,
    /// To whom the recipient belongs.
    pub owner: AccountId,
    /// When it was planned, in milliseconds of Unix time.
    pub planned_ms: u64,
    /// How far it has come.
    pub state: State,
    /// How many attempts have begun.
    #[serde(default)]
    pub attempts: u32,
    /// When the first of them began, in milliseconds of Unix time.
    #[serde(default)]
    pub first_attempt_ms: Option<u64>,
    /// The idempotency key of the message that carries it, from the moment at which it may have gone out.
    #[serde(default)]
    pub message: Option<String>,
    /// What the last attempt failed with.
    #[serde(default)]
    pub error: Option<String>,
    /// What the notice is about, for the register of contacts.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// Each time that somebody of the workshop had it sent anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Repeat>,
}

/// Somebody of the workshop has a delivery sent anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Who.
    pub by: AccountId,
    /// How far it had come before.
    pub before: State,
}

impl Delivery {
    /// A delivery that nobody has tried yet.
    pub fn planned(key: DeliveryKey, owner: AccountId, state: State, now_ms: u64) -> Self {
        Self {
            key,
            owner,
            planned_ms: now_ms,
            state,
            attempts: 0,
            first_attempt_ms: None,
            message: None,
            error: None,
            cause: None,
            again: Vec::new(),
        }
    }

    /// What a receiver knows a message by that carries this delivery alone: another one each time that it is sent anew.
    pub fn idempotency_key(&self) -> String {
        match self.again.len() {
            0 => self.key.idempotency_key(),
            times => short_hash(&format!("{} {times}", self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_is_the_same_for_every_attempt() {
        let key = DeliveryKey {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(3),
            purpose: Purpose::Show,
            channel: Channel::Email,
            recipient: short_hash("anna"),
        };
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let other = DeliveryKey { channel: Channel::Push, ..key.clone() };
        assert_ne!(key.idempotency_key(), other.idempotency_key());
        for wrong in ["", "car-1", "car-1/0/show/email/x", "car-1/zz/show/email/0123"] {
            assert_eq!(wrong.parse::<DeliveryKey>(), Err(KeyError), "{wrong}");
        }
    }
}

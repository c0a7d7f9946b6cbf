//! What a decision chooses between.
//!
//! Invariant: "nothing" is one of the arms, and an arm says what, where and when.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Where an offer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// The owner's pages.
    Account,
    /// The car's display, when it stands.
    Car,
}

/// When an offer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timing {
    /// At once.
    Now,
    /// On the next Saturday at ten, by the owner's clock.
    Saturday,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arm {
    /// Nothing; it is always there.
    Nothing,
    /// An offer, at a place, at a time.
    Offer {
        /// Which.
        offer: u16,
        /// Where.
        channel: Channel,
        /// When.
        timing: Timing,
    },
}

impl Channel {
    /// The name, as files and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Car => "car",
        }
    }

    /// The channel with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Account, Self::Car].into_iter().find(|known| known.name() == name)
    }
}

impl Timing {
    /// The name, as files and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Saturday => "saturday",
        }
    }

    /// The timing with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Now, Self::Saturday].into_iter().find(|known| known.name() == name)
    }
}

impl Arm {
    /// The offer, if it is one.
    pub fn offer(self) -> Option<u16> {
        match self {
            Self::Nothing => None,
            Self::Offer { offer, .. } => Some(offer),
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Offer { offer, channel, timing } => write!(f, "{offer}/{}/{}", channel.name(), timing.name()),
        }
    }
}

//! What the workshop's people do for owners: follow-ups, calls, and who was told what by whom.
//!
//! Invariant: what is noted about a vehicle is about the owner that it had then; once it changes hands, nobody sees it any more.

mod bulk;
mod call;
mod error;
mod follow_up;
mod id;
mod service;
mod shelf;
mod told;

pub use bulk::{Deed, Did, Line, MOST_AT_ONCE, Refusal};
pub use call::{Call, CallNote, Way};
pub use error::CareError;
pub use follow_up::{Done, FollowUp, Step, Wanted};
pub use id::{CareId, CareIdError};
pub use told::{Told, ToldWay, Upshot};

use serde::{Deserialize, Serialize};

use crate::accounts::Accounts;
use crate::channels::Channels;
use crate::service::Service;

/// What came of a call or a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CareOutcome {
    /// The owner was reached, and knows.
    Reached,
    /// An appointment was made.
    Booked,
    /// The owner does not want it.
    Declined,
    /// The owner wants to hear of it later.
    Later,
    /// Nobody answered.
    NotReached,
    /// Nothing is left to do.
    Settled,
}

impl CareOutcome {
    /// All of them, in the order in which forms offer them.
    pub const ALL: [Self; 6] =
        [Self::Reached, Self::Booked, Self::Declined, Self::Later, Self::NotReached, Self::Settled];

    /// The name, as forms and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Booked => "booked",
            Self::Declined => "declined",
            Self::Later => "later",
            Self::NotReached => "not_reached",
            Self::Settled => "settled",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// A handle on what the workshop's people do; clones share the service.
#[derive(Debug, Clone)]
pub struct Care {
    service: Service,
    accounts: Accounts,
    channels: Channels,
}

impl Care {
    /// Puts the parts together.
    pub fn new(service: Service, accounts: Accounts, channels: Channels) -> Self {
        Self { service, accounts, channels }
    }
}

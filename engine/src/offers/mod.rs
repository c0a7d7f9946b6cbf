//! Which offer is made to one owner at one moment, if any.
//!
//! Invariant: "nothing" is always an arm; every candidate that is not made says at which stage it fell and by which
//! figures; and the shares that are stored are those that the arm was drawn from.

mod decide;
mod ledger;
mod quiet;
mod reject;
#[cfg(test)]
mod tests;
mod winter_tyres;

pub use decide::{Arm, ArmShare, Candidate, Channel, Context, Decision, Timing, decide};
pub use ledger::{Ledger, Outcome, Presentation};
pub use quiet::QuietHours;
pub use reject::{Budget, Caps, Ineligible, Rejection, Stage};
pub use winter_tyres::{COLD_BELOW_C, SUMMER_ABOVE_C};

use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Reason;
use serde::{Deserialize, Serialize};

use crate::usage::VehicleState;

/// What an offer is about; each kind has its own eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OfferKind {
    /// Change to winter tyres.
    WinterTyres,
}

/// An offer that can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its number; it is part of the notice's id.
    pub id: u16,
    /// What it is about.
    pub kind: OfferKind,
    /// Purposes that must all be consented to.
    pub needs: Purposes,
    /// Where it can be shown; each place is an arm of its own.
    pub channels: heapless::Vec<Channel, 4>,
}

impl Offer {
    /// The number of the winter tyre offer.
    pub const WINTER_TYRES: u16 = 1;

    /// The winter tyre offer, shown in the account.
    pub fn winter_tyres() -> Self {
        Self {
            id: Self::WINTER_TYRES,
            kind: OfferKind::WinterTyres,
            needs: Purposes::OFFERS,
            channels: core::iter::once(Channel::Account).collect(),
        }
    }
}

impl OfferKind {
    /// Whether the car's state speaks for the offer, with the reasons to show if it does.
    fn eligible(self, offer: u16, state: &VehicleState, ledger: &Ledger, now_ms: u64) -> Result<Reasons, Ineligible> {
        match self {
            Self::WinterTyres => winter_tyres::eligible(offer, state, ledger, now_ms),
        }
    }
}

type Reasons = heapless::Vec<Reason, { milepost_protocol::notice::MAX_REASONS }>;

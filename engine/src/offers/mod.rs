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

use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Reason;
use milepost_protocol::plan::{ItemId, Level, SafetyClass, ServicePlan};
use serde::{Deserialize, Serialize};

use crate::maintenance::Assessment;
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
    /// The service item that it remedies; that item being due does not hold the offer back, any other safety item does.
    pub remedies: Option<ItemId>,
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
            remedies: Some(ItemId::TYRES),
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

/// The items that concern safety and are due or overdue: no offer comes ahead of them.
pub fn open_safety(plan: &ServicePlan, assessments: &[Assessment]) -> Vec<ItemId> {
    let concerns_safety = |item: ItemId| {
        plan.items.iter().any(|known| known.rule.item == item && known.rule.safety == SafetyClass::Safety)
    };
    let open = |one: &&Assessment| one.level >= Level::Due && concerns_safety(one.item);
    assessments.iter().filter(open).map(|one| one.item).collect()
}

type Reasons = heapless::Vec<Reason, { milepost_protocol::notice::MAX_REASONS }>;

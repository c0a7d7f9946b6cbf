//! The offers that can be made.
//!
//! Invariant: an offer states what it needs, what it remedies and where it can appear; whether it is made is never decided here.

use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Reasons;
use milepost_protocol::plan::{ItemId, Level, PlanItem, SafetyClass};
use serde::{Deserialize, Serialize};

use super::arm::Channel;
use super::ledger::Ledger;
use super::reject::Ineligible;
use super::winter_tyres;
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
    pub(super) fn eligible(
        self,
        offer: u16,
        state: &VehicleState,
        ledger: &Ledger,
        now_ms: u64,
    ) -> Result<Reasons, Ineligible> {
        match self {
            Self::WinterTyres => winter_tyres::eligible(offer, state, ledger, now_ms),
        }
    }
}

/// The items that concern safety and are due or overdue: no offer comes ahead of them.
pub fn open_safety(plan: &[PlanItem], assessments: &[Assessment]) -> Vec<ItemId> {
    let concerns_safety =
        |item: ItemId| plan.iter().any(|known| known.rule.item == item && known.rule.safety == SafetyClass::Safety);
    let open = |one: &&Assessment| one.level >= Level::Due && concerns_safety(one.item);
    assessments.iter().filter(open).map(|one| one.item).collect()
}

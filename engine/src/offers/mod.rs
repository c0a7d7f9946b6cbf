//! Which offer is made to one owner at one moment, if any.
//!
//! Invariant: "nothing" is always an arm; every candidate that is not made says at which stage it fell and by which
//! figures; and the shares that are stored are those that the arm was drawn from.

mod arm;
pub mod catalogue;
mod decide;
pub mod eligibility;
mod ledger;
mod offer;
mod quiet;
mod reject;
pub mod segments;
#[cfg(test)]
mod tests;
mod winter_tyres;

pub use arm::{Arm, Channel, Timing};
pub use decide::{ArmShare, Candidate, Context, Decision, decide};
pub use ledger::{Ledger, Outcome, Presentation};
pub use offer::{Offer, OfferKind, open_safety};
pub use quiet::QuietHours;
pub use reject::{Budget, Caps, Ineligible, Rejection, Stage};
pub use winter_tyres::{COLD_BELOW_C, SUMMER_ABOVE_C};

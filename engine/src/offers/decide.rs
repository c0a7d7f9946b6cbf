//! The decision: every candidate through the stages in order, then one arm.
//!
//! Invariant: a candidate falls at its first stage and goes no further, so that without consent the car's state is not even looked at.

use alloc::vec::Vec;

use milepost_protocol::downlink::Consent;
use milepost_protocol::notice::{Reason, Reasons};
use milepost_protocol::plan::{DAY_MS, ItemId};
use serde::{Deserialize, Serialize};

use super::arm::{Arm, Channel, Timing};
use super::ledger::Ledger;
use super::offer::Offer;
use super::quiet::QuietHours;
use super::reject::{Budget, Caps, Rejection};
use crate::experiments::Placement;
use crate::policy::{self, Policy};
use crate::usage::VehicleState;

/// How long a decision for nothing stands before the same question is asked again, in days.
///
/// Without it, asking often would turn a share of one fifth for nothing into almost none.
const NOTHING_STANDS_DAYS: u64 = 7;

/// How long the car's state is left before it is looked at again, in days.
const LOOK_AGAIN_DAYS: u64 = 1;

/// All that a decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// In milliseconds of Unix time.
    pub now_ms: u64,
    /// The minute of the owner's local day.
    pub local_minute: u16,
    /// What the owner allows.
    pub consent: Consent,
    /// Items that concern safety and are due or overdue: [`super::open_safety`], and whatever else the caller knows.
    pub open_safety: &'a [ItemId],
    /// The vehicle.
    pub state: &'a VehicleState,
    /// What was offered before for this vehicle.
    pub ledger: &'a Ledger,
    /// When the owner was contacted with any offer for any car, in milliseconds of Unix time, in any order.
    pub contacts_ms: &'a [u64],
    /// How often at most.
    pub caps: Caps,
    /// Hours to leave alone.
    pub quiet: QuietHours,
    /// What may be spent.
    pub budget: Budget,
    /// Where the account lies in the persistent holdout.
    pub holdout: Placement,
    /// The policy in force.
    pub policy: Policy,
}

/// One candidate's way through the stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which offer.
    pub offer: u16,
    /// Why it fell; `None` if it reached the policy.
    pub rejection: Option<Rejection>,
    /// What speaks for it, once it is eligible.
    pub reasons: Vec<Reason>,
}

/// One arm and the probability with which it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArmShare {
    /// The arm.
    pub arm: Arm,
    /// Its probability.
    pub propensity: f64,
}

/// What was decided, with everything that it takes to replay and to judge it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The policy's version.
    pub policy: u32,
    /// The consent's version.
    pub consent: u32,
    /// Every candidate.
    pub candidates: Vec<Candidate>,
    /// Every arm; the probabilities sum to 1. "Nothing" is the first.
    pub arms: Vec<ArmShare>,
    /// The draw, uniform in [0, 1).
    pub draw: f64,
    /// The arm that was drawn.
    pub chosen: Arm,
    /// The probability with which it was.
    pub propensity: f64,
    /// When to decide again if nothing else happens, in milliseconds of Unix time.
    pub again_at_ms: u64,
}

impl Decision {
    /// The reasons of the chosen offer; empty for nothing.
    pub fn reasons(&self) -> &[Reason] {
        let chosen =
            |candidate: &&Candidate| matches!(self.chosen, Arm::Offer { offer, .. } if offer == candidate.offer);
        self.candidates.iter().find(chosen).map_or(&[], |candidate| &candidate.reasons)
    }
}

/// Decides among `offers` with `draw`, uniform in [0, 1).
pub fn decide(context: &Context<'_>, offers: &[Offer], draw: f64) -> Decision {
    let mut candidates = Vec::with_capacity(offers.len());
    let mut arms = alloc::vec![Arm::Nothing];
    for offer in offers {
        let (rejection, reasons) = match pass(context, offer) {
            Ok(reasons) => {
                let arm = |&channel: &Channel| Arm::Offer { offer: offer.id, channel, timing: Timing::Now };
                arms.extend(offer.channels.iter().map(arm));
                (None, reasons)
            }
            Err((rejection, reasons)) => (Some(rejection), reasons),
        };
        candidates.push(Candidate { offer: offer.id, rejection, reasons: reasons.iter().copied().collect() });
    }

    let shares = context.policy.shares(arms.len() - 1);
    let drawn = policy::pick(&shares, draw);
    let arms: Vec<_> = arms.into_iter().zip(shares).map(|(arm, propensity)| ArmShare { arm, propensity }).collect();
    let ArmShare { arm: chosen, propensity } = arms[drawn];
    let again_at_ms = again_at_ms(context, &candidates, arms.len());
    Decision {
        at_ms: context.now_ms,
        policy: context.policy.version,
        consent: context.consent.version,
        candidates,
        arms,
        draw: if draw.is_finite() { draw } else { 1.0 },
        chosen,
        propensity,
        again_at_ms,
    }
}

/// The stages in order; an eligible candidate keeps its reasons also when it falls later.
fn pass(context: &Context<'_>, offer: &Offer) -> Result<Reasons, (Rejection, Reasons)> {
    let now_ms = context.now_ms;
    let early = |rejection| (rejection, Reasons::new());

    let given = context.consent.purposes;
    if !given.contains(offer.needs) {
        return Err(early(Rejection::NoConsent { needs: offer.needs, given }));
    }
    let holds_back = |item: &ItemId| offer.remedies != Some(*item);
    let items: Vec<_> = context.open_safety.iter().copied().filter(holds_back).collect();
    if !items.is_empty() {
        return Err(early(Rejection::SafetyOpen { items }));
    }
    let reasons = offer
        .kind
        .eligible(offer.id, context.state, context.ledger, now_ms)
        .map_err(|ineligible| early(Rejection::NotEligible(ineligible)))?;
    match capped(context).or_else(|| later(context)) {
        Some(rejection) => Err((rejection, reasons)),
        None => Ok(reasons),
    }
}

fn capped(context: &Context<'_>) -> Option<Rejection> {
    let Caps { limit, window_days } = context.caps;
    let window_ms = u64::from(window_days) * DAY_MS;
    let mut within: Vec<u64> =
        context.contacts_ms.iter().copied().filter(|&at_ms| context.now_ms < at_ms.saturating_add(window_ms)).collect();
    let shown = within.len() as u32;
    if shown < limit {
        return None;
    }
    within.sort_unstable();
    // There is room when all but `limit - 1` of these contacts have left the window.
    let leaves = within.get((shown - limit.max(1)) as usize).copied().unwrap_or(context.now_ms);
    Some(Rejection::Capped { shown, limit, window_days, free_at_ms: leaves.saturating_add(window_ms) })
}

fn later(context: &Context<'_>) -> Option<Rejection> {
    if let Some(until_ms) = context.quiet.until_ms(context.now_ms, context.local_minute) {
        return Some(Rejection::Quiet { until_ms });
    }
    if context.budget.spent >= context.budget.limit {
        return Some(Rejection::BudgetSpent(context.budget));
    }
    context.holdout.is_held_out().then_some(Rejection::HeldOut(context.holdout))
}

fn again_at_ms(context: &Context<'_>, candidates: &[Candidate], arms: usize) -> u64 {
    let in_days = |days: u64| context.now_ms.saturating_add(days * DAY_MS);
    if arms > 1 {
        return in_days(NOTHING_STANDS_DAYS);
    }
    let clears = candidates.iter().filter_map(|candidate| candidate.rejection.as_ref()?.clears_at_ms()).min();
    clears.unwrap_or_else(|| in_days(LOOK_AGAIN_DAYS))
}

//! The decision: every candidate through the stages in order, then one arm.
//!
//! Invariant: a candidate falls at its first stage and goes no further, so that without consent no fact is even looked at.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::downlink::Consent;
use milepost_protocol::plan::{DAY_MS, ItemId};
use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::catalogue::{Entry, Hundredths, Owner, Unfit};
use super::eligibility::{Facts, Ground};
use super::ledger::{Ledger, Outcome};
use super::quiet::QuietHours;
use super::reject::{Budget, Caps, Pace, Rejection};
use super::trial::{Exposure, Part};
use crate::experiments::Placement;
use crate::policy;

/// How long a decision for nothing stands before the same question is asked again, in days.
///
/// Without it, asking often would turn a share of one fifth for nothing into almost none.
const NOTHING_STANDS_DAYS: u64 = 7;

/// How long the car's state is left before it is looked at again, in days.
const LOOK_AGAIN_DAYS: u64 = 1;

/// How long before an offer its advice is given, in milliseconds.
const ADVICE_AHEAD_MS: u64 = DAY_MS;

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
    /// Who is asked for, with what is known of car and owner.
    pub owner: Owner<'a>,
    /// What was offered before for this vehicle.
    pub ledger: &'a Ledger,
    /// When the owner was contacted about any car, by an offer or otherwise, in milliseconds of Unix time, in any order.
    pub contacts_ms: &'a [u64],
    /// How often at most.
    pub caps: Caps,
    /// Hours to leave alone.
    pub quiet: QuietHours,
    /// What may be spent on this owner.
    pub budget: Budget,
    /// What may be spent on all owners by now.
    pub pace: Option<Pace>,
    /// Where the account lies in the persistent holdout.
    pub holdout: Placement,
    /// Arms that were halted.
    pub halted: &'a [Arm],
    /// Experiments that the account takes part in, by their order.
    pub parts: &'a [Part<'a>],
}

/// How the shares came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Lane {
    /// By the policy in force.
    #[default]
    Policy,
    /// By the policy in force, for an account of the group that the holdout is compared with.
    Measured,
    /// Evenly, so that every policy can be judged by what comes of it.
    Uniform,
    /// By an experiment, where the account lies in its randomisation.
    Experiment,
}

/// The shares that an arm is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// How they came about.
    pub lane: Lane,
    /// The policy's version.
    pub policy: u32,
    /// What the policy saw.
    pub features: Vec<f64>,
    /// One for each arm, in their order; they sum to 1.
    pub shares: Vec<f64>,
    /// Where the draw falls, uniform in [0, 1).
    pub at: f64,
}

/// One candidate's way through the stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which offer.
    pub offer: u16,
    /// Its entry's version.
    #[serde(default)]
    pub version: u32,
    /// Why it fell; `None` if it reached the policy.
    pub rejection: Option<Rejection>,
    /// The figures that speak for it, once it fits.
    #[serde(default)]
    pub grounds: Vec<Ground>,
    /// What it saves this owner, once it fits; `None` where a fact is missing for that.
    #[serde(default)]
    pub saves: Option<Hundredths>,
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
    /// How the shares came about.
    #[serde(default)]
    pub lane: Lane,
    /// The consent's version.
    pub consent: u32,
    /// What was known of car and owner; empty where no candidate came so far that it was looked at.
    #[serde(default)]
    pub facts: Facts,
    /// The segments that the vehicle belonged to.
    #[serde(default)]
    pub segments: Vec<String>,
    /// What the policy saw.
    #[serde(default)]
    pub features: Vec<f64>,
    /// The experiment that it was taken by, if it was.
    #[serde(default)]
    pub exposure: Option<Exposure>,
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
    /// The candidate that was chosen; `None` for nothing.
    pub fn made(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| self.chosen.offer() == Some(candidate.offer))
    }
}

/// Decides among `entries`; `draw` gives the shares of the arms that are left, "nothing" first.
///
/// Shares that are not one for each arm, or no distribution, leave only nothing.
pub fn decide<'e>(
    context: &Context<'_>,
    entries: impl IntoIterator<Item = &'e Entry>,
    draw: impl FnOnce(&[Arm]) -> Draw,
) -> Decision {
    let mut candidates = Vec::new();
    let mut arms = alloc::vec![Arm::Nothing];
    for entry in entries {
        let candidate = |rejection, grounds, saves| {
            let (offer, version) = (entry.id, entry.version);
            Candidate { offer, version, rejection, grounds, saves }
        };
        match pass(context, entry) {
            Ok(Passed { left, grounds, saves }) => {
                arms.extend(left);
                candidates.push(candidate(None, grounds, saves));
            }
            Err((rejection, grounds, saves)) => candidates.push(candidate(Some(rejection), grounds, saves)),
        }
    }
    let taken = take(context, &mut candidates, &mut arms);
    let rest = draw(&arms);
    let Draw { lane, policy, features, shares, at } = match taken {
        Some(part) => part.draw(rest, &mut arms),
        None => rest,
    };
    let total: f64 = shares.iter().sum();
    let sound = shares.len() == arms.len() && (total - 1.0).abs() <= 1e-6 && shares.iter().all(|share| *share >= 0.0);
    if !sound {
        arms.truncate(1);
    }
    let exposure = taken.filter(|_| sound).map(Part::exposure);
    let shares = if arms.len() == 1 { alloc::vec![1.0] } else { shares };
    let drawn = policy::pick(&shares, at);
    let arms: Vec<_> = arms.into_iter().zip(shares).map(|(arm, propensity)| ArmShare { arm, propensity }).collect();
    let ArmShare { arm: chosen, propensity } = arms[drawn];
    let again_at_ms = again_at_ms(context, &candidates, arms.len());
    let looked = candidates.iter().any(|candidate| !matches!(candidate.rejection, Some(Rejection::NoConsent { .. })));
    Decision {
        at_ms: context.now_ms,
        policy,
        lane,
        consent: context.consent.version,
        facts: if looked { context.owner.facts.clone() } else { Facts::new() },
        segments: Vec::new(),
        features,
        exposure,
        candidates,
        arms,
        draw: if at.is_finite() { at } else { 1.0 },
        chosen,
        propensity,
        again_at_ms,
    }
}

/// Takes what experiments are about out of the policy's hands; the first whose arms can all be made takes the decision.
fn take<'a>(context: &Context<'a>, candidates: &mut [Candidate], arms: &mut Vec<Arm>) -> Option<&'a Part<'a>> {
    let mut taken = None;
    for part in context.parts {
        let possible = part.trial.arms.iter().all(|one| arms.contains(&one.arm));
        let takes = taken.is_none() && part.fits && possible;
        arms.retain(|arm| !part.trial.concerns(*arm));
        if takes {
            taken = Some(part);
            continue;
        }
        let withheld = candidates.iter_mut().filter(|candidate| candidate.rejection.is_none());
        for candidate in withheld.filter(|candidate| part.trial.offers().any(|offer| offer == candidate.offer)) {
            candidate.rejection = Some(Rejection::InExperiment { experiment: part.trial.id.clone() });
        }
    }
    taken
}

/// What is left of a candidate that came through.
struct Passed {
    left: Vec<Arm>,
    grounds: Vec<Ground>,
    saves: Option<Hundredths>,
}

type Fallen = (Rejection, Vec<Ground>, Option<Hundredths>);

/// Why an offer could not be made now, `None` if it could; for those that were drawn for later.
pub fn objection(context: &Context<'_>, entry: &Entry) -> Option<Rejection> {
    pass(context, entry).err().map(|(rejection, ..)| rejection)
}

/// The stages in order; a candidate that fits keeps its grounds also when it falls later.
fn pass(context: &Context<'_>, entry: &Entry) -> Result<Passed, Fallen> {
    let early = |rejection| (rejection, Vec::new(), None);
    let given = context.consent.purposes;
    if !given.contains(entry.needs) {
        return Err(early(Rejection::NoConsent { needs: entry.needs, given }));
    }
    let holds_back = |item: &ItemId| entry.remedies != Some(*item);
    let items: Vec<_> = context.open_safety.iter().copied().filter(holds_back).collect();
    if !items.is_empty() {
        return Err(early(Rejection::SafetyOpen { items }));
    }
    if let Some(unfit) = asked_before(context, entry) {
        return Err(early(Rejection::Unfit(unfit)));
    }
    let personal = entry.fits(&context.owner, context.now_ms).map_err(|unfit| early(Rejection::Unfit(unfit)))?;
    let (grounds, saves) = (personal.grounds, personal.saves);
    if let Some(rejection) = tired(context, entry).or_else(|| capped(context)).or_else(|| later(context)) {
        return Err((rejection, grounds, saves));
    }
    let arms = entry
        .channels
        .iter()
        .flat_map(|&channel| entry.timings.iter().map(move |&timing| Arm::Offer { offer: entry.id, channel, timing }));
    let left: Vec<Arm> = arms.filter(|arm| !context.halted.contains(arm)).collect();
    if left.is_empty() {
        return Err((Rejection::Halted, grounds, saves));
    }
    Ok(Passed { left, grounds, saves })
}

fn asked_before(context: &Context<'_>, entry: &Entry) -> Option<Unfit> {
    let now_ms = context.now_ms;
    for known in context.ledger.of(entry.id) {
        match known.outcome {
            None => return Some(Unfit::AlreadyOpen { since_ms: known.at_ms }),
            Some((Outcome::Booked | Outcome::Done | Outcome::Refused, at_ms))
                if now_ms.saturating_sub(at_ms) < u64::from(entry.rest_days) * DAY_MS =>
            {
                return Some(Unfit::Answered { at_ms });
            }
            Some(_) => {}
        }
    }
    let tip = entry.after?;
    let given = context.ledger.tipped_ms(tip).is_some_and(|at_ms| now_ms.saturating_sub(at_ms) >= ADVICE_AHEAD_MS);
    (!given).then_some(Unfit::TipFirst { tip })
}

fn tired(context: &Context<'_>, entry: &Entry) -> Option<Rejection> {
    if let Some(until_ms) = context.ledger.fewer_until_ms(entry.id, context.now_ms) {
        return Some(Rejection::Fewer { until_ms });
    }
    context.ledger.fatigued_until_ms(context.now_ms).map(|until_ms| Rejection::Fatigued { until_ms })
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
    if let Some(pace) = context.pace.filter(|pace| pace.is_spent()) {
        return Some(Rejection::Paced(pace));
    }
    context.holdout.is_held_out().then_some(Rejection::HeldOut(context.holdout))
}

fn again_at_ms(context: &Context<'_>, candidates: &[Candidate], arms: usize) -> u64 {
    let in_days = |days: u64| context.now_ms.saturating_add(days * DAY_MS);
    if arms > 1 {
        return in_days(NOTHING_STANDS_DAYS);
    }
    let clears = candidates.iter().filter_map(|candidate| candidate.rejection.as_ref()?.clears_at_ms());
    // Advice waits for the end of the quiet too, and whoever is looked at once a night would never hear of it.
    let quiet_ends = context.quiet.until_ms(context.now_ms, context.local_minute);
    clears.chain(quiet_ends).min().unwrap_or_else(|| in_days(LOOK_AGAIN_DAYS))
}

//! Whether a policy may take another's place: what it would have earned, from what was logged.
//!
//! Invariant: a policy that the log cannot judge, or that it shows to earn less, is not supported, with the reason in data.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::arm::Arm;
use super::book::Book;
use super::decide::ArmShare;
use super::eligibility::Facts;
use super::learner::Learner;
use crate::evaluation::estimators::{Estimate, Evaluation, Event, Refusal, Target, evaluate};
use crate::policy::Policy;

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.96;

/// One decision that had a choice, with what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// What the policy that is judged sees of it; see [`Learner::features`].
    pub features: Vec<f64>,
    /// The arms that there were, with the shares that they were drawn with.
    pub arms: Vec<ArmShare>,
    /// The arm that was drawn.
    pub chosen: Arm,
    /// What it brought, in the currency's own unit.
    pub reward: f64,
}

/// By what arms are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// By what was learnt so far.
    Learnt,
    /// By fixed shares.
    Fixed(Policy),
}

impl Rule {
    /// The share of each arm, "nothing" first.
    pub fn shares(self, learner: &Learner, features: &[f64], arms: &[Arm]) -> Vec<f64> {
        match self {
            Self::Learnt => learner.shares(features, arms),
            Self::Fixed(policy) => policy.shares(arms.len().saturating_sub(1)),
        }
    }
}

/// What a log says of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// How many decisions the log holds.
    pub decisions: usize,
    /// What was earned for each decision, as it was decided.
    pub logged: Estimate,
    /// What the policy would have earned, and why there is no such value.
    pub evaluation: Evaluation,
    /// What follows.
    pub support: Support,
}

/// Whether a log supports a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// It earns more: the interval of the difference lies above zero.
    Better,
    /// It cannot be told apart from what was earned.
    Alike,
    /// It earns less: the interval lies below.
    Worse,
    /// The log cannot say.
    Refused(Refusal),
}

impl Support {
    /// Whether the policy may take over without anybody's word.
    pub fn allows(self) -> bool {
        matches!(self, Self::Better | Self::Alike)
    }
}

/// The interval of an estimate at 95 %.
pub fn interval(estimate: Estimate) -> (f64, f64) {
    (estimate.value - Z * estimate.standard_error, estimate.value + Z * estimate.standard_error)
}

/// Judges a policy by the doubly robust value over logged decisions (Dudík, Langford and Li, ICML 2011, arXiv:1103.4601), whose
/// propensities are exact because arms were drawn from the stored shares.
///
/// A policy that has learnt from the same log is flattered a little by it; that its floor holds is what keeps the weights small.
pub fn judge(log: &[Logged], learner: &Learner, rule: Rule) -> Judged {
    let known: BTreeSet<Arm> = log.iter().flat_map(|one| one.arms.iter().map(|share| share.arm)).collect();
    let known: Vec<Arm> = known.into_iter().collect();
    let place_of = |arm: Arm| known.binary_search(&arm).unwrap_or(known.len());
    let mut events = Vec::with_capacity(log.len());
    let mut probabilities = Vec::with_capacity(log.len());
    for (place, one) in log.iter().enumerate() {
        let arms: Vec<Arm> = one.arms.iter().map(|share| share.arm).collect();
        let mut row = alloc::vec![0.0; known.len()];
        for (arm, share) in arms.iter().zip(rule.shares(learner, &one.features, &arms)) {
            if let Some(cell) = row.get_mut(place_of(*arm)) {
                *cell = share;
            }
        }
        let drawn = one.arms.iter().find(|share| share.arm == one.chosen);
        let propensity = drawn.map_or(0.0, |share| share.propensity);
        events.push(Event { action: place_of(one.chosen), place, reward: one.reward, propensity });
        probabilities.push(row);
    }
    let evaluation = evaluate(&events, &Target::each(&probabilities));
    let n = events.len().max(1) as f64;
    let value = events.iter().map(|event| event.reward).sum::<f64>() / n;
    let squares: f64 = events.iter().map(|event| (event.reward - value) * (event.reward - value)).sum();
    let logged = Estimate { value, standard_error: libm::sqrt(squares / (n - 1.0).max(1.0) / n) };
    let support = match evaluation.estimates {
        Err(refusal) => Support::Refused(refusal),
        Ok(estimates) => {
            // Both values are estimates, so their difference is as uncertain as both together.
            let standard_error = libm::hypot(estimates.dr.standard_error, logged.standard_error);
            let (low, high) = interval(Estimate { value: estimates.dr.value - logged.value, standard_error });
            if low > 0.0 {
                Support::Better
            } else if high < 0.0 {
                Support::Worse
            } else {
                Support::Alike
            }
        }
    };
    Judged { decisions: events.len(), logged, evaluation, support }
}

impl Book {
    /// What a policy would draw now for a car of no segment, among these arms.
    pub fn shares_by(&self, rule: Rule, arms: &[Arm]) -> Vec<f64> {
        let x = self.learner.features(&Facts::new());
        rule.shares(&self.learner, &x, arms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::arm::{Channel, Timing};
    use super::*;
    use crate::random::Random;

    const MADE: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };

    /// A log of even draws between nothing, which earns nothing, and an offer that earns `pays` on average.
    fn log(decisions: usize, pays: f64) -> Vec<Logged> {
        let mut random = Random::new(3);
        let shares = [Arm::Nothing, MADE].map(|arm| ArmShare { arm, propensity: 0.5 });
        (0..decisions)
            .map(|_| {
                let chosen = if random.uniform() < 0.5 { MADE } else { Arm::Nothing };
                let noise = random.normal();
                let reward = if chosen == MADE { pays + noise } else { 0.0 };
                Logged { features: alloc::vec![1.0], arms: shares.to_vec(), chosen, reward }
            })
            .collect()
    }

    fn fixed(nothing: f64) -> Rule {
        Rule::Fixed(Policy { version: 2, nothing })
    }

    #[test]
    fn a_policy_that_earns_less_is_not_supported_and_one_that_earns_more_is() {
        let learner = Learner::new(1, []);
        let worse = judge(&log(2_000, 2.0), &learner, fixed(1.0));
        assert_eq!(worse.support, Support::Worse, "{worse:?}");
        let better = judge(&log(2_000, 2.0), &learner, fixed(0.0));
        assert_eq!(better.support, Support::Better, "{better:?}");
        let value = better.evaluation.estimates.expect("everything was logged").dr;
        assert!((value.value - 2.0 * 0.975).abs() < 0.1, "{value:?}");
        let alike = judge(&log(2_000, 2.0), &learner, Rule::Learnt);
        assert!(alike.support.allows() && alike.support == Support::Alike, "who knows nothing draws evenly: {alike:?}");
    }

    #[test]
    fn a_log_that_is_empty_short_or_without_propensities_supports_nothing() {
        let learner = Learner::new(1, []);
        let refused = |log: &[Logged]| match judge(log, &learner, fixed(0.2)).support {
            Support::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&[]), Refusal::NoEvents);
        assert!(matches!(refused(&log(60, 2.0)), Refusal::EffectiveSize(_)));
        let mut without = log(500, 2.0);
        let chosen = without[7].chosen;
        without[7].arms.retain(|share| share.arm != chosen);
        assert_eq!(refused(&without), Refusal::Propensity(7));
    }
}

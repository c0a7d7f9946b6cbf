//! Whether the arms received as many units as they should, phase by phase.
//!
//! Sources: Pearson's chi-squared; Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022,
//! arXiv:2011.03567, for looking at any time.
//! Invariant: a change of the shares starts a new phase, so that a legitimate change never raises an alarm.

use alloc::vec::Vec;

use libm::{lgamma, log, sqrt};
use serde::{Deserialize, Serialize};

use crate::special::{chi_squared_tail, normal_cdf};

/// Below this probability the experiment's results are not read.
pub const THRESHOLD: f64 = 0.001;
/// Fewer units say nothing.
pub const LEAST_UNITS: u64 = 100;
/// How many units the prior around the intended shares weighs.
const PRIOR_UNITS: f64 = 100.0;

/// A span of an experiment in which the shares stood still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// The intended share of each arm, after the holdout; they sum to one.
    pub shares: Vec<f64>,
    /// The units that each arm received.
    pub counts: Vec<u64>,
}

/// What the counts say about the shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Srm {
    /// Pearson's statistic, summed over the phases.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub df: u32,
    /// The probability of a larger one while the shares hold, for one look.
    pub p: f64,
    /// The probability bound that holds at every look: the least over the phases, times their number.
    pub sequential_p: f64,
    /// Whether the results may be read.
    pub ok: bool,
}

impl Phase {
    fn chi2(&self) -> (f64, u32) {
        let total = self.counts.iter().sum::<u64>() as f64;
        let mut chi2 = 0.0;
        let mut arms = 0;
        for (&share, &count) in self.shares.iter().zip(&self.counts) {
            let expected = total * share;
            if expected > 0.0 {
                chi2 += (count as f64 - expected) * (count as f64 - expected) / expected;
                arms += 1;
            } else if count > 0 {
                // Units in an arm that should have none cannot be explained at all.
                chi2 = f64::INFINITY;
            }
        }
        (chi2, if total > 0.0 { u32::saturating_sub(arms, 1) } else { 0 })
    }

    /// The logarithm of the Bayes factor against the shares, a martingale from one while they hold.
    pub fn log_bayes_factor(&self) -> f64 {
        let total = self.counts.iter().sum::<u64>() as f64;
        let mut log_factor = lgamma(PRIOR_UNITS) - lgamma(PRIOR_UNITS + total);
        for (&share, &count) in self.shares.iter().zip(&self.counts) {
            let (prior, count) = (PRIOR_UNITS * share, count as f64);
            if prior > 0.0 {
                log_factor += lgamma(prior + count) - lgamma(prior) - count * log(share);
            } else if count > 0.0 {
                return f64::INFINITY;
            }
        }
        log_factor
    }
}

/// Tests all phases of an experiment.
pub fn test(phases: &[Phase]) -> Srm {
    let (chi2, df) = phases.iter().map(Phase::chi2).fold((0.0, 0), |(sum, dfs), (chi2, df)| (sum + chi2, dfs + df));
    let units: u64 = phases.iter().flat_map(|phase| &phase.counts).sum();
    let p = chi_squared_tail(chi2, f64::from(df));
    let largest = phases.iter().map(Phase::log_bayes_factor).fold(f64::NEG_INFINITY, f64::max);
    let sequential_p = (libm::exp(-largest) * phases.len().max(1) as f64).min(1.0);
    let alarm = p < THRESHOLD || sequential_p < THRESHOLD;
    Srm { chi2, df, p, sequential_p, ok: units < LEAST_UNITS || !alarm }
}

/// The two-sided probability that an adaptive policy chose one arm as often as its logged propensities say, by the martingale
/// of choices less propensities; the shares of such a policy move with every decision, so no phase fits it.
pub fn adaptive_p_value(choices: impl IntoIterator<Item = (bool, f64)>) -> f64 {
    let (mut sum, mut variance) = (0.0, 0.0);
    for (chosen, propensity) in choices {
        sum += f64::from(u8::from(chosen)) - propensity;
        variance += propensity * (1.0 - propensity);
    }
    if variance <= 0.0 {
        return if sum == 0.0 { 1.0 } else { 0.0 };
    }
    2.0 * normal_cdf(-libm::fabs(sum) / sqrt(variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(counts: &[u64]) -> Phase {
        Phase { shares: alloc::vec![1.0 / counts.len() as f64; counts.len()], counts: counts.into() }
    }

    #[test]
    fn the_published_split_of_hillstrom_passes() {
        let found = test(&[even(&[21_307, 21_387, 21_306])]);
        assert!((found.chi2 - 0.2025).abs() < 5e-5 && (found.p - 0.904).abs() < 5e-4, "{found:?}");
        assert!(found.ok && found.df == 2);
    }

    #[test]
    fn a_third_in_place_of_a_fifth_blocks_the_verdict() {
        let found = test(&[Phase { shares: alloc::vec![0.8, 0.2], counts: alloc::vec![667, 333] }]);
        assert!(!found.ok && found.sequential_p < THRESHOLD, "{found:?}");
    }

    #[test]
    fn a_legitimate_change_of_shares_raises_no_alarm() {
        let before = Phase { shares: alloc::vec![0.9, 0.1], counts: alloc::vec![900, 100] };
        let after = Phase { shares: alloc::vec![0.5, 0.5], counts: alloc::vec![500, 500] };
        assert!(test(&[before, after]).ok);
        assert!(!test(&[even(&[1400, 600])]).ok, "which the same counts without phases would");
    }

    #[test]
    fn units_in_an_arm_without_a_share_are_an_alarm() {
        assert!(!test(&[Phase { shares: alloc::vec![1.0, 0.0], counts: alloc::vec![200, 1] }]).ok);
    }

    #[test]
    fn few_units_say_nothing() {
        assert!(test(&[even(&[40, 2])]).ok && test(&[]).ok);
    }

    #[test]
    fn an_adaptive_policy_is_held_to_its_own_propensities() {
        let fair = (0..1000).map(|at| (at % 10 == 0, 0.1));
        assert!(adaptive_p_value(fair) > 0.9);
        let skewed = (0..1000).map(|at| (at % 5 == 0, 0.1));
        assert!(adaptive_p_value(skewed) < 1e-6);
    }
}

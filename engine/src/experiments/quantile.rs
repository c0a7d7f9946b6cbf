//! Whether a quantile, such as the median, differs between two arms; valid at every look.
//!
//! Source: Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
//! identification", Bernoulli 28(3), 2022, arXiv:1906.09712; theorem 2 for the empirical distribution, section 4 for the test.
//! Invariant: outcomes are sorted inside; their order and units change nothing.

use alloc::vec::Vec;

use libm::{exp, log, sqrt};

use super::boundary::{BetaBinomial, Mixture, Sides};
use crate::special::{bisect, minimum};

/// How far the empirical distribution of `t` outcomes strays from the true one, at all times from `t_min` on, with no more
/// than probability `alpha`; `a` above √½ sets the leading constant, 0.85 serves well.
pub fn empirical_process_bound(t: f64, alpha: f64, t_min: f64, a: f64) -> f64 {
    if t < t_min {
        return f64::INFINITY;
    }
    let error_at = |c: f64, eta: f64| {
        let slack = a - sqrt(2.0 * (eta - 1.0) / c);
        let gamma = 2.0 / eta * slack * slack;
        if gamma <= 1.0 || slack <= 0.0 {
            f64::INFINITY
        } else {
            4.0 * exp(-gamma * c) * (1.0 + 1.0 / ((gamma - 1.0) * log(eta)))
        }
    };
    let least_error = |c: f64| {
        let last = bisect(1.0, 2.0 * a * a, |eta| sqrt(0.5 * eta) + sqrt(2.0 * (eta - 1.0) / c) - a);
        error_at(c, minimum(1.0, last, |eta| error_at(c, eta)))
    };
    let c = bisect(0.5, 500.0, |c| alpha - least_error(c));
    a * sqrt((log(1.0 + log(t / t_min)) + c) / t)
}

/// One arm's outcomes, sorted.
struct Arm<'a> {
    sorted: Vec<f64>,
    mixture: &'a BetaBinomial,
    quantile: f64,
    /// The share below the quantile for which the outcomes speak least against it.
    best: f64,
}

impl<'a> Arm<'a> {
    fn new(outcomes: &[f64], mixture: &'a BetaBinomial, quantile: f64) -> Self {
        let mut sorted: Vec<f64> = outcomes.into();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut arm = Self { sorted, mixture, quantile, best: quantile };
        arm.best = minimum(0.0, 1.0, |share| arm.evidence(share));
        arm
    }

    /// The logarithm of the evidence against a quantile below which `share` of the outcomes lie.
    fn evidence(&self, share: f64) -> f64 {
        let n = self.sorted.len() as f64;
        self.mixture.log((share - self.quantile) * n, self.quantile * (1.0 - self.quantile) * n)
    }

    /// The evidence against a quantile at `x`: any share between those below and at it can be meant.
    fn evidence_at(&self, x: f64) -> f64 {
        let n = self.sorted.len() as f64;
        let below = self.sorted.partition_point(|&outcome| outcome < x) as f64 / n;
        let through = self.sorted.partition_point(|&outcome| outcome <= x) as f64 / n;
        self.evidence(self.best.clamp(below, through))
    }
}

/// The always-valid p-value that both arms have the same `quantile` (strictly within 0 to 1), tightest near `t_opt` outcomes.
///
/// One, if an arm has no outcome.
pub fn quantile_p_value(first: &[f64], second: &[f64], quantile: f64, t_opt: f64, alpha_opt: f64) -> f64 {
    if first.is_empty() || second.is_empty() {
        return 1.0;
    }
    let v_opt = t_opt * quantile * (1.0 - quantile);
    let mixture = BetaBinomial::new(v_opt, alpha_opt, quantile, 1.0 - quantile, Sides::Both);
    let arms = [first, second].map(|outcomes| Arm::new(outcomes, &mixture, quantile));
    let least = arms
        .iter()
        .flat_map(|arm| arm.sorted.iter())
        .map(|&x| arms[0].evidence_at(x) + arms[1].evidence_at(x))
        .fold(f64::INFINITY, f64::min);
    exp(-least).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::engagement_json;

    #[test]
    fn the_authors_reference_values_are_met() {
        let Some(vectors) = engagement_json("vectors/confseq_unittest.json") else { return };
        let expected = vectors["empirical_process_lil_bound(1000,0.05,100,0.85)"].as_f64().expect("a number");
        let found = empirical_process_bound(1000.0, 0.05, 100.0, 0.85);
        assert!((found - expected).abs() <= 1e-5, "{found}, not {expected}");
        let key = "quantile_ab_p_value(q,offset) a=1..1000 b=a+offset t_opt=100 alpha_opt=0.05";
        let cases = vectors[key].as_array().expect("a list");
        assert_eq!(cases.len(), 4);
        for case in cases {
            let at = |index: usize| case[index].as_f64().expect("a number");
            let first: Vec<f64> = (1..=1000).map(f64::from).collect();
            let second: Vec<f64> = first.iter().map(|outcome| outcome + at(1)).collect();
            let found = quantile_p_value(&first, &second, at(0), 100.0, 0.05);
            assert!((found - at(2)).abs() <= 1e-5, "{case}: {found}");
        }
    }

    #[test]
    fn no_outcomes_are_no_evidence() {
        assert!(quantile_p_value(&[], &[1.0], 0.5, 100.0, 0.05) >= 1.0);
    }
}

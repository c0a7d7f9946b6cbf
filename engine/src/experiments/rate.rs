//! A rate, such as of bookings or opt-outs, with an interval that holds at every look, even for few events.
//!
//! Source: the beta-binomial mixture of Howard et al. 2021 (arXiv:1810.08240, proposition 7), inverted over all rates.
//! Invariant: the interval holds the observed rate and lies within 0 to 1.

use libm::log;

use super::boundary::{BetaBinomial, Mixture, Sides};
use super::sequential::Interval;
use crate::special::bisect;

/// The always-valid interval at level 1 − `alpha` after `trials`, tightest near `t_opt` of them; everything before the first.
pub fn rate_interval(successes: f64, trials: f64, alpha: f64, t_opt: f64) -> Interval {
    if trials <= 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let observed = (successes / trials).clamp(0.0, 1.0);
    let excess = |rate: f64, at_end: f64| {
        if rate <= 0.0 || rate >= 1.0 {
            return at_end;
        }
        let variance = rate * (1.0 - rate);
        let mixture = BetaBinomial::new(variance * t_opt, 0.05, rate, 1.0 - rate, Sides::Both);
        mixture.log((observed - rate) * trials, variance * trials) - log(1.0 / alpha)
    };
    let low = if observed > 0.0 { bisect(0.0, observed, |rate| -excess(rate, 1.0)) } else { 0.0 };
    let high = if observed < 1.0 { bisect(observed, 1.0, |rate| excess(rate, 1.0)) } else { 1.0 };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::engagement_json;

    #[test]
    fn the_authors_reference_values_are_met() {
        let Some(vectors) = engagement_json("vectors/confseq_unittest.json") else { return };
        let cases = vectors["bernoulli_confidence_interval"].as_array().expect("a list");
        assert_eq!(cases.len(), 6);
        for case in cases {
            let at = |name: &str| case[name].as_f64().expect("a number");
            let found = rate_interval(at("successes"), at("trials"), at("alpha"), at("t_opt"));
            let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-5;
            assert!(near(found.low, at("lo")) && near(found.high, at("hi")), "{case}: {found:?}");
        }
    }

    #[test]
    fn without_trials_every_rate_is_possible() {
        assert_eq!(rate_interval(0.0, 0.0, 0.05, 100.0), Interval { low: 0.0, high: 1.0 });
    }
}

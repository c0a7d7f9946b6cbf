//! The effect of a treatment given with a known probability, unit by unit as they come, without any assumption of normality.
//!
//! Source: Howard et al. 2021 (arXiv:1810.08240), section 4.2: Robinson's and Neyman's potential outcomes, an augmented
//! inverse-propensity estimate, and the gamma-exponential mixture over its empirical variance.
//! Invariant: what is predicted for a unit uses only units before it.

use super::boundary::{GammaExponential, Mixture};
use super::sequential::Interval;

/// The running estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Treatment {
    propensity: f64,
    support: Interval,
    alpha: f64,
    mixture: GammaExponential,
    treated: Running,
    untreated: Running,
    n: f64,
    sum: f64,
    time: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Running {
    n: f64,
    sum: f64,
}

/// What is known after some units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean difference that the treatment makes.
    pub effect: f64,
    /// The interval that holds at every look.
    pub interval: Interval,
    /// The one-sided p-value of no rise, at this look.
    pub p: f64,
}

impl Treatment {
    /// Nothing seen yet: each unit is treated with probability `propensity`, outcomes lie within `support` and vary by about
    /// `noise`; the interval at level 1 − `alpha` is tightest near `t_opt` units.
    pub fn new(propensity: f64, support: Interval, noise: f64, t_opt: f64, alpha: f64) -> Self {
        let v_opt = t_opt * noise * (1.0 / propensity + 1.0 / (1.0 - propensity));
        let c = 2.0 * (support.high - support.low) / propensity.min(1.0 - propensity);
        let mixture = GammaExponential::new(v_opt, 0.5 * alpha, c);
        let nothing = Running::default();
        Self { propensity, support, alpha, mixture, treated: nothing, untreated: nothing, n: 0.0, sum: 0.0, time: 0.0 }
    }

    /// The mean so far; the middle of the support before any unit, its lower end while only the other arm has outcomes.
    fn predict(&self, arm: Running) -> f64 {
        if self.n == 0.0 {
            0.5 * (self.support.low + self.support.high)
        } else if arm.n == 0.0 {
            self.support.low
        } else {
            arm.sum / arm.n
        }
    }

    /// Takes in one unit.
    pub fn observe(&mut self, outcome: f64, treated: bool) {
        let (with, without) = (self.predict(self.treated), self.predict(self.untreated));
        let predicted = with - without;
        let (sign, prediction, arm) =
            if treated { (1.0, with, &mut self.treated) } else { (-1.0, without, &mut self.untreated) };
        let probability = if treated { self.propensity } else { 1.0 - self.propensity };
        let surprise = sign / probability * (outcome - prediction);
        arm.n += 1.0;
        arm.sum += outcome;
        self.n += 1.0;
        self.sum += predicted + surprise;
        self.time += surprise * surprise;
    }

    /// What is known now; `None` before the first unit.
    pub fn estimate(&self) -> Option<Estimate> {
        if self.n == 0.0 {
            return None;
        }
        let effect = self.sum / self.n;
        let half = self.mixture.bound(self.time, 0.5 * self.alpha) / self.n;
        let widest = self.support.high - self.support.low;
        let interval = Interval { low: (effect - half).max(-widest), high: (effect + half).min(widest) };
        let p = libm::exp(-self.mixture.log(self.sum, self.time)).min(1.0);
        Some(Estimate { effect, interval, p })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::recorded::engagement;

    #[test]
    fn the_published_running_effect_is_met_row_by_row() {
        let Some(rows) = engagement("vectors/confseq/ate_data.csv") else { return };
        let mut treatment = Treatment::new(0.5, Interval { low: 0.0, high: 1.0 }, 0.16, 50.0, 0.05);
        let mut seen = 0;
        for row in rows.lines().skip(1) {
            let fields: Vec<f64> =
                row.split(',').skip(1).map(|field| field.trim_matches('"').parse().expect("a number")).collect();
            treatment.observe(fields[1], fields[2] > 0.5);
            let found = treatment.estimate().expect("a unit was seen");
            let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-4;
            assert!(near(found.effect, fields[3]), "{row}: {found:?}");
            assert!(near(found.interval.high, fields[4]) && near(found.interval.low, fields[5]), "{row}: {found:?}");
            assert!(near(found.p, fields[6]), "{row}: {found:?}");
            seen += 1;
        }
        assert_eq!(seen, 1000);
    }

    #[test]
    fn nothing_is_known_before_the_first_unit() {
        assert_eq!(Treatment::new(0.5, Interval { low: 0.0, high: 1.0 }, 0.25, 50.0, 0.05).estimate(), None);
    }
}

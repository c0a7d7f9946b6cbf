//! Intervals and p-values that hold at every look, for means of anything with a variance.
//!
//! Source: the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit
//! theory and asymptotic confidence sequences", Annals of Statistics 52(6), 2024, arXiv:2103.06476.
//! Invariant: the interval excludes zero exactly when the p-value is below α, which is when the e-value exceeds 1/α.

use libm::{exp, log, sqrt};
use serde::{Deserialize, Serialize};

/// An interval, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the interval holds the value.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The error level, and the number of units at which the interval is tightest.
///
/// Both are chosen before the first look; a tuning chosen from the data would void the promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sequential {
    /// The probability that the interval ever misses the truth, such as 0.05.
    pub alpha: f64,
    /// The number of units of both arms together at which the interval is tightest.
    pub tuned_at: f64,
}

impl Default for Sequential {
    fn default() -> Self {
        Self { alpha: 0.05, tuned_at: 5000.0 }
    }
}

impl Sequential {
    /// The mixture's width, tightest at `tuned_at` (equation 9's remark).
    fn rho(self) -> f64 {
        let twice = -2.0 * log(self.alpha);
        sqrt((twice + log(twice + 1.0)) / self.tuned_at)
    }

    /// Half of the interval's width, for an estimate from `n` units with its standard error.
    pub fn half_width(self, standard_error: f64, n: f64) -> f64 {
        let n_rho = n * self.rho() * self.rho();
        standard_error * sqrt(n) * sqrt(2.0 * (n_rho + 1.0) / (n * n_rho) * log(sqrt(n_rho + 1.0) / self.alpha))
    }

    /// The interval around an estimate; all numbers where there is no standard error yet.
    pub fn interval(self, estimate: f64, standard_error: f64, n: f64) -> Interval {
        let half = self.half_width(standard_error, n);
        if half.is_finite() {
            Interval { low: estimate - half, high: estimate + half }
        } else {
            Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }
        }
    }

    /// The e-value against a true value of zero: its expectation is one at most while there is none, at every look.
    pub fn e_value(self, estimate: f64, standard_error: f64, n: f64) -> f64 {
        let z = estimate / standard_error;
        if !z.is_finite() {
            return 0.0;
        }
        let n_rho = n * self.rho() * self.rho();
        exp(n_rho * z * z / (2.0 * (n_rho + 1.0))) / sqrt(n_rho + 1.0)
    }

    /// The p-value that holds at every look.
    pub fn p_value(self, estimate: f64, standard_error: f64, n: f64) -> f64 {
        (1.0 / self.e_value(estimate, standard_error, n)).min(1.0)
    }
}

/// The p-value of the mixture sequential probability ratio test on `n` pairs, with mean difference `difference`, pair variance
/// `variance` and mixing variance `tau_squared`; a cross-check of the above.
///
/// Source: Johari, Koomen, Pekelis and Walsh, "Always valid inference", Operations Research 70(3), 2022, arXiv:1512.04922.
/// The least value over all looks so far is the p-value; this is the one of this look.
pub fn msprt_p_value(n: f64, difference: f64, variance: f64, tau_squared: f64) -> f64 {
    let total = variance + n * tau_squared;
    let likelihood =
        sqrt(variance / total) * exp(n * n * tau_squared * difference * difference / (2.0 * variance * total));
    (1.0 / likelihood).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_a_variance_nothing_is_concluded() {
        let sequential = Sequential::default();
        let low = sequential.interval(0.3, f64::NAN, 1.0).low;
        assert!(low.is_infinite() && low < 0.0);
        assert!(sequential.p_value(0.3, 0.0, 10.0) >= 1.0);
    }

    #[test]
    fn the_ratio_test_concludes_alike_on_a_clear_effect_and_on_none() {
        assert!(msprt_p_value(1000.0, 0.3, 1.0, 0.05) < 1e-6);
        assert!(msprt_p_value(1000.0, 0.0, 1.0, 0.05) >= 1.0);
    }

    proptest! {
        #[test]
        fn interval_p_value_and_e_value_conclude_alike(estimate in -2.0f64..2.0, error in 0.01f64..1.0, n in 10.0f64..1e6) {
            let sequential = Sequential::default();
            let interval = sequential.interval(estimate, error, n);
            let p = sequential.p_value(estimate, error, n);
            prop_assume!((p - 0.05).abs() > 1e-9);
            prop_assert_eq!(!interval.contains(0.0), p < 0.05);
            prop_assert_eq!(sequential.e_value(estimate, error, n) > 20.0, p < 0.05);
        }
    }
}

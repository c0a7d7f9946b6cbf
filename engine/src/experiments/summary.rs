//! What remains of the outcomes of one arm, and differences between two.
//!
//! Invariant: summaries of disjoint parts merge into the summary of the whole, to rounding, in any order.

use libm::sqrt;
use serde::{Deserialize, Serialize};

/// Count, means and centred second moments of outcomes, with those of a covariate from before the experiment.
///
/// Updated as by Welford (Technometrics 4(3), 1962), merged as by Chan, Golub and LeVeque (1979), so that large means do not
/// eat small variances.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// How many units.
    pub n: f64,
    /// The outcomes' mean.
    pub mean: f64,
    /// The sum of their squared distances from it.
    pub squares: f64,
    /// The covariate's mean; 0 where there is none.
    pub before_mean: f64,
    /// The sum of its squared distances from it.
    pub before_squares: f64,
    /// The sum of the products of both distances.
    pub products: f64,
}

impl Summary {
    /// The summary of `n` outcomes by their sum and sum of squares.
    pub fn from_sums(n: f64, sum: f64, sum_squares: f64) -> Self {
        Self { n, mean: sum / n, squares: sum_squares - sum * sum / n, ..Self::default() }
    }

    /// The same, with a covariate by its sums and the sum of products of both.
    #[must_use]
    pub fn with_covariate(mut self, sum: f64, sum_squares: f64, products: f64) -> Self {
        self.before_mean = sum / self.n;
        self.before_squares = sum_squares - sum * sum / self.n;
        self.products = products - self.mean * sum;
        self
    }

    /// The summary of `n` trials of which so many succeeded.
    pub fn from_rate(successes: f64, n: f64) -> Self {
        Self::from_sums(n, successes, successes)
    }

    /// Takes in one unit's outcome and covariate (0 where there is none).
    pub fn observe(&mut self, outcome: f64, before: f64) {
        self.n += 1.0;
        let (from_mean, from_before) = (outcome - self.mean, before - self.before_mean);
        self.mean += from_mean / self.n;
        self.before_mean += from_before / self.n;
        self.squares += from_mean * (outcome - self.mean);
        self.before_squares += from_before * (before - self.before_mean);
        self.products += from_mean * (before - self.before_mean);
    }

    /// The summary of this and another part together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let n = self.n + other.n;
        if n <= 0.0 {
            return Self::default();
        }
        let (apart, before_apart) = (other.mean - self.mean, other.before_mean - self.before_mean);
        let weight = self.n * other.n / n;
        Self {
            n,
            mean: self.mean + apart * other.n / n,
            squares: self.squares + other.squares + apart * apart * weight,
            before_mean: self.before_mean + before_apart * other.n / n,
            before_squares: self.before_squares + other.before_squares + before_apart * before_apart * weight,
            products: self.products + other.products + apart * before_apart * weight,
        }
    }

    /// The outcomes' variance, unbiased; not a number below two units.
    pub fn variance(&self) -> f64 {
        if self.n < 2.0 { f64::NAN } else { self.squares / (self.n - 1.0) }
    }

    /// The covariate's variance.
    pub fn before_variance(&self) -> f64 {
        if self.n < 2.0 { f64::NAN } else { self.before_squares / (self.n - 1.0) }
    }

    /// The covariance of both.
    pub fn covariance(&self) -> f64 {
        if self.n < 2.0 { f64::NAN } else { self.products / (self.n - 1.0) }
    }
}

/// A difference of two arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The arm's mean less the control's, or that in relation to the control's mean.
    pub effect: f64,
    /// Its standard error; not a number below two units in either arm.
    pub standard_error: f64,
    /// The units of both arms.
    pub n: f64,
}

/// The difference of means, with variances of their own (Welch, Biometrika 34, 1947).
pub fn difference(control: &Summary, arm: &Summary) -> Difference {
    Difference {
        effect: arm.mean - control.mean,
        standard_error: sqrt(arm.variance() / arm.n + control.variance() / control.n),
        n: control.n + arm.n,
    }
}

/// The difference in relation to the control's mean, its standard error by the delta method.
pub fn relative_difference(control: &Summary, arm: &Summary) -> Difference {
    relative(control.mean, control, arm, control.variance(), arm.variance(), arm.mean - control.mean)
}

/// A relative difference whose variances and absolute effect may have been adjusted by a covariate.
pub(super) fn relative(
    base: f64,
    control: &Summary,
    arm: &Summary,
    control_variance: f64,
    arm_variance: f64,
    effect: f64,
) -> Difference {
    let variance = arm_variance / (base * base * arm.n)
        + control_variance * arm.mean * arm.mean / (base * base * base * base * control.n);
    Difference { effect: effect / base, standard_error: sqrt(variance), n: control.n + arm.n }
}

/// Whether two numbers agree to `digits` decimals.
#[cfg(test)]
pub(super) fn agree(found: f64, expected: f64, digits: i32) -> bool {
    libm::fabs(found - expected) <= 0.500_001 * libm::pow(10.0, f64::from(-digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::sequential::Sequential;
    use super::*;
    use crate::recorded::engagement_json;

    fn summary(arm: &Value, n: &Value) -> Summary {
        let at = |name: &str| arm[name].as_f64();
        let n = at("n").or(n.as_f64()).expect("a count");
        match at("successes") {
            // A rate's variance is p(1 − p) in the vectors, without the unbiased divisor.
            Some(successes) => {
                let mut rate = Summary::from_rate(successes, n);
                rate.squares *= (n - 1.0) / n;
                rate
            }
            None => Summary::from_sums(n, at("sum").expect("a sum"), at("sum_squares").expect("a sum")),
        }
    }

    #[test]
    fn published_standard_errors_are_met() {
        let Some(vectors) = engagement_json("vectors/growthbook_stats.json") else { return };
        let cases = vectors["welch_t_two_sided"].as_array().expect("a list");
        assert_eq!(cases.len(), 3);
        for case in cases {
            let (a, b) = (summary(&case["a"], &Value::Null), summary(&case["b"], &Value::Null));
            let found = if case["type"] == "relative" { relative_difference(&a, &b) } else { difference(&a, &b) };
            assert!(agree(found.effect, case["expected"].as_f64().expect("a number"), 5), "{case}: {found:?}");
            assert!(agree(found.standard_error, case["se"].as_f64().expect("a number"), 5), "{case}: {found:?}");
        }
    }

    #[test]
    fn published_sequential_intervals_are_met_to_five_decimals() {
        let Some(vectors) = engagement_json("vectors/growthbook_stats.json") else { return };
        let cases = vectors["sequential_two_sided_alpha_0.05"].as_array().expect("a list");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let (a, b) = (summary(&case["a"], &Value::Null), summary(&case["b"], &Value::Null));
            let found = relative_difference(&a, &b);
            let sequential = Sequential { alpha: 0.05, tuned_at: case["N_star"].as_f64().expect("a number") };
            let interval = sequential.interval(found.effect, found.standard_error, found.n);
            let at = |index: usize| case["ci"][index].as_f64().expect("a number");
            assert!(agree(interval.low, at(0), 5) && agree(interval.high, at(1), 5), "{case}: {interval:?}");
            let p = sequential.p_value(found.effect, found.standard_error, found.n);
            assert!(agree(p, case["p"].as_f64().expect("a number"), 5), "{case}: {p}");
        }
    }

    proptest! {
        #[test]
        fn parts_merge_into_the_whole(
            outcomes in prop::collection::vec((-100.0f64..100.0, -100.0f64..100.0), 2..60),
            cut in 0usize..60,
        ) {
            let summarise = |part: &[(f64, f64)]| {
                let mut summary = Summary::default();
                for &(outcome, before) in part {
                    summary.observe(outcome, before);
                }
                summary
            };
            let cut = cut.min(outcomes.len());
            let merged = summarise(&outcomes[..cut]).merge(summarise(&outcomes[cut..]));
            let whole = summarise(&outcomes);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6;
            prop_assert!(near(merged.mean, whole.mean) && near(merged.squares, whole.squares));
            prop_assert!(near(merged.products, whole.products) && near(merged.before_squares, whole.before_squares));
        }
    }
}

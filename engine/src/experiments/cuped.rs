//! Less variance by what was known before, or the plain word that there is none to take away.
//!
//! Source: Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled experiments by utilizing
//! pre-experiment data", WSDM 2013.
//! Invariant: the covariate was measured before the experiment, so adjusting by it moves no expectation.

use libm::sqrt;

use super::summary::{Difference, Summary, relative};

/// What an adjustment by the covariate brings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjustment {
    /// The slope of outcomes on the covariate, pooled over the arms.
    pub theta: f64,
    /// By which share the outcomes' variance falls; never negative beyond rounding.
    pub variance_reduction: f64,
}

/// The least fall of the variance that counts as a gain: the interval narrows by about one per cent.
pub const LEAST_GAIN: f64 = 0.02;

impl Adjustment {
    /// Whether adjusting is worth it.
    pub fn gains(self) -> bool {
        self.variance_reduction >= LEAST_GAIN
    }
}

/// The slope pooled over all arms, and what it brings; nothing where the covariate does not vary.
pub fn adjustment(arms: &[Summary]) -> Adjustment {
    let sum = |moment: fn(&Summary) -> f64| arms.iter().filter(|arm| arm.n >= 2.0).map(moment).sum::<f64>();
    let (squares, before, products) = (sum(|arm| arm.squares), sum(|arm| arm.before_squares), sum(|arm| arm.products));
    if before <= 0.0 || squares <= 0.0 {
        return Adjustment { theta: 0.0, variance_reduction: 0.0 };
    }
    Adjustment { theta: products / before, variance_reduction: products * products / (before * squares) }
}

/// The slope of two arms with each arm's moments per degree of freedom, as `GrowthBook` pools them.
pub fn theta_of_two(control: &Summary, arm: &Summary) -> f64 {
    (control.covariance() + arm.covariance()) / (control.before_variance() + arm.before_variance())
}

fn adjusted_variance(arm: &Summary, theta: f64) -> f64 {
    arm.variance() + theta * theta * arm.before_variance() - 2.0 * theta * arm.covariance()
}

fn adjusted_effect(control: &Summary, arm: &Summary, theta: f64) -> f64 {
    (arm.mean - theta * arm.before_mean) - (control.mean - theta * control.before_mean)
}

/// The difference of means, adjusted.
pub fn adjusted_difference(control: &Summary, arm: &Summary, theta: f64) -> Difference {
    Difference {
        effect: adjusted_effect(control, arm, theta),
        standard_error: sqrt(adjusted_variance(arm, theta) / arm.n + adjusted_variance(control, theta) / control.n),
        n: control.n + arm.n,
    }
}

/// The adjusted difference in relation to the control's plain mean.
pub fn adjusted_relative_difference(control: &Summary, arm: &Summary, theta: f64) -> Difference {
    let effect = adjusted_effect(control, arm, theta);
    let variances = (adjusted_variance(control, theta), adjusted_variance(arm, theta));
    relative(control.mean, control, arm, variances.0, variances.1, effect)
}

#[cfg(test)]
mod tests {
    use super::super::sequential::Sequential;
    use super::super::summary::agree;
    use super::*;
    use crate::recorded::engagement_json;

    #[test]
    fn the_published_adjusted_interval_is_met() {
        let Some(vectors) = engagement_json("vectors/growthbook_stats.json") else { return };
        let case = &vectors["cuped_sequential"];
        let at = |arm: &str, name: &str| case[arm][name].as_f64().expect("a number");
        let summary = |index: usize, post: &str, pre: &str| {
            let n = case["n"][index].as_f64().expect("a count");
            let products = case["post_pre_sum_of_products"][index].as_f64().expect("a number");
            Summary::from_sums(n, at(post, "sum"), at(post, "sum_squares")).with_covariate(
                at(pre, "sum"),
                at(pre, "sum_squares"),
                products,
            )
        };
        let (a, b) = (summary(0, "a_post", "a_pre"), summary(1, "b_post", "b_pre"));
        let found = adjusted_relative_difference(&a, &b, theta_of_two(&a, &b));
        assert!(agree(found.effect, case["expected"].as_f64().expect("a number"), 5), "{found:?}");
        assert!(agree(found.standard_error, case["se"].as_f64().expect("a number"), 5), "{found:?}");
        let sequential = Sequential { alpha: 0.05, tuned_at: case["N_star"].as_f64().expect("a number") };
        let interval = sequential.interval(found.effect, found.standard_error, found.n);
        let end = |index: usize| case["ci"][index].as_f64().expect("a number");
        assert!(agree(interval.low, end(0), 5) && agree(interval.high, end(1), 5), "{interval:?}");
    }

    #[test]
    fn a_covariate_that_tells_the_outcome_takes_the_variance_away() {
        let mut arms = [Summary::default(); 2];
        for at in 0..1000u32 {
            let before = f64::from(at % 50);
            let noise = f64::from(at * 7919 % 11) - 5.0;
            arms[(at % 2) as usize].observe(2.0 * before + noise + f64::from(at % 2), before);
        }
        let found = adjustment(&arms);
        assert!(found.gains() && (found.theta - 2.0).abs() < 0.05, "{found:?}");
        let plain = super::super::summary::difference(&arms[0], &arms[1]);
        let adjusted = adjusted_difference(&arms[0], &arms[1], found.theta);
        assert!(adjusted.standard_error < 0.2 * plain.standard_error);
        assert!((adjusted.effect - 1.0).abs() < 0.5, "{adjusted:?}");
    }

    #[test]
    fn a_covariate_that_tells_nothing_or_never_varies_brings_no_gain() {
        let mut arms = [Summary::default(); 2];
        for at in 0..1000u32 {
            arms[(at % 2) as usize].observe(f64::from(at * 7919 % 13), f64::from(at * 104_729 % 17));
        }
        assert!(!adjustment(&arms).gains());
        assert!(adjustment(&[Summary::from_rate(3.0, 10.0)]).variance_reduction.abs() < 1e-12);
    }
}

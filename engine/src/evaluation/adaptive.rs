//! The mean of one arm from a log whose propensities moved with what had been learnt.
//!
//! The plain mean of such an arm is biased downwards, because an arm is left after bad luck and kept after good luck (Nie,
//! Tian, Taylor and Zou, AISTATS 2018, arXiv:1708.01977); inverse propensities alone are unbiased but not normal.
//! Source: Hadad, Hirshberg, Zhan, Wager and Athey, "Confidence intervals for policy evaluation in adaptive experiments",
//! PNAS 118(15), 2021, arXiv:1911.02768: augmented scores, weighted by the root of the propensity (constant allocation).
//! Its own bias, from dividing by weights that moved too, is of a smaller order than its standard error.
//! Invariant: what a score leans on was known before its decision; intervals are for one look, at the end.

use libm::sqrt;

use crate::experiments::sequential::Interval;
use crate::special::normal_quantile;

/// The running estimate of one arm's mean among people for whom the propensities follow from the past alone, such as one
/// segment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArmMean {
    taken: f64,
    rewards: f64,
    decisions: f64,
    /// Sums of the weights and their products with the scores.
    weight: f64,
    weighted: f64,
    square: f64,
    square_weighted: f64,
    square_squared: f64,
}

/// What a log says of an arm's mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The plain mean of what the arm brought, for comparison.
    pub plain: f64,
    /// How often the arm was taken.
    pub taken: f64,
}

impl Mean {
    /// The interval at level 1 − `alpha`, for one look.
    pub fn interval(self, alpha: f64) -> Interval {
        let half = normal_quantile(1.0 - 0.5 * alpha) * self.standard_error;
        Interval { low: self.value - half, high: self.value + half }
    }
}

/// The difference of two arms' means, whose scores are uncorrelated in the limit (section 4 of the source).
pub fn difference(control: Mean, arm: Mean) -> (f64, f64) {
    let error = sqrt(control.standard_error * control.standard_error + arm.standard_error * arm.standard_error);
    (arm.value - control.value, error)
}

impl ArmMean {
    /// Takes in a decision in which the arm had this `propensity`; `reward` if it was the arm that was taken.
    ///
    /// `false`, and nothing is taken in, where the propensity is not above 0 and up to 1 or the reward is no number.
    pub fn observe(&mut self, propensity: f64, reward: Option<f64>) -> bool {
        if !(propensity > 0.0 && propensity <= 1.0) || reward.is_some_and(|reward| !reward.is_finite()) {
            return false;
        }
        let expected = if self.taken > 0.0 { self.rewards / self.taken } else { 0.0 };
        let score = expected + reward.map_or(0.0, |reward| (reward - expected) / propensity);
        let weight = sqrt(propensity);
        self.weight += weight;
        self.weighted += weight * score;
        self.square += weight * weight;
        self.square_weighted += weight * weight * score;
        self.square_squared += weight * weight * score * score;
        self.decisions += 1.0;
        if let Some(reward) = reward {
            self.taken += 1.0;
            self.rewards += reward;
        }
        true
    }

    /// What is known now; `None` while the arm was not taken twice.
    pub fn estimate(&self) -> Option<Mean> {
        if self.taken < 2.0 {
            return None;
        }
        let value = self.weighted / self.weight;
        let spread = self.square_squared - 2.0 * value * self.square_weighted + value * value * self.square;
        let standard_error = sqrt(spread.max(0.0)) / self.weight;
        Some(Mean { value, standard_error, plain: self.rewards / self.taken, taken: self.taken })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::linear_thompson::{LinearThompson, Prior, features};
    use crate::random::Random;

    /// Two arms alike, learnt on for 1,000 decisions: by how much the adaptive and the plain mean of the first arm miss on
    /// average, and how often the adaptive interval holds the truth.
    fn alike(runs: u64) -> (f64, f64, f64) {
        let truth = 0.3;
        let x = features(0, 0, &[]);
        let (mut adaptive, mut plain, mut held) = (0.0, 0.0, 0.0);
        for seed in 0..runs {
            let mut random = Random::new(seed);
            let mut learner = LinearThompson::new(2, 0, 0, &Prior { pooling: 1.0, ..Prior::default() });
            let mut mean = ArmMean::default();
            for _ in 0..1000 {
                let decision = learner.decide(&x, random.uniform());
                let reward = truth + random.normal();
                assert!(mean.observe(decision.shares[0], (decision.arm == 0).then_some(reward)));
                learner.update(decision.arm, &x, reward);
            }
            let found = mean.estimate().expect("the floor brings every arm");
            adaptive += (found.value - truth) / runs as f64;
            plain += (found.plain - truth) / runs as f64;
            held += f64::from(u8::from(found.interval(0.05).contains(truth))) / runs as f64;
        }
        (adaptive, plain, held)
    }

    #[test]
    fn where_the_plain_mean_is_biased_the_weighted_one_is_less_so_and_its_interval_covers() {
        let (adaptive, plain, held) = alike(600);
        assert!(plain < -0.02, "the plain mean is off by {plain}: the log is not adaptive enough to test anything");
        assert!(adaptive.abs() < 0.7 * plain.abs(), "{adaptive} beside {plain}");
        assert!((0.92..=0.98).contains(&held), "{held}");
    }

    #[test]
    fn with_even_propensities_it_is_close_to_the_plain_mean() {
        let mut random = Random::new(5);
        let mut mean = ArmMean::default();
        for _ in 0..20_000 {
            let taken = random.uniform() < 0.5;
            let reward = random.normal() + 2.0;
            mean.observe(0.5, taken.then_some(reward));
        }
        let found = mean.estimate().expect("10,000 rewards");
        assert!((found.value - found.plain).abs() < 0.01, "{found:?}");
        assert!((found.standard_error - 0.01).abs() < 0.001, "{found:?}");
    }

    #[test]
    fn what_has_no_propensity_is_not_taken_in_and_nothing_is_said_of_an_arm_never_taken() {
        let mut mean = ArmMean::default();
        assert!(!mean.observe(0.0, Some(1.0)) && !mean.observe(f64::NAN, None) && !mean.observe(0.5, Some(f64::NAN)));
        for _ in 0..10 {
            assert!(mean.observe(0.2, None));
        }
        assert_eq!(mean.estimate(), None);
    }
}

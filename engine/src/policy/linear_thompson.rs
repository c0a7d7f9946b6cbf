//! Thompson sampling with linear rewards, its probabilities computed rather than sampled.
//!
//! Source: Agrawal and Goyal, "Thompson sampling for contextual bandits with linear payoffs", ICML 2013, arXiv:1209.3352.
//! The probability that an arm's draw is the greatest is a one-dimensional integral, because arms are independent; it is
//! floored, and the arm drawn from the floored shares.
//! Invariant: shares sum to one, none lies below the floor, and the propensity that is logged is the one that was drawn from.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::fixed::{floor, pick};
use super::greatest::{Belief, probabilities};
use super::ridge::Ridge;

/// How the arms begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// How many rewards the belief weighs that an arm is like all arms together.
    pub pooling: f64,
    /// How many rewards the belief weighs that a segment is like the whole arm.
    pub segment: f64,
    /// The precision of each further coefficient, in rewards at a distance of one.
    pub context: f64,
}

impl Default for Prior {
    fn default() -> Self {
        Self { pooling: 20.0, segment: 50.0, context: 20.0 }
    }
}

/// A context: one level for every arm, one for each segment, and further values.
///
/// With the prior above this is a random intercept for each segment, so that what one segment shows moves the others, the
/// more the less they have shown themselves (Gelman and Hill 2007, chapter 12).
pub fn features(segments: usize, segment: usize, context: &[f64]) -> Vec<f64> {
    let mut x = alloc::vec![0.0; 1 + segments];
    x[0] = 1.0;
    if let Some(own) = x.get_mut(1 + segment) {
        *own = 1.0;
    }
    x.extend_from_slice(context);
    x
}

/// One decision as it is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The arm.
    pub arm: usize,
    /// The probability with which it was drawn.
    pub propensity: f64,
    /// The probability of every arm.
    pub shares: Vec<f64>,
}

/// The learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearThompson {
    arms: Vec<Ridge>,
    /// Rewards, their sum, and the sum of squared surprises; all three fade alike.
    rewards: f64,
    sum: f64,
    surprises: f64,
}

impl LinearThompson {
    /// Arms that know nothing, over the [`features`] of so many segments and further values.
    pub fn new(arms: usize, segments: usize, context: usize, prior: &Prior) -> Self {
        let mut precision = alloc::vec![prior.pooling];
        precision.extend(core::iter::repeat_n(prior.segment, segments));
        precision.extend(core::iter::repeat_n(prior.context, context));
        Self { arms: alloc::vec![Ridge::new(&precision); arms], rewards: 0.0, sum: 0.0, surprises: 0.0 }
    }

    /// Adds arms that know nothing, until there are so many.
    pub fn grow(&mut self, arms: usize) {
        if let Some(anew) = self.arms.first().map(Ridge::anew) {
            self.arms.resize(self.arms.len().max(arms), anew);
        }
    }

    /// The same learner over other columns of a context: each is one of this learner's, or a segment's that nothing is known of,
    /// which begins with what is believed of whoever belongs to none.
    #[must_use]
    pub fn over(&self, columns: &[Option<usize>], prior: &Prior) -> Self {
        let arms = self.arms.iter().map(|arm| arm.over(columns, prior.segment)).collect();
        Self { arms, ..self.clone() }
    }

    /// What is expected of an arm, and how sure that is: mean and standard deviation, which is no number before the first reward.
    pub fn belief(&self, arm: usize, x: &[f64]) -> Option<(f64, f64)> {
        let arm = self.arms.get(arm)?;
        let noise = libm::sqrt(self.surprises / self.rewards);
        Some((self.expected(arm, x), noise * libm::sqrt(arm.variance(x))))
    }

    /// The mean reward over all arms, which each arm's level starts from.
    fn pooled(&self) -> f64 {
        if self.rewards > 0.0 { self.sum / self.rewards } else { 0.0 }
    }

    /// The expected reward of an arm.
    fn expected(&self, arm: &Ridge, x: &[f64]) -> f64 {
        arm.mean(x) + self.pooled() * arm.pull(x, 0)
    }

    /// Takes in the reward of one decision; `false` if the arm is unknown or a value is no number.
    pub fn update(&mut self, arm: usize, x: &[f64], reward: f64) -> bool {
        self.update_weighted(arm, x, reward, 1.0)
    }

    /// The same for a reward that counts as a part of one, `weight` from 0 to 1; parts of one reward add up to the whole.
    pub fn update_weighted(&mut self, arm: usize, x: &[f64], reward: f64, weight: f64) -> bool {
        let Some(surprise) = self.arms.get(arm).map(|model| reward - self.expected(model, x)) else { return false };
        // A row of the regression by the root of its weight is a weighted row.
        let root = libm::sqrt(weight.clamp(0.0, 1.0));
        let taken = if weight >= 1.0 {
            self.arms[arm].update(x, reward)
        } else {
            let part: Vec<f64> = x.iter().map(|value| value * root).collect();
            self.arms[arm].update(&part, reward * root)
        };
        if !taken {
            return false;
        }
        self.rewards += root * root;
        self.sum += root * root * reward;
        self.surprises += root * root * surprise * surprise;
        true
    }

    /// Moves a reward that was taken in by `delta`, such as when it is taken back; the noise keeps what it was then.
    pub fn correct(&mut self, arm: usize, x: &[f64], delta: f64) -> bool {
        let corrected = self.arms.get_mut(arm).is_some_and(|model| model.correct(x, delta));
        if corrected {
            self.sum += delta;
        }
        corrected
    }

    /// Lets what was learnt fade: it counts `keep` (0 to 1) of what it did; called once a day, 0.995 halves it in 138 days.
    pub fn discount(&mut self, keep: f64) {
        let keep = keep.clamp(0.0, 1.0);
        for arm in &mut self.arms {
            arm.discount(keep);
        }
        self.rewards *= keep;
        self.sum *= keep;
        self.surprises *= keep;
    }

    /// The probability of each arm to be the best, as far as is known.
    pub fn weights(&self, x: &[f64]) -> Vec<f64> {
        self.weights_of(x, self.arms.iter())
    }

    fn weights_of<'a>(&'a self, x: &[f64], arms: impl Iterator<Item = &'a Ridge>) -> Vec<f64> {
        let noise = if self.surprises > 0.0 { libm::sqrt(self.surprises / self.rewards) } else { f64::NAN };
        let deviation = |variance: f64| (noise * libm::sqrt(variance)).max(1e-12);
        let mut top = f64::NEG_INFINITY;
        let means: Vec<(&Ridge, f64)> = arms
            .map(|arm| {
                let mean = self.expected(arm, x);
                top = top.max(mean);
                (arm, mean)
            })
            .collect();
        // The exact deviation costs most; whoever cannot win even with a wider one does without.
        let low = means
            .iter()
            .filter(|(_, mean)| *mean >= top)
            .map(|(arm, _)| Belief { mean: top, deviation: deviation(arm.variance(x)) }.low());
        let low = low.fold(f64::NEG_INFINITY, f64::max);
        let belief = |&(arm, mean): &(&Ridge, f64)| {
            let wide = Belief { mean, deviation: deviation(arm.variance_bound(x)) };
            if wide.high() < low { wide } else { Belief { mean, deviation: deviation(arm.variance(x)) } }
        };
        probabilities(&means.iter().map(belief).collect::<Vec<_>>())
    }

    /// The probability with which each arm is drawn: `p = f + (1 − K·f)·w` with the floor `f` and `K` arms.
    pub fn shares(&self, x: &[f64]) -> Vec<f64> {
        floored(self.weights(x))
    }

    /// The same when only `arms` may be drawn, such as when another was halted: one share for each of them, in their order.
    ///
    /// An arm that the learner does not have gets none, so that the list becomes shorter.
    pub fn shares_among(&self, x: &[f64], arms: &[usize]) -> Vec<f64> {
        floored(self.weights_of(x, arms.iter().filter_map(|&arm| self.arms.get(arm))))
    }

    /// Decides; `draw` is uniform in [0, 1).
    pub fn decide(&self, x: &[f64], draw: f64) -> Decision {
        let shares = self.shares(x);
        let arm = pick(&shares, draw);
        Decision { arm, propensity: shares.get(arm).copied().unwrap_or(1.0), shares }
    }
}

/// Lifts every weight to the floor.
fn floored(mut weights: Vec<f64>) -> Vec<f64> {
    let arms = weights.len();
    let least = floor(arms);
    for weight in &mut weights {
        *weight = least + (1.0 - arms as f64 * least) * *weight;
    }
    weights
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Random;

    /// A learner after `n` rewards from arms with these rates in each of two segments.
    fn learnt(rates: [[f64; 2]; 2], n: u32) -> LinearThompson {
        let mut learner = LinearThompson::new(2, 2, 0, &Prior::default());
        let mut random = Random::new(3);
        for _ in 0..n {
            let segment = random.below(2);
            let x = features(2, segment, &[]);
            let arm = learner.decide(&x, random.uniform()).arm;
            let reward = f64::from(u8::from(random.uniform() < rates[segment][arm]));
            assert!(learner.update(arm, &x, reward));
        }
        learner
    }

    #[test]
    fn who_knows_nothing_draws_evenly() {
        let learner = LinearThompson::new(4, 2, 0, &Prior::default());
        assert_eq!(learner.shares(&features(2, 0, &[])), [0.25; 4]);
    }

    #[test]
    fn each_segment_gets_the_arm_that_serves_it_down_to_the_floor() {
        let learner = learnt([[0.1, 0.3], [0.3, 0.1]], 4000);
        for (segment, best) in [(0, 1), (1, 0)] {
            let shares = learner.shares(&features(2, segment, &[]));
            assert!(shares[best] > 0.95, "{shares:?}");
            assert!((shares[1 - best] - floor(2)).abs() < 0.01, "{shares:?}");
        }
    }

    #[test]
    fn a_segment_never_seen_borrows_from_the_others() {
        let mut learner = LinearThompson::new(2, 3, 0, &Prior::default());
        let mut random = Random::new(4);
        for at in 0..2000usize {
            let rate = [0.1, 0.4][at % 2];
            learner.update(at % 2, &features(3, at % 2, &[]), f64::from(u8::from(random.uniform() < rate)));
        }
        let shares = learner.shares(&features(3, 2, &[]));
        assert!(shares[1] > 0.6, "{shares:?}");
    }

    #[test]
    fn after_a_turn_of_the_market_what_fades_is_relearnt_sooner() {
        let turn = |keep: f64| {
            let mut learner = learnt([[0.1, 0.3], [0.1, 0.3]], 4000);
            let x = features(2, 0, &[]);
            let mut random = Random::new(9);
            for _ in 0..10 {
                for _ in 0..50 {
                    let arm = learner.decide(&x, random.uniform()).arm;
                    learner.update(arm, &x, f64::from(u8::from(random.uniform() < [0.3, 0.1][arm])));
                }
                learner.discount(keep);
            }
            learner.shares(&x)[0]
        };
        assert!(turn(0.7) > turn(1.0) + 0.2, "{} and {}", turn(0.7), turn(1.0));
    }

    #[test]
    fn parts_of_a_reward_and_their_correction_add_up_to_the_whole() {
        let x = features(2, 1, &[]);
        let mut whole = learnt([[0.1, 0.3], [0.3, 0.1]], 200);
        let mut parts = whole.clone();
        assert!(whole.update(1, &x, 7.0));
        // Silence counted for 0.3 and 0.2 before the answer came.
        assert!(parts.update_weighted(1, &x, -0.2, 0.3) && parts.update_weighted(1, &x, -0.2, 0.2));
        assert!(parts.update_weighted(1, &x, 7.0, 0.5) && parts.correct(1, &x, 0.5 * (7.0 + 0.2)));
        let means = |learner: &LinearThompson| learner.belief(1, &x).expect("it is known").0;
        assert!((means(&whole) - means(&parts)).abs() < 1e-9, "{} and {}", means(&whole), means(&parts));
        assert!((whole.arms[1].variance(&x) - parts.arms[1].variance(&x)).abs() < 1e-12);
        assert!(!parts.correct(7, &x, 1.0) && !parts.correct(0, &x[1..], 1.0));
    }

    #[test]
    fn the_integral_agrees_with_sampled_draws() {
        let learner = learnt([[0.2, 0.22], [0.2, 0.22]], 300);
        let x = features(2, 0, &[]);
        let noise = libm::sqrt(learner.surprises / learner.rewards);
        let mut random = Random::new(8);
        let n = 40_000;
        let mut wins = 0;
        for _ in 0..n {
            let drawn: Vec<f64> = learner
                .arms
                .iter()
                .map(|arm| learner.expected(arm, &x) + noise * libm::sqrt(arm.variance(&x)) * random.normal())
                .collect();
            wins += u32::from(drawn[1] > drawn[0]);
        }
        let sampled = f64::from(wins) / f64::from(n);
        let computed = learner.weights(&x)[1];
        assert!((sampled - computed).abs() < 0.01, "{sampled} sampled, {computed} computed");
    }

    #[test]
    fn an_arm_that_cannot_win_has_the_same_share_whether_its_deviation_is_exact_or_not() {
        let mut learner = LinearThompson::new(4, 0, 1, &Prior::default());
        let mut random = Random::new(6);
        for _ in 0..4000 {
            let (arm, x) = (random.below(4), features(0, 0, &[random.normal()]));
            learner.update(arm, &x, arm as f64 * x[1] + 0.3 * random.normal());
        }
        for value in [-2.0, -0.5, 0.01, 0.3, 1.5] {
            let x = features(0, 0, &[value]);
            let noise = libm::sqrt(learner.surprises / learner.rewards);
            let exact = |arm: &Ridge| Belief {
                mean: learner.expected(arm, &x),
                deviation: (noise * libm::sqrt(arm.variance(&x))).max(1e-12),
            };
            let exact: Vec<Belief> = learner.arms.iter().map(exact).collect();
            assert_eq!(learner.weights(&x), probabilities(&exact), "{value}");
        }
    }

    #[test]
    fn an_arm_that_may_not_be_drawn_leaves_its_share_to_the_others() {
        let learner = learnt([[0.1, 0.3], [0.1, 0.3]], 2000);
        let x = features(2, 0, &[]);
        assert_eq!(learner.shares_among(&x, &[0, 1]), learner.shares(&x));
        assert_eq!(learner.shares_among(&x, &[0]), [1.0]);
        assert_eq!(learner.shares_among(&x, &[7, 1]), [1.0]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_none_lies_below_the_floor(
            rewards in prop::collection::vec((0usize..5, 0usize..3, -1e6f64..1e6), 0..60),
        ) {
            let mut learner = LinearThompson::new(5, 3, 0, &Prior::default());
            for (arm, segment, reward) in rewards {
                learner.update(arm, &features(3, segment, &[]), reward);
            }
            let shares = learner.shares(&features(3, 1, &[]));
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|share| *share >= floor(5) - 1e-12));
            let decision = learner.decide(&features(3, 1, &[]), 0.5);
            prop_assert!((decision.propensity - decision.shares[decision.arm]).abs() < 1e-15);
        }
    }
}

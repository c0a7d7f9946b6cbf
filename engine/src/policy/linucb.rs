//! LinUCB, the reference that learners are compared with.
//!
//! Source: Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation",
//! WWW 2010, arXiv:1003.0146, algorithm 1.
//! Invariant: it is deterministic, so it yields no propensity, and no offer is ever decided by it.

use alloc::vec::Vec;

use super::ridge::Ridge;

/// The learner.
#[derive(Debug, Clone, PartialEq)]
pub struct LinUcb {
    alpha: f64,
    arms: Vec<Ridge>,
}

impl LinUcb {
    /// Arms that know nothing, with the same prior precision for each of `dimension` coefficients.
    pub fn new(arms: usize, dimension: usize, precision: f64, alpha: f64) -> Self {
        Self { alpha, arms: alloc::vec![Ridge::new(&alloc::vec![precision; dimension]); arms] }
    }

    /// Takes in a reward; `false` if the arm is unknown or the context does not fit.
    pub fn update(&mut self, arm: usize, x: &[f64], reward: f64) -> bool {
        self.arms.get_mut(arm).is_some_and(|arm| arm.update(x, reward))
    }

    /// The upper confidence bound of each arm: `x'θ + α √(x'A⁻¹x)`.
    pub fn bounds(&self, x: &[f64]) -> Vec<f64> {
        self.arms.iter().map(|arm| arm.mean(x) + self.alpha * libm::sqrt(arm.variance(x))).collect()
    }

    /// The arm with the highest bound, the first among equals.
    pub fn choose(&self, x: &[f64]) -> usize {
        let bounds = self.bounds(x);
        let mut best = 0;
        for (arm, bound) in bounds.iter().enumerate() {
            if *bound > bounds[best] {
                best = arm;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::recorded::engagement_json;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
    }

    #[test]
    fn the_published_bounds_are_met_to_a_millionth() {
        let Some(vectors) = engagement_json("vectors/mabwiser_linucb.json") else { return };
        let history: Vec<_> = vectors["context_history"].as_array().expect("a list").iter().map(numbers).collect();
        let contexts: Vec<_> = vectors["contexts"].as_array().expect("a list").iter().map(numbers).collect();
        let cases = vectors["cases"].as_array().expect("a list");
        assert_eq!(cases.len(), 2);
        for case in cases {
            let mut learner = LinUcb::new(3, 5, 1.0, case["alpha"].as_f64().expect("a number"));
            for ((x, arm), reward) in history.iter().zip(numbers(&case["decisions"])).zip(numbers(&case["rewards"])) {
                assert!(learner.update(arm as usize - 1, x, reward));
            }
            for (at, x) in contexts.iter().enumerate() {
                for (found, expected) in learner.bounds(x).iter().zip(numbers(&case["expectations"][at])) {
                    assert!((found - expected).abs() <= 1e-6, "{found}, not {expected}");
                }
                assert_eq!(learner.choose(x) + 1, case["predict"][at].as_u64().expect("an arm") as usize);
            }
        }
    }
}

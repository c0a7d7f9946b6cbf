//! Scores: what a treatment is expected to add for each unit.
//!
//! Source: Künzel, Sekhon, Bickel and Yu, "Metalearners for estimating heterogeneous treatment effects using machine
//! learning", PNAS 116(10), 2019, arXiv:1706.03461: the S- and the T-learner, here over ridge regression.
//! Invariant: cross-fitted; unit `at` belongs to fold `at % folds` and is scored by models of all other folds.

use alloc::vec::Vec;

use libm::sqrt;

use crate::policy::ridge::Ridge;

/// One unit of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// What was known of it before; as many values for every unit.
    pub features: Vec<f64>,
    /// Whether it was treated.
    pub treated: bool,
    /// What came of it.
    pub outcome: f64,
}

/// Which models make the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learner {
    /// One model of outcomes in which the treatment meets every feature.
    Single,
    /// One model for the treated and one for the others.
    Two,
}

/// The prior's precision for each standardised coefficient, in units; the mean of all is free.
const PRECISION: f64 = 10.0;
/// The same for an intercept, which hardly needs any.
const FREE: f64 = 1e-6;

/// The score of every unit; zeros where there are too few units to learn from.
pub fn cross_fitted(units: &[Unit], learner: Learner, folds: usize) -> Vec<f64> {
    let folds = folds.clamp(2, 50);
    let width = units.first().map_or(0, |unit| unit.features.len());
    let scales = scales(units, width);
    let rows: Vec<Vec<f64>> = units.iter().map(|unit| standardised(&unit.features, &scales)).collect();
    let mut scores = alloc::vec![0.0; units.len()];
    for fold in 0..folds {
        let training = || (0..units.len()).filter(move |at| at % folds != fold);
        let mut models = Models::new(learner, width);
        for at in training() {
            models.update(&rows[at], units[at].treated, units[at].outcome);
        }
        for at in (fold..units.len()).step_by(folds) {
            scores[at] = models.effect(&rows[at]);
        }
    }
    scores
}

/// Mean and one over the deviation of each feature; a feature that never varies is scaled away.
fn scales(units: &[Unit], width: usize) -> Vec<(f64, f64)> {
    let n = units.len().max(1) as f64;
    (0..width)
        .map(|at| {
            let values = || units.iter().map(|unit| unit.features.get(at).copied().unwrap_or(0.0));
            let mean = values().sum::<f64>() / n;
            let deviation = sqrt(values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n);
            (mean, if deviation > 1e-12 { 1.0 / deviation } else { 0.0 })
        })
        .collect()
}

/// A leading one and the standardised features.
fn standardised(features: &[f64], scales: &[(f64, f64)]) -> Vec<f64> {
    let scaled = features.iter().zip(scales).map(|(value, (mean, scale))| (value - mean) * scale);
    core::iter::once(1.0).chain(scaled).collect()
}

struct Models {
    learner: Learner,
    /// The single model, or the model of the untreated and that of the treated.
    ridges: Vec<Ridge>,
}

impl Models {
    fn new(learner: Learner, width: usize) -> Self {
        let mut one = alloc::vec![FREE];
        one.extend(core::iter::repeat_n(PRECISION, width));
        let ridges = match learner {
            // The treatment's own level is as free as the mean; both halves share one model of the noise.
            Learner::Single => alloc::vec![Ridge::new(&[one.clone(), one].concat())],
            Learner::Two => alloc::vec![Ridge::new(&one), Ridge::new(&one)],
        };
        Self { learner, ridges }
    }

    fn update(&mut self, row: &[f64], treated: bool, outcome: f64) {
        match self.learner {
            Learner::Single => {
                self.ridges[0].update(&doubled(row, treated), outcome);
            }
            Learner::Two => {
                self.ridges[usize::from(treated)].update(row, outcome);
            }
        }
    }

    fn effect(&self, row: &[f64]) -> f64 {
        match self.learner {
            Learner::Single => self.ridges[0].mean(&doubled(row, true)) - self.ridges[0].mean(&doubled(row, false)),
            Learner::Two => self.ridges[1].mean(row) - self.ridges[0].mean(row),
        }
    }
}

/// The row, and the row again where it is treated.
fn doubled(row: &[f64], treated: bool) -> Vec<f64> {
    let share = f64::from(u8::from(treated));
    row.iter().copied().chain(row.iter().map(|value| value * share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Units whose outcome rises by twice the first feature when treated.
    fn units(n: usize) -> Vec<Unit> {
        let mut random = Random::new(2);
        (0..n)
            .map(|_| {
                let features = alloc::vec![random.normal(), 5.0 + 3.0 * random.normal(), 1.0];
                let treated = random.uniform() < 0.5;
                let effect = if treated { 2.0 * features[0] } else { 0.0 };
                Unit { outcome: effect + features[1] + random.normal(), features, treated }
            })
            .collect()
    }

    #[test]
    fn both_learners_find_whom_the_treatment_moves() {
        let units = units(4000);
        for learner in [Learner::Single, Learner::Two] {
            for (unit, score) in units.iter().zip(cross_fitted(&units, learner, 5)) {
                let truth = 2.0 * unit.features[0];
                assert!((score - truth).abs() < 0.5, "{learner:?}: {score}, not {truth}");
            }
        }
    }

    #[test]
    fn no_unit_is_scored_by_a_model_that_saw_it() {
        let mut units = units(60);
        let before = cross_fitted(&units, Learner::Two, 3);
        units[7].outcome += 1e6;
        let after = cross_fitted(&units, Learner::Two, 3);
        for at in (1..60).step_by(3) {
            assert!((before[at] - after[at]).abs() < 1e-9, "unit {at} is of the same fold");
        }
        assert!((before[0] - after[0]).abs() > 1.0, "and the others learn from it");
    }

    #[test]
    fn nothing_to_learn_from_scores_nothing() {
        assert!(cross_fitted(&[], Learner::Two, 5).is_empty());
        let one = [Unit { features: alloc::vec![1.0], treated: true, outcome: 3.0 }];
        assert_eq!(cross_fitted(&one, Learner::Single, 5), [0.0]);
    }
}

//! How well scores order units by what the treatment adds, and what it adds in each part of that order.
//!
//! Sources: Radcliffe, "Using control groups to target on predicted lift", Direct Marketing Analytics Journal 2007, for the
//! Qini curve; Gutierrez and Gérardy, "Causal inference and uplift modelling: a review", PMLR 67, 2016, for the uplift curve.
//! Invariant: units of equal score stand at one place of a curve, so that the order of rows changes nothing.

use alloc::vec::Vec;

use crate::experiments::sequential::Interval;
use crate::experiments::summary::{Summary, difference};
use crate::special::normal_quantile;

/// A unit with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// What the treatment is expected to add.
    pub score: f64,
    /// Whether it was treated.
    pub treated: bool,
    /// What came of it.
    pub outcome: f64,
}

/// What treating the best-scored share of all units adds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// The share of units, from 0 to 1.
    pub share: Vec<f64>,
    /// Qini: outcomes of the treated less those of the others scaled to as many, per unit of the whole.
    pub qini: Vec<f64>,
    /// Uplift: difference of the means times the units taken, per unit of the whole.
    pub uplift: Vec<f64>,
    /// The area between the Qini curve and the straight line to its end.
    pub qini_area: f64,
    /// The same by the area of the order that knows every outcome; nothing where that has none.
    pub qini_coefficient: Option<f64>,
    /// The area under the uplift curve (AUUC).
    pub uplift_area: f64,
}

/// What the treatment adds in one group of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// The treated units.
    pub treated: f64,
    /// The others.
    pub untreated: f64,
    /// The least and the largest score.
    pub scores: Interval,
    /// The difference of means.
    pub effect: f64,
    /// At 95 %, for one look.
    pub interval: Interval,
}

impl Group {
    /// Whether the treatment is shown to do harm here.
    pub fn is_sleeping_dog(&self) -> bool {
        self.interval.high < 0.0
    }
}

fn ordered(units: &[Scored]) -> Vec<Scored> {
    let mut ordered: Vec<Scored> = units.iter().copied().filter(|unit| unit.score.is_finite()).collect();
    ordered.sort_by(|a, b| b.score.total_cmp(&a.score));
    ordered
}

/// Both curves at each distinct score.
pub fn curve(units: &[Scored]) -> Curve {
    let mut found = traced(units);
    let perfect: Vec<Scored> = units
        .iter()
        .map(|unit| Scored { score: if unit.treated { unit.outcome } else { -unit.outcome }, ..*unit })
        .collect();
    let most = traced(&perfect).qini_area;
    found.qini_coefficient = (most > 1e-12).then(|| found.qini_area / most);
    found
}

fn traced(units: &[Scored]) -> Curve {
    let ordered = ordered(units);
    let n = ordered.len() as f64;
    let mut curve =
        Curve { share: alloc::vec![0.0], qini: alloc::vec![0.0], uplift: alloc::vec![0.0], ..Curve::default() };
    let (mut counts, mut sums) = ([0.0; 2], [0.0; 2]);
    for run in ordered.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
        for unit in run {
            counts[usize::from(unit.treated)] += 1.0;
            sums[usize::from(unit.treated)] += unit.outcome;
        }
        // Without anybody to compare with, what one side brought stands alone.
        let mean = |arm: usize| if counts[arm] > 0.0 { sums[arm] / counts[arm] } else { 0.0 };
        let qini = if counts[0] > 0.0 { sums[1] - sums[0] * counts[1] / counts[0] } else { sums[1] };
        let uplift = (mean(1) - mean(0)) * (counts[0] + counts[1]);
        curve.share.push((counts[0] + counts[1]) / n);
        curve.qini.push(qini / n);
        curve.uplift.push(uplift / n);
    }
    let area = |values: &[f64]| -> f64 {
        let pairs = curve.share.windows(2).zip(values.windows(2));
        pairs.map(|(x, y)| 0.5 * (x[1] - x[0]) * (y[0] + y[1])).sum()
    };
    let end = curve.qini.last().copied().unwrap_or(0.0);
    (curve.qini_area, curve.uplift_area) = (area(&curve.qini) - 0.5 * end, area(&curve.uplift));
    curve
}

/// The difference of means over some units.
pub fn group(units: &[Scored]) -> Group {
    let mut arms = [Summary::default(); 2];
    let mut scores = Interval { low: f64::INFINITY, high: f64::NEG_INFINITY };
    for unit in units {
        arms[usize::from(unit.treated)].observe(unit.outcome, 0.0);
        scores = Interval { low: scores.low.min(unit.score), high: scores.high.max(unit.score) };
    }
    let found = difference(&arms[0], &arms[1]);
    let half = normal_quantile(0.975) * found.standard_error;
    let interval = if half.is_finite() {
        Interval { low: found.effect - half, high: found.effect + half }
    } else {
        Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }
    };
    Group { treated: arms[1].n, untreated: arms[0].n, scores, effect: found.effect, interval }
}

/// So many groups of nearly equal size, from the best score to the worst; fewer if there are fewer units.
pub fn groups(units: &[Scored], count: usize) -> Vec<Group> {
    let ordered = ordered(units);
    let count = count.clamp(1, ordered.len().max(1));
    let cut = |at: usize| at * ordered.len() / count;
    (0..count).map(|at| group(&ordered[cut(at)..cut(at + 1)])).collect()
}

/// The difference of means among the best-scored `share` of units.
pub fn top(units: &[Scored], share: f64) -> Group {
    let ordered = ordered(units);
    let count = (ordered.len() as f64 * share.clamp(0.0, 1.0)) as usize;
    group(&ordered[..count])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn unit(score: f64, treated: bool, outcome: f64) -> Scored {
        Scored { score, treated, outcome }
    }

    #[test]
    fn the_curves_of_a_small_experiment_are_as_by_hand() {
        let units = [
            unit(4.0, true, 1.0),
            unit(3.0, false, 0.0),
            unit(2.0, true, 1.0),
            unit(2.0, false, 1.0),
            unit(1.0, true, 0.0),
            unit(0.0, false, 1.0),
        ];
        let found = curve(&units);
        let sixths = |values: &[f64], expected: [f64; 6]| {
            let near = values.iter().zip(expected).all(|(value, sixths)| (6.0 * value - sixths).abs() < 1e-12);
            assert!(values.len() == 6 && near, "{values:?}, not {expected:?} sixths");
        };
        sixths(&found.share, [0.0, 1.0, 2.0, 4.0, 5.0, 6.0]);
        sixths(&found.qini, [0.0, 1.0, 1.0, 1.0, 0.5, 0.0]);
        sixths(&found.uplift, [0.0, 1.0, 2.0, 2.0, 5.0 * (2.0 / 3.0 - 0.5), 0.0]);
        // Trapezoids: .5 + 1 + 2 + .75 + .25 of 36.
        assert!((found.qini_area - 4.5 / 36.0).abs() < 1e-12, "{found:?}");
    }

    /// Computed with scikit-uplift 0.5.1 (`qini_curve`, `uplift_curve`, `qini_auc_score`) on the same units, areas by units².
    #[test]
    fn areas_and_coefficient_agree_with_scikit_uplift() {
        let units: Vec<Scored> = (0..300u32)
            .map(|at| {
                let treated = at * 7919 % 11 < 5;
                let score = f64::from(at * 104_729 % 97) / 97.0;
                let bound = if treated { 30.0 + 20.0 * score } else { 30.0 };
                unit(score, treated, f64::from(u8::from(f64::from((at * at * 31 + at * 17) % 101) < bound)))
            })
            .collect();
        let found = curve(&units);
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        assert!(near(found.qini_area, 0.013_917_927_376_460_165), "{}", found.qini_area);
        assert!(near(found.uplift_area, 0.087_417_700_402_602_8), "{}", found.uplift_area);
        assert!(found.qini_coefficient.is_some_and(|share| near(share, 0.093_147_159_305_960_8)));
    }

    #[test]
    fn the_order_of_rows_changes_nothing_and_no_units_make_no_curve() {
        let mut units: Vec<Scored> =
            (0..60).map(|at| unit(f64::from(at % 4), at % 3 == 0, f64::from(at % 5))).collect();
        let found = curve(&units);
        Random::new(3).shuffle(&mut units);
        assert_eq!(curve(&units), found);
        assert_eq!(curve(&[]).share, [0.0]);
        assert!(groups(&[], 10)[0].interval.low.is_infinite());
    }

    #[test]
    fn scores_that_know_the_effect_are_rewarded_and_harm_is_named() {
        let mut random = Random::new(7);
        let units: Vec<Scored> = (0..20_000)
            .map(|_| {
                let effect = random.uniform() - 0.4;
                let treated = random.uniform() < 0.5;
                let rate = 0.4 + if treated { effect } else { 0.0 };
                unit(effect, treated, f64::from(u8::from(random.uniform() < rate)))
            })
            .collect();
        let aimed = curve(&units);
        let blind: Vec<Scored> = units.iter().map(|one| Scored { score: random.uniform(), ..*one }).collect();
        assert!(aimed.qini_area > 5.0 * curve(&blind).qini_area.abs(), "{} aimed", aimed.qini_area);
        assert!(aimed.qini_coefficient.is_some_and(|share| (0.05..1.0).contains(&share)));
        let tenths = groups(&units, 10);
        // The seventh tenth begins to lose: minus .05 on average, which is about two standard errors.
        assert!(tenths[7..].iter().all(Group::is_sleeping_dog), "{tenths:?}");
        assert!(!tenths[..6].iter().any(Group::is_sleeping_dog), "{tenths:?}");
        assert!((top(&units, 0.3).effect - 0.45).abs() < 0.03);
    }
}

//! With which probability each arm is chosen.
//!
//! Invariant: shares sum to 1, none lies below the floor, and the arm is drawn from exactly the shares that are stored, so
//! that a logged propensity is a fact and not an estimate.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// A policy without learning: a fixed share for doing nothing, the rest in equal parts over the arms.
///
/// Even so it is stochastic on purpose: what it logs can judge a later policy before that one decides anything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Rises with each change of figures or method; stored with every decision.
    pub version: u32,
    /// The weight of doing nothing before the floor, from 0 to 1.
    pub nothing: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: 1, nothing: 0.2 }
    }
}

/// The least share of each of `arms` arms: one per cent or a twentieth of an even split, whichever is more.
///
/// For a hundred arms and more it is half of an even split, so that the floors never use up the whole.
pub fn floor(arms: usize) -> f64 {
    let arms = arms.max(1) as f64;
    (0.05 / arms).max(0.01).min(0.5 / arms)
}

impl Policy {
    /// The shares of "nothing" and of `offers` arms, in this order: `p = f + (1 − K·f)·w` with the floor `f` and `K` arms.
    ///
    /// With no other arm, "nothing" has all.
    pub fn shares(&self, offers: usize) -> Vec<f64> {
        if offers == 0 {
            return alloc::vec![1.0];
        }
        let nothing = if self.nothing.is_finite() { self.nothing.clamp(0.0, 1.0) } else { 1.0 };
        let arms = offers + 1;
        let least = floor(arms);
        let share = |weight: f64| least + (1.0 - arms as f64 * least) * weight;
        let each = share((1.0 - nothing) / offers as f64);
        core::iter::once(share(nothing)).chain(core::iter::repeat_n(each, offers)).collect()
    }
}

/// The arm on which `draw` (uniform in [0, 1)) falls; the last one takes what rounding leaves over.
pub fn pick(shares: &[f64], draw: f64) -> usize {
    let mut below = 0.0;
    for (arm, share) in shares.iter().enumerate() {
        below += share;
        if draw < below {
            return arm;
        }
    }
    shares.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_to_offer_is_nothing_for_sure() {
        assert_eq!(Policy::default().shares(0), [1.0]);
    }

    #[test]
    fn one_offer_is_made_in_most_cases_but_not_in_all() {
        let shares = Policy::default().shares(1);
        assert!((shares[0] - 0.215).abs() < 1e-12 && (shares[1] - 0.785).abs() < 1e-12, "{shares:?}");
    }

    #[test]
    fn a_draw_falls_on_the_arm_whose_span_holds_it() {
        for (draw, arm) in [(0.0, 0), (0.199, 0), (0.2, 1), (0.999, 1), (1.0, 1), (f64::NAN, 1)] {
            assert_eq!(pick(&[0.2, 0.8], draw), arm, "{draw}");
        }
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_none_lies_below_the_floor(nothing in prop::num::f64::ANY, offers in 0usize..300) {
            let shares = Policy { version: 1, nothing }.shares(offers);
            prop_assert_eq!(shares.len(), offers + 1);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|&share| share >= floor(offers + 1).min(1.0) - 1e-12));
        }

        #[test]
        fn every_draw_picks_an_arm(draw in prop::num::f64::ANY, offers in 0usize..20) {
            let shares = Policy::default().shares(offers);
            prop_assert!(pick(&shares, draw) < shares.len());
        }
    }

    #[test]
    fn arms_are_drawn_as_often_as_their_shares_say() {
        let shares = Policy::default().shares(3);
        let n = 10_000;
        let mut drawn = [0u32; 4];
        for at in 0..n {
            drawn[pick(&shares, f64::from(at) / f64::from(n))] += 1;
        }
        for (count, share) in drawn.iter().zip(&shares) {
            assert!((f64::from(*count) / f64::from(n) - share).abs() < 1e-3, "{drawn:?} for {shares:?}");
        }
    }
}

//! What the policy in force has learnt of each arm, and the shares that follow.
//!
//! Invariant: it learns from what was drawn with a known probability alone; whatever else is handed to it is refused and
//! counted.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::eligibility::{Facts, Value};
use crate::policy::linear_thompson::{LinearThompson, Prior};
use crate::policy::{floor, pick};

/// How many segments the policy tells owners apart by.
pub const SEGMENTS: usize = 6;

/// Facts that the policy sees beside segments, each with what makes it about one.
const CONTEXT: [(&str, f64); 5] = [
    ("short_trip_share", 1.0),
    ("distance_30d_km", 2_000.0),
    ("bookings_year", 3.0),
    ("refusals_year", 3.0),
    ("outside_week_c", 20.0),
];

/// Contexts lie within ± this, so that one car's odd figure moves no arm.
const FARTHEST: f64 = 3.0;

/// Why nothing was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unlearnt {
    /// The probability with which the arm was drawn is not known, or is none.
    NoPropensity,
    /// What was seen is of another shape than this policy's, such as an earlier one's.
    OtherShape,
    /// The policy has no such arm.
    UnknownArm,
    /// The reward is no number.
    Reward,
}

impl fmt::Display for Unlearnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPropensity => "the arm's probability is not known",
            Self::OtherShape => "what was seen is of another shape than the policy's",
            Self::UnknownArm => "the policy has no such arm",
            Self::Reward => "the reward is no number",
        })
    }
}

impl core::error::Error for Unlearnt {}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learner {
    /// Rises whenever it begins anew; stored with every decision.
    pub version: u32,
    /// What its models stand for, "nothing" first.
    arms: Vec<Arm>,
    segments: Vec<String>,
    model: LinearThompson,
    /// How many outcomes it has learnt from.
    pub learnt: u64,
    /// How many it has refused.
    pub refused: u64,
}

impl Learner {
    /// A policy that knows nothing and tells owners apart by the first [`SEGMENTS`] of these.
    pub fn new(version: u32, segments: impl IntoIterator<Item = String>) -> Self {
        let segments: Vec<String> = segments.into_iter().take(SEGMENTS).collect();
        let model = LinearThompson::new(1, segments.len(), CONTEXT.len(), &Prior::default());
        Self { version, arms: alloc::vec![Arm::Nothing], segments, model, learnt: 0, refused: 0 }
    }

    /// Whether it tells owners apart by these.
    pub fn is_by<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> bool {
        self.segments.iter().map(String::as_str).eq(segments.into_iter().take(SEGMENTS))
    }

    /// Makes room for arms that it has not met; answers whether there were any.
    pub fn meet(&mut self, arms: impl IntoIterator<Item = Arm>) -> bool {
        let before = self.arms.len();
        for arm in arms {
            if !self.arms.contains(&arm) {
                self.arms.push(arm);
            }
        }
        self.model.grow(self.arms.len());
        self.arms.len() > before
    }

    /// What it sees of a car: one, its segments, and a few facts; an unknown fact is the middle.
    pub fn features<'a>(&self, members: impl IntoIterator<Item = &'a str>, facts: &Facts) -> Vec<f64> {
        let mut x = alloc::vec![0.0; 1 + self.segments.len()];
        x[0] = 1.0;
        for member in members {
            if let Some(at) = self.segments.iter().position(|segment| segment == member) {
                x[1 + at] = 1.0;
            }
        }
        x.extend(CONTEXT.iter().map(|(name, unit)| match facts.get(*name) {
            Some(Value::Number(number)) if number.is_finite() => (number / unit).clamp(-FARTHEST, FARTHEST),
            _ => 0.0,
        }));
        x
    }

    /// The share of each of `arms`: they sum to one, and none lies below the floor. Arms that it has not met share evenly.
    pub fn shares(&self, x: &[f64], arms: &[Arm]) -> Vec<f64> {
        let even = || alloc::vec![1.0 / arms.len().max(1) as f64; arms.len()];
        let places: Option<Vec<usize>> =
            arms.iter().map(|arm| self.arms.iter().position(|known| known == arm)).collect();
        let Some(places) = places.filter(|_| x.len() == 1 + self.segments.len() + CONTEXT.len()) else {
            return even();
        };
        let shares = self.model.shares_among(x, &places);
        let least = floor(arms.len()) - 1e-9;
        let sound = shares.len() == arms.len() && shares.iter().all(|share| *share >= least);
        if sound { shares } else { even() }
    }

    /// The arm on which `draw` falls.
    pub fn pick(shares: &[f64], draw: f64) -> usize {
        pick(shares, draw)
    }

    /// What is expected of an arm for a car, and how sure that is, in the currency's own unit.
    pub fn belief(&self, arm: Arm, x: &[f64]) -> Option<(f64, f64)> {
        self.model.belief(self.arms.iter().position(|known| *known == arm)?, x)
    }

    /// Takes in what came of an arm: `reward` in the currency's own unit.
    pub fn learn(&mut self, arm: Arm, propensity: Option<f64>, x: &[f64], reward: f64) -> Result<(), Unlearnt> {
        let learnt = self.try_learn(arm, propensity, x, reward);
        match learnt {
            Ok(()) => self.learnt += 1,
            Err(_) => self.refused += 1,
        }
        learnt
    }

    fn try_learn(&mut self, arm: Arm, propensity: Option<f64>, x: &[f64], reward: f64) -> Result<(), Unlearnt> {
        if propensity.is_none_or(|share| !(share > 0.0 && share <= 1.0)) {
            return Err(Unlearnt::NoPropensity);
        }
        if !reward.is_finite() {
            return Err(Unlearnt::Reward);
        }
        let place = self.arms.iter().position(|known| *known == arm).ok_or(Unlearnt::UnknownArm)?;
        if self.model.update(place, x, reward) { Ok(()) } else { Err(Unlearnt::OtherShape) }
    }

    /// Lets what was learnt fade: it counts `keep` (0 to 1) of what it did.
    pub fn discount(&mut self, keep: f64) {
        self.model.discount(keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::arm::{Channel, Timing};
    use super::*;

    const TYRES: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };
    const WASH: Arm = Arm::Offer { offer: 7, channel: Channel::Account, timing: Timing::Saturday };

    fn learner() -> Learner {
        let mut learner = Learner::new(1, ["town".into(), "electric".into()]);
        assert!(learner.meet([TYRES, WASH]) && !learner.meet([WASH]));
        learner
    }

    #[test]
    fn who_knows_nothing_shares_evenly_also_with_arms_it_has_not_met() {
        let learner = learner();
        let x = learner.features(["town"], &Facts::new());
        assert_eq!(learner.shares(&x, &[Arm::Nothing, TYRES]), [0.5, 0.5]);
        let new = Arm::Offer { offer: 9, channel: Channel::Car, timing: Timing::Now };
        assert_eq!(learner.shares(&x, &[Arm::Nothing, TYRES, WASH, new]), [0.25; 4]);
        assert_eq!(learner.shares(&[1.0], &[Arm::Nothing]), [1.0], "a context of another shape");
    }

    #[test]
    fn what_pays_in_one_segment_is_drawn_more_there() {
        let mut learner = learner();
        let (town, land) = (learner.features(["town"], &Facts::new()), learner.features([], &Facts::new()));
        for at in 0..600 {
            let (x, pays) = if at % 2 == 0 { (&town, TYRES) } else { (&land, WASH) };
            for arm in [Arm::Nothing, TYRES, WASH] {
                let noise = f64::from(at % 5) - 2.0;
                learner.learn(arm, Some(0.3), x, noise + if arm == pays { 8.0 } else { 0.0 }).expect("it is known");
            }
        }
        let arms = [Arm::Nothing, TYRES, WASH];
        assert!(learner.shares(&town, &arms)[1] > 0.8 && learner.shares(&land, &arms)[2] > 0.8);
        let (mean, deviation) = learner.belief(TYRES, &town).expect("it is known");
        assert!((mean - 8.0).abs() < 1.0 && deviation < 1.0, "{mean} ± {deviation}");
    }

    #[test]
    fn nothing_is_learnt_without_a_propensity_and_refusals_are_counted() {
        let mut learner = learner();
        let x = learner.features([], &Facts::new());
        let before = learner.clone();
        for (arm, propensity, x, reward, expected) in [
            (TYRES, None, &x[..], 1.0, Unlearnt::NoPropensity),
            (TYRES, Some(0.0), &x[..], 1.0, Unlearnt::NoPropensity),
            (TYRES, Some(f64::NAN), &x[..], 1.0, Unlearnt::NoPropensity),
            (TYRES, Some(0.5), &x[1..], 1.0, Unlearnt::OtherShape),
            (TYRES, Some(0.5), &x[..], f64::NAN, Unlearnt::Reward),
            (
                Arm::Offer { offer: 8, channel: Channel::Car, timing: Timing::Now },
                Some(0.5),
                &x[..],
                1.0,
                Unlearnt::UnknownArm,
            ),
        ] {
            assert_eq!(learner.learn(arm, propensity, x, reward), Err(expected));
        }
        assert_eq!(learner, Learner { refused: 6, ..before });
    }

    #[test]
    fn what_was_learnt_survives_storage() {
        let mut learner = learner();
        let x = learner.features(["electric"], &Facts::from([("outside_week_c".into(), Value::Number(3.0))]));
        learner.learn(WASH, Some(0.2), &x, 11.0).expect("it is known");
        let text = serde_json::to_string(&learner).expect("plain data");
        assert_eq!(serde_json::from_str::<Learner>(&text).expect("what was written"), learner);
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_respect_the_floor(
            rewards in prop::collection::vec((0usize..3, -1e4f64..1e4, any::<bool>()), 0..40),
        ) {
            let mut learner = learner();
            let arms = [Arm::Nothing, TYRES, WASH];
            for (arm, reward, town) in rewards {
                let x = learner.features(town.then_some("town"), &Facts::new());
                learner.learn(arms[arm], Some(0.3), &x, reward).expect("it is known");
            }
            let x = learner.features(["town"], &Facts::new());
            let shares = learner.shares(&x, &arms);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|share| *share >= floor(3) - 1e-9));
        }
    }
}

//! What the policy in force has learnt of each arm, and the shares that follow.
//!
//! Invariant: it learns from what was drawn with a known probability alone; whatever else is handed to it is refused and
//! counted; and when it comes to tell owners apart otherwise, what it has learnt of everybody else stays.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::eligibility::{Condition, Facts, Truth, Value};
use super::ledger::Bet;
use super::regroup::Change;
use super::segments::Segment;
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

/// How many earlier versions it still learns from: what they drew is settled long before so many have passed.
const EARLIER: usize = 8;

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

/// What an earlier version saw of a car.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Earlier {
    version: u32,
    /// How many values it saw.
    width: usize,
    /// Where each value of today stood then; `None` for what was not seen.
    columns: Vec<Option<usize>>,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learner {
    /// Rises whenever it comes to tell owners apart otherwise; stored with every decision.
    pub version: u32,
    /// What its models stand for, "nothing" first.
    arms: Vec<Arm>,
    /// Names without conditions, from before it judged them itself; see [`Self::recall`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    segments: Vec<String>,
    #[serde(default)]
    told_apart: Vec<Segment>,
    model: LinearThompson,
    #[serde(default)]
    earlier: Vec<Earlier>,
    /// How many outcomes it has learnt from.
    pub learnt: u64,
    /// How many it has refused.
    pub refused: u64,
}

impl Learner {
    /// A policy that knows nothing and tells owners apart by the first [`SEGMENTS`] of these.
    pub fn new(version: u32, segments: impl IntoIterator<Item = Segment>) -> Self {
        let told_apart: Vec<Segment> = segments.into_iter().take(SEGMENTS).collect();
        let model = LinearThompson::new(1, told_apart.len(), CONTEXT.len(), &Prior::default());
        let arms = alloc::vec![Arm::Nothing];
        Self { version, arms, segments: Vec::new(), told_apart, model, earlier: Vec::new(), learnt: 0, refused: 0 }
    }

    /// What it tells owners apart by. They are its own, so that it decides as it did until others take their place.
    pub fn told_apart(&self) -> &[Segment] {
        &self.told_apart
    }

    /// Takes the conditions of names that were stored without any from `known`; one that is gone has no members. Answers whether
    /// there were any.
    pub fn recall(&mut self, known: &[Segment]) -> bool {
        let names = core::mem::take(&mut self.segments);
        let news = !names.is_empty();
        self.told_apart.extend(names.into_iter().map(|name| {
            let found = known.iter().find(|segment| segment.name == name).cloned();
            found.unwrap_or(Segment { name, version: 0, condition: Condition::Any(Vec::new()) })
        }));
        news
    }

    /// Where each of these segments stands among its own: whoever belongs to it decides over that, not its name.
    fn places(&self, segments: &[Segment]) -> Vec<Option<usize>> {
        let mut left: Vec<Option<&Segment>> = self.told_apart.iter().map(Some).collect();
        let mut places = alloc::vec![None; segments.len()];
        // A namesake comes first, so that of two with one condition each finds its own.
        for by_name in [true, false] {
            for (place, wanted) in places.iter_mut().zip(segments).filter(|(place, _)| place.is_none()) {
                let same =
                    |known: &Segment| known.condition == wanted.condition && (!by_name || known.name == wanted.name);
                *place = left.iter().position(|known| known.is_some_and(same));
                if let Some(taken) = place.and_then(|at| left.get_mut(at)) {
                    *taken = None;
                }
            }
        }
        places
    }

    /// What would change if it told owners apart by the first [`SEGMENTS`] of these; `None` if it does.
    pub fn change(&self, segments: &[Segment]) -> Option<Change> {
        let wanted = &segments[..segments.len().min(SEGMENTS)];
        if self.told_apart == wanted {
            return None;
        }
        let places = self.places(wanted);
        let mut change = Change::default();
        for (segment, place) in wanted.iter().zip(&places) {
            let list = if place.is_some() { &mut change.kept } else { &mut change.begins };
            list.push(segment.name.clone());
        }
        let goes = self.told_apart.iter().enumerate().filter(|(at, _)| !places.contains(&Some(*at)));
        change.goes.extend(goes.map(|(_, segment)| segment.name.clone()));
        Some(change)
    }

    /// The policy that tells owners apart by the first [`SEGMENTS`] of these: what it knows of segments whose members are the same
    /// stays, a new one begins with what is believed of everybody, and what goes leaves the others as they were.
    #[must_use]
    pub fn regrouped(&self, segments: &[Segment]) -> Self {
        let wanted = &segments[..segments.len().min(SEGMENTS)];
        let mut columns = alloc::vec![Some(0)];
        columns.extend(self.places(wanted).into_iter().map(|place| place.map(|at| 1 + at)));
        columns.extend((0..CONTEXT.len()).map(|at| Some(1 + self.told_apart.len() + at)));
        let mut earlier: Vec<Earlier> = self.earlier.clone();
        earlier.push(Earlier {
            version: self.version,
            width: self.width(),
            columns: (0..self.width()).map(Some).collect(),
        });
        for one in &mut earlier {
            one.columns = columns.iter().map(|column| one.columns.get((*column)?).copied().flatten()).collect();
        }
        let excess = earlier.len().saturating_sub(EARLIER);
        earlier.drain(..excess);
        Self {
            version: self.version + 1,
            told_apart: wanted.to_vec(),
            model: self.model.over(&columns, &Prior::default()),
            earlier,
            ..self.clone()
        }
    }

    /// How many values it sees of a car.
    fn width(&self) -> usize {
        1 + self.told_apart.len() + CONTEXT.len()
    }

    /// What was seen when a bet was drawn, as this version sees it: a segment that nobody looked at then has no members. Empty for
    /// what a version saw of which nothing is known any more.
    pub(super) fn seen<'b>(&self, bet: &'b Bet) -> Cow<'b, [f64]> {
        // Bets from before versions were kept with them are as old as anything that is remembered.
        let oldest = self.earlier.first().map_or(self.version, |earlier| earlier.version);
        let version = if bet.learner == 0 { oldest } else { bet.learner };
        if version == self.version {
            return Cow::Borrowed(&bet.features);
        }
        let known = self.earlier.iter().find(|earlier| earlier.version == version);
        let Some(earlier) = known.filter(|earlier| earlier.width == bet.features.len()) else {
            return Cow::Borrowed(&[]);
        };
        let value = |column: &Option<usize>| column.and_then(|at| bet.features.get(at).copied()).unwrap_or(0.0);
        Cow::Owned(earlier.columns.iter().map(value).collect())
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

    /// What it sees of a car: one, the segments that its facts make it a member of, and a few facts; an unknown fact is the middle.
    pub fn features(&self, facts: &Facts) -> Vec<f64> {
        let mut x = alloc::vec![1.0];
        x.extend(self.told_apart.iter().map(|segment| match segment.condition.judge(facts).truth {
            Truth::Yes => 1.0,
            Truth::No | Truth::Unknown => 0.0,
        }));
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
        let Some(places) = places.filter(|_| x.len() == self.width()) else {
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
        self.learn_part(arm, propensity, x, reward, 1.0)?;
        self.learnt += 1;
        Ok(())
    }

    /// Takes in a part of what came of an arm, `weight` from 0 to 1: silence that is not the last word yet, or the rest of it.
    /// It is no outcome of its own.
    pub fn learn_part(
        &mut self,
        arm: Arm,
        propensity: Option<f64>,
        x: &[f64],
        reward: f64,
        weight: f64,
    ) -> Result<(), Unlearnt> {
        self.taken(propensity, arm, reward)
            .and_then(|place| {
                let taken = self.model.update_weighted(place, x, reward, weight);
                if taken { Ok(()) } else { Err(Unlearnt::OtherShape) }
            })
            .inspect_err(|_| self.refused += 1)
    }

    /// Moves a reward that was taken in by `delta`, in the currency's own unit.
    pub fn correct(&mut self, arm: Arm, propensity: Option<f64>, x: &[f64], delta: f64) -> Result<(), Unlearnt> {
        self.taken(propensity, arm, delta)
            .and_then(|place| if self.model.correct(place, x, delta) { Ok(()) } else { Err(Unlearnt::OtherShape) })
            .inspect_err(|_| self.refused += 1)
    }

    /// The place of an arm whose outcome can be taken in.
    fn taken(&self, propensity: Option<f64>, arm: Arm, reward: f64) -> Result<usize, Unlearnt> {
        if propensity.is_none_or(|share| !(share > 0.0 && share <= 1.0)) {
            return Err(Unlearnt::NoPropensity);
        }
        if !reward.is_finite() {
            return Err(Unlearnt::Reward);
        }
        self.arms.iter().position(|known| *known == arm).ok_or(Unlearnt::UnknownArm)
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
    use super::super::eligibility::Test;
    use super::*;

    const TYRES: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };
    const WASH: Arm = Arm::Offer { offer: 7, channel: Channel::Account, timing: Timing::Saturday };

    fn segment(name: &str, fact: &str, least: f64) -> Segment {
        let condition = Condition::Fact { name: fact.into(), test: Test::AtLeast(least) };
        Segment { name: name.into(), version: 1, condition }
    }

    fn town() -> Segment {
        segment("town", "trips_30d", 8.0)
    }

    fn old() -> Segment {
        segment("old", "age_years", 8.0)
    }

    fn far() -> Segment {
        segment("far", "odometer_km", 1e5)
    }

    fn facts(of: &[(&str, f64)]) -> Facts {
        of.iter().map(|(name, value)| ((*name).into(), Value::Number(*value))).collect()
    }

    fn in_town() -> Facts {
        facts(&[("trips_30d", 9.0)])
    }

    fn learner() -> Learner {
        let mut learner = Learner::new(1, [town(), old()]);
        assert!(learner.meet([TYRES, WASH]) && !learner.meet([WASH]));
        learner
    }

    /// After a thousand outcomes in town and elsewhere, of young and of old cars.
    fn taught() -> Learner {
        let mut learner = learner();
        for at in 0..1_000 {
            let facts = facts(&[("trips_30d", f64::from(at % 2) * 9.0), ("age_years", f64::from(at % 3) * 5.0)]);
            let x = learner.features(&facts);
            let pays = 3.0 + 4.0 * x[1] - 2.0 * x[2] + f64::from(at % 5) - 2.0;
            for (arm, reward) in [(Arm::Nothing, 0.0), (TYRES, pays), (WASH, 1.0)] {
                learner.learn(arm, Some(0.3), &x, reward).expect("it is known");
            }
        }
        learner
    }

    #[test]
    fn who_knows_nothing_shares_evenly_also_with_arms_it_has_not_met() {
        let learner = learner();
        let x = learner.features(&in_town());
        assert_eq!(learner.shares(&x, &[Arm::Nothing, TYRES]), [0.5, 0.5]);
        let new = Arm::Offer { offer: 9, channel: Channel::Car, timing: Timing::Now };
        assert_eq!(learner.shares(&x, &[Arm::Nothing, TYRES, WASH, new]), [0.25; 4]);
        assert_eq!(learner.shares(&[1.0], &[Arm::Nothing]), [1.0], "a context of another shape");
    }

    #[test]
    fn what_pays_in_one_segment_is_drawn_more_there() {
        let mut learner = learner();
        let (town, land) = (learner.features(&in_town()), learner.features(&Facts::new()));
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
        let x = learner.features(&Facts::new());
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
        let x = learner.features(&facts(&[("age_years", 9.0), ("outside_week_c", 3.0)]));
        learner.learn(WASH, Some(0.2), &x, 11.0).expect("it is known");
        let learner = learner.regrouped(&[old(), far()]);
        let text = serde_json::to_string(&learner).expect("plain data");
        assert_eq!(serde_json::from_str::<Learner>(&text).expect("what was written"), learner);
    }

    #[test]
    fn names_that_were_stored_alone_find_their_conditions_and_one_that_is_gone_has_no_members() {
        let mut value = serde_json::to_value(taught()).expect("plain data");
        let fields = value.as_object_mut().expect("a struct");
        fields.remove("told_apart");
        fields.remove("earlier");
        fields.insert("segments".into(), serde_json::json!(["town", "old"]));
        let stored: Learner = serde_json::from_value(value).expect("as an earlier build wrote it");
        let mut same = stored.clone();
        assert!(same.recall(&[far(), town(), old()]) && !same.recall(&[]));
        assert_eq!(same, taught());
        let mut without = stored;
        without.recall(&[town()]);
        assert_eq!(without.features(&facts(&[("age_years", 9.0)]))[..3], [1.0, 0.0, 0.0]);
        assert_eq!(without.change(&[town()]).expect("one goes").goes, ["old"]);
    }

    #[test]
    fn what_was_learnt_of_other_segments_stays_and_a_new_one_begins_with_its_parent() {
        let before = taught();
        let after = before.regrouped(&[far(), town()]);
        assert_eq!((after.version, after.learnt), (2, before.learnt));
        let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9;
        let belief =
            |learner: &Learner, arm, facts: &Facts| learner.belief(arm, &learner.features(facts)).expect("known");
        for arm in [Arm::Nothing, TYRES, WASH] {
            for facts in [Facts::new(), in_town()] {
                assert!(near(belief(&before, arm, &facts), belief(&after, arm, &facts)), "{arm} {facts:?}");
            }
            let (parent, new) = (belief(&after, arm, &in_town()), {
                belief(&after, arm, &facts(&[("trips_30d", 9.0), ("odometer_km", 2e5)]))
            });
            assert!(
                (parent.0 - new.0).abs() < 1e-9 && new.1 > parent.1,
                "as its parent, and less sure: {parent:?} {new:?}"
            );
        }
        let aged = facts(&[("age_years", 9.0)]);
        assert!(!near(belief(&before, TYRES, &aged), belief(&after, TYRES, &aged)), "what is gone tells nobody apart");
        assert_eq!(
            before.change(&[far(), town()]).expect("it changes"),
            Change {
                kept: alloc::vec!["town".into()],
                begins: alloc::vec!["far".into()],
                goes: alloc::vec!["old".into()],
            }
        );
    }

    #[test]
    fn a_segment_under_another_name_or_version_is_the_same_and_under_another_condition_is_not() {
        let before = taught();
        let renamed = [Segment { name: "city".into(), version: 7, ..town() }, old()];
        assert!(before.change(&[town(), old()]).is_none());
        assert!(before.change(&renamed).expect("a name is another").is_empty());
        assert_eq!(
            before.regrouped(&renamed).belief(TYRES, &before.features(&in_town())),
            before.belief(TYRES, &{ before.features(&in_town()) })
        );
        let narrower = [segment("town", "trips_30d", 20.0), old()];
        let change = before.change(&narrower).expect("who belongs to it is another");
        assert_eq!((change.begins, change.goes), (alloc::vec!["town".into()], alloc::vec!["town".into()]));
        let twice = [Segment { name: "twin".into(), ..town() }, town()];
        assert_eq!(before.places(&twice), [None, Some(0)], "one model is not two");
    }

    #[test]
    fn what_an_earlier_version_drew_still_teaches_and_only_what_it_saw() {
        let before = taught();
        let bet = |learner: &Learner, facts: &Facts| Bet {
            decision: 0,
            arm: TYRES,
            propensity: 0.5,
            features: learner.features(facts),
            margin: 1_900,
            learner: learner.version,
        };
        let drawn = bet(&before, &facts(&[("trips_30d", 9.0), ("age_years", 9.0), ("odometer_km", 2e5)]));
        let after = before.regrouped(&[far(), town()]).regrouped(&[town(), far()]);
        let seen = after.seen(&drawn);
        assert_eq!(seen[..3], [1.0, 1.0, 0.0], "in town, and nobody looked how far it had gone");
        assert_eq!(after.features(&Facts::new()).len(), seen.len());
        assert_eq!(after.seen(&Bet { learner: 0, ..drawn.clone() }), seen, "from before versions were kept");
        let unknown = Bet { learner: 99, ..drawn.clone() };
        assert!(after.seen(&unknown).is_empty());
        assert_eq!(before.seen(&drawn), before.features(&facts(&[("trips_30d", 9.0), ("age_years", 9.0)])));
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_respect_the_floor(
            rewards in prop::collection::vec((0usize..3, -1e4f64..1e4, any::<bool>()), 0..40),
        ) {
            let mut learner = learner();
            let arms = [Arm::Nothing, TYRES, WASH];
            for (arm, reward, town) in rewards {
                let x = learner.features(&if town { in_town() } else { Facts::new() });
                learner.learn(arms[arm], Some(0.3), &x, reward).expect("it is known");
            }
            let x = learner.features(&in_town());
            let shares = learner.shares(&x, &arms);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|share| *share >= floor(3) - 1e-9));
        }
    }
}

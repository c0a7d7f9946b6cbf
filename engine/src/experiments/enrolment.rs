//! Which arm of an experiment an account belongs to, and that it stays there.
//!
//! Invariants: eligibility is asked before an earlier arm is remembered; peeking enrols nobody; an arm is remembered for
//! (experiment, version, account), so that a new version draws anew and two experiments never overwrite each other.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::hash::{Span, choose, spans};
use super::{Key, position};

/// An experiment's randomisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    id: String,
    version: u32,
    weights: Vec<f64>,
    coverage: f64,
}

/// Why an experiment cannot run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExperimentError {
    /// There is nothing to compare.
    TooFewArms(usize),
    /// A weight is negative or no number; the arm's index.
    Weight(usize),
    /// The weights' sum, which is not one.
    Total(f64),
    /// The share of accounts that take part is not within 0 to 1.
    Coverage(f64),
}

impl fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewArms(arms) => write!(f, "an experiment needs two arms, not {arms}"),
            Self::Weight(arm) => write!(f, "the weight of arm {arm} is negative or no number"),
            Self::Total(total) => write!(f, "the weights of the arms add to {total}, not to 1"),
            Self::Coverage(coverage) => write!(f, "a coverage of {coverage} is not within 0 to 1"),
        }
    }
}

impl core::error::Error for ExperimentError {}

/// What an experiment says about one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// It does not fulfil the experiment's conditions now, whatever it did earlier.
    NotEligible,
    /// It lies outside of the share of accounts that take part.
    NotCovered,
    /// It belongs to an arm.
    Arm {
        /// The arm's index.
        arm: usize,
        /// Whether it was enrolled earlier, rather than drawn now.
        enrolled: bool,
    },
}

/// The arms that accounts were enrolled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enrolments {
    arms: BTreeMap<(String, u32, String), usize>,
}

impl Enrolments {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.arms.len()
    }

    /// The arm of an account, if it is enrolled.
    pub fn arm(&self, experiment: &Experiment, account: &str) -> Option<usize> {
        self.arms.get(&experiment.enrolment(account)).copied()
    }

    /// Takes in an arm that was drawn earlier and is kept elsewhere.
    pub fn remember(&mut self, experiment: &Experiment, account: &str, arm: usize) {
        self.arms.insert(experiment.enrolment(account), arm);
    }

    /// Forgets a person's account in every experiment; returns how many enrolments went.
    pub fn erase(&mut self, account: &str) -> usize {
        let before = self.arms.len();
        self.arms.retain(|(_, _, unit), _| unit != account);
        before - self.arms.len()
    }
}

impl Experiment {
    /// An experiment with one weight for each arm, of which the first is the control.
    pub fn new(id: &str, version: u32, weights: &[f64], coverage: f64) -> Result<Self, ExperimentError> {
        if weights.len() < 2 {
            return Err(ExperimentError::TooFewArms(weights.len()));
        }
        if let Some(arm) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(ExperimentError::Weight(arm));
        }
        let total: f64 = weights.iter().sum();
        if (total - 1.0).abs() > 1e-9 {
            return Err(ExperimentError::Total(total));
        }
        if !(0.0..=1.0).contains(&coverage) {
            return Err(ExperimentError::Coverage(coverage));
        }
        Ok(Self { id: id.into(), version, weights: weights.into(), coverage })
    }

    fn enrolment(&self, account: &str) -> (String, u32, String) {
        (self.id.clone(), self.version, account.into())
    }

    /// The spans of the arms in the experiment's randomisation.
    fn spans(&self) -> Vec<Span> {
        spans(self.weights.len(), self.coverage, Some(&self.weights))
    }

    /// Where an account lies in the randomisation, uniform in [0, 1).
    pub fn position(&self, key: &Key, account: &str) -> f64 {
        position(key, &format!("experiment {} version {}", self.id, self.version), account)
    }

    /// The account's arm, without enrolling it.
    pub fn peek(&self, key: &Key, enrolments: &Enrolments, account: &str, eligible: bool) -> Assignment {
        if !eligible {
            return Assignment::NotEligible;
        }
        if let Some(arm) = enrolments.arm(self, account) {
            return Assignment::Arm { arm, enrolled: true };
        }
        match choose(self.position(key, account), &self.spans()) {
            Some(arm) => Assignment::Arm { arm, enrolled: false },
            None => Assignment::NotCovered,
        }
    }

    /// The account's arm, in which it stays from now on.
    pub fn enrol(&self, key: &Key, enrolments: &mut Enrolments, account: &str, eligible: bool) -> Assignment {
        let assignment = self.peek(key, enrolments, account, eligible);
        if let Assignment::Arm { arm, enrolled: false } = assignment {
            enrolments.arms.insert(self.enrolment(account), arm);
        }
        assignment
    }
}

/// The accounts that saw one arm alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposed {
    /// The one arm of each.
    pub arms: BTreeMap<String, usize>,
    /// How many accounts saw more than one arm and are left out.
    pub excluded: u64,
}

/// Leaves out who saw more than one arm, because their outcome belongs to none.
pub fn exposed_once<'a>(exposures: impl IntoIterator<Item = (&'a str, usize)>) -> Exposed {
    let mut seen: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (account, arm) in exposures {
        seen.entry(account).and_modify(|first| *first = first.filter(|&first| first == arm)).or_insert(Some(arm));
    }
    let mut exposed = Exposed::default();
    for (account, arm) in seen {
        match arm {
            Some(arm) => {
                exposed.arms.insert(account.into(), arm);
            }
            None => exposed.excluded += 1,
        }
    }
    exposed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        Key::new([7; 16])
    }

    fn experiment(version: u32) -> Experiment {
        Experiment::new("tyres", version, &[0.5, 0.5], 1.0).expect("two even arms")
    }

    #[test]
    fn arms_that_do_not_add_to_one_are_refused() {
        let refused = |weights: &[f64], coverage| Experiment::new("tyres", 1, weights, coverage).expect_err("refused");
        assert_eq!(refused(&[1.0], 1.0), ExperimentError::TooFewArms(1));
        assert_eq!(refused(&[0.5, 0.4], 1.0), ExperimentError::Total(0.9));
        assert_eq!(refused(&[1.5, -0.5], 1.0), ExperimentError::Weight(1));
        assert_eq!(refused(&[0.5, 0.5], 1.1), ExperimentError::Coverage(1.1));
        assert_eq!(format!("{}", refused(&[0.5, 0.25], 1.0)), "the weights of the arms add to 0.75, not to 1");
    }

    #[test]
    fn peeking_enrols_nobody_and_tells_what_enrolling_would() {
        let mut enrolments = Enrolments::default();
        for at in 0..50 {
            let account = format!("account-{at}");
            let peeked = experiment(1).peek(&key(), &enrolments, &account, true);
            assert_eq!(enrolments.count(), at);
            assert_eq!(experiment(1).enrol(&key(), &mut enrolments, &account, true), peeked);
        }
    }

    #[test]
    fn an_account_keeps_its_arm_when_the_shares_move() {
        let mut enrolments = Enrolments::default();
        let moved = Experiment::new("tyres", 1, &[0.01, 0.99], 1.0).expect("two arms");
        for at in 0..200 {
            let account = format!("account-{at}");
            let Assignment::Arm { arm, enrolled: false } = experiment(1).enrol(&key(), &mut enrolments, &account, true)
            else {
                panic!("everybody takes part")
            };
            let later = moved.enrol(&key(), &mut enrolments, &account, true);
            assert_eq!(later, Assignment::Arm { arm, enrolled: true });
        }
    }

    #[test]
    fn who_is_no_longer_eligible_gets_no_arm_even_if_enrolled() {
        let mut enrolments = Enrolments::default();
        experiment(1).enrol(&key(), &mut enrolments, "account-1", true);
        assert_eq!(experiment(1).peek(&key(), &enrolments, "account-1", false), Assignment::NotEligible);
        assert_eq!(enrolments.count(), 1, "and comes back to its arm when it is again");
    }

    #[test]
    fn a_new_version_draws_anew_and_the_old_one_stays() {
        let mut enrolments = Enrolments::default();
        let accounts: Vec<String> = (0..400).map(|at| format!("account-{at}")).collect();
        for account in &accounts {
            experiment(1).enrol(&key(), &mut enrolments, account, true);
            experiment(2).enrol(&key(), &mut enrolments, account, true);
        }
        assert_eq!(enrolments.count(), 800);
        let changed = accounts
            .iter()
            .filter(|account| enrolments.arm(&experiment(1), account) != enrolments.arm(&experiment(2), account))
            .count();
        assert!((150..=250).contains(&changed), "{changed} of 400");
        assert_eq!(enrolments.erase("account-1"), 2);
    }

    #[test]
    fn who_saw_two_arms_is_left_out_and_counted() {
        let exposed = exposed_once([("a", 0), ("b", 1), ("a", 0), ("b", 0), ("c", 1), ("b", 1)]);
        assert_eq!(exposed.excluded, 1);
        assert_eq!(exposed.arms, BTreeMap::from([("a".into(), 0), ("c".into(), 1)]));
    }

    proptest! {
        #[test]
        fn a_share_of_the_accounts_takes_part(coverage in 0.0f64..=1.0) {
            let experiment = Experiment::new("tyres", 1, &[0.3, 0.7], coverage).expect("two arms");
            let none = Enrolments::default();
            let within = (0..2000)
                .filter(|at| experiment.peek(&key(), &none, &format!("{at}"), true) != Assignment::NotCovered)
                .count();
            prop_assert!((within as f64 / 2000.0 - coverage).abs() < 0.06);
        }
    }
}

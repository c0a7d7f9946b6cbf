//! Experiments on offers: which accounts take part, in which arm, and what an arm means for a decision.
//!
//! Invariant: whoever lies outside of an experiment's span of its layer never takes part; an account that takes part is
//! offered what the experiment is about by the experiment alone; an arm is only drawn where every arm could be made; and the
//! outcome of every account is taken over a window of the same length, however near to the end it was exposed.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::decide::{Draw, Lane};
use super::trial_book::Enrolled;
use crate::experiments::enrolment::{Assignment, Enrolments, Experiment, ExperimentError};
use crate::experiments::{Key, position};

/// How long what an account earns counts, where an experiment does not say, in days.
pub const USUAL_WINDOW_DAYS: u32 = 30;

fn usual_window() -> u32 {
    USUAL_WINDOW_DAYS
}

/// An experiment on offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its name, which stays.
    pub id: String,
    /// Rises with each change; a new version draws anew.
    pub version: u32,
    /// Experiments of one layer share its accounts out among them; two layers are independent of each other.
    pub layer: String,
    /// The part of the layer that takes part, from 0 to 1.
    pub span: (f64, f64),
    /// Only cars of one of these segments take part; any, where there is none.
    pub segments: Vec<String>,
    /// The arms, of which the first is the control.
    pub arms: Vec<TrialArm>,
    /// Spans of time in which the shares stand still, by rising start; there is at least one.
    pub phases: Vec<Allocation>,
    /// When it takes its last account in, in milliseconds of Unix time.
    pub until_ms: u64,
    /// For how long what an account earns counts from its exposure on, in days; set before the first look.
    #[serde(default = "usual_window")]
    pub window_days: u32,
    /// The number of accounts of two arms at which their interval is tightest; set before the first look.
    pub units: u32,
    /// Differences within ± this share of the control's mean do not matter.
    pub indifference: f64,
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialArm {
    /// Its name.
    pub name: String,
    /// What is done; "nothing" leaves the account to the policy, without the experiment's offers.
    pub arm: Arm,
}

/// What an experiment still takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Accounts, and what they earn.
    Accounts,
    /// What exposed accounts earn, until this moment, in milliseconds of Unix time.
    Outcomes {
        /// When the window of the account that was exposed last is over.
        until_ms: u64,
    },
    /// Nothing: every window is over.
    Closed,
}

/// The shares of the arms from a moment on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// In milliseconds of Unix time.
    pub from_ms: u64,
    /// One for each arm; they sum to one.
    pub shares: Vec<f64>,
}

/// An arm that an account has, or would have.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The experiment.
    pub trial: &'a Trial,
    /// The phase whose shares the arm was drawn with.
    pub phase: usize,
    /// The arm.
    pub arm: usize,
    /// Where the account lies in the experiment's randomisation, uniform in [0, 1).
    pub position: f64,
    /// Whether the car fulfils the experiment's own conditions now; eligibility comes before an arm of earlier.
    pub fits: bool,
}

/// That a decision was taken by an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// The experiment.
    pub experiment: String,
    /// Its version.
    pub version: u32,
    /// The phase whose shares the arm was drawn with.
    pub phase: usize,
    /// The arm.
    pub arm: usize,
}

impl Trial {
    /// The phase in force; `None` before the first and after the end.
    pub fn phase_at(&self, now_ms: u64) -> Option<usize> {
        if now_ms >= self.until_ms {
            return None;
        }
        self.phases.iter().rposition(|phase| phase.from_ms <= now_ms)
    }

    /// When what an account earns has counted for long enough, if it was exposed at this moment; both in milliseconds of Unix
    /// time.
    pub fn counts_until_ms(&self, exposed_ms: u64) -> u64 {
        exposed_ms.saturating_add(u64::from(self.window_days) * DAY_MS)
    }

    /// What is still taken in, where the last account was exposed at `last_exposed_ms` and `stopped` says that a person has
    /// ended it.
    pub fn intake(&self, stopped: bool, last_exposed_ms: Option<u64>, now_ms: u64) -> Intake {
        if !stopped && now_ms < self.until_ms {
            return Intake::Accounts;
        }
        let until_ms = last_exposed_ms.map_or(0, |at_ms| self.counts_until_ms(at_ms));
        if now_ms < until_ms { Intake::Outcomes { until_ms } } else { Intake::Closed }
    }

    /// Whether an arm of a decision offers what the experiment is about.
    pub fn concerns(&self, arm: Arm) -> bool {
        arm.offer().is_some_and(|offer| self.offers().any(|known| known == offer))
    }

    /// The offers that it is about.
    pub fn offers(&self) -> impl Iterator<Item = u16> {
        self.arms.iter().filter_map(|one| one.arm.offer())
    }

    /// The randomisation of one phase.
    pub fn randomisation(&self, phase: usize) -> Result<Experiment, ExperimentError> {
        let shares = self.phases.get(phase).map_or(&[][..], |phase| &phase.shares);
        Experiment::new(&self.id, self.version, shares, 1.0)
    }

    /// Whether two experiments would draw from the same accounts of a layer.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.layer == other.layer && self.span.0 < other.span.1 && other.span.0 < self.span.1
    }

    /// The account's arm without enrolling it; `enrolled` is what it counts in this version already.
    ///
    /// `None` outside of the layer's span, where no phase is in force, and for whom the conditions exclude who has no arm yet.
    /// Whoever was exposed before the end keeps the arm until its window is over, so that every window measures the same.
    pub fn peek(
        &self,
        key: &Key,
        account: &str,
        fits: bool,
        enrolled: Option<&Enrolled>,
        now_ms: u64,
    ) -> Option<Part<'_>> {
        let in_force = self.phase_at(now_ms);
        let phase = match enrolled {
            Some(one) if in_force.is_some() || now_ms < self.counts_until_ms(one.since_ms) => one.exposure.phase,
            Some(_) => return None,
            None => {
                let in_layer = position(key, &alloc::format!("layer {}", self.layer), account);
                let within = self.span.0 <= in_layer && in_layer < self.span.1;
                in_force.filter(|_| within && fits)?
            }
        };
        let randomisation = self.randomisation(phase).ok()?;
        let mut enrolments = Enrolments::default();
        if let Some(one) = enrolled {
            enrolments.remember(&randomisation, account, one.exposure.arm);
        }
        // Somebody whom the conditions exclude now keeps the arm for later; `fits` says that it is not used.
        match randomisation.peek(key, &enrolments, account, true) {
            Assignment::Arm { arm, .. } if arm < self.arms.len() => {
                Some(Part { trial: self, phase, arm, position: randomisation.position(key, account), fits })
            }
            _ => None,
        }
    }
}

impl Part<'_> {
    /// What the decision's context stores of it.
    pub fn exposure(&self) -> Exposure {
        let Trial { id, version, .. } = self.trial;
        Exposure { experiment: id.clone(), version: *version, phase: self.phase, arm: self.arm }
    }

    /// The shares of the phase.
    fn shares(&self) -> &[f64] {
        self.trial.phases.get(self.phase).map_or(&[], |phase| &phase.shares)
    }

    /// Draws by the experiment: `rest` are the policy's shares of `arms`, which the arm "nothing" leaves the account to; the
    /// experiment's other arms come after them. The draw lies where the account lies, so that it is always the account's arm.
    pub(super) fn draw(&self, rest: Draw, arms: &mut Vec<Arm>) -> Draw {
        let shares = self.shares();
        let share_of = |arm: usize| shares.get(arm).copied().unwrap_or(0.0);
        let nothing = self.trial.arms.iter().position(|one| one.arm == Arm::Nothing);
        let left = nothing.map_or(0.0, share_of);
        let mut all: Vec<f64> = rest.shares.iter().map(|share| share * left).collect();
        // How far the account lies within its own arm's span, below one whatever rounding does.
        let from: f64 = (0..self.arm).map(share_of).sum();
        let within = ((self.position - from) / share_of(self.arm).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0 - 1e-9);
        let mut at = rest.at.clamp(0.0, 1.0 - 1e-9) * left;
        let mut below = left;
        for (number, one) in self.trial.arms.iter().enumerate().filter(|(_, one)| one.arm != Arm::Nothing) {
            if number == self.arm {
                at = below + within * share_of(number);
            }
            below += share_of(number);
            arms.push(one.arm);
            all.push(share_of(number));
        }
        Draw { lane: Lane::Experiment, shares: all, at, ..rest }
    }
}

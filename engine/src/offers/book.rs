//! What all offers together have led to: the sums that outlive the people they came from.
//!
//! Invariant: it names nobody; each event is entered once, and a booking that is taken back takes its margin along.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::catalogue::{Entry, Hundredths};
use super::event::Event;
use super::increment::{Sums, Unit};
use super::learner::Learner;
use super::ledger::Outcome;
use super::regroup::Regrouped;
use super::reject::Pace;
use super::reward::{KEEP_A_DAY, faded};
use super::segments::{Move, Segment};
use super::trial::{Exposure, Trial};
use super::trial_book::{Enrolled, TrialTally};
use crate::experiments::Group;
use crate::policy::guardrail::{ComplaintLimit, Standing};

/// The period over which contacts are paced, in days.
const PACE_DAYS: u64 = 30;

/// What came of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// How often it was drawn and shown.
    pub shown: u64,
    /// How often it led to a booking, or was done without.
    pub booked: u64,
    /// How often it was refused.
    pub refused: u64,
    /// How often nobody answered.
    pub expired: u64,
    /// How often somebody wanted fewer after it, or took the consent back.
    pub complaints: u64,
    /// What was earned, in the hundredth of the currency.
    pub margin: Hundredths,
}

/// The sums.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// What the policy has learnt.
    pub learner: Learner,
    arms: Vec<(Arm, Tally)>,
    /// How often each offer was booked, by number.
    pub(super) taken: BTreeMap<u16, u32>,
    /// How many cars belong to each segment.
    segments: BTreeMap<String, u64>,
    pub(super) held_out: Sums,
    pub(super) measured: Sums,
    paced_since_ms: u64,
    paced: u64,
    faded_ms: u64,
    /// Arms that a person has stopped.
    stopped: Vec<Arm>,
    /// What experiments have shown, by the order in which they began.
    #[serde(default)]
    trials: Vec<TrialTally>,
    /// How many presentations were answered, and how long that took altogether, in milliseconds.
    #[serde(default)]
    pub(super) answers: (u64, u64),
    /// How the policy came to tell owners apart as it does.
    #[serde(default)]
    pub regrouped: Option<Regrouped>,
}

impl Default for Book {
    fn default() -> Self {
        Self::new(core::iter::empty())
    }
}

impl Book {
    /// Nothing has happened yet.
    pub fn new(segments: impl IntoIterator<Item = Segment>) -> Self {
        Self {
            learner: Learner::new(1, segments),
            arms: Vec::new(),
            taken: BTreeMap::new(),
            segments: BTreeMap::new(),
            held_out: Sums::default(),
            measured: Sums::default(),
            paced_since_ms: 0,
            paced: 0,
            faded_ms: 0,
            stopped: Vec::new(),
            trials: Vec::new(),
            answers: (0, 0),
            regrouped: None,
        }
    }

    /// Makes room for what the catalogue has now; answers whether anything changed. Other segments wait for [`Self::regroup`]
    /// where they would change what is drawn; `learns` says that arms are drawn by what was learnt.
    pub fn meet<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
        segments: &[Segment],
        learns: bool,
        at_ms: u64,
    ) -> bool {
        let followed = self.follow(segments, learns, at_ms);
        let arms: Vec<Arm> = entries.into_iter().flat_map(arms_of).collect();
        self.learner.meet(arms) || followed
    }

    /// What came of an arm.
    pub fn tally(&self, arm: Arm) -> Tally {
        self.arms.iter().find(|(known, _)| *known == arm).map(|(_, tally)| *tally).unwrap_or_default()
    }

    pub(super) fn tally_mut(&mut self, arm: Arm) -> &mut Tally {
        let at = self.arms.iter().position(|(known, _)| *known == arm).unwrap_or_else(|| {
            self.arms.push((arm, Tally::default()));
            self.arms.len() - 1
        });
        &mut self.arms[at].1
    }

    /// All arms that were ever shown.
    pub fn arms(&self) -> impl Iterator<Item = (Arm, Tally)> {
        self.arms.iter().copied()
    }

    /// How many cars belong to a segment.
    pub fn members(&self, segment: &str) -> u64 {
        self.segments.get(segment).copied().unwrap_or_default()
    }

    /// How many of an offer are left of `stock`.
    pub fn left(&self, offer: u16, stock: Option<u32>) -> Option<u32> {
        stock.map(|stock| stock.saturating_sub(self.taken.get(&offer).copied().unwrap_or_default()))
    }

    /// What an experiment has shown; `None` before anybody takes part.
    pub fn trial(&self, id: &str, version: u32) -> Option<&TrialTally> {
        self.trials.iter().find(|tally| tally.id == id && tally.version == version)
    }

    /// Takes an account into an experiment.
    pub fn enrol_in(&mut self, trial: &Trial, enrolled: &Enrolled) {
        let known = |tally: &TrialTally| tally.id == trial.id && tally.version == trial.version;
        let at = self.trials.iter().position(known).unwrap_or_else(|| {
            self.trials.push(TrialTally::new(trial));
            self.trials.len() - 1
        });
        self.trials[at].enrol(enrolled);
    }

    /// Enters what an event at a moment means for an experiment that its account takes part in; `held` says that no person has
    /// stopped the experiment.
    pub fn enter_in(&mut self, trial: &Trial, held: bool, event: &Event, enrolled: &mut Enrolled, at_ms: u64) {
        let Exposure { experiment, version, .. } = &enrolled.exposure;
        let tally = self.trials.iter_mut().find(|tally| tally.id == *experiment && tally.version == *version);
        if let Some(tally) = tally {
            tally.enter(trial, held, event, enrolled, at_ms);
        }
    }

    /// How an arm stands towards complaints.
    pub fn standing(&self, arm: Arm) -> Standing {
        let Tally { shown, complaints, .. } = self.tally(arm);
        ComplaintLimit::default().judge(complaints as f64, shown as f64)
    }

    /// The arms that nobody is shown: too many complaints, or stopped by a person.
    pub fn halted(&self) -> Vec<Arm> {
        let mut halted = self.stopped.clone();
        let broken = self.arms.iter().map(|(arm, _)| *arm).filter(|arm| self.standing(*arm) == Standing::Halted);
        halted.extend(broken);
        halted.sort_unstable();
        halted.dedup();
        halted
    }

    /// Stops arms by hand, or lets them go on; answers whether that changed anything.
    pub fn stop(&mut self, arms: &[Arm], stopped: bool) -> bool {
        let before = self.stopped.clone();
        self.stopped.retain(|arm| !arms.contains(arm));
        if stopped {
            self.stopped.extend_from_slice(arms);
        }
        self.stopped.sort_unstable();
        self.stopped != before
    }

    /// How contacts of this period stand towards `limit`.
    pub fn pace(&self, limit: u64, now_ms: u64) -> Pace {
        let period_ms = PACE_DAYS * DAY_MS;
        let since_ms = now_ms - now_ms % period_ms;
        let spent = if self.paced_since_ms == since_ms { self.paced } else { 0 };
        Pace { spent, limit, elapsed_ms: now_ms - since_ms, period_ms }
    }

    /// Enters an account into the comparison with the holdout; `None` if its group is no part of that.
    pub fn enrol(&mut self, group: Group, at_ms: u64) -> Option<Unit> {
        match group {
            Group::HeldOut => self.held_out.enrol(),
            Group::Measured => self.measured.enrol(),
            Group::Uniform | Group::Rest => return None,
        }
        Some(Unit { group, since_ms: at_ms, margin: 0 })
    }

    /// Enters an event, and what it means for the account's unit.
    pub fn enter(&mut self, event: &Event, unit: Option<&mut Unit>) {
        match event {
            Event::Drawn { bet, at_ms } => {
                self.fade(*at_ms);
                // Nothing earns nothing and costs nothing; that is known at once.
                if bet.arm == Arm::Nothing {
                    self.learn(bet, 0.0);
                }
            }
            Event::Shown { bet, at_ms } => {
                self.tally_mut(bet.arm).shown += 1;
                let Pace { elapsed_ms, .. } = self.pace(0, *at_ms);
                let since_ms = at_ms - elapsed_ms;
                if self.paced_since_ms != since_ms {
                    (self.paced_since_ms, self.paced) = (since_ms, 0);
                }
                self.paced += 1;
            }
            Event::Settled { bet: Some(bet), outcome, booked_ago_ms, counted, waited_ms } => {
                if *outcome != Outcome::Expired && booked_ago_ms.is_none() {
                    self.answers = (self.answers.0 + 1, self.answers.1.saturating_add(*waited_ms));
                }
                self.settle(bet, *outcome, *booked_ago_ms, *counted);
                self.earn(unit, event.earned());
            }
            Event::Settled { bet: None, .. } => self.learner.refused += 1,
            Event::Waited { bet, from, to } => self.learn_silence(bet, to - from),
            Event::Unbooked { bet, ago_ms } => {
                self.take_back(bet, bet.margin, *ago_ms);
                self.earn(unit, event.earned());
            }
            Event::Reversed { bet, margin, restored, ago_ms } => {
                if let Some(bet) = bet {
                    if *restored {
                        self.book_margin(bet, *margin);
                        self.correct(bet, *margin as f64 / 100.0 * faded(*ago_ms));
                    } else {
                        self.take_back(bet, *margin, *ago_ms);
                    }
                }
                self.earn(unit, event.earned());
            }
            Event::Complained { bet } => {
                self.tally_mut(bet.arm).complaints += 1;
                self.learn_complaint(bet);
            }
            Event::Unprompted { margin } => self.earn(unit, *margin),
            Event::Moved(Move { segment, joined, .. }) => {
                let members = self.segments.entry(segment.clone()).or_default();
                *members = if *joined { *members + 1 } else { members.saturating_sub(1) };
            }
        }
    }

    fn earn(&mut self, unit: Option<&mut Unit>, by: Hundredths) {
        let Some(unit) = unit else { return };
        match unit.group {
            Group::HeldOut => self.held_out.earn(unit.margin, by),
            Group::Measured => self.measured.earn(unit.margin, by),
            Group::Uniform | Group::Rest => {}
        }
        unit.margin = unit.margin.saturating_add(by);
    }

    /// Lets what was learnt fade, once for each day.
    fn fade(&mut self, now_ms: u64) {
        if self.faded_ms == 0 {
            self.faded_ms = now_ms;
        }
        let days = now_ms.saturating_sub(self.faded_ms) / DAY_MS;
        if days > 0 {
            self.learner.discount(libm::pow(KEEP_A_DAY, days as f64));
            self.faded_ms += days * DAY_MS;
        }
    }
}

/// The arms of an entry.
pub fn arms_of(entry: &Entry) -> impl Iterator<Item = Arm> {
    let promotes = entry.kind == super::catalogue::Kind::Offer;
    entry.channels.iter().filter(move |_| promotes).flat_map(move |&channel| {
        entry.timings.iter().map(move |&timing| Arm::Offer { offer: entry.id, channel, timing })
    })
}

//! What experiments on offers have shown: sums by arm and segment that name nobody.
//!
//! Invariant: an account counts in one arm of an experiment at most, with what it earned within its window and nothing else;
//! whoever saw another arm's offer as well, while the experiment kept it from that, is taken out of the sums and counted as such.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::catalogue::Hundredths;
use super::event::Event;
use super::trial::{Exposure, Trial};
use crate::experiments::analysis::{Findings, Reading, Table, analyse_phases};
use crate::experiments::sequential::Sequential;
use crate::experiments::srm::Phase;
use crate::experiments::summary::Summary;

/// What one account counts in one experiment; kept with the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Where it takes part.
    pub exposure: Exposure,
    /// Since when, in milliseconds of Unix time.
    pub since_ms: u64,
    /// Its segment then; empty for none.
    pub segment: String,
    /// How often the car was in a workshop in the year before.
    pub before: f64,
    /// What the account has earned in its window so far, in the hundredth of the currency.
    pub margin: Hundredths,
    /// Whether it was taken out, because it saw another arm too.
    pub excluded: bool,
}

/// Sums over the accounts of one arm in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Cell {
    units: f64,
    sum: f64,
    squares: f64,
    before: f64,
    before_squares: f64,
    products: f64,
}

impl Cell {
    /// Takes an account in with `sign` 1, out with −1.
    fn count(&mut self, sign: f64, margin: Hundredths, before: f64) {
        let earned = margin as f64 / 100.0;
        self.units += sign;
        self.sum += sign * earned;
        self.squares += sign * earned * earned;
        self.before += sign * before;
        self.before_squares += sign * before * before;
        self.products += sign * earned * before;
    }

    fn summary(self) -> Summary {
        if self.units < 0.5 {
            return Summary::default();
        }
        Summary::from_sums(self.units, self.sum, self.squares).with_covariate(
            self.before,
            self.before_squares,
            self.products,
        )
    }
}

/// What one version of an experiment has shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialTally {
    /// The experiment.
    pub id: String,
    /// Its version.
    pub version: u32,
    arms: Vec<Arm>,
    phases: Vec<Phase>,
    /// Segments in the order in which they came; the empty name is none.
    segments: Vec<String>,
    /// By segment, then arm.
    cells: Vec<Cell>,
    /// How many accounts saw more than one arm and were taken out.
    pub excluded: u64,
    /// When the last account was exposed, in milliseconds of Unix time; 0 before the first, and in sums from before windows.
    #[serde(default)]
    last_exposed_ms: u64,
}

impl TrialTally {
    /// Nobody takes part yet.
    pub fn new(trial: &Trial) -> Self {
        let count = |shares: &Vec<f64>| Phase { shares: shares.clone(), counts: alloc::vec![0; shares.len()] };
        Self {
            id: trial.id.clone(),
            version: trial.version,
            arms: trial.arms.iter().map(|one| one.arm).collect(),
            phases: trial.phases.iter().map(|phase| count(&phase.shares)).collect(),
            segments: Vec::new(),
            cells: Vec::new(),
            excluded: 0,
            last_exposed_ms: 0,
        }
    }

    /// When the last account was exposed, in milliseconds of Unix time; `None` before the first.
    pub fn last_exposed_ms(&self) -> Option<u64> {
        (self.last_exposed_ms > 0).then_some(self.last_exposed_ms)
    }

    /// The segments, in the order of the findings.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The phases with the accounts that each arm received.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// How many accounts each arm has, and what they earned on average, in the currency's own unit.
    pub fn arm(&self, arm: usize) -> Summary {
        self.table().summary(None, arm, 0)
    }

    fn cell(&mut self, segment: &str, arm: usize) -> Option<&mut Cell> {
        let known = self.segments.iter().position(|name| name == segment);
        let row = known.unwrap_or_else(|| {
            self.segments.push(segment.into());
            self.cells.resize(self.segments.len() * self.arms.len(), Cell::default());
            self.segments.len() - 1
        });
        let arms = self.arms.len();
        self.cells.get_mut(row * arms + arm).filter(|_| arm < arms)
    }

    fn count(&mut self, enrolled: &Enrolled, sign: f64) {
        let Exposure { phase, arm, .. } = enrolled.exposure;
        if let Some(cell) = self.cell(&enrolled.segment, arm) {
            cell.count(sign, enrolled.margin, enrolled.before);
        }
        if let Some(count) = self.phases.get_mut(phase).and_then(|phase| phase.counts.get_mut(arm)) {
            *count = if sign > 0.0 { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// Takes in an account that was not in it.
    pub fn enrol(&mut self, enrolled: &Enrolled) {
        self.count(enrolled, 1.0);
        self.last_exposed_ms = self.last_exposed_ms.max(enrolled.since_ms);
    }

    /// Whether an arm that was shown belongs to another arm of the experiment than the account's.
    fn is_other(&self, enrolled: &Enrolled, shown: Arm) -> bool {
        let concerns = self.arms.iter().any(|arm| arm.offer().is_some() && arm.offer() == shown.offer());
        concerns && self.arms.get(enrolled.exposure.arm) != Some(&shown)
    }

    /// Enters what happened at a moment to an account that takes part. What comes after its window counts no more, and neither
    /// does taking back what was earned before its exposure.
    ///
    /// `held` says that no person has stopped the experiment. After a stop the policy shows everybody everything again; whoever
    /// takes part then counts by its own arm all the same (intention to treat), because who is shown what no longer is a draw.
    pub fn enter(&mut self, trial: &Trial, held: bool, event: &Event, enrolled: &mut Enrolled, at_ms: u64) {
        if enrolled.excluded || at_ms >= trial.counts_until_ms(enrolled.since_ms) {
            return;
        }
        if let Event::Shown { bet, .. } = event
            && held
            && self.is_other(enrolled, bet.arm)
        {
            self.count(enrolled, -1.0);
            enrolled.excluded = true;
            self.excluded += 1;
            return;
        }
        let by = event.earned();
        if by != 0 && at_ms.saturating_sub(event.earned_ago_ms()) >= enrolled.since_ms {
            let (arm, before, margin) = (enrolled.exposure.arm, enrolled.before, enrolled.margin);
            enrolled.margin = margin.saturating_add(by);
            if let Some(cell) = self.cell(&enrolled.segment, arm) {
                cell.count(-1.0, margin, before);
                cell.count(1.0, enrolled.margin, before);
            }
        }
    }

    fn table(&self) -> Table {
        Table::of_cells(self.arms.len(), self.cells.iter().map(|cell| cell.summary()).collect())
    }

    /// What may be said now: effects in money for each account against the first arm.
    pub fn findings(&self, trial: &Trial) -> Findings {
        let reading = Reading {
            control: 0,
            shares: self.phases.first().map_or_else(Vec::new, |phase| phase.shares.clone()),
            sequential: Sequential { tuned_at: f64::from(trial.units), ..Sequential::default() },
            indifference: trial.indifference,
            covariate: true,
        };
        analyse_phases(&self.table(), &reading, &self.phases)
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::DAY_MS;

    use super::super::arm::{Channel, Timing};
    use super::super::ledger::{Bet, Outcome};
    use super::super::trial::{Allocation, Intake, TrialArm};
    use super::*;
    use crate::experiments::verdict::Verdict;
    use crate::random::Random;

    const MADE: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };

    /// The same offer in another place, which no arm has.
    const OTHER: Arm = Arm::Offer { offer: 1, channel: Channel::Account, timing: Timing::Now };

    fn trial() -> Trial {
        Trial {
            id: "tyres".into(),
            version: 1,
            layer: "tyres".into(),
            span: (0.0, 1.0),
            segments: Vec::new(),
            arms: alloc::vec![
                TrialArm { name: "control".into(), arm: Arm::Nothing },
                TrialArm { name: "made".into(), arm: MADE },
            ],
            phases: alloc::vec![Allocation { from_ms: 0, shares: alloc::vec![0.5, 0.5] }],
            until_ms: 60 * DAY_MS,
            window_days: 30,
            units: 1_000,
            indifference: 0.0,
        }
    }

    fn enrolled(arm: usize, segment: &str) -> Enrolled {
        let exposure = Exposure { experiment: "tyres".into(), version: 1, phase: 0, arm };
        Enrolled { exposure, since_ms: 0, segment: segment.into(), before: 0.0, margin: 0, excluded: false }
    }

    fn bet(arm: Arm) -> Bet {
        Bet { decision: 0, arm, propensity: 0.5, features: Vec::new(), margin: 1_900, learner: 1 }
    }

    fn booked() -> Event {
        Event::Settled {
            bet: Some(bet(MADE)),
            outcome: Outcome::Booked,
            booked_ago_ms: None,
            counted: 0.0,
            waited_ms: 0,
        }
    }

    fn reversed(ago_ms: u64) -> Event {
        Event::Reversed { bet: Some(bet(MADE)), margin: 1_900, restored: false, ago_ms }
    }

    #[test]
    fn a_booking_moves_its_arm_and_its_reversal_moves_it_back() {
        let mut tally = TrialTally::new(&trial());
        let mut one = enrolled(1, "town");
        tally.enrol(&one);
        let nothing = tally.clone();
        tally.enter(&trial(), true, &booked(), &mut one, 10);
        assert_eq!((one.margin, tally.arm(1).mean), (1_900, 19.0));
        tally.enter(&trial(), true, &reversed(5), &mut one, 15);
        assert_eq!((one.margin, &tally), (0, &nothing));
    }

    #[test]
    fn an_account_counts_for_its_window_also_when_the_experiment_has_ended_and_no_longer() {
        let trial = trial();
        let exposed_ms = trial.until_ms - DAY_MS;
        let mut tally = TrialTally::new(&trial);
        let mut one = Enrolled { since_ms: exposed_ms, ..enrolled(1, "") };
        tally.enrol(&one);
        let over_ms = exposed_ms + 30 * DAY_MS;
        let intake = |now_ms| trial.intake(false, tally.last_exposed_ms(), now_ms);
        assert_eq!(intake(exposed_ms), Intake::Accounts);
        assert_eq!(intake(trial.until_ms), Intake::Outcomes { until_ms: over_ms });
        assert_eq!(intake(over_ms), Intake::Closed);
        assert_eq!(trial.intake(true, None, exposed_ms), Intake::Closed, "stopped before anybody took part");
        // Ended for three weeks: a booking counts, and so does taking it back.
        let late_ms = trial.until_ms + 21 * DAY_MS;
        tally.enter(&trial, true, &booked(), &mut one, late_ms);
        assert_eq!((one.margin, tally.arm(1).mean), (1_900, 19.0));
        tally.enter(&trial, false, &reversed(DAY_MS), &mut one, late_ms + DAY_MS);
        assert_eq!((one.margin, tally.arm(1).mean), (0, 0.0));
        tally.enter(&trial, true, &booked(), &mut one, over_ms - 1);
        let closed = (one.clone(), tally.clone());
        for event in [booked(), reversed(DAY_MS), Event::Shown { bet: bet(OTHER), at_ms: over_ms }] {
            tally.enter(&trial, true, &event, &mut one, over_ms);
        }
        assert_eq!((one, tally), closed, "the window is over");
    }

    #[test]
    fn what_was_earned_before_the_exposure_is_not_taken_back_from_the_arm() {
        let mut tally = TrialTally::new(&trial());
        let mut one = Enrolled { since_ms: 10 * DAY_MS, ..enrolled(1, "") };
        tally.enrol(&one);
        let before = (one.clone(), tally.clone());
        let refused = Event::Settled {
            bet: Some(bet(MADE)),
            outcome: Outcome::Refused,
            booked_ago_ms: Some(3 * DAY_MS),
            counted: 0.0,
            waited_ms: 0,
        };
        for event in [reversed(3 * DAY_MS), Event::Unbooked { bet: bet(MADE), ago_ms: 3 * DAY_MS }, refused] {
            tally.enter(&trial(), true, &event, &mut one, 12 * DAY_MS);
        }
        assert_eq!((one, tally), before);
    }

    #[test]
    fn after_a_stop_an_account_counts_by_its_arm_whatever_the_policy_shows_it() {
        let mut tally = TrialTally::new(&trial());
        let mut control = enrolled(0, "");
        tally.enrol(&control);
        tally.enter(&trial(), false, &Event::Shown { bet: bet(MADE), at_ms: 5 }, &mut control, 5);
        tally.enter(&trial(), false, &booked(), &mut control, 6);
        assert_eq!((control.excluded, tally.excluded, tally.arm(0).mean), (false, 0, 19.0));
    }

    #[test]
    fn who_was_shown_another_arm_is_taken_out_and_counted() {
        let mut tally = TrialTally::new(&trial());
        let (mut control, mut made) = (enrolled(0, ""), enrolled(1, ""));
        tally.enrol(&control);
        tally.enrol(&made);
        for one in [&mut control, &mut made] {
            tally.enter(&trial(), true, &Event::Shown { bet: bet(MADE), at_ms: 1 }, one, 1);
            tally.enter(&trial(), true, &booked(), one, 1);
        }
        assert!(control.excluded && !made.excluded);
        assert_eq!((tally.excluded, tally.arm(0).n, tally.arm(1).mean), (1, 0.0, 19.0));
        assert_eq!(tally.phases()[0].counts, [0, 1]);
        let unconcerned = Arm::Offer { offer: 7, channel: Channel::Car, timing: Timing::Now };
        tally.enter(&trial(), true, &Event::Shown { bet: bet(unconcerned), at_ms: 2 }, &mut made, 2);
        assert!(!made.excluded, "what the experiment is not about harms nobody");
    }

    #[test]
    fn a_segment_effect_is_found_the_covariate_brings_no_gain_and_wrong_sizes_end_every_verdict() {
        let mut tally = TrialTally::new(&trial());
        let mut random = Random::new(5);
        for at in 0..4_000usize {
            let (segment, arm) = (["town", "land"][at % 2], usize::from(random.uniform() < 0.5));
            let mut one = Enrolled { before: (at % 7) as f64, ..enrolled(arm, segment) };
            tally.enrol(&one);
            let rate = if segment == "town" && arm == 1 { 0.4 } else { 0.1 };
            if random.uniform() < rate {
                tally.enter(&trial(), true, &booked(), &mut one, 1);
            }
        }
        let findings = tally.findings(&trial());
        let verdicts: Vec<Verdict> = findings.effects.iter().map(|effect| effect.verdict).collect();
        assert_eq!(tally.segments(), ["town", "land"]);
        assert_eq!(verdicts, [Verdict::Winner, Verdict::Winner, Verdict::Learning], "{findings:?}");
        assert!(findings.effects[1].interval.contains(0.3 * 19.0) && !findings.adjustments[0].gains());
        for _ in 0..400 {
            tally.enrol(&enrolled(0, "land"));
        }
        let findings = tally.findings(&trial());
        assert!(!findings.srm.ok && findings.effects.iter().all(|effect| effect.verdict == Verdict::Invalid));
    }
}

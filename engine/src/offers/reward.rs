//! What comes of a presentation, in money, and how the policy learns from it: at once, later, and when it is taken back.
//!
//! Invariant: silence, an answer and its reversal together teach what the last word alone would have taught.

use milepost_protocol::plan::DAY_MS;

use super::book::Book;
use super::catalogue::Hundredths;
use super::ledger::{Bet, Outcome};

/// What a contact costs, in the currency's own unit: somebody's attention.
const CONTACT_COST: f64 = 0.2;

/// What a refusal costs beyond the contact.
const REFUSAL_COST: f64 = 0.5;

/// How long an answer is expected to take before any came, in milliseconds, and how many answers that belief weighs.
const EXPECTED_DELAY: (u64, u64) = (3 * DAY_MS, 20);

/// What a wish for fewer costs beyond the contact.
const COMPLAINT_COST: f64 = 10.0;

/// What was learnt counts so much of what it did a day later: half after 138 days.
pub(super) const KEEP_A_DAY: f64 = 0.995;

impl Book {
    /// What came of a decision, in the currency's own unit: the reward that is learnt from it. `complains` is whether somebody
    /// wanted fewer after it.
    pub fn reward(outcome: Option<Outcome>, margin: Hundredths, complains: bool) -> f64 {
        let complaint = if complains { COMPLAINT_COST } else { 0.0 };
        match outcome {
            Some(Outcome::Booked | Outcome::Done) => margin as f64 / 100.0 - CONTACT_COST - complaint,
            Some(Outcome::Refused) => -CONTACT_COST - REFUSAL_COST - complaint,
            Some(Outcome::Expired) | None => -CONTACT_COST - complaint,
        }
    }

    /// How long an answer takes on average, in milliseconds.
    pub fn delay_ms(&self) -> u64 {
        let ((expected_ms, weight), (answers, took_ms)) = (EXPECTED_DELAY, self.answers);
        (expected_ms * weight).saturating_add(took_ms) / (weight + answers)
    }

    /// How much of an unanswered presentation counts as answered with silence: the share of its expected delay that has passed,
    /// `1 − exp(−λ·t)` with the hazard `λ` of one over the mean delay.
    ///
    /// Source: Chapelle, "Modeling delayed feedback in display advertising", KDD 2014: an answer that is to come has come by `t`
    /// with this probability, so that silence is held against an arm no sooner than it means anything.
    pub fn waited(&self, elapsed_ms: u64) -> f64 {
        1.0 - libm::exp(-(elapsed_ms as f64) / self.delay_ms().max(1) as f64)
    }

    pub(super) fn settle(&mut self, bet: &Bet, outcome: Outcome, booked_ago_ms: Option<u64>, counted: f64) {
        match outcome {
            Outcome::Booked | Outcome::Done | Outcome::Expired if booked_ago_ms.is_some() => {}
            Outcome::Booked | Outcome::Done => {
                self.book_margin(bet, bet.margin);
                self.learn_rest(bet, bet.margin as f64 / 100.0 - CONTACT_COST, counted);
            }
            Outcome::Refused => {
                self.tally_mut(bet.arm).refused += 1;
                if let Some(ago_ms) = booked_ago_ms {
                    self.take_back(bet, bet.margin, ago_ms);
                    self.correct(bet, -REFUSAL_COST);
                } else {
                    self.learn_rest(bet, -CONTACT_COST - REFUSAL_COST, counted);
                }
            }
            Outcome::Expired => {
                self.tally_mut(bet.arm).expired += 1;
                self.learn_rest(bet, -CONTACT_COST, counted);
            }
        }
    }

    /// Enters a booking's margin with its arm.
    pub(super) fn book_margin(&mut self, bet: &Bet, margin: Hundredths) {
        let tally = self.tally_mut(bet.arm);
        tally.booked += 1;
        tally.margin += margin;
        if let Some(offer) = bet.arm.offer() {
            *self.taken.entry(offer).or_default() += 1;
        }
    }

    /// Enters the reversal of a booking, with its arm and with what was learnt from it.
    pub(super) fn take_back(&mut self, bet: &Bet, margin: Hundredths, ago_ms: u64) {
        let tally = self.tally_mut(bet.arm);
        tally.booked = tally.booked.saturating_sub(1);
        tally.margin -= margin;
        if let Some(taken) = bet.arm.offer().and_then(|offer| self.taken.get_mut(&offer)) {
            *taken = taken.saturating_sub(1);
        }
        self.correct(bet, -(margin as f64) / 100.0 * faded(ago_ms));
    }

    pub(super) fn correct(&mut self, bet: &Bet, delta: f64) {
        let seen = self.learner.seen(bet);
        // What is refused is counted by the learner.
        let _ = self.learner.correct(bet.arm, Some(bet.propensity), &seen, delta);
    }

    /// Learns a part of a silence that is not the last word yet.
    pub(super) fn learn_silence(&mut self, bet: &Bet, weight: f64) {
        let seen = self.learner.seen(bet);
        // What is refused is counted by the learner.
        let _ = self.learner.learn_part(bet.arm, Some(bet.propensity), &seen, -CONTACT_COST, weight);
    }

    /// Learns that somebody wants fewer.
    pub(super) fn learn_complaint(&mut self, bet: &Bet) {
        self.learn(bet, -CONTACT_COST - COMPLAINT_COST);
    }

    /// Learns the reward of a presentation of whose silence a part was counted: the rest of it, and the difference for that part.
    pub(super) fn learn_rest(&mut self, bet: &Bet, reward: f64, counted: f64) {
        let counted = counted.clamp(0.0, 1.0);
        if counted > 0.0 {
            let seen = self.learner.seen(bet);
            let rest = self.learner.learn_part(bet.arm, Some(bet.propensity), &seen, reward, 1.0 - counted);
            if rest.is_ok() {
                self.correct(bet, counted * (reward + CONTACT_COST));
                self.learner.learnt += 1;
            }
        } else {
            self.learn(bet, reward);
        }
    }

    pub(super) fn learn(&mut self, bet: &Bet, reward: f64) {
        let seen = self.learner.seen(bet);
        // What is refused is counted by the learner.
        let _ = self.learner.learn(bet.arm, Some(bet.propensity), &seen, reward);
    }
}

/// What is left of a reward that was learnt so long ago.
pub(super) fn faded(ago_ms: u64) -> f64 {
    libm::pow(KEEP_A_DAY, (ago_ms / DAY_MS) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::arm::{Arm, Channel, Timing};
    use super::super::book::Tally;
    use super::super::event::Event;
    use super::*;
    use crate::experiments::Group;

    const MADE: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };

    fn book() -> Book {
        let mut book = Book::default();
        assert!(book.learner.meet([MADE]));
        book
    }

    fn bet(book: &Book) -> Bet {
        let features = book.learner.features(&super::super::eligibility::Facts::new());
        Bet { decision: 0, arm: MADE, propensity: 0.5, features, margin: 1_900, learner: book.learner.version }
    }

    fn settled(bet: &Bet, outcome: Outcome, counted: f64) -> Event {
        Event::Settled { bet: Some(bet.clone()), outcome, booked_ago_ms: None, counted, waited_ms: DAY_MS }
    }

    fn belief(book: &Book) -> f64 {
        book.learner.belief(MADE, &bet(book).features).map_or(f64::NAN, |(mean, _)| mean)
    }

    #[test]
    fn a_reversal_takes_the_margin_from_arm_account_and_policy_and_leaves_both_entries_counted() {
        let mut book = book();
        let bet = bet(&book);
        let mut unit = book.enrol(Group::Measured, 0).expect("it is measured");
        book.enter(&settled(&bet, Outcome::Booked, 0.0), Some(&mut unit));
        assert_eq!((book.tally(MADE).margin, unit.margin), (1_900, 1_900));
        let mut silent = Book::default();
        silent.learner.meet([MADE]);
        silent.enter(&settled(&bet, Outcome::Expired, 0.0), None);
        let reversed = |restored| Event::Reversed { bet: Some(bet.clone()), margin: 1_900, restored, ago_ms: 0 };
        book.enter(&reversed(false), Some(&mut unit));
        let Tally { booked, margin, .. } = book.tally(MADE);
        assert_eq!((booked, margin, unit.margin, book.measured.sum), (0, 0, 0, 0.0));
        assert!((belief(&book) - belief(&silent)).abs() < 1e-9, "what is left is a contact that brought nothing");
        book.enter(&reversed(true), Some(&mut unit));
        assert_eq!((book.tally(MADE).margin, unit.margin), (1_900, 1_900));
        assert!(belief(&book) > belief(&silent) + 0.1);
    }

    #[test]
    fn silence_and_then_an_answer_teach_what_the_answer_alone_would_have() {
        let (mut at_once, mut late) = (book(), book());
        let bet = bet(&at_once);
        at_once.enter(&settled(&bet, Outcome::Booked, 0.0), None);
        for (from, to) in [(0.0, 0.3), (0.3, 0.65)] {
            late.enter(&Event::Waited { bet: bet.clone(), from, to }, None);
        }
        assert!(belief(&late) < 0.0, "meanwhile silence speaks against it");
        late.enter(&settled(&bet, Outcome::Booked, 0.65), None);
        assert!((belief(&at_once) - belief(&late)).abs() < 1e-9);
        assert_eq!((at_once.learner.learnt, late.learner.learnt, late.learner.refused), (1, 1, 0));
    }

    #[test]
    fn the_hazard_follows_how_long_answers_take() {
        let mut book = book();
        let bet = bet(&book);
        assert_eq!(book.delay_ms(), 3 * DAY_MS);
        assert!(book.waited(0).abs() < 1e-12 && (book.waited(3 * DAY_MS) - 0.632_120_558_828_557_7).abs() < 1e-12);
        for _ in 0..180 {
            book.enter(&settled(&bet, Outcome::Refused, 0.0), None);
        }
        assert_eq!(book.delay_ms(), (60 + 180) * DAY_MS / 200, "one day each, against what was believed before");
        for _ in 0..50 {
            book.enter(&settled(&bet, Outcome::Expired, 0.0), None);
        }
        assert_eq!(book.answers.0, 180, "silence is no answer");
    }

    #[test]
    fn a_booking_that_is_refused_after_all_takes_its_margin_along() {
        let mut book = book();
        let bet = bet(&book);
        book.enter(&settled(&bet, Outcome::Booked, 0.0), None);
        let refused = Event::Settled {
            bet: Some(bet),
            outcome: Outcome::Refused,
            booked_ago_ms: Some(0),
            counted: 0.0,
            waited_ms: 0,
        };
        assert_eq!(refused.earned(), -1_900);
        book.enter(&refused, None);
        let Tally { booked, refused, margin, .. } = book.tally(MADE);
        assert_eq!((booked, refused, margin), (0, 1, 0));
    }
}

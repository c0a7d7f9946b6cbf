//! Other segments for the policy: what that changes, why it may, and the book's record of it.
//!
//! Invariant: a change that would draw otherwise than before takes place because the log supports it or somebody says why, and
//! the book keeps the reason.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::book::Book;
use super::judge::{Judged, interval};
use super::segments::Segment;

/// What other segments would change, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// What was learnt of them stays, because whoever belongs to them is the same.
    pub kept: Vec<String>,
    /// They begin with what is believed of everybody.
    pub begins: Vec<String>,
    /// They tell nobody apart any more.
    pub goes: Vec<String>,
}

impl Change {
    /// Whether nobody is told apart otherwise than before: names or their order alone are others.
    pub fn is_empty(&self) -> bool {
        self.begins.is_empty() && self.goes.is_empty()
    }
}

/// What the log said of a change, in the currency's own unit for each decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How many decisions were looked at.
    pub decisions: u64,
    /// What they earned.
    pub logged: f64,
    /// What the changed policy would have earned, and the ends of its interval.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Why other segments took the place of earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Because {
    /// Whoever belongs to them is the same; names or their order changed.
    SameMembers,
    /// Nothing had been learnt that could be lost.
    NothingLearnt,
    /// Arms were drawn by fixed shares, which segments do not change.
    NotInForce,
    /// The log does not speak against it.
    Supported(Figures),
    /// Somebody said why it should be all the same.
    Despite(String),
}

/// A change that took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regrouped {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The policy's version since then.
    pub version: u32,
    /// What changed.
    pub change: Change,
    /// Why it could.
    pub because: Because,
}

impl Judged {
    /// What the log said, to be kept; `None` where it could not say.
    pub fn figures(&self) -> Option<Figures> {
        let value = self.evaluation.estimates.ok()?.dr;
        let (low, high) = interval(value);
        let decisions = self.decisions as u64;
        Some(Figures { decisions, logged: self.logged.value, value: value.value, low, high })
    }
}

impl Book {
    /// Why the policy may tell owners apart by these without asking the log: nothing that is drawn would change. `learns` says that
    /// arms are drawn by what was learnt. `None` where it has to be asked, or nothing is to change.
    pub fn needs_no_word(&self, change: &Change, learns: bool) -> Option<Because> {
        if change.is_empty() {
            Some(Because::SameMembers)
        } else if self.learner.learnt == 0 {
            Some(Because::NothingLearnt)
        } else if !learns {
            Some(Because::NotInForce)
        } else {
            None
        }
    }

    /// Takes over what the catalogue has now, as far as nobody has to be asked; answers whether anything changed.
    pub(super) fn follow(&mut self, segments: &[Segment], learns: bool, at_ms: u64) -> bool {
        let recalled = self.learner.recall(segments);
        let because = self.learner.change(segments).and_then(|change| self.needs_no_word(&change, learns));
        because.is_some_and(|because| self.regroup(segments, because, at_ms)) || recalled
    }

    /// Lets the policy tell owners apart by these segments; answers whether that changed anything.
    pub fn regroup(&mut self, segments: &[Segment], because: Because, at_ms: u64) -> bool {
        let Some(change) = self.learner.change(segments) else { return false };
        self.learner = self.learner.regrouped(segments);
        self.regrouped = Some(Regrouped { at_ms, version: self.learner.version, change, because });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::arm::{Arm, Channel, Timing};
    use super::super::eligibility::{Condition, Facts, Test, Value};
    use super::super::event::Event;
    use super::super::ledger::{Bet, Outcome};
    use super::*;

    const MADE: Arm = Arm::Offer { offer: 1, channel: Channel::Car, timing: Timing::Now };

    fn segment(name: &str, least: f64) -> Segment {
        let condition = Condition::Fact { name: "trips_30d".into(), test: Test::AtLeast(least) };
        Segment { name: name.into(), version: 1, condition }
    }

    fn because(book: &Book) -> Option<&Because> {
        book.regrouped.as_ref().map(|regrouped| &regrouped.because)
    }

    #[test]
    fn a_policy_that_has_learnt_keeps_its_segments_until_the_log_or_somebody_lets_others_in() {
        let (few, many) = ([segment("town", 8.0)], [segment("town", 8.0), segment("busy", 60.0)]);
        let mut book = Book::default();
        assert!(book.meet([], &few, true, 1) && !book.meet([], &few, true, 2));
        assert_eq!(because(&book), Some(&Because::NothingLearnt));
        book.learner.meet([MADE]);
        let facts = Facts::from([("trips_30d".into(), Value::Number(70.0))]);
        let features = book.learner.features(&facts);
        let bet =
            Bet { decision: 0, arm: MADE, propensity: 0.5, features, margin: 1_900, learner: book.learner.version };
        let booked = |bet: &Bet| Event::Settled {
            bet: Some(bet.clone()),
            outcome: Outcome::Booked,
            booked_ago_ms: None,
            counted: 0.0,
            waited_ms: 0,
        };
        book.enter(&booked(&bet), None);
        let before = book.clone();
        assert!(!book.meet([], &many, true, 3));
        assert_eq!(book, before, "it has to be asked for");
        let mut fixed = book.clone();
        assert!(fixed.meet([], &many, false, 3));
        assert_eq!(because(&fixed), Some(&Because::NotInForce));
        let renamed = [Segment { version: 2, ..segment("city", 8.0) }];
        let mut named = book.clone();
        assert!(named.meet([], &renamed, true, 3));
        assert_eq!(because(&named), Some(&Because::SameMembers));

        assert!(book.regroup(&many, Because::Despite("a new fleet".into()), 4));
        let regrouped = book.regrouped.clone().expect("it took place");
        assert_eq!((regrouped.at_ms, regrouped.version, regrouped.change.begins), (4, 3, alloc::vec!["busy".into()]));
        assert!(!book.regroup(&many, Because::NotInForce, 5), "it is as it shall be");
        // What was drawn before still teaches, and the margin is the arm's.
        let learnt = book.learner.learnt;
        book.enter(&booked(&bet), None);
        assert_eq!((book.learner.learnt, book.learner.refused, book.tally(MADE).booked), (learnt + 1, 0, 2));
    }
}

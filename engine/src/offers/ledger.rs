//! Which offers were made to a vehicle's owner, and what came of them.
//!
//! Invariant: a presentation keeps its serial for ever, and its first outcome stays.

use alloc::vec::Vec;

use milepost_protocol::ids::NoticeId;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::catalogue::Hundredths;

/// After so many presentations in a row that nobody answered, or that were refused, the owner is left alone.
const FATIGUED_AFTER: usize = 3;

/// For how long, in days.
const FATIGUE_DAYS: u64 = 90;

/// How long an offer of which somebody wants fewer is not made again, in days.
const FEWER_DAYS: u64 = 365;

/// How many pieces of work are remembered for that.
const MOST_EARNED: usize = 100;

/// What came of a presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// An appointment.
    Booked,
    /// It was done without one.
    Done,
    /// Not wanted.
    Refused,
    /// Nobody answered in time.
    Expired,
}

/// With what an arm was drawn, so that what comes of it can be learnt from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bet {
    /// The stored decision's number.
    pub decision: u64,
    /// The arm.
    pub arm: Arm,
    /// The probability with which it was drawn.
    pub propensity: f64,
    /// What the policy saw.
    pub features: Vec<f64>,
    /// What a booking earns, in the hundredth of the currency.
    pub margin: i64,
    /// The version of the policy that saw it; 0 in documents from before it was kept.
    #[serde(default)]
    pub learner: u32,
}

/// One presentation of an offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presentation {
    /// Which offer.
    pub offer: u16,
    /// Counted per offer from 0.
    pub serial: u32,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// What came of it and when; `None` while it is open.
    pub outcome: Option<(Outcome, u64)>,
    /// With what its arm was drawn; absent in documents from before policies learnt.
    #[serde(default)]
    pub bet: Option<Bet>,
    /// How much of its silence the policy has counted so far, from 0 to 1.
    #[serde(default)]
    pub counted: f64,
}

/// Work that earned something, so that it can be taken back when the work turns out not to have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    /// The entry of the service book.
    pub record: u64,
    /// The offer's notice that it was done for; `None` where nobody had offered it.
    pub notice: Option<NoticeId>,
    /// What it earned, in the hundredth of the currency.
    pub margin: Hundredths,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Whether it counts; `false` once the work was undone.
    pub stands: bool,
}

/// A tip was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The entry of the catalogue.
    pub entry: u16,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// Somebody wants fewer offers of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fewer {
    /// Of which offer.
    pub offer: u16,
    /// Since when, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// All presentations to one vehicle's owner.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// In the order in which they were made.
    pub presentations: Vec<Presentation>,
    /// The latest tip of each entry.
    pub tips: Vec<Tip>,
    /// The latest wish for fewer of each offer.
    pub fewer: Vec<Fewer>,
    /// What work has earned, the newest last.
    pub earned: Vec<Earned>,
    /// What came of contacts that were no offers, and when, in milliseconds of Unix time; no more than tell of fatigue.
    pub others: Vec<(Outcome, u64)>,
}

impl Ledger {
    /// Enters a presentation and returns the id of its notice.
    pub fn present(&mut self, offer: u16, at_ms: u64, bet: Option<Bet>) -> NoticeId {
        let serial = self.of(offer).map(|known| known.serial + 1).max().unwrap_or(0);
        self.presentations.push(Presentation { offer, serial, at_ms, outcome: None, bet, counted: 0.0 });
        NoticeId::offer(offer, serial)
    }

    /// Enters that a tip was given.
    pub fn tip(&mut self, entry: u16, at_ms: u64) {
        self.tips.retain(|known| known.entry != entry);
        self.tips.push(Tip { entry, at_ms });
    }

    /// When a tip was last given.
    pub fn tipped_ms(&self, entry: u16) -> Option<u64> {
        self.tips.iter().find(|known| known.entry == entry).map(|known| known.at_ms)
    }

    /// Enters that somebody wants fewer of an offer; `false` if they had said so before.
    pub fn want_fewer(&mut self, offer: u16, at_ms: u64) -> bool {
        if self.fewer_until_ms(offer, at_ms).is_some() {
            return false;
        }
        self.fewer.retain(|known| known.offer != offer);
        self.fewer.push(Fewer { offer, at_ms });
        true
    }

    /// Until when fewer of an offer are wanted; `None` if nobody asked for that lately.
    pub fn fewer_until_ms(&self, offer: u16, now_ms: u64) -> Option<u64> {
        let known = self.fewer.iter().find(|known| known.offer == offer)?;
        let until_ms = known.at_ms.saturating_add(FEWER_DAYS * DAY_MS);
        (now_ms < until_ms).then_some(until_ms)
    }

    /// Until when the owner is left alone, because the last offers were all refused or met silence.
    pub fn fatigued_until_ms(&self, now_ms: u64) -> Option<u64> {
        let offers = self.presentations.iter().filter_map(|known| known.outcome);
        let mut settled: Vec<(Outcome, u64)> = offers.chain(self.others.iter().copied()).collect();
        settled.sort_by_key(|(_, at_ms)| *at_ms);
        let last = settled.get(settled.len().checked_sub(FATIGUED_AFTER)?..)?;
        if last.iter().any(|(outcome, _)| matches!(outcome, Outcome::Booked | Outcome::Done)) {
            return None;
        }
        let newest_ms = last.iter().map(|(_, at_ms)| *at_ms).max()?;
        let until_ms = newest_ms.saturating_add(FATIGUE_DAYS * DAY_MS);
        (now_ms < until_ms).then_some(until_ms)
    }

    /// Enters what came of a contact that was no offer, as far as it tells of fatigue.
    pub fn settle_other(&mut self, outcome: Outcome, at_ms: u64) {
        self.others.push((outcome, at_ms));
        let excess = self.others.len().saturating_sub(FATIGUED_AFTER);
        self.others.drain(..excess);
    }

    /// The presentation behind a notice.
    pub fn presentation(&self, notice: NoticeId) -> Option<&Presentation> {
        let (offer, serial) = notice.as_offer()?;
        self.presentations.iter().find(|known| (known.offer, known.serial) == (offer, serial))
    }

    /// Enters that a booking did not take place after all, so that its offer is open again; `false` if it was not booked.
    pub fn unbook(&mut self, notice: NoticeId) -> bool {
        let Some((offer, serial)) = notice.as_offer() else { return false };
        let known = self.presentations.iter_mut().find(|known| (known.offer, known.serial) == (offer, serial));
        let Some(known) = known.filter(|known| matches!(known.outcome, Some((Outcome::Booked, _)))) else {
            return false;
        };
        // Its reward was counted whole; from now on it stands for silence.
        (known.outcome, known.counted) = (None, 1.0);
        true
    }

    /// Enters what came of a presentation; `false` if it is not known or was settled before, apart from a booking that is done
    /// or refused after all. A booking does not expire.
    pub fn settle(&mut self, notice: NoticeId, outcome: Outcome, at_ms: u64) -> bool {
        let Some((offer, serial)) = notice.as_offer() else { return false };
        let mut known = self.presentations.iter_mut();
        let Some(known) = known.find(|known| (known.offer, known.serial) == (offer, serial)) else { return false };
        let settles = match known.outcome {
            None => true,
            Some((Outcome::Booked, _)) => matches!(outcome, Outcome::Done | Outcome::Refused),
            Some(_) => false,
        };
        if settles {
            known.outcome = Some((outcome, at_ms));
        }
        settles
    }

    /// Enters what work has earned.
    pub fn earn(&mut self, earned: Earned) {
        let excess = (self.earned.len() + 1).saturating_sub(MOST_EARNED);
        self.earned.drain(..excess);
        self.earned.push(earned);
    }

    /// Enters that a record of the service book stands or not; what it earned, if that changes anything.
    pub fn stand(&mut self, record: u64, stands: bool) -> Option<Earned> {
        let known = self.earned.iter_mut().find(|known| known.record == record && known.stands != stands)?;
        known.stands = stands;
        Some(*known)
    }

    /// All presentations of one offer.
    pub fn of(&self, offer: u16) -> impl Iterator<Item = &Presentation> {
        self.presentations.iter().filter(move |known| known.offer == offer)
    }

    /// When the owner was contacted, ascending, in milliseconds of Unix time.
    pub fn contacts_ms(&self) -> impl Iterator<Item = u64> {
        self.presentations.iter().map(|known| known.at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_presentation_has_a_notice_of_its_own() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.present(1, 10, None), NoticeId::offer(1, 0));
        assert_eq!(ledger.present(2, 20, None), NoticeId::offer(2, 0));
        assert_eq!(ledger.present(1, 30, None), NoticeId::offer(1, 1));
    }

    #[test]
    fn the_first_answer_stays_and_a_booking_can_still_be_done() {
        let mut ledger = Ledger::default();
        let notice = ledger.present(1, 10, None);
        assert!(ledger.settle(notice, Outcome::Booked, 20));
        assert!(!ledger.settle(notice, Outcome::Booked, 25));
        assert!(ledger.settle(notice, Outcome::Done, 30));
        assert!(!ledger.settle(notice, Outcome::Refused, 40));
        assert_eq!(ledger.presentations[0].outcome, Some((Outcome::Done, 30)));
        assert!(!ledger.settle(NoticeId::offer(1, 9), Outcome::Done, 50));
        assert!(!ledger.settle(NoticeId::information(0), Outcome::Done, 50));
    }

    #[test]
    fn who_answers_nothing_three_times_is_left_alone_and_a_booking_ends_that() {
        let mut ledger = Ledger::default();
        for at_ms in [10, 20, 30] {
            assert_eq!(ledger.fatigued_until_ms(at_ms), None);
            let notice = ledger.present(1, at_ms, None);
            ledger.settle(notice, Outcome::Expired, at_ms);
        }
        assert_eq!(ledger.fatigued_until_ms(40), Some(30 + FATIGUE_DAYS * DAY_MS));
        assert_eq!(ledger.fatigued_until_ms(30 + FATIGUE_DAYS * DAY_MS), None);
        let notice = ledger.present(2, 50, None);
        ledger.settle(notice, Outcome::Booked, 60);
        assert_eq!(ledger.fatigued_until_ms(70), None);
        assert!(!ledger.settle(notice, Outcome::Expired, 65), "a booking does not expire");
        assert!(ledger.unbook(notice) && !ledger.unbook(notice));
    }

    #[test]
    fn work_that_is_undone_gives_back_what_it_earned_once_and_may_come_back() {
        let mut ledger = Ledger::default();
        let earned = Earned { record: 7, notice: None, margin: 1_900, at_ms: 5, stands: true };
        ledger.earn(earned);
        assert_eq!(ledger.stand(8, false), None);
        assert_eq!(ledger.stand(7, false), Some(Earned { stands: false, ..earned }));
        assert_eq!(ledger.stand(7, false), None);
        assert_eq!(ledger.stand(7, true), Some(earned));
        for record in 100..300 {
            ledger.earn(Earned { record, ..earned });
        }
        assert_eq!((ledger.earned.len(), ledger.stand(7, false)), (MOST_EARNED, None));
    }

    #[test]
    fn fewer_of_one_offer_holds_for_a_year_and_for_that_one_alone() {
        let mut ledger = Ledger::default();
        assert!(ledger.want_fewer(3, 100) && !ledger.want_fewer(3, 200));
        assert_eq!(ledger.fewer_until_ms(3, 200), Some(100 + FEWER_DAYS * DAY_MS));
        assert_eq!((ledger.fewer_until_ms(4, 200), ledger.fewer_until_ms(3, 100 + FEWER_DAYS * DAY_MS)), (None, None));
    }
}

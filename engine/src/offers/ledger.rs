//! Which offers were made to a vehicle's owner, and what came of them.
//!
//! Invariant: a presentation keeps its serial for ever, and its first outcome stays.

use alloc::vec::Vec;

use milepost_protocol::ids::NoticeId;
use serde::{Deserialize, Serialize};

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

/// One presentation of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// Which offer.
    pub offer: u16,
    /// Counted per offer from 0.
    pub serial: u32,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// What came of it and when; `None` while it is open.
    pub outcome: Option<(Outcome, u64)>,
}

/// All presentations to one vehicle's owner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// In the order in which they were made.
    pub presentations: Vec<Presentation>,
}

impl Ledger {
    /// Enters a presentation and returns the id of its notice.
    pub fn present(&mut self, offer: u16, at_ms: u64) -> NoticeId {
        let serial = self.of(offer).map(|known| known.serial + 1).max().unwrap_or(0);
        self.presentations.push(Presentation { offer, serial, at_ms, outcome: None });
        NoticeId::offer(offer, serial)
    }

    /// Enters what came of a presentation; `false` if it is not known or was settled before, apart from a booking that is done.
    pub fn settle(&mut self, notice: NoticeId, outcome: Outcome, at_ms: u64) -> bool {
        let Some((offer, serial)) = notice.as_offer() else { return false };
        let mut known = self.presentations.iter_mut();
        let Some(known) = known.find(|known| (known.offer, known.serial) == (offer, serial)) else { return false };
        let settles = match known.outcome {
            None => true,
            Some((Outcome::Booked, _)) => outcome != Outcome::Booked,
            Some(_) => false,
        };
        if settles {
            known.outcome = Some((outcome, at_ms));
        }
        settles
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
        assert_eq!(ledger.present(1, 10), NoticeId::offer(1, 0));
        assert_eq!(ledger.present(2, 20), NoticeId::offer(2, 0));
        assert_eq!(ledger.present(1, 30), NoticeId::offer(1, 1));
    }

    #[test]
    fn the_first_answer_stays_and_a_booking_can_still_be_done() {
        let mut ledger = Ledger::default();
        let notice = ledger.present(1, 10);
        assert!(ledger.settle(notice, Outcome::Booked, 20));
        assert!(!ledger.settle(notice, Outcome::Booked, 25));
        assert!(ledger.settle(notice, Outcome::Done, 30));
        assert!(!ledger.settle(notice, Outcome::Refused, 40));
        assert_eq!(ledger.presentations[0].outcome, Some((Outcome::Done, 30)));
        assert!(!ledger.settle(NoticeId::offer(1, 9), Outcome::Done, 50));
        assert!(!ledger.settle(NoticeId::information(0), Outcome::Done, 50));
    }
}

//! One thing that somebody of the workshop means to do about a vehicle, by a day.
//!
//! Invariant: it has a person and a day until it is done, and what is done stays done.

use jiff::civil::Date;
use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};

use super::{CareError, CareId, CareOutcome};
use crate::domain::{AccountId, Vehicle};
use crate::store::DocWrite;

/// The longest name of what is to be done, in characters.
pub(super) const MAX_WHAT: usize = 120;

/// The longest note, in characters.
pub(super) const MAX_NOTE: usize = 1_000;

/// How far ahead a day may lie, in years.
const MOST_YEARS: i16 = 2;

/// The most steps that are kept; the oldest go first.
const MAX_STEPS: usize = 50;

/// What is to be done, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What, in a few words.
    pub what: String,
    /// Who does it.
    pub assignee: AccountId,
    /// By which day, in the vehicle's time zone.
    pub next_on: Date,
    /// What else to know.
    pub note: String,
    /// The notice that it is about.
    pub notice: Option<NoticeId>,
}

impl Wanted {
    /// Whether its texts and its day can be taken.
    pub(super) fn check(&self, today: Date) -> Result<(), CareError> {
        let what = self.what.trim();
        if what.is_empty() || what.chars().count() > MAX_WHAT || self.note.chars().count() > MAX_NOTE {
            return Err(CareError::Request);
        }
        check_day(self.next_on, today)
    }
}

/// Whether a day can be taken.
pub(super) fn check_day(day: Date, today: Date) -> Result<(), CareError> {
    let last = today.saturating_add(jiff::Span::new().years(MOST_YEARS));
    if (today..=last).contains(&day) { Ok(()) } else { Err(CareError::Date) }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: AccountId,
    /// What came of it.
    pub outcome: CareOutcome,
    /// What there is to say about that.
    #[serde(default)]
    pub note: String,
}

/// It was given to somebody for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: AccountId,
    /// To whom.
    pub assignee: AccountId,
    /// For which day.
    pub next_on: Date,
}

/// A follow-up, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Which.
    pub id: CareId,
    /// The vehicle.
    pub device: DeviceId,
    /// Whose vehicle it was then.
    pub owner: Option<AccountId>,
    /// What is to be done.
    pub what: String,
    /// Who does it.
    pub assignee: AccountId,
    /// By which day, in the vehicle's time zone.
    pub next_on: Date,
    /// What else to know.
    #[serde(default)]
    pub note: String,
    /// The notice that it is about.
    #[serde(default)]
    pub notice: Option<NoticeId>,
    /// Who gave it to whom, the first one being who made it.
    pub steps: Vec<Step>,
    /// How it ended.
    #[serde(default)]
    pub done: Option<Done>,
}

impl FollowUp {
    /// A new one.
    pub(super) fn new(id: CareId, vehicle: &Vehicle, wanted: &Wanted, at_ms: u64, by: &AccountId) -> Self {
        let mut made = Self {
            id,
            device: vehicle.device.clone(),
            owner: vehicle.owner.clone(),
            what: wanted.what.trim().to_owned(),
            assignee: wanted.assignee.clone(),
            next_on: wanted.next_on,
            note: wanted.note.trim().to_owned(),
            notice: wanted.notice,
            steps: Vec::new(),
            done: None,
        };
        made.give(wanted.assignee.clone(), wanted.next_on, at_ms, by);
        made
    }

    /// Gives it to somebody for a day.
    pub(super) fn give(&mut self, assignee: AccountId, next_on: Date, at_ms: u64, by: &AccountId) {
        self.steps.push(Step { at_ms, by: by.clone(), assignee: assignee.clone(), next_on });
        let surplus = self.steps.len().saturating_sub(MAX_STEPS);
        self.steps.drain(..surplus);
        self.assignee = assignee;
        self.next_on = next_on;
    }

    /// What takes it away from the store.
    pub fn removal(&self) -> Vec<DocWrite> {
        super::shelf::remove(self)
    }

    /// Whether it is about the vehicle as somebody owns it now.
    pub fn concerns(&self, vehicle: &Vehicle) -> bool {
        self.device == vehicle.device && self.owner == vehicle.owner
    }

    /// Whether its day has passed without its being done.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.done.is_none() && self.next_on < today
    }

    /// Whether both ask the same of the same person for the same day.
    pub(super) fn is_same(&self, wanted: &Wanted) -> bool {
        self.done.is_none()
            && self.what == wanted.what.trim()
            && self.assignee == wanted.assignee
            && self.next_on == wanted.next_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(what: &str, next_on: &str) -> Wanted {
        let (assignee, next_on) = ("vera".parse().unwrap(), next_on.parse().unwrap());
        Wanted { what: what.to_owned(), assignee, next_on, note: String::new(), notice: None }
    }

    #[test]
    fn a_follow_up_has_a_name_and_a_day_that_is_still_to_come() {
        let today: Date = "2026-11-12".parse().unwrap();
        assert!(wanted("Call about the brakes", "2026-11-12").check(today).is_ok());
        assert!(matches!(wanted("Call", "2026-11-11").check(today), Err(CareError::Date)));
        assert!(matches!(wanted("Call", "2029-01-01").check(today), Err(CareError::Date)));
        assert!(matches!(wanted("  ", "2026-11-12").check(today), Err(CareError::Request)));
        assert!(matches!(wanted(&"x".repeat(121), "2026-11-12").check(today), Err(CareError::Request)));
    }

    #[test]
    fn it_is_overdue_from_the_day_behind_its_own_until_it_is_done() {
        let vehicle = Vehicle::new("d".parse().unwrap(), 0);
        let by: AccountId = "vera".parse().unwrap();
        let id = CareId::random().unwrap();
        let mut one = FollowUp::new(id, &vehicle, &wanted("Call", "2026-11-12"), 1, &by);
        assert!(!one.is_overdue("2026-11-12".parse().unwrap()));
        assert!(one.is_overdue("2026-11-13".parse().unwrap()));
        one.done = Some(Done { at_ms: 2, by, outcome: CareOutcome::Reached, note: String::new() });
        assert!(!one.is_overdue("2026-11-13".parse().unwrap()));
    }
}

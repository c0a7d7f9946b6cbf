//! What an owner is asked about themselves and the car, one thing at a time.
//!
//! Invariant: nothing is asked that is known, and after any reply nothing is asked for some days; whoever never wants a question
//! never sees it again.

use std::collections::BTreeMap;

use milepost_engine::journey::Date;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::Vehicle;

/// For how long a question that was put off rests, in days.
const LATER_DAYS: u64 = 60;

/// How long nothing is asked after a reply, in days.
const REST_DAYS: u64 = 7;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// When the car was first registered: due dates and the inspection follow from it.
    Registered,
    /// The car's identification number: its plan and its recalls follow from it.
    Vin,
    /// The owner's birthday: a letter comes of it, and nothing else.
    Birthday,
}

impl Question {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::Registered, Self::Vin, Self::Birthday];

    /// The name, as addresses, texts and the API have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Vin => "vin",
            Self::Birthday => "birthday",
        }
    }

    /// The question with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.name() == name)
    }

    fn is_answered(self, vehicle: &Vehicle) -> bool {
        match self {
            Self::Registered => vehicle.profile.registered_ms > 0,
            Self::Vin => vehicle.profile.vin.is_some(),
            Self::Birthday => vehicle.asked.born.is_some(),
        }
    }
}

/// What an owner says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It was answered; the car's description has the answer.
    Answered,
    /// The owner's birthday, or that it shall be forgotten.
    Born(Option<Date>),
    /// Not now.
    Later,
    /// Not at all.
    Never,
}

/// What an owner was asked and has told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The owner's birthday.
    pub born: Option<Date>,
    /// Until when each question rests, in milliseconds of Unix time; the largest number is for ever.
    rests: BTreeMap<Question, u64>,
    /// Until when nothing is asked, in milliseconds of Unix time.
    quiet_until_ms: u64,
}

impl Asked {
    /// Takes a reply in; answers whether anything changed.
    pub fn reply(&mut self, question: Question, reply: Reply, now_ms: u64) -> bool {
        let before = self.clone();
        let rests_ms = match reply {
            Reply::Born(Some(born)) => {
                self.born = Some(born);
                None
            }
            Reply::Born(None) => {
                self.born = None;
                Some(u64::MAX)
            }
            Reply::Answered => None,
            Reply::Later => Some(now_ms.saturating_add(LATER_DAYS * DAY_MS)),
            Reply::Never => Some(u64::MAX),
        };
        if let Some(until_ms) = rests_ms {
            self.rests.insert(question, until_ms);
        }
        if *self != before || reply == Reply::Answered {
            self.quiet_until_ms = now_ms.saturating_add(REST_DAYS * DAY_MS);
        }
        *self != before
    }
}

impl Vehicle {
    /// What its owner is asked now, if anything.
    pub fn question(&self, now_ms: u64) -> Option<Question> {
        self.owner.as_ref()?;
        let rests = |question: &Question| self.asked.rests.get(question).is_some_and(|until_ms| now_ms < *until_ms);
        let open = |question: &Question| !question.is_answered(self) && !rests(question);
        Question::ALL.into_iter().find(open).filter(|_| now_ms >= self.asked.quiet_until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vehicle() -> Vehicle {
        let mut vehicle = Vehicle::new("golf-1".parse().unwrap(), 0);
        vehicle.owner = Some("anna".parse().unwrap());
        vehicle
    }

    #[test]
    fn one_thing_is_asked_at_a_time_and_nothing_for_a_week_after_a_reply() {
        let mut vehicle = vehicle();
        assert_eq!(vehicle.question(1), Some(Question::Registered));
        vehicle.profile.registered_ms = 1;
        assert!(vehicle.asked.reply(Question::Registered, Reply::Answered, 1));
        assert_eq!(vehicle.question(2), None);
        assert_eq!(vehicle.question(1 + REST_DAYS * DAY_MS), Some(Question::Vin));
    }

    #[test]
    fn what_is_put_off_rests_and_what_is_never_wanted_does_not_come_back() {
        let mut vehicle = vehicle();
        vehicle.asked.reply(Question::Registered, Reply::Later, 0);
        vehicle.asked.reply(Question::Vin, Reply::Never, 0);
        assert_eq!(vehicle.question(10 * DAY_MS), Some(Question::Birthday));
        assert_eq!(vehicle.question(LATER_DAYS * DAY_MS), Some(Question::Registered));
        let born = Date { year: 1980, month: 5, day: 3 };
        assert!(vehicle.asked.reply(Question::Birthday, Reply::Born(Some(born)), 0));
        assert!(!vehicle.asked.reply(Question::Birthday, Reply::Born(Some(born)), 1), "the same again is no news");
        vehicle.profile.registered_ms = 1;
        assert_eq!(vehicle.question(u64::MAX - 1), None);
        assert!(vehicle.asked.reply(Question::Birthday, Reply::Born(None), 2));
        assert_eq!(vehicle.question(u64::MAX - 1), None, "what was taken back is not asked again");
    }

    #[test]
    fn nobody_is_asked_about_a_car_that_nobody_owns() {
        assert_eq!(Vehicle::new("golf-1".parse().unwrap(), 0).question(1), None);
    }
}

//! A programme as it runs: when it begins, its steps, and where they lead.
//!
//! Invariant: from the first step every step can be reached, and every path ends.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use serde::{Deserialize, Serialize};

use super::error::{ProgrammeError, Wrong};
use super::{Condition, Message, Trigger};
use crate::channels::Channel;

/// The consent that a programme's contacts need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Running the service itself.
    Function,
    /// Sharing with the workshop.
    Workshop,
    /// Personalised offers.
    Offers,
}

impl Purpose {
    /// The consent.
    pub fn purposes(self) -> Purposes {
        match self {
            Self::Function => Purposes::FUNCTION,
            Self::Workshop => Purposes::WORKSHOP,
            Self::Offers => Purposes::OFFERS,
        }
    }

    /// The name, as programmes and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Workshop => "workshop",
            Self::Offers => "offers",
        }
    }
}

/// When a programme begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// With an event that is no older than so many days when it becomes known.
    On {
        /// The event.
        trigger: Trigger,
        /// Days.
        within_days: u16,
    },
    /// On a day of each month, or up to three days later.
    Monthly {
        /// The day, 1 to 28.
        day: u8,
    },
    /// On the anniversary of the car's first registration, or up to three days later.
    CarBirthday,
    /// On the owner's birthday, or up to three days later.
    OwnerBirthday,
    /// When conditions come to hold.
    When,
}

/// How many contacts a programme makes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Contacts.
    pub contacts: u16,
    /// In so many days.
    pub days: u16,
}

/// What a step tells, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// What.
    pub message: Message,
    /// The channels that may carry it; those that the owner does not use carry nothing.
    pub by: Vec<Channel>,
    /// Whether the car shows it too.
    pub in_car: bool,
    /// Whether it promotes something, so that it never comes while a safety item is open and counts as promotion.
    pub promotes: bool,
    /// For how many days it is of use.
    pub stands_days: u16,
    /// The entry of the catalogue of offers that says the same; nobody is told both.
    pub same_as: Option<String>,
}

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The event.
    pub trigger: Trigger,
    /// For how many days.
    pub days: u16,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id within the programme.
    pub id: String,
    /// How many days after the step before it, or after the cause, it comes.
    pub after_days: u16,
    /// What it waits for then; without it in time the step goes where `otherwise` leads.
    pub wait: Option<Wait>,
    /// What must hold then; if it does not the step goes where `otherwise` leads.
    pub when: Vec<Condition>,
    /// What it tells; none only decides where to go.
    pub tell: Option<Tell>,
    /// After how many days more it is too late for it.
    pub lapses_days: u16,
    /// The index of the step behind it; none ends the programme.
    pub next: Option<usize>,
    /// The index of the step behind it if it does not take place.
    pub otherwise: Option<usize>,
}

/// A programme.
#[derive(Debug, Clone, PartialEq)]
pub struct Programme {
    /// The file that it stands in.
    pub file: String,
    /// Its name, which stays.
    pub name: String,
    /// Rises with each change.
    pub version: u32,
    /// Who answers for it.
    pub responsible: String,
    /// The consent that its contacts need.
    pub purpose: Purpose,
    /// The smaller comes first when only one may speak.
    pub priority: u16,
    /// When it begins.
    pub entry: Entry,
    /// What must hold for it to begin.
    pub when: Vec<Condition>,
    /// How many days must have passed since it began last.
    pub again_after_days: u16,
    /// What ends it early.
    pub exit: Vec<Trigger>,
    /// How many contacts it makes at most.
    pub cap: Cap,
    /// What the owner may choose from, the first of it preselected; empty if there is nothing to choose.
    pub pack: Vec<String>,
    /// The steps; it begins with the first.
    pub steps: Vec<Step>,
}

impl Programme {
    /// The place of a step.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// The segments that it asks for.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        let conditions = self.when.iter().chain(self.steps.iter().flat_map(|step| &step.when));
        conditions.filter_map(|condition| match condition {
            Condition::Segment(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// How many days it lasts at most, from its cause to its last step.
    pub fn lasts_days(&self) -> u32 {
        let mut lasts = alloc::vec![0; self.steps.len()];
        // No path is longer than there are steps.
        for _ in &self.steps {
            for (at, step) in self.steps.iter().enumerate() {
                let behind = |to: Option<usize>| to.and_then(|to| lasts.get(to).copied()).unwrap_or(0);
                let own = u32::from(step.after_days) + step.wait.map_or(0, |wait| u32::from(wait.days));
                lasts[at] = own + behind(step.next).max(behind(step.otherwise));
            }
        }
        lasts.first().copied().unwrap_or(0)
    }
}

/// Programmes that stand together, in the order of their priority.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Programmes(Vec<Programme>);

impl Programmes {
    /// Checks that no name stands twice; what comes first counts before what has the same priority.
    pub fn new(mut programmes: Vec<Programme>) -> Result<Self, ProgrammeError> {
        for (at, programme) in programmes.iter().enumerate() {
            if let Some(other) = programmes[..at].iter().find(|other| other.name == programme.name) {
                return Err(ProgrammeError::whole(&programme.file, "name", Wrong::SameName(other.file.clone())));
            }
        }
        programmes.sort_by_key(|programme| programme.priority);
        Ok(Self(programmes))
    }

    /// All of them, the most important first.
    pub fn all(&self) -> &[Programme] {
        &self.0
    }

    /// The programme with this name.
    pub fn get(&self, name: &str) -> Option<&Programme> {
        self.0.iter().find(|programme| programme.name == name)
    }
}

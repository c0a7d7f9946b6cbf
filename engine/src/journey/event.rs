//! What programmes begin with, wait for and end on.
//!
//! Invariant: a set of events keeps the newest of each trigger, which is the same whatever order they came in and however
//! often each came.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Something that happened to an owner with a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The owner got the car.
    Purchase,
    /// The owner gave the car away.
    Sold,
    /// An appointment was made.
    VisitBooked,
    /// The car arrived at a dealer.
    DealerArrival,
    /// A visit ended with its work done.
    VisitDone,
    /// The ignition was switched on.
    IgnitionOn,
    /// A trip ended.
    TripFinished,
    /// The owner looked at a page.
    PageVisited,
    /// The owner answered something we told.
    Answered,
    /// The owner complained.
    Complained,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Purchase,
        Self::Sold,
        Self::VisitBooked,
        Self::DealerArrival,
        Self::VisitDone,
        Self::IgnitionOn,
        Self::TripFinished,
        Self::PageVisited,
        Self::Answered,
        Self::Complained,
    ];

    /// The name, as programmes write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Sold => "sold",
            Self::VisitBooked => "visit-booked",
            Self::DealerArrival => "dealer-arrival",
            Self::VisitDone => "visit-done",
            Self::IgnitionOn => "ignition-on",
            Self::TripFinished => "trip-finished",
            Self::PageVisited => "page-visited",
            Self::Answered => "answered",
            Self::Complained => "complained",
        }
    }

    /// The trigger with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.name() == name)
    }
}

/// One event; the moment and the number tell apart what has the same trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Event {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Tells apart events of one moment.
    pub id: u64,
    /// What.
    pub trigger: Trigger,
}

/// How many events of each trigger are kept.
const KEPT: usize = 24;

/// Events of one owner with one car.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Events(BTreeMap<Trigger, BTreeSet<(u64, u64)>>);

impl Events {
    /// Takes an event in; answers whether it was news that is kept.
    pub fn insert(&mut self, event: Event) -> bool {
        let known = self.0.entry(event.trigger).or_default();
        let fresh = known.insert((event.at_ms, event.id));
        while known.len() > KEPT {
            known.pop_first();
        }
        fresh && known.contains(&(event.at_ms, event.id))
    }

    /// The events of a trigger, oldest first.
    pub fn of(&self, trigger: Trigger) -> impl DoubleEndedIterator<Item = Event> {
        let known = self.0.get(&trigger).into_iter().flatten();
        known.map(move |(at_ms, id)| Event { at_ms: *at_ms, id: *id, trigger })
    }

    /// The first event of a trigger at or behind a moment.
    pub fn first_from(&self, trigger: Trigger, from_ms: u64) -> Option<Event> {
        self.of(trigger).find(|event| event.at_ms >= from_ms)
    }

    /// The newest event of a trigger.
    pub fn newest(&self, trigger: Trigger) -> Option<Event> {
        self.of(trigger).next_back()
    }
}

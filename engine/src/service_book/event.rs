//! What can happen to a service book.

use milepost_protocol::plan::{Anchor, ItemId, Level};
use serde::{Deserialize, Serialize};

use crate::maintenance::Completion;

/// An event's identity, given where it arises; the same id is the same event, however often it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

/// Who or what says so. The order is the order of trust: of two records of the same work the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A counter in the car that went back to its beginning.
    DetectedReset,
    /// A file from another system.
    Import,
    /// The owner.
    Owner,
    /// A workshop.
    Workshop,
}

/// Why somebody put an item off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// Not today.
    NoTime,
    /// An appointment stands.
    Appointment,
    /// A part is on its way.
    AwaitingPart,
    /// The money is not there now.
    Cost,
    /// Told to be of no concern by a workshop.
    Advised,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Where an item's first known cycle began: typed in by a person, imported, or the first reading of the device.
    Anchored {
        /// The item.
        item: ItemId,
        /// The beginning.
        anchor: Anchor,
        /// Who says so.
        by: Source,
    },
    /// Work was done.
    Completed {
        /// The item.
        item: ItemId,
        /// When and at which counters.
        done: Completion,
        /// Who says so.
        by: Source,
    },
    /// A completion was wrong and reads so now.
    Edited {
        /// The completion.
        of: EventId,
        /// How it reads.
        done: Completion,
    },
    /// A completion was taken back, or a record erased.
    Erased {
        /// The completion.
        of: EventId,
    },
    /// An erasure was taken back.
    Restored {
        /// The completion.
        of: EventId,
    },
    /// A reminder was put off.
    Snoozed {
        /// The item.
        item: ItemId,
        /// The cycle.
        cycle: u32,
        /// The level at which it was put off.
        level: Level,
        /// Until when, in milliseconds of Unix time; what is granted may be less.
        until_ms: u64,
        /// Why.
        reason: Reason,
    },
    /// The item does not apply to this car, or does again.
    Applies {
        /// The item.
        item: ItemId,
        /// Whether it applies.
        applies: bool,
    },
    /// The car has another owner.
    Transferred,
    /// The car was sold to somebody who is not with us.
    Sold,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its identity.
    pub id: EventId,
    /// When it was said, in milliseconds of Unix time; among events that contradict each other the last one said counts.
    pub at_ms: u64,
    /// What happened.
    pub kind: Kind,
}

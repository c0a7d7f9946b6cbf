//! What becomes of a visit.
//!
//! Invariant: a visit that was done, missed or cancelled stays so, and the same turn twice is the same as once.

use core::fmt;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is agreed on.
    Planned,
    /// The car is there.
    Arrived,
    /// The work was done.
    Done,
    /// Nobody came.
    NoShow,
    /// Somebody took it back.
    Cancelled,
}

/// What happens to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It takes place at another time.
    Move,
    /// It does not take place.
    Cancel,
    /// The car is there.
    Arrive,
    /// Nobody came.
    Miss,
    /// The work was done.
    Finish,
}

/// The turn does not fit where the visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNow {
    /// Where it stands.
    pub standing: Standing,
    /// What was asked.
    pub turn: Turn,
}

impl fmt::Display for NotNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a visit that is {:?} does not take {:?} now", self.standing, self.turn)
    }
}

impl core::error::Error for NotNow {}

impl Standing {
    /// Every standing, in the order in which a visit can come to them.
    pub const ALL: [Self; 5] = [Self::Planned, Self::Arrived, Self::Done, Self::NoShow, Self::Cancelled];

    /// Where a visit that begins at `start_ms` stands after a turn at `now_ms`.
    ///
    /// Nobody can be missed before the visit begins, and no car arrives more than a day before it.
    pub fn after(self, turn: Turn, start_ms: u64, now_ms: u64) -> Result<Self, NotNow> {
        let refused = Err(NotNow { standing: self, turn });
        match (self, turn) {
            (Self::Planned, Turn::Move) => Ok(Self::Planned),
            (Self::Planned | Self::Arrived | Self::Cancelled, Turn::Cancel) => Ok(Self::Cancelled),
            (Self::Planned, Turn::Arrive | Turn::Finish) if now_ms.saturating_add(DAY_MS) < start_ms => refused,
            (Self::Planned | Self::Arrived, Turn::Arrive) => Ok(Self::Arrived),
            (Self::Planned | Self::Arrived | Self::Done, Turn::Finish) => Ok(Self::Done),
            (Self::Planned, Turn::Miss) if now_ms >= start_ms => Ok(Self::NoShow),
            (Self::NoShow, Turn::Miss) => Ok(Self::NoShow),
            _ => refused,
        }
    }

    /// Whether the visit holds its bay.
    pub fn holds_bay(self) -> bool {
        matches!(self, Self::Planned | Self::Arrived)
    }

    /// Whether nothing becomes of it any more.
    pub fn is_final(self) -> bool {
        !self.holds_bay()
    }
}

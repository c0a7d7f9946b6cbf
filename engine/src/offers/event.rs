//! Something that happened with offers, and what it means in money.
//!
//! Invariant: what is taken back says how long ago it was earned, so that nobody takes back what was never counted.

use super::catalogue::Hundredths;
use super::ledger::{Bet, Outcome};
use super::segments::Move;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A decision drew an arm, "nothing" too.
    Drawn {
        /// With what.
        bet: Bet,
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// An arm was shown.
    Shown {
        /// With what it was drawn.
        bet: Bet,
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// Something came of a presentation.
    Settled {
        /// With what it was drawn; absent in presentations from before policies learnt.
        bet: Option<Bet>,
        /// What.
        outcome: Outcome,
        /// How long ago it was booked, in milliseconds, if it was: its margin is entered already.
        booked_ago_ms: Option<u64>,
        /// How much of its silence was counted before, from 0 to 1.
        counted: f64,
        /// How long the answer took, in milliseconds.
        waited_ms: u64,
    },
    /// Nobody has answered a presentation for a while.
    Waited {
        /// With what it was drawn.
        bet: Bet,
        /// How much of its silence was counted before, from 0 to 1.
        from: f64,
        /// How much of it counts now: see [`super::book::Book::waited`].
        to: f64,
    },
    /// A booking was taken back.
    Unbooked {
        /// With what it was drawn.
        bet: Bet,
        /// How long ago it was booked, in milliseconds.
        ago_ms: u64,
    },
    /// Work turned out not to have been done, or to have been done after all: what it earned is entered the other way.
    Reversed {
        /// With what its offer was drawn; `None` for work that nobody had offered.
        bet: Option<Bet>,
        /// What it earned, in the hundredth of the currency.
        margin: Hundredths,
        /// Whether it counts again.
        restored: bool,
        /// How long ago it was earned, in milliseconds.
        ago_ms: u64,
    },
    /// Somebody wants fewer offers like this one, or none any more.
    Complained {
        /// With what it was drawn.
        bet: Bet,
    },
    /// The work that an offer is about was done without one.
    Unprompted {
        /// What it earns, in the hundredth of the currency.
        margin: Hundredths,
    },
    /// A car joined or left a segment.
    Moved(Move),
}

impl Event {
    /// By how much an account's margin moves, in the hundredth of the currency.
    pub fn earned(&self) -> Hundredths {
        match self {
            Self::Settled { bet: Some(bet), outcome, booked_ago_ms, .. } => match (outcome, booked_ago_ms) {
                (Outcome::Booked | Outcome::Done, None) => bet.margin,
                (Outcome::Refused, Some(_)) => -bet.margin,
                _ => 0,
            },
            Self::Unbooked { bet, .. } => -bet.margin,
            Self::Reversed { margin, restored, .. } => {
                if *restored {
                    *margin
                } else {
                    -margin
                }
            }
            Self::Unprompted { margin } => *margin,
            _ => 0,
        }
    }

    /// How long ago the margin that moves was earned, in milliseconds: 0 for what is earned now.
    pub fn earned_ago_ms(&self) -> u64 {
        match self {
            Self::Settled { booked_ago_ms, .. } => booked_ago_ms.unwrap_or(0),
            Self::Unbooked { ago_ms, .. } | Self::Reversed { ago_ms, .. } => *ago_ms,
            _ => 0,
        }
    }
}

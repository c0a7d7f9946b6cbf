//! What a decision chooses between.
//!
//! Invariant: "nothing" is one of the arms, and an arm says what, where and when.

use serde::{Deserialize, Serialize};

/// Where an offer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// The owner's pages.
    Account,
    /// The car's display, when it stands.
    Car,
}

/// When an offer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Timing {
    /// At once.
    Now,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Arm {
    /// Nothing; it is always there.
    Nothing,
    /// An offer, at a place, at a time.
    Offer {
        /// Which.
        offer: u16,
        /// Where.
        channel: Channel,
        /// When.
        timing: Timing,
    },
}

//! Why an offer was not made, in data.
//!
//! Invariant: the order of [`Stage`] is the order of the decision, and each rejection carries the figures it rests on.

use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};

use crate::experiments::Placement;

/// The stages of a decision, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// The owner allows it.
    Consent,
    /// Nothing that concerns safety is open.
    Safety,
    /// The car's state speaks for it.
    Eligibility,
    /// The owner is not asked too often.
    Cap,
    /// It is a decent hour.
    QuietHours,
    /// It can be afforded.
    Budget,
    /// The account is not held out.
    Holdout,
}

/// Why a candidate fell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rejection {
    /// The owner does not consent to all that the offer needs.
    NoConsent {
        /// What it needs.
        needs: Purposes,
        /// What the owner allows.
        given: Purposes,
    },
    /// Something that concerns safety is due.
    SafetyOpen {
        /// What.
        items: Vec<ItemId>,
    },
    /// The car's state does not speak for it.
    NotEligible(Ineligible),
    /// The owner was asked often enough.
    Capped {
        /// How often within the window.
        shown: u32,
        /// How often is the most.
        limit: u32,
        /// The window in days.
        window_days: u16,
        /// When there is room again, in milliseconds of Unix time.
        free_at_ms: u64,
    },
    /// The owner is left alone at this hour.
    Quiet {
        /// Until when, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// The budget is used up.
    BudgetSpent(Budget),
    /// The account belongs to those who receive no offers, so that their effect can be measured.
    HeldOut(Placement),
}

impl Rejection {
    /// The stage at which it happened.
    pub fn stage(&self) -> Stage {
        match self {
            Self::NoConsent { .. } => Stage::Consent,
            Self::SafetyOpen { .. } => Stage::Safety,
            Self::NotEligible(_) => Stage::Eligibility,
            Self::Capped { .. } => Stage::Cap,
            Self::Quiet { .. } => Stage::QuietHours,
            Self::BudgetSpent(_) => Stage::Budget,
            Self::HeldOut(_) => Stage::Holdout,
        }
    }

    /// The moment from which the answer can be another, where it is known, in milliseconds of Unix time.
    pub fn clears_at_ms(&self) -> Option<u64> {
        match self {
            Self::Capped { free_at_ms: at_ms, .. } | Self::Quiet { until_ms: at_ms } => Some(*at_ms),
            _ => None,
        }
    }
}

/// Why the car's state does not speak for an offer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Ineligible {
    /// An earlier presentation is still open.
    AlreadyOpen {
        /// Since when, in milliseconds of Unix time.
        since_ms: u64,
    },
    /// The owner has answered it in this season.
    AnsweredThisSeason {
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// No tyre has told which wheel it is, or none for too long.
    NoTyreSamples {
        /// The newest, in milliseconds of Unix time.
        newest_ms: Option<u64>,
    },
    /// The outside temperature is not known for enough days.
    TooFewDays {
        /// How many are known.
        known: u32,
        /// How many are needed.
        needed: u32,
    },
    /// It is not cold enough.
    TooWarm {
        /// The mean in degrees Celsius.
        mean_c: f32,
        /// The bound.
        limit_c: f32,
    },
    /// The wheels now on the car were never driven in the warm, so they are not known to be summer wheels.
    NotSummerWheels {
        /// The warmest day in degrees Celsius.
        warmest_c: Option<f32>,
        /// The bound.
        limit_c: f32,
    },
}

/// What contacts cost in total, counted in contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// How many were made in the budget's period.
    pub spent: u32,
    /// How many it allows.
    pub limit: u32,
}

/// How often an owner is asked at most, over all offers and all of the owner's cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caps {
    /// Contacts within the window.
    pub limit: u32,
    /// The window in days.
    pub window_days: u16,
}

impl Default for Caps {
    fn default() -> Self {
        Self { limit: 2, window_days: 30 }
    }
}

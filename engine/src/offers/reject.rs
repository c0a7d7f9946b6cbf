//! Why an offer was not made, in data.
//!
//! Invariant: the order of [`Stage`] is the order of the decision, and each rejection carries the figures it rests on.

use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::{DAY_MS, ItemId};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::catalogue::Unfit;
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
    /// Not too many people complain.
    Guardrail,
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
    /// It does not fit car and owner now.
    Unfit(Unfit),
    /// The same, as older documents have it.
    NotEligible(Earlier),
    /// The owner wants fewer of it.
    Fewer {
        /// Until when, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// The owner did not want the last offers.
    Fatigued {
        /// Until when, in milliseconds of Unix time.
        until_ms: u64,
    },
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
    /// All owners together were contacted enough for now.
    Paced(Pace),
    /// The account belongs to those who receive no offers, so that their effect can be measured.
    HeldOut(Placement),
    /// Every arm of it was halted, because too many people complained.
    Halted,
}

impl Rejection {
    /// The stage at which it happened.
    pub fn stage(&self) -> Stage {
        match self {
            Self::NoConsent { .. } => Stage::Consent,
            Self::SafetyOpen { .. } => Stage::Safety,
            Self::Unfit(_) | Self::NotEligible(_) => Stage::Eligibility,
            Self::Fewer { .. } | Self::Fatigued { .. } | Self::Capped { .. } => Stage::Cap,
            Self::Quiet { .. } => Stage::QuietHours,
            Self::BudgetSpent(_) | Self::Paced(_) => Stage::Budget,
            Self::HeldOut(_) => Stage::Holdout,
            Self::Halted => Stage::Guardrail,
        }
    }

    /// The moment from which the answer can be another, where it is known, in milliseconds of Unix time.
    pub fn clears_at_ms(&self) -> Option<u64> {
        match self {
            Self::Capped { free_at_ms: at_ms, .. } | Self::Quiet { until_ms: at_ms } => Some(*at_ms),
            Self::Fatigued { until_ms } => Some(*until_ms),
            _ => None,
        }
    }
}

/// A reason of a document from before there was a catalogue; that there was one is all that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier;

impl Serialize for Earlier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Earlier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// What all owners together may be contacted, spread over a period so that its end is not left without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// How many contacts were made in the period.
    pub spent: u64,
    /// How many the whole period allows.
    pub limit: u64,
    /// How much of the period is behind, in milliseconds.
    pub elapsed_ms: u64,
    /// The period, in milliseconds.
    pub period_ms: u64,
}

impl Pace {
    /// How many contacts are allowed by now: an even share of the limit, and one day ahead.
    pub fn allowed(self) -> u64 {
        let Self { limit, elapsed_ms, period_ms, .. } = self;
        if period_ms == 0 {
            return limit;
        }
        let ahead_ms = elapsed_ms.saturating_add(DAY_MS).min(period_ms);
        u64::try_from(u128::from(limit) * u128::from(ahead_ms) / u128::from(period_ms)).unwrap_or(limit)
    }

    /// Whether there is no room now.
    pub fn is_spent(self) -> bool {
        self.spent >= self.allowed()
    }
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

//! What of the catalogue a notice carries: its words and figures as they were when it was raised.
//!
//! Invariant: a notice reads the same on every surface and for as long as it is kept, whatever becomes of the entry.

use std::collections::BTreeMap;

use milepost_engine::offers::catalogue::{Action, Content, Hundredths};
use milepost_engine::offers::eligibility::Ground;
use milepost_engine::offers::{Bet, Channel};
use serde::{Deserialize, Serialize};

/// An entry of the catalogue as one owner was told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The entry's number.
    pub entry: u16,
    /// Its version.
    pub version: u32,
    /// The words with the car's figures in them, by language.
    pub content: BTreeMap<String, Content>,
    /// The figures that spoke for it.
    #[serde(default)]
    pub grounds: Vec<Ground>,
    /// What the owner pays; 0 for a tip.
    #[serde(default)]
    pub price: Hundredths,
    /// What it saves this owner; `None` where that would be a guess.
    #[serde(default)]
    pub saves: Option<Hundredths>,
    /// What it asks for.
    pub action: Action,
}

/// An offer that was drawn for later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Which.
    pub offer: u16,
    /// Where.
    pub channel: Channel,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// With what it was drawn.
    pub bet: Bet,
}

impl Made {
    /// The words in a language, or in English.
    pub fn words(&self, language: &str) -> Option<&Content> {
        self.content.get(language).or_else(|| self.content.get("en"))
    }
}

//! A step of a programme as a notice carries it.

use milepost_engine::channels::Channel;
use serde::{Deserialize, Serialize};

/// What its words are made of; what is not known stands in no sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// How far the car was driven in the last 30 days, in metres.
    pub distance_m: u64,
    /// In how many trips.
    pub trips: u32,
    /// How many of them were too short to warm the engine: below 5 km.
    pub short_trips: u32,
    /// The fuel that they used, in millilitres.
    pub fuel_ml: u64,
    /// The anniversary: how many years.
    pub years: u32,
    /// How many cars the owner has with us.
    pub cars: u32,
    /// How many records of the service book somebody vouches for.
    pub records: u32,
    /// How many service items wait to be done.
    pub open: u32,
}

/// Which step of which programme, and how it travels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgrammeStep {
    /// The programme's name.
    pub programme: String,
    /// The step's id.
    pub step: String,
    /// The channels that may carry it.
    pub by: Vec<Channel>,
    /// Whether it promotes something.
    pub promotes: bool,
    /// What the owner chose from the pack.
    pub chosen: Vec<String>,
    /// What its words are made of.
    pub figures: Figures,
}

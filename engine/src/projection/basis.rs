//! What a projection rests on, to be shown beside it.

use serde::{Deserialize, Serialize};

use super::history::Refused;

/// How a date was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// There is no use to learn from yet: what cars usually drive.
    UsualUse,
    /// Less than a quarter of a year: this car's use, pulled towards what cars usually drive.
    ThinHistory,
    /// This car's use.
    OwnUse,
    /// This car's use, and its seasons.
    OwnSeasons,
}

/// What a projection rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// How the date was found.
    pub method: Method,
    /// The days between the first and the last reading that were believed.
    pub history_days: u32,
    /// How many moments with a reading there are.
    pub readings: u32,
    /// Readings that were not believed.
    pub refused: Refused,
    /// The last reading, in milliseconds of Unix time; 0 if there is none.
    pub read_at_ms: u64,
    /// The odometer there, in metres.
    pub read_odometer_m: u32,
    /// The odometer at which the distance is reached, in metres.
    pub target_m: u64,
    /// The distance expected for a day from the last reading to the date, in metres.
    pub per_day_m: f64,
    /// How far seasons are believed in, from 0 to 1.
    pub season: f64,
    /// By how much the band was widened (above 1) or narrowed by how it would have held before.
    pub widened: f64,
    /// Since when the car stands longer than its use explains, in milliseconds of Unix time.
    pub laid_up_since_ms: Option<u64>,
}

impl Basis {
    /// Whether there is too little history to be sure of, which pages say in words.
    pub fn is_thin(&self) -> bool {
        matches!(self.method, Method::UsualUse | Method::ThinHistory)
    }
}

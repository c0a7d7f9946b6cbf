//! Whether a car's measured use is normal or severe, and what says so.
//!
//! Invariant: what was not measured never makes a use severe, and every verdict carries the figures behind it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// What makes use severe (makers' severe schedules; Honda Civic 2001 names most of them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hardship {
    /// Trips below 8 km.
    ShortTrips,
    /// Standing with the engine on.
    Idle,
    /// Unpaved or dusty roads.
    Dust,
    /// Trailers, roof loads, mountains.
    Towing,
    /// Days below 0 °C.
    Cold,
    /// Days above 32 °C.
    Heat,
}

impl Hardship {
    /// From which share on it counts: makers say "mostly" or "often"; half of all trips and a quarter of engine time, days or distance.
    fn limit(self) -> f64 {
        match self {
            Self::ShortTrips => 0.5,
            Self::Idle | Self::Cold | Self::Heat => 0.25,
            Self::Dust | Self::Towing => 0.1,
        }
    }
}

/// Use as measured; what is `None` was not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeasuredUse {
    /// Trips ended, and those of them below 8 km.
    pub trips: u32,
    /// Trips below 8 km.
    pub short_trips: u32,
    /// Engine time in seconds.
    pub engine_s: u32,
    /// Engine time standing, in seconds.
    pub idle_s: u32,
    /// The share of the distance on dusty roads.
    pub dust: Option<f64>,
    /// The share of the distance under load.
    pub towing: Option<f64>,
    /// The share of driven days with a mean below 0 °C.
    pub cold: Option<f64>,
    /// The share of driven days above 32 °C.
    pub heat: Option<f64>,
}

/// Fewer trips than these say nothing about use.
const ENOUGH_TRIPS: u32 = 30;

/// As long as 20 hours of engine time have not passed, its idle share says nothing.
const ENOUGH_ENGINE_S: u32 = 72_000;

/// Once severe, use has to fall to this share of the limit to be normal again, so that due dates do not flutter.
const BACK_AT: f64 = 0.8;

impl MeasuredUse {
    fn share(&self, hardship: Hardship) -> Option<f64> {
        match hardship {
            Hardship::ShortTrips => {
                (self.trips >= ENOUGH_TRIPS).then(|| f64::from(self.short_trips) / f64::from(self.trips))
            }
            Hardship::Idle => {
                (self.engine_s >= ENOUGH_ENGINE_S).then(|| f64::from(self.idle_s) / f64::from(self.engine_s))
            }
            Hardship::Dust => self.dust,
            Hardship::Towing => self.towing,
            Hardship::Cold => self.cold,
            Hardship::Heat => self.heat,
        }
    }
}

/// One hardship, measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which.
    pub hardship: Hardship,
    /// Its share; `None` was not measured, or not enough.
    pub share: Option<f64>,
    /// The share from which on it counts.
    pub limit: f64,
    /// Whether it speaks for the severe schedule.
    pub counts: bool,
}

/// Which schedule holds, and why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// Whether the severe schedule holds.
    pub severe: bool,
    /// Everything that was looked at.
    pub findings: Vec<Finding>,
}

/// Chooses the schedule of an item that suffers from `hardships`; `was_severe` is the choice before.
pub fn schedule(hardships: &[Hardship], measured: &MeasuredUse, was_severe: bool) -> Choice {
    let findings: Vec<_> = hardships
        .iter()
        .map(|&hardship| {
            let limit = hardship.limit() * if was_severe { BACK_AT } else { 1.0 };
            let share = measured.share(hardship).filter(|share| share.is_finite());
            Finding { hardship, share, limit, counts: share.is_some_and(|share| share >= limit) }
        })
        .collect();
    Choice { severe: findings.iter().any(|finding| finding.counts), findings }
}

//! What a step or a programme may ask of an owner and a car.
//!
//! Invariant: what is not known fulfils no condition.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::Date;
use crate::usage::Outside;

/// What is known of an owner and a car at a moment.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The owner's local date.
    pub today: Date,
    /// What the car has measured outside.
    pub outside: &'a Outside,
    /// The IANA name of the zone that the car lives in.
    pub zone: &'a str,
    /// How many cars the owner has with us.
    pub cars: u32,
    /// Since when the car is the owner's, in milliseconds of Unix time.
    pub owned_since_ms: Option<u64>,
    /// The local date of the car's first registration.
    pub registered: Option<Date>,
    /// The owner's birthday, where they told it.
    pub born: Option<Date>,
    /// When the car was last heard of, in milliseconds of Unix time.
    pub heard_ms: Option<u64>,
    /// How far it was driven in the last 30 days, in metres.
    pub month_m: u64,
    /// Records of the service book that a workshop or an import vouches for.
    pub verified: u32,
    /// Whether a service item waits to be done.
    pub service_open: bool,
    /// The segments that the owner belongs to.
    pub segments: Vec<String>,
}

/// One condition; of several all must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// The car itself measured a mean below so many degrees over so many days.
    Cold {
        /// Degrees Celsius.
        below_c: f32,
        /// Days, of which at least half must have been measured.
        days: u32,
    },
    /// The month is one of these, 1 to 12.
    Months(Vec<u8>),
    /// The car lives in a zone that begins with one of these, such as `Europe/`.
    Zones(Vec<String>),
    /// The owner has at least so many cars with us.
    CarsAtLeast(u32),
    /// The owner has had the car for at least so many days.
    OwnedDaysAtLeast(u32),
    /// The owner has had the car for at most so many days.
    OwnedDaysAtMost(u32),
    /// The car is at least so many years old.
    AgeYearsAtLeast(u32),
    /// The car was not heard of for at least so many days.
    SilentDaysAtLeast(u32),
    /// The car was driven at least so many kilometres in the last 30 days.
    MonthKmAtLeast(u32),
    /// The service book has at least so many records that somebody vouches for.
    VerifiedAtLeast(u32),
    /// A service item waits to be done.
    ServiceOpen(bool),
    /// The owner belongs to a segment.
    Segment(String),
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, facts: &Facts<'_>, now_ms: u64) -> bool {
        let owned_days = || facts.owned_since_ms.map(|since_ms| now_ms.saturating_sub(since_ms) / DAY_MS);
        match self {
            Self::Cold { below_c, days } => {
                facts.outside.mean(now_ms, *days).is_some_and(|(mean_c, known)| known * 2 >= *days && mean_c < *below_c)
            }
            Self::Months(months) => months.contains(&facts.today.month),
            Self::Zones(zones) => zones.iter().any(|zone| facts.zone.starts_with(zone.as_str())),
            Self::CarsAtLeast(cars) => facts.cars >= *cars,
            Self::OwnedDaysAtLeast(days) => owned_days().is_some_and(|owned| owned >= u64::from(*days)),
            Self::OwnedDaysAtMost(days) => owned_days().is_some_and(|owned| owned <= u64::from(*days)),
            Self::AgeYearsAtLeast(years) => facts.registered.is_some_and(|registered| {
                facts.today.days() - registered.days() >= i64::from(*years) * 365 + i64::from(*years) / 4
            }),
            Self::SilentDaysAtLeast(days) => {
                facts.heard_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) >= u64::from(*days) * DAY_MS)
            }
            Self::MonthKmAtLeast(km) => facts.month_m >= u64::from(*km) * 1_000,
            Self::VerifiedAtLeast(records) => facts.verified >= *records,
            Self::ServiceOpen(open) => facts.service_open == *open,
            Self::Segment(name) => facts.segments.iter().any(|segment| segment == name),
        }
    }

    /// Whether its figures can be met at all.
    pub(super) fn is_possible(&self) -> bool {
        match self {
            Self::Cold { below_c, days } => (-40.0..=30.0).contains(below_c) && (1..=60).contains(days),
            Self::Months(months) => !months.is_empty() && months.iter().all(|month| (1..=12).contains(month)),
            Self::Zones(zones) => !zones.is_empty() && zones.iter().all(|zone| !zone.is_empty()),
            Self::Segment(name) => !name.is_empty(),
            _ => true,
        }
    }
}

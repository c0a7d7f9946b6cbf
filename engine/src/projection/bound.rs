//! An item's date from all of its bounds: distance as projected, time as the calendar says, whichever comes first.
//!
//! Invariant: the combined date is never later than either bound's alone.

use serde::{Deserialize, Serialize};

use super::project::Projection;

/// Which bound decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deciding {
    /// Distance, as projected.
    Distance,
    /// The calendar.
    Time,
}

/// When an item falls due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DueDate {
    /// As likely before as after, in milliseconds of Unix time.
    pub median_ms: u64,
    /// One time in ten it is before this.
    pub p10_ms: u64,
    /// One time in ten it is after this.
    pub p90_ms: u64,
    /// The bound that decides at the median.
    pub deciding: Deciding,
}

/// The date of an item with a projected distance bound, a calendar bound, or both; `None` without any.
///
/// The calendar is certain, so that whichever is first cuts each end of the band by itself.
pub fn due_date(distance: Option<&Projection>, time_ms: Option<u64>) -> Option<DueDate> {
    let Some(distance) = distance else {
        return time_ms.map(|at| DueDate { median_ms: at, p10_ms: at, p90_ms: at, deciding: Deciding::Time });
    };
    let time = time_ms.unwrap_or(u64::MAX);
    Some(DueDate {
        median_ms: distance.median_ms.min(time),
        p10_ms: distance.p10_ms.min(time),
        p90_ms: distance.p90_ms.min(time),
        deciding: if time < distance.median_ms { Deciding::Time } else { Deciding::Distance },
    })
}

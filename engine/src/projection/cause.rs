//! Why a date moved.
//!
//! Invariant: a date is its last reading plus the way that is left at the expected rate, so that one that moved by a day or
//! more has at least one cause, and the causes' days add up to the move.

use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::project::Projection;

/// What moved a date, by how many days; earlier is negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    /// The bound itself was set elsewhere: work was done, the plan changed, or the odometer was corrected.
    Target {
        /// The odometer aimed at before, in metres.
        before_m: u64,
        /// And now.
        now_m: u64,
        /// By how much the date moved for it.
        days: f64,
    },
    /// More or less was driven since than had been expected.
    Driven {
        /// Metres expected.
        expected_m: f64,
        /// Metres driven.
        driven_m: f64,
        /// By how much the date moved for it.
        days: f64,
    },
    /// More or less is expected of the time to come.
    Rate {
        /// Metres a day expected before.
        before_m: f64,
        /// And now.
        now_m: f64,
        /// By how much the date moved for it.
        days: f64,
    },
}

impl Cause {
    /// By how many days the date moved for it.
    pub fn days(&self) -> f64 {
        match *self {
            Self::Target { days, .. } | Self::Driven { days, .. } | Self::Rate { days, .. } => days,
        }
    }
}

/// Why `now` differs from `before`, the greatest share first; a share below a hundredth of a day is none.
pub fn causes(before: &Projection, now: &Projection) -> Vec<Cause> {
    let (old, new) = (&before.basis, &now.basis);
    let rate_before = old.per_day_m.max(1e-3);
    let elapsed_days = (new.read_at_ms as f64 - old.read_at_ms as f64) / DAY_MS as f64;
    let driven_m = f64::from(new.read_odometer_m) - f64::from(old.read_odometer_m);
    let expected_m = elapsed_days * rate_before;
    let moved_days = (now.median_ms as f64 - before.median_ms as f64) / DAY_MS as f64;
    let target = (new.target_m as f64 - old.target_m as f64) / rate_before;
    let driven = (expected_m - driven_m) / rate_before;
    // What is left follows from the rate, at which the way that is left will be driven.
    let rate = moved_days - target - driven;
    let mut causes: Vec<_> = [
        Cause::Target { before_m: old.target_m, now_m: new.target_m, days: target },
        Cause::Driven { expected_m, driven_m, days: driven },
        Cause::Rate { before_m: old.per_day_m, now_m: new.per_day_m, days: rate },
    ]
    .into_iter()
    .filter(|cause| libm::fabs(cause.days()) >= 0.01)
    .collect();
    causes.sort_by(|one, other| libm::fabs(other.days()).total_cmp(&libm::fabs(one.days())));
    causes
}

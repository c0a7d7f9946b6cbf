//! Winter tyres: offered when it has become cold and the car still wears the wheels that it wore in the warm.
//!
//! Invariant: nothing is offered on what is not known; each missing figure is its own reason.

use milepost_protocol::SignalId;
use milepost_protocol::notice::{Reason, Reasons};
use milepost_protocol::plan::DAY_MS;

use super::ledger::{Ledger, Outcome};
use super::reject::Ineligible;
use crate::usage::VehicleState;

/// Below this mean outside temperature, in degrees Celsius, summer compounds lose grip: the rule of thumb of tyre makers and clubs.
pub const COLD_BELOW_C: f32 = 7.0;

/// Wheels that were driven at a daily mean above this, in degrees Celsius, were not changed in spring: they are summer wheels.
pub const SUMMER_ABOVE_C: f32 = 15.0;

/// The mean is over this many days.
const DAYS: u32 = 7;

/// At least so many of them must be known.
const DAYS_NEEDED: u32 = 3;

/// A tyre sample older than this does not tell what the car wears now, in days.
const SAMPLE_DAYS: u64 = 14;

/// An answer counts for the whole winter, October to Easter, and is forgotten before the next, in days.
const SEASON_DAYS: u64 = 240;

pub(super) fn eligible(offer: u16, state: &VehicleState, ledger: &Ledger, now_ms: u64) -> Result<Reasons, Ineligible> {
    for known in ledger.of(offer) {
        match known.outcome {
            None => return Err(Ineligible::AlreadyOpen { since_ms: known.at_ms }),
            Some((Outcome::Booked | Outcome::Done | Outcome::Refused, at_ms))
                if now_ms.saturating_sub(at_ms) < SEASON_DAYS * DAY_MS =>
            {
                return Err(Ineligible::AnsweredThisSeason { at_ms });
            }
            Some(_) => {}
        }
    }
    let set = state.wheels.mounted_set();
    let newest_ms = set.map(|set| set.last_ms);
    let set = set
        .filter(|set| now_ms.saturating_sub(set.last_ms) < SAMPLE_DAYS * DAY_MS)
        .ok_or(Ineligible::NoTyreSamples { newest_ms })?;

    let (mean_c, known) = state.outside.mean(now_ms, DAYS).unwrap_or((0.0, 0));
    if known < DAYS_NEEDED {
        return Err(Ineligible::TooFewDays { known, needed: DAYS_NEEDED });
    }
    if mean_c >= COLD_BELOW_C {
        return Err(Ineligible::TooWarm { mean_c, limit_c: COLD_BELOW_C });
    }
    let warmest_c = set
        .warmest_day_c
        .filter(|&warmest_c| warmest_c > SUMMER_ABOVE_C)
        .ok_or(Ineligible::NotSummerWheels { warmest_c: set.warmest_day_c, limit_c: SUMMER_ABOVE_C })?;

    let outside = |value, limit| Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value, limit };
    Ok([outside(mean_c, COLD_BELOW_C), outside(warmest_c, SUMMER_ABOVE_C)].into_iter().collect())
}

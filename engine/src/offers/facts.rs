//! What is known of one car and its owner, as the facts that conditions ask for.
//!
//! Invariant: a fact that cannot be told is absent, so that a condition on it is neither true nor false; and a condition can
//! only name facts of [`kind`], so that a misspelt one is found when it is read.

use alloc::format;
use alloc::string::String;

use milepost_protocol::plan::{DAY_MS, ItemId};
use milepost_protocol::trouble::TroubleStatus;

use super::eligibility::{Facts, Test, Value};
use super::ledger::{Ledger, Outcome};
use crate::maintenance::Assessment;
use crate::plan::Powertrain;
use crate::plans::{item_id, item_name};
use crate::usage::VehicleState;

/// The mean outside temperature is over this many days.
const MEAN_DAYS: u32 = 7;

/// At least so many of them must be known.
const MEAN_DAYS_NEEDED: u32 = 3;

/// A tyre sample older than this does not tell what the car wears now, in days.
const SAMPLE_DAYS: u64 = 14;

/// What counts as recent use, in days.
const RECENT_DAYS: u64 = 30;

/// A trip below this is short, in metres: the engine hardly warms up.
const SHORT_M: u32 = 8_000;

/// Fewer trips than this tell no habit.
const TRIPS_NEEDED: usize = 5;

/// What kind of value a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A word.
    Word,
}

/// The facts with a name of their own; beside them there is `used_` and an item's name, such as `used_brake_pads`.
const KNOWN: [(&str, Kind); 19] = [
    ("age_years", Kind::Number),
    ("battery_cranking_v", Kind::Number),
    ("battery_rest_v", Kind::Number),
    ("bookings_year", Kind::Number),
    ("distance_30d_km", Kind::Number),
    ("fuel_30d_l", Kind::Number),
    ("household_cars", Kind::Number),
    ("month", Kind::Number),
    ("odometer_km", Kind::Number),
    ("outside_week_c", Kind::Number),
    ("powertrain", Kind::Word),
    ("refusals_year", Kind::Number),
    ("short_trip_share", Kind::Number),
    ("short_trips_30d", Kind::Number),
    ("trips_30d", Kind::Number),
    ("troubles", Kind::Number),
    ("wheels_days", Kind::Number),
    ("wheels_warmest_day_c", Kind::Number),
    ("zone", Kind::Word),
];

/// What is told of a car beside its records.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The fold of its records.
    pub state: &'a VehicleState,
    /// Where its service items stand.
    pub assessments: &'a [Assessment],
    /// What was offered before.
    pub ledger: &'a Ledger,
    /// How it is driven.
    pub powertrain: Powertrain,
    /// When it was first registered, in milliseconds of Unix time; 0 is unknown.
    pub registered_ms: u64,
    /// The time zone of its days.
    pub zone: &'a str,
    /// The month of its calendar, from 1.
    pub month: u8,
    /// How many cars its owner has here.
    pub household_cars: u32,
    /// In milliseconds of Unix time.
    pub now_ms: u64,
}

/// The kind of a fact; `None` where there is none of this name.
pub fn kind(name: &str) -> Option<Kind> {
    if let Some(item) = name.strip_prefix("used_") {
        return item_id(&item.replace('_', "-")).map(|_| Kind::Number);
    }
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The names of all facts, `used_…` for one of each item.
pub fn names() -> impl Iterator<Item = String> {
    let items = (1..=u16::from(u8::MAX)).filter_map(|number| item_name(ItemId(number)));
    KNOWN
        .iter()
        .map(|(name, _)| String::from(*name))
        .chain(items.map(|name| format!("used_{}", name.replace('-', "_"))))
}

/// Whether a test can be asked of a fact of this kind.
pub fn fits(kind: Kind, test: &Test) -> bool {
    matches!(
        (kind, test),
        (Kind::Number, Test::AtLeast(_) | Test::Below(_)) | (Kind::Flag, Test::Is(_)) | (Kind::Word, Test::OneOf(_))
    )
}

/// The facts of one car at one moment.
pub fn facts(about: &About<'_>) -> Facts {
    let mut facts = Facts::new();
    let mut tell = |name: &str, number: f64| {
        if number.is_finite() {
            facts.insert(name.into(), Value::Number(number));
        }
    };
    let About { state, now_ms, .. } = *about;
    tell("month", about.month.into());
    tell("household_cars", about.household_cars.into());
    if about.registered_ms > 0 {
        tell("age_years", now_ms.saturating_sub(about.registered_ms) as f64 / (365.25 * DAY_MS as f64));
    }
    if let Some(odometer_m) = state.totals.odometer_m {
        tell("odometer_km", f64::from(odometer_m) / 1_000.0);
    }
    if let Some((mean_c, _)) = state.outside.mean(now_ms, MEAN_DAYS).filter(|(_, days)| *days >= MEAN_DAYS_NEEDED) {
        tell("outside_week_c", mean_c.into());
    }
    let recent_ms = SAMPLE_DAYS * DAY_MS;
    if let Some(set) = state.wheels.mounted_set().filter(|set| now_ms.saturating_sub(set.last_ms) < recent_ms) {
        tell("wheels_days", now_ms.saturating_sub(set.first_ms) as f64 / DAY_MS as f64);
        if let Some(warmest_c) = set.warmest_day_c {
            tell("wheels_warmest_day_c", warmest_c.into());
        }
    }
    trips(state, now_ms, &mut tell);
    let health = state.battery.health();
    if let Some(millivolts) = health.rest_mv {
        tell("battery_rest_v", f64::from(millivolts) / 1_000.0);
    }
    if let Some(millivolts) = health.cranking_mv {
        tell("battery_cranking_v", f64::from(millivolts) / 1_000.0);
    }
    let stands = |status| matches!(status, TroubleStatus::Confirmed | TroubleStatus::Permanent);
    tell("troubles", state.troubles.iter().filter(|trouble| stands(trouble.status)).count() as f64);
    for assessment in about.assessments {
        if let Some(name) = item_name(assessment.item) {
            tell(&format!("used_{}", name.replace('-', "_")), assessment.used.into());
        }
    }
    let year_ms = now_ms.saturating_sub(365 * DAY_MS);
    let count = |wanted: &[Outcome]| {
        let settled = about.ledger.presentations.iter().filter_map(|known| known.outcome);
        settled.filter(|(outcome, at_ms)| *at_ms >= year_ms && wanted.contains(outcome)).count() as f64
    };
    tell("bookings_year", count(&[Outcome::Booked, Outcome::Done]));
    tell("refusals_year", count(&[Outcome::Refused]));
    let powertrain = match about.powertrain {
        Powertrain::Combustion => "combustion",
        Powertrain::Hybrid => "hybrid",
        Powertrain::Electric => "electric",
    };
    facts.insert("powertrain".into(), Value::Word(powertrain.into()));
    facts.insert("zone".into(), Value::Word(about.zone.into()));
    facts
}

fn trips(state: &VehicleState, now_ms: u64, tell: &mut impl FnMut(&str, f64)) {
    let since_ms = now_ms.saturating_sub(RECENT_DAYS * DAY_MS);
    let recent = state.trips.ended.iter().filter(|trip| trip.ended_ms >= since_ms);
    let (mut count, mut short, mut metres, mut millilitres) = (0usize, 0usize, 0u64, 0u64);
    for trip in recent {
        count += 1;
        short += usize::from(trip.distance_m < SHORT_M);
        metres += u64::from(trip.distance_m);
        millilitres += u64::from(trip.fuel_ml);
    }
    tell("trips_30d", count as f64);
    tell("short_trips_30d", short as f64);
    tell("distance_30d_km", metres as f64 / 1_000.0);
    tell("fuel_30d_l", millilitres as f64 / 1_000.0);
    if count >= TRIPS_NEEDED {
        tell("short_trip_share", short as f64 / count as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about<'a>(state: &'a VehicleState, ledger: &'a Ledger) -> About<'a> {
        About {
            state,
            assessments: &[],
            ledger,
            powertrain: Powertrain::Combustion,
            registered_ms: 0,
            zone: "Europe/Berlin",
            month: 11,
            household_cars: 1,
            now_ms: 20_000 * DAY_MS,
        }
    }

    #[test]
    fn what_is_not_known_is_absent_and_every_fact_has_a_kind() {
        let (state, ledger) = (VehicleState::default(), Ledger::default());
        let facts = facts(&about(&state, &ledger));
        for absent in ["odometer_km", "age_years", "outside_week_c", "wheels_warmest_day_c", "short_trip_share"] {
            assert!(!facts.contains_key(absent), "{absent}");
        }
        for (name, value) in &facts {
            let expected = match value {
                Value::Number(_) => Kind::Number,
                Value::Flag(_) => Kind::Flag,
                Value::Word(_) => Kind::Word,
            };
            assert_eq!(kind(name), Some(expected), "{name}");
        }
        assert!(names().all(|name| kind(&name).is_some()));
        assert_eq!((kind("used_brake_pads"), kind("used_nothing"), kind("colour")), (Some(Kind::Number), None, None));
    }

    #[test]
    fn a_tyre_that_has_not_spoken_for_long_tells_nothing() {
        use milepost_protocol::record::{Record, TyreSample, Wheel};
        let mut state = VehicleState::default();
        let ledger = Ledger::default();
        let sample = TyreSample {
            wheel: Wheel::FrontLeft,
            pressure_pa: 240_000,
            air_decicelsius: None,
            outside_decicelsius: None,
            sensor: Some(7),
        };
        let at_ms = 19_970 * DAY_MS;
        let times = crate::usage::Times { measured_at_ms: at_ms, received_at_ms: at_ms };
        state.apply(1, times, &Record::from(sample));
        assert!(!facts(&about(&state, &ledger)).contains_key("wheels_days"));
        let earlier = About { now_ms: at_ms + 2 * DAY_MS, ..about(&state, &ledger) };
        assert_eq!(facts(&earlier).get("wheels_days"), Some(&Value::Number(2.0)));
    }
}

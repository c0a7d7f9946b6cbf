//! Items of real plans on cars with a history, and the odometers that they really have.

use std::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Reason;
use milepost_protocol::plan::{Anchor, DAY_MS, Level, PlanItem};
use milepost_protocol::record::{Counters, Record, Refuelled, SeriesBlock, SignalChange};
use milepost_protocol::series::{Encoder, Resolution, Sample};
use milepost_protocol::signal::SignalId;

use super::*;
use crate::condition::{Confidence, Quantity};
use crate::plans::{Choice, EXAMPLES, Planned, item_id, planned, read};
use crate::usage::{OdometerFault, Times, VehicleState};

const KM: u32 = 1_000;

/// 1 January 2024.
const START_MS: u64 = 1_704_067_200_000;

fn day(day: u64) -> u64 {
    START_MS + day * DAY_MS
}

fn times(at_day: u64) -> Times {
    Times { measured_at_ms: day(at_day), received_at_ms: day(at_day) }
}

struct Driven {
    state: VehicleState,
}

impl Driven {
    /// So many days at 40 km, an hour and three litres each.
    fn days(days: u64) -> Self {
        let mut driven = Self { state: VehicleState::default() };
        for at in 0..=days {
            driven.count(at, 10_000 + at as u32 * 40, at as u32);
        }
        driven
    }

    fn count(&mut self, at_day: u64, km: u32, days: u32) {
        let counters = Counters {
            odometer_m: km * KM,
            odometer_anchored: true,
            distance_m: days * 40 * KM,
            engine_s: days * 3_600,
            fuel_ml: days * 3_000,
            ..Counters::default()
        };
        self.state.apply(1, times(at_day), &Record::Counters(counters));
    }
}

fn item(file: usize, name: &str) -> (PlanItem, Planned) {
    let plan = read(EXAMPLES[file].0, EXAMPLES[file].1).expect("our own");
    let id = item_id(name).expect("known");
    let found = planned(&plan, 10_000 * KM, 0, |_| Choice::default());
    let found = found.into_iter().find(|planned| planned.rule.item == id).expect("in the plan");
    let anchor = Anchor { cycle: 1, at_ms: day(0), odometer_m: 10_000 * KM, ..Anchor::default() };
    (PlanItem { rule: found.rule, anchor }, found)
}

#[test]
fn an_even_driver_is_told_the_day_with_a_band_around_it() {
    let Driven { state } = Driven::days(200);
    let (oil, planned) = item(0, "engine-oil");
    let standing = stand(&oil, &planned.extra, &state, day(200));
    assert_eq!(standing.assessment.level, Level::Scheduled);
    let found = forecast(&oil, &standing, &state, &history(&state, day(200), 0), day(200)).expect("it has bounds");
    // 15,000 km at 40 km a day, an hour a day of 400, or 365 days: the calendar is first, by ten days.
    let due_day = (found.due.median_ms - day(0)) / DAY_MS;
    assert!((345..=366).contains(&due_day), "{due_day}");
    assert!(found.due.p10_ms < found.due.median_ms && found.due.median_ms <= found.due.p90_ms);
    assert!(found.projection.expect("distance counts").basis.history_days >= 199);
}

#[test]
fn a_bound_by_engine_hours_comes_first_for_a_car_that_idles() {
    let mut driven = Driven { state: VehicleState::default() };
    for at in 0..=100 {
        // Four hours a day for 40 km.
        let counters = Counters {
            odometer_m: (10_000 + at * 40) * KM,
            odometer_anchored: true,
            distance_m: at * 40 * KM,
            engine_s: at * 4 * 3_600 - at * 900,
            ..Counters::default()
        };
        driven.state.apply(1, times(at.into()), &Record::Counters(counters));
    }
    let state = driven.state;
    let (oil, planned) = item(0, "engine-oil");
    let standing = stand(&oil, &planned.extra, &state, day(100));
    let found = forecast(&oil, &standing, &state, &history(&state, day(100), 0), day(100)).expect("it has bounds");
    // 400 hours at 3.75 hours a day are 107 days.
    let due_day = (found.due.median_ms - day(0)) / DAY_MS;
    assert!((104..=112).contains(&due_day), "{due_day}");
}

#[test]
fn what_is_due_has_no_forecast_and_neither_has_what_only_a_condition_knows() {
    let Driven { state } = Driven::days(400);
    let (oil, extra) = item(0, "engine-oil");
    let standing = stand(&oil, &extra.extra, &state, day(400));
    assert_eq!(forecast(&oil, &standing, &state, &history(&state, day(400), 0), day(400)), None);
    let (pads, extra) = item(0, "brake-pads");
    let standing = stand(&pads, &extra.extra, &state, day(400));
    assert_eq!((standing.assessment.level, standing.wear.is_none()), (Level::Scheduled, true));
    assert_eq!(forecast(&pads, &standing, &state, &history(&state, day(400), 0), day(400)), None);
}

#[test]
fn oil_is_due_at_95_per_cent_of_its_fuel_and_the_fuel_is_the_reason() {
    let Driven { state } = Driven::days(100);
    let (mut oil, planned) = item(0, "engine-oil");
    oil.rule.repeat.fuel_ml = Some(310_000);
    oil.rule.lead = milepost_protocol::plan::Margin::default();
    let standing = stand(&oil, &planned.extra, &state, day(100));
    assert_eq!(standing.assessment.level, Level::Due);
    assert!(matches!(standing.assessment.reasons[0], Reason::Fuel { used_ml: 300_000, limit_ml: 310_000 }));
    // The caps by time and distance alone are the rule's own business, grace and all.
    oil.rule.repeat.fuel_ml = None;
    assert_eq!(stand(&oil, &planned.extra, &state, day(100)).assessment.level, Level::Scheduled);
}

#[test]
fn a_traction_battery_is_due_by_its_health_and_by_its_charges() {
    let mut driven = Driven::days(300);
    let (battery, planned) = item(2, "traction-battery");
    let at = |state: &VehicleState| stand(&battery, &planned.extra, state, day(300));
    assert_eq!(at(&driven.state).assessment.level, Level::Scheduled);
    let health = SignalChange { signal: SignalId::STATE_OF_HEALTH, value: 0.75 };
    driven.state.apply(1, times(300), &Record::SignalChange(health));
    let standing = at(&driven.state);
    assert_eq!(standing.assessment.level, Level::Due);
    assert!(matches!(standing.assessment.reasons[0], Reason::Signal { signal: SignalId::STATE_OF_HEALTH, .. }));
    assert!(standing.wear.is_some_and(|wear| (wear.used - 25.0 / 30.0).abs() < 1e-6));

    let mut charged = Driven::days(300);
    for _ in 0..1_500 {
        let charge = Refuelled { before: 0.0, after: 1.0, electric: true };
        charged.state.apply(1, times(300), &Record::Refuelled(charge));
    }
    let standing = at(&charged.state);
    assert_eq!((standing.assessment.level, standing.charges.map(|charges| charges.limit)), (Level::Due, Some(1_500)));
}

/// A block of one signal that a device sampled by the minute, for these purposes.
fn block(signal: SignalId, values: &[f64], purposes: Purposes) -> Record {
    let resolution = Resolution { numerator: 1, denominator: 100 };
    let mut buffer = [0; 600];
    let mut encoder = Encoder::<1>::new();
    let mut writer = encoder.alone(&mut buffer, 0);
    for (at, value) in (0..).zip(values) {
        let sample = Sample { signal, resolution, at_ms: at * 60_000, raw: (value * 100.0) as i64 };
        writer.push(&sample).expect("room for some");
    }
    let block = heapless::Vec::from_slice(writer.finish()).expect("as long as a record takes");
    SeriesBlock { plan: 1, purposes, uptime_ms: values.len() as u64 * 60_000, block }.into()
}

#[test]
fn what_the_service_computer_says_comes_out_of_collected_series_and_beats_our_own_estimate() {
    let mut driven = Driven::days(100);
    let (oil, planned) = item(0, "engine-oil");
    let at = |state: &VehicleState| stand(&oil, &planned.extra, state, day(100));
    let modelled = at(&driven.state).wear.expect("fuel was counted");
    assert!((modelled.used - 100.0 / 365.0).abs() < 0.01, "{modelled:?}");
    driven.state.apply(1, times(100), &block(SignalId::OIL_LIFE_REMAINING, &[0.06, 0.05, 0.04], Purposes::RESEARCH));
    assert_eq!(at(&driven.state).wear, Some(modelled.clone()), "collected for research alone");
    driven.state.apply(1, times(100), &block(SignalId::OIL_LIFE_REMAINING, &[0.06, 0.05, 0.04], Purposes::FUNCTION));
    let Standing { assessment, wear, reported, .. } = at(&driven.state);
    let wear = wear.expect("the car says");
    assert!((wear.used - 0.96).abs() < 1e-6 && wear.confidence == Confidence::High, "{wear:?}");
    assert_eq!(wear.inputs[0].quantity, Quantity::OilLifePercent);
    assert_eq!(assessment.level, Level::Due, "at 95 per cent");
    assert!(matches!(assessment.reasons[0], Reason::Signal { signal: SignalId::OIL_LIFE_REMAINING, .. }));
    assert_eq!(reported.iter().map(|one| one.reading.at_ms).collect::<Vec<_>>(), [day(100) - 60_000]);
    // A fresh cycle that the monitor was not set back for is not judged by the old one.
    let mut anew = oil;
    anew.anchor = Anchor { cycle: 2, at_ms: day(120), ..oil.anchor };
    assert_eq!(stand(&anew, &planned.extra, &driven.state, day(121)).reported, []);
}

#[test]
fn distance_and_time_to_service_bound_the_date_and_name_the_car_as_their_source() {
    let mut driven = Driven::days(100);
    let (oil, planned) = item(0, "engine-oil");
    let at = |state: &VehicleState, now: u64| stand(&oil, &planned.extra, state, day(now)).assessment;
    let before = at(&driven.state, 100);
    assert_eq!((before.level, before.due_odometer_m), (Level::Scheduled, Some(25_000 * KM)));
    driven.state.apply(1, times(100), &block(SignalId::DISTANCE_TO_SERVICE, &[2_000_000.0], Purposes::FUNCTION));
    let told = at(&driven.state, 100);
    // It was read a minute before the odometer.
    let due_km = told.due_odometer_m.map(|due_m| (due_m + KM / 2) / KM);
    assert_eq!((told.level, due_km), (Level::Scheduled, Some(16_000)));
    driven.state.apply(1, times(101), &block(SignalId::DISTANCE_TO_SERVICE, &[900_000.0], Purposes::FUNCTION));
    let near = at(&driven.state, 101);
    assert_eq!(near.level, Level::Upcoming);
    assert!(matches!(near.reasons[0], Reason::Signal { signal: SignalId::DISTANCE_TO_SERVICE, .. }), "{near:?}");
    let due_ms = before.due_at_ms.expect("by the calendar too");
    driven.state.apply(1, times(102), &block(SignalId::TIME_TO_SERVICE, &[-86_400.0], Purposes::FUNCTION));
    let late = at(&driven.state, 102);
    assert!(late.due_at_ms.is_some_and(|at_ms| at_ms < due_ms) && late.used >= 1.0, "{late:?}");
    assert_eq!((late.level, at(&driven.state, 140).level), (Level::Due, Level::Overdue));
}

#[test]
fn pads_are_judged_by_their_sensors_the_one_that_is_worn_most() {
    let mut driven = Driven::days(300);
    let (pads, planned) = item(0, "brake-pads");
    let at = |state: &VehicleState| stand(&pads, &planned.extra, state, day(300));
    let wears = |from: u32| (0..5).map(move |month| (u64::from(month) * 28 + 180, f64::from(from + 4 * month) / 100.0));
    for (signal, from) in [(SignalId::PAD_WEAR_FRONT_LEFT, 30), (SignalId::PAD_WEAR_REAR_RIGHT, 66)] {
        for (on, wear) in wears(from) {
            driven.state.apply(1, times(on), &block(signal, &[wear], Purposes::WORKSHOP));
        }
    }
    let Standing { assessment, wear, .. } = at(&driven.state);
    let wear = wear.expect("they were told");
    assert!((0.81..0.84).contains(&wear.used), "82 per cent on the line: {wear:?}");
    assert_eq!(assessment.level, Level::Due, "at 80 per cent");
    assert!(matches!(assessment.reasons[0], Reason::Signal { signal: SignalId::PAD_WEAR_REAR_RIGHT, .. }));
}

#[test]
fn an_odometer_that_falls_or_leaps_once_is_named_and_moves_nothing() {
    let mut driven = Driven::days(100);
    let (oil, planned) = item(0, "engine-oil");
    let project = |state: &VehicleState| {
        let standing = stand(&oil, &planned.extra, state, day(101));
        forecast(&oil, &standing, state, &history(state, day(101), 0), day(101)).expect("it has bounds").due.median_ms
    };
    let before = project(&driven.state);
    driven.count(100, 900_000, 100);
    driven.state.apply(
        1,
        times(101),
        &Record::Counters(Counters { odometer_m: 500 * KM, odometer_anchored: true, ..Counters::default() }),
    );
    let faults: Vec<_> = driven.state.odometer.faults.iter().map(|fault| (fault.fault, fault.read_m / KM)).collect();
    assert_eq!(faults, [(OdometerFault::Leapt, 900_000), (OdometerFault::Fell, 500)]);
    assert_eq!(project(&driven.state), before);
}

#[test]
fn an_odometer_that_freezes_while_the_car_drives_is_named_and_the_devices_distance_goes_on() {
    let mut driven = Driven::days(100);
    let frozen_at_km = 10_000 + 100 * 40;
    for at in 101..=400_u32 {
        driven.count(at.into(), frozen_at_km, at);
    }
    assert_eq!(driven.state.odometer.frozen_m(), Some(300 * 40 * KM));
    assert_eq!(driven.state.usage().odometer_m, Some((frozen_at_km + 300 * 40) * KM));
    let (oil, planned) = item(0, "engine-oil");
    let found = stand(&oil, &planned.extra, &driven.state, day(400)).assessment;
    let distance = found.reasons.iter().find_map(|reason| match reason {
        Reason::Distance { used_m, .. } => Some(*used_m),
        _ => None,
    });
    assert_eq!(distance, Some(16_000 * KM), "distance counts on");
    // It counts again by itself once the instrument says so for the third time: until then it might be a leap.
    for at in 401..=403 {
        driven.count(at, frozen_at_km + 12_100 + at as u32 % 7, at as u32);
    }
    assert_eq!(driven.state.odometer.frozen_m(), None);
}

#[test]
fn a_trip_before_its_counters_is_no_frozen_odometer() {
    let mut state = VehicleState::default();
    let mut told = |at_day: u64, km: u32, device_km: u32| {
        let counters = Counters {
            odometer_m: km * KM,
            odometer_anchored: true,
            distance_m: device_km * KM,
            ..Counters::default()
        };
        state.apply(1, times(at_day), &Record::Counters(counters));
        state.odometer.frozen_m()
    };
    assert_eq!(told(1, 10_000, 5), None);
    assert_eq!(told(2, 10_400, 405), None);
    assert_eq!(told(3, 10_400, 409), None, "odometers are coarse");
    assert_eq!(told(4, 10_400, 430), Some(25 * KM));
}

#[test]
fn wheels_count_by_their_own_odometer() {
    let Driven { state } = Driven::days(50);
    let (wheels, planned) = item(0, "winter-wheels");
    assert!(planned.extra.own_odometer);
    let standing = stand(&wheels, &planned.extra, &state, day(50));
    let counts_distance = standing.assessment.reasons.iter().any(|reason| matches!(reason, Reason::Distance { .. }));
    assert!(!counts_distance, "no wheel has told who it is");
}

//! Counters that fall, go back, and read nonsense for a day; and any order of their readings.

use std::vec::Vec;

use milepost_protocol::SignalId;
use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, Recurrence, Rule};
use proptest::prelude::*;

use super::*;
use crate::plan::{Powertrain, standard};
use crate::plans::BRAKE_PADS;

const KM: f64 = 1_000.0;

/// 1 January 2024, at noon.
const START_MS: u64 = 1_704_067_200_000 + DAY_MS / 2;

fn day(day: u64) -> u64 {
    START_MS + day * DAY_MS
}

/// A computer that told one value each day.
fn told(signal: SignalId, values: &[f64]) -> ServiceComputer {
    let mut computer = ServiceComputer::default();
    for (at, value) in (0..).zip(values) {
        assert!(computer.note(signal, day(at), *value), "{value}");
    }
    computer
}

fn distances(km: &[f64]) -> ServiceComputer {
    let metres: Vec<_> = km.iter().map(|km| km * KM).collect();
    told(SignalId::DISTANCE_TO_SERVICE, &metres)
}

#[test]
fn a_counter_that_goes_back_and_stays_there_is_a_reset_of_the_day_on_which_it_was_seen() {
    let found = distances(&[400.0, 340.0, 290.0, 14_960.0, 14_900.0, 14_850.0]).resets();
    assert_eq!(found, [Reset { counter: Counter::DistanceToService, after_ms: day(2), at_ms: day(3) }]);
    let oil = told(SignalId::OIL_LIFE_REMAINING, &[0.08, 0.07, 1.0, 0.99]).resets();
    assert_eq!(oil, [Reset { counter: Counter::OilLife, after_ms: day(1), at_ms: day(2) }]);
    let pads = told(SignalId::PAD_WEAR_REAR_LEFT, &[0.81, 0.82, 0.01, 0.02]).resets();
    assert_eq!(pads.len(), 1);
}

#[test]
fn a_reading_of_one_day_a_small_rise_and_a_clock_that_was_set_are_no_resets() {
    for km in [
        &[400.0, 340.0, 14_960.0, 250.0, 200.0, 150.0][..],
        &[15_000.0, 14_950.0, 0.0, 14_850.0, 14_800.0, 14_750.0],
        &[3_000.0, 2_950.0, 5_900.0, 5_850.0, 5_800.0],
        &[400.0, 340.0, 14_960.0],
        &[340.0, 14_960.0, 14_900.0],
        &[-9_000.0, -9_050.0, 900.0, 850.0],
    ] {
        assert_eq!(distances(km).resets(), [], "{km:?}");
    }
    let years = [30.0, 29.0, 3_400.0, 3_399.0].map(|days| days * 86_400.0);
    assert_eq!(told(SignalId::TIME_TO_SERVICE, &years).resets(), [], "the clock went to its first year");
    let renewed = [30.0, 29.0, 364.0, 363.0].map(|days| days * 86_400.0);
    assert_eq!(told(SignalId::TIME_TO_SERVICE, &renewed).resets().len(), 1);
    assert_eq!(told(SignalId::SERVICE_DUE, &[1.0, 1.0, 0.0, 0.0]).resets(), [], "a flag says nothing of work");
}

#[test]
fn what_cannot_be_is_not_believed() {
    let mut computer = ServiceComputer::default();
    for (signal, at_ms, value) in [
        (SignalId::DISTANCE_TO_SERVICE, day(0), 200_000.0 * KM),
        (SignalId::DISTANCE_TO_SERVICE, 0, 5_000.0),
        (SignalId::OIL_LIFE_REMAINING, day(0), 1.27),
        (SignalId::PAD_WEAR_FRONT_LEFT, day(0), f64::NAN),
        (SignalId::SPEED, day(0), 1.0),
    ] {
        assert!(!computer.note(signal, at_ms, value), "{signal:?} {value}");
    }
    assert!(computer.is_empty());
}

#[test]
fn a_counter_that_was_not_set_back_says_nothing_of_the_new_cycle() {
    let computer = distances(&(0..40).map(|at| 1_000.0 - f64::from(at) * 50.0).collect::<Vec<_>>());
    let says = |since_ms| computer.says(Counter::DistanceToService, since_ms).map(|reading| reading.at_ms);
    assert_eq!(says(0), Some(day(39)));
    assert_eq!(says(day(5)), None, "it was low when it was first read");
    assert_eq!(says(day(30)), None);
    let fresh = distances(&[14_000.0, 13_950.0, 13_900.0]);
    assert!(fresh.says(Counter::DistanceToService, day(1)).is_some(), "it was set back before it was first read");
    let mut reset = computer;
    for at in 31..60 {
        reset.note(SignalId::DISTANCE_TO_SERVICE, day(at), (15_000.0 - (at - 31) as f64 * 500.0) * KM);
    }
    let newest = reset.says(Counter::DistanceToService, day(30)).expect("it was set back");
    assert!(newest.value < 1_001_000.0, "also once it is as near to service again as before: {newest:?}");
}

#[test]
fn service_of_any_kind_is_a_makers_inspection_or_the_oil_and_never_that_of_the_law() {
    let plan = standard(Powertrain::Combustion, Anchor::default());
    let rules: Vec<Rule> = plan.items.iter().map(|item| item.rule).collect();
    assert_eq!(Counter::DistanceToService.done_by_reset(&rules), Some(ItemId::ENGINE_OIL));
    assert_eq!(Counter::PadFrontLeft.done_by_reset(&rules), None);
    let by_maker = rules.iter().map(|rule| Rule { recurrence: Recurrence::Floating, ..*rule });
    let mut by_maker: Vec<Rule> = by_maker.collect();
    assert_eq!(Counter::TimeToService.done_by_reset(&by_maker), Some(ItemId::INSPECTION));
    assert_eq!(Counter::OilLife.done_by_reset(&by_maker), Some(ItemId::ENGINE_OIL));
    by_maker.push(Rule { item: BRAKE_PADS, ..by_maker[0] });
    assert_eq!(Counter::PadRearRight.done_by_reset(&by_maker), Some(BRAKE_PADS));
    let electric = standard(Powertrain::Electric, Anchor::default());
    let electric: Vec<Rule> = electric.items.iter().map(|item| item.rule).collect();
    assert_eq!(Counter::DistanceToService.done_by_reset(&electric), None);
}

#[test]
fn years_of_readings_stay_small_and_a_document_holds_figures_alone() {
    let mut computer = ServiceComputer::default();
    for hour in 0..24 * 365 * 4 {
        computer.note(SignalId::OIL_LIFE_REMAINING, START_MS + hour * 3_600_000, 0.5);
    }
    let kept = computer.readings(Counter::OilLife).len();
    assert!((80..100).contains(&kept), "{kept}");
    let text = serde_json::to_string(&told(SignalId::OIL_LIFE_REMAINING, &[0.5])).expect("plain data");
    assert_eq!(text, "{\"OilLife\":[[1704110400000,0.5]]}");
    assert_eq!(
        serde_json::from_str::<ServiceComputer>(&text).expect("the same"),
        told(SignalId::OIL_LIFE_REMAINING, &[0.5])
    );
}

fn any_reading() -> impl Strategy<Value = (SignalId, u64, f64)> {
    let signal = prop_oneof![
        3 => Just(SignalId::DISTANCE_TO_SERVICE),
        1 => Just(SignalId::OIL_LIFE_REMAINING),
        1 => Just(SignalId::PAD_WEAR_FRONT_LEFT),
    ];
    // Hours around the edges of days and of what is kept, low and high as before and behind a reset.
    (signal, 0u64..24 * 900, any::<bool>(), 0.0f64..0.05).prop_map(|(signal, hour, fresh, off)| {
        let value = match (signal, fresh) {
            (SignalId::DISTANCE_TO_SERVICE, true) => (15_000.0 - off * KM) * KM,
            (SignalId::DISTANCE_TO_SERVICE, false) => off * KM * KM,
            (_, true) => 1.0 - off,
            (_, false) => off,
        };
        (signal, START_MS + hour * 3_600_000, value)
    })
}

proptest! {
    #[test]
    fn any_order_and_any_duplication_of_the_same_readings_gives_the_same_history_and_the_same_resets(
        (readings, shuffled) in prop::collection::vec(any_reading(), 0..60).prop_flat_map(|readings| {
            let doubled: Vec<_> = readings.iter().chain(&readings).copied().collect();
            (Just(readings), Just(doubled).prop_shuffle())
        }),
    ) {
        let computer = |readings: &[(SignalId, u64, f64)]| {
            let mut computer = ServiceComputer::default();
            for (signal, at_ms, value) in readings {
                computer.note(*signal, *at_ms, *value);
            }
            computer
        };
        let (one, other) = (computer(&readings), computer(&shuffled));
        prop_assert_eq!(one.resets(), other.resets());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn one_wrong_reading_among_falling_ones_never_makes_a_reset(at in 0usize..30, wrong_km in -50_000.0f64..50_000.0) {
        let mut km: Vec<_> = (0..30).map(|at| 9_000.0 - f64::from(at) * 60.0).collect();
        km[at] = wrong_km;
        prop_assert_eq!(distances(&km).resets(), []);
    }
}

//! Models against what their sources say, and against nonsense.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::maintenance::BatteryHealth;

const CAPS: OilCaps = OilCaps { km: 30_000.0, days: 730.0 };

fn near(is: f64, wanted: f64) -> bool {
    (is - wanted).abs() < 1e-3
}

fn warm(revolutions: f64) -> RevolutionBin {
    RevolutionBin { celsius: 95.0, revolutions }
}

#[test]
fn cold_and_heat_spend_oil_faster_than_warm_running() {
    for (celsius, penalty) in
        [(-20.0, 3.0), (0.0, 3.0), (40.0, 2.0), (80.0, 1.0), (110.0, 1.0), (125.0, 2.0), (140.0, 4.0)]
    {
        assert!(near(oil_penalty(celsius), penalty), "{celsius}: {}", oil_penalty(celsius));
    }
    let use_ = OilUse { km: 1_000.0, days: 30.0 };
    let used = |bins: &[RevolutionBin]| oil_by_revolutions(bins, 20e6, use_, CAPS).expect("inputs").used;
    assert!(near(used(&[warm(10e6)]), 0.5));
    assert!(near(used(&[RevolutionBin { celsius: 0.0, revolutions: 5e6 }, warm(5e6)]), 1.0));
    assert!(used(&[warm(1e6), RevolutionBin { celsius: 130.0, revolutions: 10.0 }]) >= 1.0, "cooked oil is at its end");
}

#[test]
fn caps_of_distance_and_time_decide_when_nothing_was_measured_and_are_trusted_less() {
    let wear = oil_by_revolutions(&[], 20e6, OilUse { km: 3_000.0, days: 365.0 }, CAPS).expect("caps");
    assert!(near(wear.used, 0.5));
    assert_eq!((wear.inputs[0].quantity, wear.confidence), (Quantity::Days, Confidence::Low));
    let fuel = oil_by_fuel(900.0, 1_200.0, OilUse { km: 3_000.0, days: 30.0 }, CAPS).expect("fuel");
    assert!(near(fuel.used, 0.75));
    assert_eq!((fuel.inputs[0].quantity, fuel.confidence), (Quantity::FuelLitres, Confidence::Medium));
}

#[test]
fn pads_wear_in_a_line_and_new_pads_begin_a_new_one() {
    let mut readings: Vec<_> =
        (0..8).map(|at| PadReading { km: f64::from(at) * 2_000.0, wear_percent: 10.0 + 4.0 * f64::from(at) }).collect();
    let wear = brake_pads(&readings, 20_000.0).expect("a line");
    assert!(near(wear.used, 0.5), "{}", wear.used);
    assert_eq!(wear.confidence, Confidence::High);
    readings
        .extend((0..3).map(|at| PadReading { km: 16_000.0 + f64::from(at) * 1_000.0, wear_percent: f64::from(at) }));
    let renewed = brake_pads(&readings, 20_000.0).expect("a line");
    assert!(near(renewed.used, 0.04) && renewed.confidence == Confidence::Medium, "{}", renewed.used);
    assert_eq!(brake_pads(&readings[..2], 20_000.0), None, "two readings are no line");
}

#[test]
fn a_starter_battery_is_judged_by_its_worst_side() {
    let judged = |rest_mv, cranking_mv, age_days| {
        starter_battery(&StarterBattery { health: BatteryHealth { rest_mv, cranking_mv }, age_days })
    };
    assert_eq!(judged(None, None, None), None);
    let weak = judged(Some(12_700), Some(9_600), Some(100.0)).expect("inputs");
    assert!(near(weak.used, 1.0) && weak.inputs[0].quantity == Quantity::CrankingVolts);
    let old = judged(Some(12_700), Some(11_000), Some(2_000.0)).expect("inputs");
    assert!(old.used > 1.0 && old.confidence == Confidence::Low);
    assert!(near(judged(Some(12_450), Some(u16::MAX), None).expect("inputs").used, 0.5));
}

#[test]
fn tread_follows_its_own_distance_and_winter_asks_for_more_of_it() {
    let readings: Vec<_> =
        (0..4).map(|at| TreadReading { km: f64::from(at) * 5_000.0, millimetres: 8.0 - f64::from(at) }).collect();
    let summer = tread(&readings, 20_000.0, Some(365.0), false).expect("a line");
    let winter = tread(&readings, 20_000.0, Some(365.0), true).expect("a line");
    assert!(near(summer.used, 4.0 / 6.4) && near(winter.used, 1.0), "{} {}", summer.used, winter.used);
    let unmeasured = tread(&[], 20_000.0, Some(3_652.0), false).expect("distance and age");
    assert!(near(unmeasured.used, 1.0) && unmeasured.inputs[0].quantity == Quantity::Days);
}

#[test]
fn a_cold_morning_is_no_leak_and_a_pump_is_no_cure_before_it_is_seen() {
    let at = |day: f64, kpa: f64, celsius: f64| PressureReading { day, pascals: kpa * 1_000.0, celsius };
    // 250 kPa at 20 °C reads 215 at -10 °C without a molecule lost.
    let cold = (250.0 + 101.325) * 263.15 / 293.15 - 101.325;
    let still =
        slow_leak(&[at(0.0, 250.0, 20.0), at(1.0, cold, -10.0), at(3.0, 250.0, 20.0)], 250_000.0).expect("readings");
    assert!(!still.leaks && still.kpa_a_day < 0.01, "{still:?}");
    let nail: Vec<_> = (0..6).map(|day| at(f64::from(day), 250.0 - 3.0 * f64::from(day), 20.0)).collect();
    let leak = slow_leak(&nail, 250_000.0).expect("readings");
    assert!(leak.leaks && near(leak.kpa_a_day, 3.0) && near(leak.days_left.expect("it ends"), 35.0 / 3.0));
    let pumped: Vec<_> = nail.iter().copied().chain((6..9).map(|day| at(f64::from(day), 250.0, 20.0))).collect();
    assert!(!slow_leak(&pumped, 250_000.0).expect("readings").leaks);
    assert_eq!(slow_leak(&nail[..2], 250_000.0), None);
}

#[test]
fn a_traction_battery_is_at_its_end_at_seventy_per_cent() {
    let readings: Vec<_> = (0..5)
        .map(|at| HealthReading { km: f64::from(at) * 20_000.0, health_percent: 100.0 - 3.0 * f64::from(at) })
        .collect();
    let wear = traction_battery(&readings, 100_000.0).expect("a line");
    assert!(near(wear.used, 0.5) && wear.confidence == Confidence::High, "{}", wear.used);
    assert_eq!(traction_battery(&readings[..1], 1_000.0).expect("one").confidence, Confidence::Medium);
    assert_eq!(traction_battery(&[HealthReading { km: 0.0, health_percent: 0.0 }], 0.0), None);
}

#[test]
fn dust_fills_filters_and_hours_without_a_measure_of_it_are_trusted_less() {
    let clean = FilterUse { hours: 400.0, days: 100.0, dust: Some(0.0) };
    assert!(near(air_filter(&clean).expect("hours").used, 0.25));
    assert!(near(air_filter(&FilterUse { dust: Some(0.5), ..clean }).expect("hours").used, 0.5));
    assert!(near(cabin_filter(&FilterUse { dust: Some(1.0), ..clean }).expect("hours").used, 1.0));
    assert_eq!(air_filter(&FilterUse { dust: None, ..clean }).expect("hours").confidence, Confidence::Low);
    assert!(near(air_filter(&FilterUse { hours: 0.0, days: 1_461.0, dust: None }).expect("days").used, 1.0));
}

#[test]
fn ash_and_ever_shorter_spacings_wear_a_particulate_filter_and_soot_does_not() {
    let ash = FilterLoad { km: 90_000.0, soot_percent: Some(95.0), ash_g: Some(30.0), ..FilterLoad::default() };
    let wear = particulate_filter(&ash).expect("ash");
    assert!(near(wear.used, 0.5) && wear.confidence == Confidence::High, "{}", wear.used);
    let spaced = |km: f64| FilterLoad {
        km: 10_000.0,
        regenerations_km: (0..8).map(|at| f64::from(at) * km).collect(),
        ..FilterLoad::default()
    };
    assert!(near(particulate_filter(&spaced(150.0)).expect("spacings").used, 1.0));
    assert!(particulate_filter(&spaced(600.0)).expect("spacings").used < 0.1);
}

#[test]
fn what_the_cars_own_monitors_show_takes_the_place_of_a_model() {
    let modelled = oil_by_fuel(1_100.0, 1_200.0, OilUse { km: 3_000.0, days: 30.0 }, CAPS);
    let wear = oil_by_monitor(0.6, modelled).expect("a share");
    assert!(near(wear.used, 0.4) && wear.confidence == Confidence::High, "{}", wear.used);
    assert_eq!((wear.inputs[0].quantity, wear.inputs[1].quantity), (Quantity::OilLifePercent, Quantity::FuelLitres));
    assert_eq!(oil_by_monitor(1.2, None), None);
    assert!(near(worn_pad(85.0).expect("a share").used, 0.85));
    assert_eq!(worn_pad(-1.0), None);
}

proptest! {
    #[test]
    fn no_reading_makes_a_share_that_is_negative_or_no_number(
        pads in prop::collection::vec((any::<f64>(), any::<f64>()), 0..8), km in 0.0f64..1e6, days in 0.0f64..1e5, dust: f64,
    ) {
        let readings: Vec<_> = pads.iter().map(|&(km, wear_percent)| PadReading { km, wear_percent }).collect();
        let health: Vec<_> = pads.iter().map(|&(km, health_percent)| HealthReading { km, health_percent }).collect();
        let bins: Vec<_> = pads.iter().map(|&(celsius, revolutions)| RevolutionBin { celsius, revolutions: revolutions.abs().min(1e12) }).collect();
        let all = [
            brake_pads(&readings, km),
            traction_battery(&health, km),
            oil_by_revolutions(&bins, 20e6, OilUse { km, days }, CAPS),
            air_filter(&FilterUse { hours: km, days, dust: Some(dust) }),
        ];
        for wear in all.into_iter().flatten() {
            prop_assert!(wear.used >= 0.0 && !wear.used.is_nan(), "{wear:?}");
        }
    }
}

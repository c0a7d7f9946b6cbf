//! Histories as they really come: thin, torn, doubled, out of order, and with clocks that are wrong.

use std::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use proptest::prelude::*;

use super::*;

const KM: u32 = 1_000;

/// 1 January 2024, a Monday, in a leap year.
const START_MS: u64 = 1_704_067_200_000;

fn at(day: u64) -> u64 {
    START_MS + day * DAY_MS
}

fn reading(day: u64, km: u32) -> Reading {
    Reading { at_ms: at(day), odometer_m: km * KM }
}

fn even(days: u64, km_a_day: u32, every: usize) -> Vec<Reading> {
    (0..=days).step_by(every).map(|day| reading(day, 10_000 + day as u32 * km_a_day)).collect()
}

fn days_from(now: u64, ms: u64) -> i64 {
    let since = ms.cast_signed() - at(now).cast_signed();
    since.div_euclid(DAY_MS.cast_signed())
}

fn projected(readings: &[Reading], now: u64, km: u32) -> Projection {
    project(&History::new(readings.iter().copied(), at(now), 0), f64::from(km * KM), at(now))
}

#[test]
fn even_use_is_foretold_to_the_day_and_its_band_is_narrow() {
    let found = projected(&even(720, 40, 1), 720, 8_000);
    let (early, median, late) =
        (days_from(720, found.p10_ms), days_from(720, found.median_ms), days_from(720, found.p90_ms));
    assert!((190..=210).contains(&median), "{median}");
    assert!(early > 150 && late < 290, "{early} to {late}");
    assert_eq!((found.basis.history_days, found.basis.readings), (720, 721));
    assert!(!found.basis.is_thin());
}

#[test]
fn thin_history_says_so_and_has_a_wider_band() {
    let width = |found: &Projection| found.p90_ms - found.p10_ms;
    let whole = projected(&even(720, 40, 1), 720, 8_000);
    let month = projected(&even(30, 40, 1), 30, 8_000);
    let twice = projected(&[reading(0, 100), reading(1, 140)], 1, 8_000);
    let once = projected(&[reading(0, 100)], 0, 8_000);
    assert_eq!(month.basis.method, Method::ThinHistory);
    assert_eq!((twice.basis.method, once.basis.method), (Method::UsualUse, Method::UsualUse));
    assert!(width(&month) > width(&whole), "{} {}", width(&month), width(&whole));
    assert!(width(&once) >= width(&month), "{} {}", width(&once), width(&month));
    let none = projected(&[], 5, 8_000);
    assert!(none.basis.is_thin() && none.p10_ms > at(5) && none.p90_ms > none.p10_ms);
}

#[test]
fn the_order_and_the_number_of_times_in_which_readings_come_do_not_matter() {
    let readings = even(400, 35, 3);
    let mut shuffled: Vec<_> =
        readings.iter().rev().chain(&readings).chain(readings.iter().step_by(5)).copied().collect();
    shuffled.swap(3, 77);
    assert_eq!(projected(&readings, 400, 5_000), projected(&shuffled, 400, 5_000));
}

#[test]
fn an_odometer_that_falls_once_is_passed_over_and_counted() {
    let mut readings = even(200, 40, 2);
    let before = projected(&readings, 200, 5_000);
    readings.push(Reading { at_ms: at(101), odometer_m: 500 * KM });
    let after = projected(&readings, 200, 5_000);
    assert_eq!((after.median_ms, after.basis.refused.falling), (before.median_ms, 1));
}

#[test]
fn an_odometer_that_leaps_once_is_passed_over_and_counted() {
    let mut readings = even(200, 40, 2);
    let before = projected(&readings, 200, 5_000);
    readings.push(Reading { at_ms: at(101), odometer_m: 900_000 * KM });
    readings.push(Reading { at_ms: at(103), odometer_m: u32::MAX });
    let after = projected(&readings, 200, 5_000);
    assert_eq!(after.median_ms, before.median_ms);
    assert_eq!((after.basis.refused.jumping, after.basis.refused.absent), (1, 1));
}

#[test]
fn another_instrument_cluster_goes_on_with_the_same_use() {
    let mut readings = even(200, 40, 2);
    for reading in &mut readings {
        if reading.at_ms > at(100) {
            reading.odometer_m -= 9_000 * KM;
        }
    }
    let found = projected(&readings, 200, 4_000);
    assert!((80..=125).contains(&days_from(200, found.median_ms)), "{}", days_from(200, found.median_ms));
    assert_eq!(found.basis.refused.falling, 0);
    assert_eq!(found.basis.target_m, (10_000 + 200 * 40 - 9_000 + 4_000) * 1_000);
}

#[test]
fn an_odometer_that_freezes_is_a_car_that_stands_and_the_date_moves_on() {
    let mut readings = even(300, 40, 1);
    let before = projected(&readings, 300, 4_000);
    readings.extend((301..=360).map(|day| reading(day, 10_000 + 300 * 40)));
    let found = projected(&readings, 360, 4_000);
    assert!(found.median_ms > before.median_ms + 55 * DAY_MS);
    let since = found.basis.laid_up_since_ms.map(|ms| days_from(0, ms)).expect("it stands");
    assert!((298..=300).contains(&since), "{since}");
}

#[test]
fn a_clock_in_2038_neither_counts_nor_moves_the_date() {
    let mut readings = even(200, 40, 2);
    let before = projected(&readings, 200, 5_000);
    readings.push(Reading { at_ms: 2_147_483_648_000, odometer_m: 18_100 * KM });
    readings.push(Reading { at_ms: 0, odometer_m: 18_100 * KM });
    let after = projected(&readings, 200, 5_000);
    assert_eq!(after.median_ms, before.median_ms);
    assert_eq!((after.basis.refused.later, after.basis.refused.undated), (1, 1));
}

#[test]
fn in_2038_itself_dates_go_on() {
    let start_ms = 2_147_400_000_000;
    let readings =
        (0..300u32).map(|day| Reading { at_ms: start_ms + u64::from(day) * DAY_MS, odometer_m: (50 + day * 40) * KM });
    let now_ms = start_ms + 299 * DAY_MS;
    let found = project(&History::new(readings, now_ms, 0), 4_000_000.0, now_ms);
    assert!((90..=110).contains(&((found.median_ms - now_ms) / DAY_MS)));
}

#[test]
fn a_leap_day_is_a_day_like_any_other() {
    // 60 is 29 February 2024.
    let readings: Vec<_> = even(60, 40, 1);
    let (before, on, after) =
        (projected(&readings, 59, 400), projected(&readings, 60, 400), projected(&even(61, 40, 1), 61, 400));
    let day = |found: &Projection, now: u64| days_from(now, found.median_ms);
    assert_eq!((day(&before, 59), day(&after, 61)), (day(&on, 60), day(&on, 60)));
}

#[test]
fn a_weekend_driver_is_due_at_a_weekend() {
    let mut km = 10_000;
    let readings: Vec<_> = (0..210)
        .map(|day| {
            km += if day % 7 >= 5 { 100 } else { 0 };
            reading(day + 1, km)
        })
        .collect();
    // Day 210 is a Monday's beginning; 500 km are two weekends and half of the third.
    let found = projected(&readings, 210, 500);
    assert!(matches!(days_from(210, found.median_ms) % 7, 5 | 6), "{}", days_from(210, found.median_ms));
}

#[test]
fn a_winter_that_comes_every_year_is_known_the_third_time() {
    let mut km = 10_000;
    let laid_up = |day: u64| (day + 60) % 365 < 120;
    let readings: Vec<_> = (0..=1_030)
        .map(|day| {
            km += if laid_up(day) { 0 } else { 40 };
            reading(day, km)
        })
        .collect();
    // Day 1,030 lies five days before the fourth winter; 3,000 km would be 75 days without it.
    let found = projected(&readings, 1_030, 3_000);
    assert!(found.basis.season > 0.5, "{}", found.basis.season);
    assert!(days_from(1_030, found.median_ms) > 120, "{}", days_from(1_030, found.median_ms));
}

#[test]
fn the_calendar_cuts_the_band_where_it_comes_first() {
    let found = projected(&even(400, 40, 1), 400, 8_000);
    let time = at(400) + 30 * DAY_MS;
    let due = due_date(Some(&found), Some(time)).expect("two bounds");
    assert_eq!((due.median_ms, due.p90_ms, due.deciding), (time, time, Deciding::Time));
    let far = due_date(Some(&found), Some(found.median_ms + DAY_MS)).expect("two bounds");
    assert_eq!(
        (far.median_ms, far.p90_ms, far.deciding),
        (found.median_ms, found.median_ms + DAY_MS, Deciding::Distance)
    );
    assert_eq!(due_date(None, None), None);
    assert_eq!(due_date(None, Some(7)).map(|due| due.deciding), Some(Deciding::Time));
}

#[test]
fn a_date_that_comes_earlier_says_why() {
    let mut readings = even(300, 30, 1);
    let before = projected(&readings, 300, 9_000);
    let more = |day: u64| reading(day, 10_000 + 300 * 30 + (day as u32 - 300) * 90);
    readings.extend((301..=340).map(more));
    let left_km = 9_000 - 40 * 90;
    let now = projected(&readings, 340, left_km);
    assert!(now.median_ms < before.median_ms);
    let causes = causes(&before, &now);
    assert!(causes.iter().any(|cause| {
        matches!(cause, Cause::Driven { expected_m, driven_m, days } if driven_m > expected_m && *days < 0.0)
    }));
    assert!(causes.iter().any(|cause| matches!(cause, Cause::Rate { before_m, now_m, .. } if now_m > before_m)));
    assert!(causes.iter().all(|cause| !matches!(cause, Cause::Target { .. })));
}

prop_compose! {
    fn any_readings()(steps in prop::collection::vec((0u64..60, 0u32..6_000, 0u8..20), 0..60)) -> Vec<Reading> {
        let (mut day, mut km) = (0, 1_000);
        steps.into_iter().map(|(days, further, odd)| {
            day += days;
            km += further;
            // Now and then something that is wrong.
            let odometer_m = match odd { 0 => 0, 1 => u32::MAX, 2 => 7, 3 => 3_900_000_000, _ => km * KM };
            Reading { at_ms: at(day), odometer_m }
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_history_has_an_ordered_band(readings in any_readings(), km in 0u32..100_000) {
        let found = projected(&readings, 3_600, km);
        prop_assert!(found.p10_ms <= found.median_ms && found.median_ms <= found.p90_ms);
        prop_assert!(found.basis.per_day_m.is_finite() && found.basis.widened > 0.0);
    }

    #[test]
    fn any_order_and_any_duplicates_give_the_same_date(readings in any_readings().prop_shuffle(), km in 1u32..30_000) {
        let mut sorted = readings.clone();
        sorted.sort_unstable();
        let doubled: Vec<_> = readings.iter().chain(&readings).copied().collect();
        prop_assert_eq!(projected(&doubled, 3_600, km), projected(&sorted, 3_600, km));
    }

    #[test]
    fn a_longer_way_is_never_reached_earlier(readings in any_readings(), km in 1u32..30_000, more in 1u32..10_000) {
        let (near, far) = (projected(&readings, 3_600, km), projected(&readings, 3_600, km + more));
        // The judgement of the band may differ by horizon; the middle does not go back by more than it is worth.
        prop_assert!(far.median_ms + 2 * DAY_MS >= near.median_ms);
    }

    #[test]
    fn a_date_that_moved_has_causes_that_add_up(readings in any_readings(), cut in 0usize..60, km in 1u32..30_000) {
        let before = projected(&readings[..cut.min(readings.len())], 3_600, km);
        let now = projected(&readings, 3_600, km);
        let moved = (now.median_ms as f64 - before.median_ms as f64) / DAY_MS as f64;
        let causes = causes(&before, &now);
        let told: f64 = causes.iter().map(Cause::days).sum();
        prop_assert!((told - moved).abs() < 0.05, "{told} {moved}");
        prop_assert!(moved.abs() < 1.0 || !causes.is_empty());
    }
}

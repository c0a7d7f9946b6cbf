//! What reminders elsewhere get wrong, each as a behaviour, and the properties that hold for any rule.

use std::vec::Vec;

use milepost_protocol::NoticeId;
use milepost_protocol::SignalId;
use milepost_protocol::notice::Reason;
use milepost_protocol::plan::{
    Anchor, Condition, DAY_MS, ItemId, Level, Limits, Margin, PlanItem, Recurrence, Rule, SafetyClass,
};
use proptest::prelude::*;

use super::*;

const START_MS: u64 = 1_700_000_000_000;
const KM: u32 = 1_000;

/// 20,000 km or 24 months first, then 15,000 km or 12 months, from 10 km on.
fn oil() -> PlanItem {
    let rule = Rule {
        item: ItemId::ENGINE_OIL,
        first: Limits { distance_m: Some(20_000 * KM), days: Some(730), ..Limits::default() },
        repeat: Limits { distance_m: Some(15_000 * KM), days: Some(365), ..Limits::default() },
        lead: Margin { distance_m: 1_000 * KM, days: 30, ..Margin::default() },
        grace: Margin { distance_m: 500 * KM, days: 14, ..Margin::default() },
        recurrence: Recurrence::Floating,
        safety: SafetyClass::Wear,
        condition: None,
    };
    PlanItem { rule, anchor: Anchor { at_ms: START_MS, odometer_m: 10 * KM, ..Anchor::default() } }
}

fn inspection() -> PlanItem {
    let mut item = oil();
    item.rule.first = Limits { days: Some(1_095), ..Limits::default() };
    item.rule.repeat = Limits { days: Some(730), ..Limits::default() };
    item.rule.recurrence = Recurrence::Fixed;
    item
}

fn driven(km: u32) -> Usage {
    Usage { odometer_m: Some(km * KM), ..Usage::default() }
}

fn day(day: u64) -> u64 {
    START_MS + day * DAY_MS
}

fn done(day_number: u64, km: u32) -> Completion {
    Completion::at(day(day_number), &driven(km))
}

#[test]
fn levels_follow_lead_limit_and_grace() {
    for (km, day_number, level) in [
        (10, 0, Level::Scheduled),
        (19_009, 10, Level::Scheduled),
        (19_010, 10, Level::Upcoming),
        (20_009, 10, Level::Upcoming),
        (20_010, 10, Level::Due),
        (20_509, 10, Level::Due),
        (20_510, 10, Level::Overdue),
        (100, 699, Level::Scheduled),
        (100, 700, Level::Upcoming),
        (100, 730, Level::Due),
        (100, 743, Level::Due),
        (100, 744, Level::Overdue),
    ] {
        assert_eq!(assess(&oil(), &driven(km), day(day_number)).level, level, "{km} km, day {day_number}");
    }
}

#[test]
fn whichever_bound_comes_first_decides_and_is_named_first() {
    let by_distance = assess(&oil(), &driven(20_500), day(100));
    assert_eq!(by_distance.reasons[0], Reason::Distance { used_m: 20_490 * KM, limit_m: 20_000 * KM });
    assert_eq!(by_distance.reasons[1], Reason::Time { used_days: 100, limit_days: 730 });
    let by_time = assess(&oil(), &driven(1_000), day(735));
    assert_eq!(by_time.reasons[0], Reason::Time { used_days: 735, limit_days: 730 });
    assert_eq!(by_time.due_at_ms, Some(day(730)));
    assert_eq!(by_time.due_odometer_m, Some(20_010 * KM));
}

#[test]
fn engine_time_and_fuel_count_like_any_bound() {
    let mut item = oil();
    item.rule.first = Limits { engine_s: Some(1_000), fuel_ml: Some(2_000), ..Limits::default() };
    let usage = |engine_s, fuel_ml| Usage { engine_s, fuel_ml, ..Usage::default() };
    assert_eq!(assess(&item, &usage(999, 1_999), START_MS).level, Level::Scheduled);
    let engine = assess(&item, &usage(1_000, 1), START_MS);
    assert_eq!((engine.level, engine.reasons[0]), (Level::Due, Reason::EngineTime { used_s: 1_000, limit_s: 1_000 }));
    let fuel = assess(&item, &usage(1, 2_000), START_MS);
    assert_eq!((fuel.level, fuel.reasons[0]), (Level::Due, Reason::Fuel { used_ml: 2_000, limit_ml: 2_000 }));
}

#[test]
fn the_first_interval_is_not_the_repeat_interval() {
    let mut item = oil();
    assert_eq!(assess(&item, &driven(15_100), day(400)).level, Level::Scheduled);
    item.anchor = complete(&item, &done(400, 15_100));
    assert_eq!(assess(&item, &driven(30_100), day(500)).level, Level::Due);
    assert_eq!(assess(&item, &driven(15_200), day(765)).level, Level::Due);
}

#[test]
fn a_rule_does_not_advance_until_the_work_is_confirmed() {
    let item = oil();
    let years_late = assess(&item, &driven(200_000), day(3_650));
    assert_eq!((years_late.cycle, years_late.level), (0, Level::Overdue));
    assert_eq!(item, oil(), "assessing changed nothing");
    assert_eq!(complete(&item, &done(3_650, 200_000)).cycle, 1);
}

#[test]
fn a_floating_rule_restarts_at_the_actual_service() {
    let anchor = complete(&oil(), &done(600, 18_000));
    assert_eq!((anchor.cycle, anchor.at_ms, anchor.odometer_m), (1, day(600), 18_000 * KM));
}

#[test]
fn a_fixed_rule_keeps_its_date_whether_the_work_is_early_or_late() {
    for done_on in [1_065, 1_095, 1_200] {
        assert_eq!(complete(&inspection(), &done(done_on, 30_000)).at_ms, day(1_095), "done on day {done_on}");
    }
}

#[test]
fn work_far_ahead_of_a_fixed_date_starts_anew() {
    assert_eq!(complete(&inspection(), &done(600, 30_000)).at_ms, day(600));
    assert_eq!(complete(&inspection(), &done(1_064, 30_000)).at_ms, day(1_064), "one day outside the lead");
}

#[test]
fn a_fixed_rule_that_slept_through_cycles_asks_once() {
    let mut item = inspection();
    item.anchor = complete(&item, &done(1_095 + 730 * 2 + 100, 90_000));
    assert_eq!((item.anchor.cycle, item.anchor.at_ms), (1, day(1_095 + 730 * 2)));
    assert_eq!(assess(&item, &driven(90_000), day(1_095 + 730 * 2 + 101)).level, Level::Scheduled);
}

#[test]
fn undoing_a_completion_puts_everything_back() {
    let before = oil();
    let mut item = before;
    let previous = item.anchor;
    item.anchor = complete(&item, &done(700, 19_500));
    assert_ne!(assess(&item, &driven(20_600), day(800)), assess(&before, &driven(20_600), day(800)));
    item.anchor = previous;
    assert_eq!(assess(&item, &driven(20_600), day(800)), assess(&before, &driven(20_600), day(800)));
}

#[test]
fn thresholds_of_one_rule_do_not_leak_into_another() {
    let long = oil();
    let mut short = oil();
    short.rule.item = ItemId::TYRES;
    short.rule.first = Limits { distance_m: Some(5_000 * KM), days: Some(90), ..Limits::default() };
    short.rule.lead = Margin { distance_m: 200 * KM, days: 5, ..Margin::default() };
    let alone = assess(&short, &driven(4_700), day(80));
    let beside: Vec<_> = [long, short].iter().map(|item| assess(item, &driven(4_700), day(80))).collect();
    assert_eq!(beside[1], alone);
    assert_eq!(beside[1].level, Level::Scheduled);
}

#[test]
fn a_short_interval_is_not_upcoming_from_its_first_day() {
    let mut item = oil();
    item.rule.first = Limits { days: Some(14), ..Limits::default() };
    assert_eq!(assess(&item, &driven(10), day(1)).level, Level::Scheduled);
    assert_eq!(assess(&item, &driven(10), day(7)).level, Level::Upcoming);
}

#[test]
fn nothing_is_past_due_before_an_odometer_or_a_date_is_known() {
    let mut item = oil();
    item.anchor = Anchor { at_ms: 0, odometer_m: UNKNOWN_ODOMETER_M, ..Anchor::default() };
    let unknown = assess(&item, &driven(180_000), day(0));
    assert_eq!((unknown.level, unknown.reasons.len()), (Level::Scheduled, 0));
    assert_eq!((unknown.due_at_ms, unknown.due_odometer_m), (None, None));
    item.anchor = settle(&item, &driven(180_000), day(0)).expect("both are known now");
    let settled = assess(&item, &driven(180_000), day(0));
    assert_eq!((settled.level, settled.due_odometer_m), (Level::Scheduled, Some(200_000 * KM)));
    assert_eq!(settle(&item, &driven(190_000), day(9)), None, "an anchor that knows everything stays");
}

#[test]
fn work_done_without_a_known_odometer_is_not_asked_for_again_at_once() {
    let mut item = oil();
    assert_eq!(assess(&item, &driven(25_000), day(100)).level, Level::Overdue);
    item.anchor = complete(&item, &Completion { at_ms: day(100), ..Completion::default() });
    assert_eq!(assess(&item, &driven(25_000), day(101)).level, Level::Scheduled);
    item.anchor = settle(&item, &driven(25_000), day(101)).expect("the odometer is filled in");
    assert_eq!(assess(&item, &driven(40_000), day(102)).level, Level::Due);
}

#[test]
fn readings_that_mean_not_available_do_not_count() {
    for reading in [0, u32::MAX] {
        let usage = Usage { odometer_m: Some(reading), engine_s: reading, fuel_ml: reading, ..Usage::default() };
        let mut item = oil();
        item.rule.first.engine_s = Some(1);
        item.rule.first.fuel_ml = Some(1);
        assert_eq!(assess(&item, &usage, START_MS).level, Level::Scheduled, "{reading}");
        let anchor = complete(&item, &Completion::at(day(1), &usage));
        assert_eq!((anchor.engine_s, anchor.fuel_ml), (0, 0), "{reading}");
    }
}

#[test]
fn a_clock_before_the_anchor_is_harmless() {
    for now_ms in [0, START_MS - 1] {
        let assessment = assess(&oil(), &driven(100), now_ms);
        assert_eq!(assessment.level, Level::Scheduled);
        assert!(assessment.reasons.contains(&Reason::Time { used_days: 0, limit_days: 730 }));
    }
    assert_eq!(complete(&oil(), &Completion { at_ms: 5, ..done(0, 100) }).at_ms, START_MS);
}

#[test]
fn an_odometer_below_the_anchor_is_harmless() {
    let mut item = oil();
    item.anchor.odometer_m = 50_000 * KM;
    let assessment = assess(&item, &driven(20_000), day(1));
    assert!(assessment.reasons.contains(&Reason::Distance { used_m: 0, limit_m: 20_000 * KM }));
    assert_eq!(complete(&item, &done(1, 20_000)).odometer_m, 50_000 * KM);
}

#[test]
fn each_cycle_and_level_has_one_notice_and_only_one() {
    let mut item = oil();
    let key = |item: &PlanItem, km, day_number| {
        let assessment = assess(item, &driven(km), day(day_number));
        NoticeId::reminder(assessment.item, assessment.cycle, assessment.level)
    };
    assert_eq!(key(&item, 20_100, 10), key(&item, 20_200, 60), "the same level is the same notice");
    assert_ne!(key(&item, 20_100, 10), key(&item, 20_600, 60));
    let first = key(&item, 20_100, 10);
    item.anchor = complete(&item, &done(60, 20_600));
    assert_ne!(key(&item, 35_600, 100), first, "the next cycle asks anew");
}

#[test]
fn a_weak_battery_is_due_whatever_its_age() {
    let mut item = oil();
    item.rule.first = Limits { days: Some(1_825), ..Limits::default() };
    item.rule.condition =
        Some(Condition::Battery12v { rest_upcoming_mv: 12_400, rest_due_mv: 12_200, cranking_due_mv: 9_600 });
    let battery = |rest_mv, cranking_mv| Usage { battery: BatteryHealth { rest_mv, cranking_mv }, ..Usage::default() };
    for (usage, level) in [
        (battery(None, None), Level::Scheduled),
        (battery(Some(12_600), Some(10_400)), Level::Scheduled),
        (battery(Some(12_399), Some(10_400)), Level::Upcoming),
        (battery(Some(12_199), Some(10_400)), Level::Due),
        (battery(Some(12_600), Some(9_599)), Level::Due),
        (battery(Some(0), Some(u16::MAX)), Level::Scheduled),
    ] {
        assert_eq!(assess(&item, &usage, day(10)).level, level, "{usage:?}");
    }
    let due = assess(&item, &battery(Some(12_600), Some(9_000)), day(10));
    assert_eq!(due.reasons[0], Reason::Signal { signal: SignalId::BATTERY_12V, value: 9.0, limit: 9.6 });
}

#[test]
fn a_rule_without_bounds_never_falls_due() {
    let mut item = oil();
    for limits in
        [Limits::default(), Limits { distance_m: Some(0), days: Some(0), engine_s: Some(0), fuel_ml: Some(0) }]
    {
        item.rule.first = limits;
        let assessment = assess(&item, &driven(900_000), day(9_000));
        assert_eq!((assessment.level, assessment.reasons.len()), (Level::Scheduled, 0));
        complete(&item, &done(9_000, 900_000));
    }
}

prop_compose! {
    fn any_limits()(distance_m: Option<u32>, days: Option<u16>, engine_s: Option<u32>, fuel_ml: Option<u32>) -> Limits {
        Limits { distance_m, days, engine_s, fuel_ml }
    }
}

prop_compose! {
    fn any_margin()(distance_m: u32, days: u16, engine_s: u32, fuel_ml: u32) -> Margin {
        Margin { distance_m, days, engine_s, fuel_ml }
    }
}

prop_compose! {
    fn any_anchor()(cycle in prop_oneof![Just(0u32), any::<u32>()], at_ms in prop_oneof![0..3 * START_MS, any::<u64>()],
        odometer_m: u32, engine_s: u32, fuel_ml: u32) -> Anchor {
        Anchor { cycle, at_ms, odometer_m, engine_s, fuel_ml }
    }
}

prop_compose! {
    fn any_item()(first in any_limits(), repeat in any_limits(), lead in any_margin(), grace in any_margin(), fixed: bool,
        anchor in any_anchor()) -> PlanItem {
        let recurrence = if fixed { Recurrence::Fixed } else { Recurrence::Floating };
        let rule = Rule {
            item: ItemId(9), first, repeat, lead, grace, recurrence, safety: SafetyClass::Wear,
            condition: Some(Condition::Battery12v { rest_upcoming_mv: 12_400, rest_due_mv: 12_200, cranking_due_mv: 9_600 }),
        };
        PlanItem { rule, anchor }
    }
}

prop_compose! {
    fn any_usage()(odometer_m: Option<u32>, engine_s: u32, fuel_ml: u32, rest_mv: Option<u16>, cranking_mv: Option<u16>) -> Usage {
        Usage { odometer_m, engine_s, fuel_ml, battery: BatteryHealth { rest_mv, cranking_mv } }
    }
}

proptest! {
    #[test]
    fn the_level_never_falls_within_a_cycle(item in any_item(), readings in prop::collection::vec((any_usage(), 0u64..10_000 * DAY_MS), 1..20)) {
        let (mut usage, mut now_ms) = (Usage::default(), START_MS);
        let mut before = assess(&item, &usage, now_ms);
        for (mut reading, later) in readings {
            // Voltages are a condition, which heals when a battery is charged; every counter only rises.
            reading.battery = BatteryHealth::default();
            usage.advance(&reading);
            now_ms += later;
            let after = assess(&item, &usage, now_ms);
            prop_assert!(after.level >= before.level, "{before:?} then {after:?}");
            prop_assert!(after.used >= before.used);
            before = after;
        }
    }

    #[test]
    fn any_rule_with_any_reading_is_assessed_and_completed(item in any_item(), usage in any_usage(), now_ms: u64, at_ms: u64) {
        let assessment = assess(&item, &usage, now_ms);
        prop_assert!(assessment.used.is_finite() && assessment.used >= 0.0);
        prop_assert_eq!(&assessment, &assess(&item, &usage, now_ms), "the same question has the same answer");
        let anchor = complete(&item, &Completion::at(at_ms, &usage));
        prop_assert_eq!(anchor.cycle, item.anchor.cycle.saturating_add(1));
        prop_assert!(anchor.at_ms >= item.anchor.at_ms && anchor.engine_s >= item.anchor.engine_s);
    }

    #[test]
    fn after_a_floating_completion_nothing_is_due_by_any_counter(mut item in any_item(), usage in any_usage(), now_ms in 1u64..4 * START_MS) {
        item.rule.recurrence = Recurrence::Floating;
        item.rule.condition = None;
        item.anchor = complete(&item, &Completion::at(now_ms, &usage));
        prop_assert!(assess(&item, &usage, now_ms).level < Level::Due);
    }
}

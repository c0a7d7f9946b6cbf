//! What users of other systems ask for or complain of when it comes to reminders; each test is one of them as a behaviour.

use std::vec::Vec;

use milepost_protocol::notice::Reason as Shown;
use milepost_protocol::plan::{Level, Limits, PlanItem};
use milepost_protocol::record::{Counters, Wheel};

use super::*;
use crate::maintenance::{BatteryHealth, assess};
use crate::offers::QuietHours;
use crate::plan::Powertrain;
use crate::plans::{Catalogue, EXAMPLES, PartOdometer, read};
use crate::projection::{History, Reading, due_date, project};
use crate::usage::{Tyre, Wheels};

fn level(events: &[Event], usage: &Usage, now_day: u64) -> Level {
    fold(&plan(), car(now_day), events).items[&OIL].assess(usage, day(now_day)).expect("it applies").level
}

#[test]
fn row_1_mileage_that_is_collected_anyway_makes_a_reminder_due_without_anybody_typing() {
    assert_eq!(level(&[], &driven(14_009), 100), Level::Scheduled);
    assert_eq!(level(&[], &driven(14_010), 100), Level::Upcoming);
    assert_eq!(level(&[], &driven(15_010), 100), Level::Due);
}

#[test]
fn row_2_a_recurring_interval_restarts_from_the_actual_service() {
    let late = [oil_done(1, 390, 16_200, Source::Workshop)];
    let anchor = anchor(&late, 391);
    assert_eq!((anchor.cycle, anchor.at_ms, anchor.odometer_m), (1, day(390), 16_200 * KM));
    assert_eq!(level(&late, &driven(31_199), 400), Level::Upcoming);
    assert_eq!(level(&late, &driven(31_200), 400), Level::Due);
}

#[test]
fn row_3_a_recurring_item_does_not_advance_until_the_service_is_confirmed() {
    let book = fold(&plan(), car(2_000), &[]);
    let before = book.clone();
    for now_day in (0..2_000).step_by(50) {
        let _ = book.items[&OIL].assess(&driven(200_000), day(now_day));
    }
    assert_eq!(book, before, "reading changes nothing");
    assert_eq!((book.items[&OIL].planned.anchor.cycle, level(&[], &driven(200_000), 2_000)), (0, Level::Overdue));
}

#[test]
fn row_4_thresholds_belong_to_their_item_alone() {
    let mut short = plan();
    short[0].rule.lead.days = 300;
    let with = fold(&short, car(500), &[]);
    let without = fold(&plan(), car(500), &[]);
    assert_eq!(with.items[&BRAKES], without.items[&BRAKES]);
    // A short interval is not urgent from its first day, whatever its lead.
    short[0].rule.first = Limits { days: Some(40), ..Limits::default() };
    let book = fold(&short, car(5), &[]);
    assert_eq!(book.items[&OIL].assess(&driven(20), day(5)).expect("it applies").level, Level::Scheduled);
}

#[test]
fn row_5_only_the_levels_that_somebody_chose_are_told() {
    let book = fold(&plan(), car(340), &[]);
    let at = |least| to_tell(&book, &driven(9_000), day(340), least, &[]).len();
    assert_eq!((at(Level::Upcoming), at(Level::Due)), (1, 0));
}

#[test]
fn row_6_nothing_is_past_due_that_is_not() {
    for (km, now_day, expected) in [
        (20, 364, Level::Upcoming),
        (20, 365, Level::Due),
        (20, 378, Level::Due),
        (20, 379, Level::Overdue),
        (15_009, 10, Level::Upcoming),
    ] {
        assert_eq!(level(&[], &driven(km), now_day), expected, "{km} km on day {now_day}");
    }
    // An odometer that is not available, or a clock before the beginning, is no reason either.
    assert_eq!(level(&[], &Usage { odometer_m: Some(u32::MAX), ..Usage::default() }, 10), Level::Scheduled);
    let book = fold(&plan(), car(10), &[]);
    assert_eq!(book.items[&OIL].assess(&driven(20), 0).expect("it applies").level, Level::Scheduled);
}

#[test]
fn row_7_editing_or_deleting_a_service_record_undoes_what_it_did_to_the_rule() {
    let record = oil_done(1, 200, 9_000, Source::Owner);
    let edited = [record, event(2, 300, Kind::Edited { of: EventId(1), done: done(210, 9_500) })];
    assert_eq!(anchor(&edited, 301), anchor(&[oil_done(1, 210, 9_500, Source::Owner)], 301));
    let erased = [record, event(2, 300, Kind::Erased { of: EventId(1) })];
    assert_eq!(anchor(&erased, 301), anchor(&[], 301));
    let back = [record, erased[1], event(3, 301, Kind::Restored { of: EventId(1) })];
    assert_eq!(anchor(&back, 301), anchor(&[record], 301));
    // An edit of the first of two services reaches through the second.
    let mut fixed = plan();
    fixed[0].rule.recurrence = Recurrence::Fixed;
    let second = oil_done(5, 700, 29_000, Source::Workshop);
    let of = |events: &[Event]| fold(&fixed, car(800), events).items[&OIL].planned.anchor;
    assert_ne!(
        of(&[oil_done(1, 350, 14_500, Source::Owner), second]),
        of(&[oil_done(1, 200, 6_000, Source::Owner), second])
    );
}

#[test]
fn row_8_a_makers_schedule_is_found_by_model_and_vin() {
    let golf = "version = 3\nname = \"Golf\"\npowertrain = \"combustion\"\nmodels = [\"VW Golf*\"]\nvin = [\"WVWZZZ1K*\"]\n[[item]]\nitem = \"engine-oil\"\nsafety = \"wear\"\nrepeat = { km = 30000, months = 24 }\n";
    let mut plans: Vec<_> = EXAMPLES.iter().map(|(file, text)| read(file, text).expect("our own")).collect();
    plans.push(read("golf.toml", golf).expect("a plan"));
    let catalogue = Catalogue::new(plans).expect("no two fit the same cars");
    let car =
        |vin| crate::plans::Car { powertrain: Powertrain::Combustion, model: "VW Golf VI", vin, year: Some(2010) };
    let name = |vin| catalogue.plan(&car(vin)).map(|plan| (plan.name.as_str(), plan.version));
    assert_eq!(name(Some("WVWZZZ1KZAW000001")), Some(("Golf", 3)));
    assert_eq!(name(None), Some(("Example: combustion", 1)));
}

#[test]
fn row_9_the_odometer_comes_from_the_car_and_a_device_that_only_counts_itself_is_no_odometer() {
    let counters = Counters { odometer_m: 15_010 * KM, odometer_anchored: true, ..Counters::default() };
    let usage = |counters: &Counters| Usage::from_counters(counters, BatteryHealth::default());
    assert_eq!(level(&[], &usage(&counters), 100), Level::Due);
    assert_eq!(level(&[], &usage(&Counters { odometer_anchored: false, ..counters }), 100), Level::Scheduled);
}

#[test]
fn row_10_a_due_date_is_projected_from_this_cars_use_and_the_calendar_cuts_it() {
    let readings = (0..=200).map(|at| Reading { at_ms: day(at), odometer_m: (10 + at as u32 * 50) * KM });
    let history = History::new(readings, day(200), 0);
    let book = fold(&plan(), car(200), &[]);
    let found = book.items[&OIL].assess(&driven(10_010), day(200)).expect("it applies");
    let left_m = found.due_odometer_m.expect("a distance bound") - 10_010 * KM;
    let due = due_date(Some(&project(&history, f64::from(left_m), day(200))), found.due_at_ms).expect("two bounds");
    // 5,000 km at 50 a day.
    assert!((90..=110).contains(&((due.median_ms - day(200)) / DAY_MS)));
    assert!(due.p10_ms < due.median_ms && due.p90_ms <= day(365));
}

#[test]
fn row_11_engine_hours_count_to_the_second() {
    let mut hours = plan();
    hours[0].rule.first = Limits { engine_s: Some(250 * 3_600), ..Limits::default() };
    let book = fold(&hours, car(10), &[]);
    let at = |engine_s| book.items[&OIL].assess(&Usage { engine_s, ..Usage::default() }, day(10)).expect("it applies");
    assert_eq!((at(899_999).level, at(900_000).level), (Level::Scheduled, Level::Due));
    assert_eq!(at(900_000).reasons[0], Shown::EngineTime { used_s: 900_000, limit_s: 900_000 });
}

#[test]
fn row_12_each_set_of_tyres_has_its_own_distance_and_not_the_cars() {
    let wheels = |sensor: u32| {
        let mut wheels = Wheels::default();
        wheels.mounted.insert(Wheel::FrontLeft, Tyre { sensor: Some(sensor), ..Tyre::default() });
        wheels
    };
    let mut odometers = PartOdometer::default();
    for (set, km) in [(1, 10_000), (1, 16_000), (2, 16_000), (2, 16_010), (2, 21_010), (1, 21_020), (1, 22_020)] {
        odometers.observe(&wheels(set), km * KM);
    }
    assert_eq!(odometers.mounted_m(), Some(7_000 * KM));
}

#[test]
fn row_13_work_is_logged_a_soft_bound_comes_before_the_hard_one_and_a_reminder_can_rest_for_today() {
    let works = [oil_done(1, 200, 9_000, Source::Owner), oil_done(2, 420, 18_000, Source::Workshop)];
    let log: Vec<_> =
        fold(&plan(), car(500), &works).items[&OIL].works.iter().map(|work| (work.done.at_ms, work.by)).collect();
    assert_eq!(log, [(day(200), Source::Owner), (day(420), Source::Workshop)]);
    assert!(level(&[], &driven(14_500), 10) < level(&[], &driven(15_500), 10));
    assert!(level(&[], &driven(15_500), 10) < level(&[], &driven(16_500), 10));
    let kind = Kind::Snoozed { item: OIL, cycle: 0, level: Level::Due, until_ms: day(369), reason: Reason::NoTime };
    let book = fold(&plan(), car(368), &[event(1, 368, kind)]);
    let tells = |at_ms| to_tell(&book, &driven(9_000), at_ms, Level::Upcoming, &[]).len();
    assert_eq!((tells(day(368) + 1), tells(day(369))), (0, 1));
}

#[test]
fn row_14_of_two_records_of_the_same_work_the_workshops_counts_before_the_owners_and_the_cars() {
    let reset = oil_done(1, 200, 9_000, Source::DetectedReset);
    let owner = oil_done(2, 204, 9_150, Source::Owner);
    let workshop = oil_done(3, 201, 9_010, Source::Workshop);
    let work = fold(&plan(), car(300), &[owner, reset, workshop]).items[&OIL].works.clone();
    assert_eq!(work.len(), 1, "one work, told three times");
    assert_eq!((work[0].by, work[0].done.odometer_m), (Source::Workshop, Some(9_010 * KM)));
    assert_eq!(work[0].records, [EventId(3), EventId(2), EventId(1)]);
    assert!(work[0].by.is_person() && !Source::DetectedReset.is_person());
}

#[test]
fn a_counter_that_is_seen_to_have_gone_back_weeks_later_is_of_the_same_work_if_the_car_has_stood_since() {
    let works = |reset: Event| {
        let owner = oil_done(1, 200, 9_000, Source::Owner);
        fold(&plan(), car(400), &[reset, owner]).items[&OIL].works.len()
    };
    assert_eq!(works(oil_done(2, 250, 9_040, Source::DetectedReset)), 1, "it stood for seven weeks");
    assert_eq!(works(oil_done(2, 250, 12_000, Source::DetectedReset)), 2);
    assert_eq!(works(oil_done(2, 350, 9_040, Source::DetectedReset)), 2);
    assert_eq!(works(oil_done(2, 250, 9_040, Source::Import)), 2, "a file has the date of the work itself");
}

#[test]
fn row_15_the_same_reminder_is_not_told_twice_however_often_it_is_looked_at() {
    let mut told = Vec::new();
    for now_day in 0..900 {
        let book = fold(&plan(), car(now_day), &[]);
        for _ in 0..3 {
            let new = to_tell(&book, &driven(now_day as u32 * 30), day(now_day), Level::Upcoming, &told);
            told.extend(new);
        }
    }
    let mut ids: Vec<_> = told.iter().map(|told| told.key.notice()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // Three levels of oil, three of brake fluid.
    assert_eq!((ids.len(), all), (6, 6));
    // A record of years ago that is added now renumbers the cycle, and still tells nothing twice.
    let record = oil_done(9, 500, 15_100, Source::Workshop);
    let known = [record, oil_done(1, 380, 11_000, Source::Owner)];
    let told_after = to_tell(&fold(&plan(), car(880), &[record]), &driven(26_400), day(880), Level::Upcoming, &told);
    let again = to_tell(
        &fold(&plan(), car(880), &known),
        &driven(26_400),
        day(880),
        Level::Upcoming,
        &[told, told_after].concat(),
    );
    assert_eq!(again, []);
}

#[test]
fn row_16_quiet_hours_hold_a_reminder_until_their_end_and_across_midnight() {
    let quiet = QuietHours { from_minute: 22 * 60, to_minute: 7 * 60 };
    assert_eq!(quiet.until_ms(0, 23 * 60), Some(8 * 3_600_000));
    assert_eq!(quiet.until_ms(0, 6 * 60 + 30), Some(1_800_000));
    assert_eq!(quiet.until_ms(0, 12 * 60), None);
}

#[test]
fn row_17_an_ignored_reminder_comes_back_after_its_rest_and_rises() {
    let kind = Kind::Snoozed { item: BRAKES, cycle: 0, level: Level::Due, until_ms: day(2_000), reason: Reason::Cost };
    let book = fold(&plan(), car(740), &[event(1, 731, kind)]);
    let state = &book.items[&BRAKES];
    // Three days are granted for brakes that are due, whatever was asked; the history says what was.
    assert_eq!(state.rests_until(Level::Due, day(732)), Some(day(734)));
    assert_eq!(state.rests_until(Level::Due, day(734)), None);
    assert_eq!((state.snoozes[0].asked_ms, state.snoozes[0].reason), (day(2_000), Reason::Cost));
    // The next level is not put off by it.
    let told = to_tell(&book, &driven(20), day(744), Level::Overdue, &[]);
    assert!(told.iter().any(|told| told.key.item == BRAKES && told.key.level == Level::Overdue));
}

#[test]
fn row_25_a_sold_car_tells_nobody_and_a_new_owner_is_told_once_again() {
    let usage = driven(16_500);
    let sold = [event(1, 100, Kind::Sold)];
    assert_eq!(to_tell(&fold(&plan(), car(200), &sold), &usage, day(200), Level::Upcoming, &[]), []);
    let first = to_tell(&fold(&plan(), car(90), &[]), &usage, day(90), Level::Upcoming, &[]);
    assert_eq!(first.len(), 1);
    let put_off =
        Kind::Snoozed { item: OIL, cycle: 0, level: Level::Overdue, until_ms: day(210), reason: Reason::Cost };
    let bought = [sold[0], event(2, 204, put_off), event(3, 205, Kind::Transferred)];
    let book = fold(&plan(), car(206), &bought);
    let again = to_tell(&book, &usage, day(206), Level::Upcoming, &first);
    assert_eq!((again.len(), again[0].owner), (1, 1), "what the former owner knew or put off is not the new one's");
    assert_eq!(to_tell(&book, &usage, day(206), Level::Upcoming, &again), []);
    // The service history stays with the car.
    let with_work = fold(&plan(), car(206), &[oil_done(7, 50, 2_000, Source::Workshop), bought[2]]);
    assert_eq!(with_work.items[&OIL].works.len(), 1);
}

#[test]
fn an_item_that_does_not_apply_is_silent_until_it_does_again() {
    let off = event(1, 10, Kind::Applies { item: OIL, applies: false });
    let on = event(2, 20, Kind::Applies { item: OIL, applies: true });
    assert_eq!(fold(&plan(), car(900), &[off]).items[&OIL].assess(&driven(50_000), day(900)), None);
    assert!(fold(&plan(), car(900), &[on, off]).items[&OIL].assess(&driven(50_000), day(900)).is_some());
}

#[test]
fn a_record_from_before_the_car_was_built_or_from_2038_does_not_count_and_says_why() {
    let early = event(
        1,
        5,
        Kind::Completed {
            item: OIL,
            done: Completion { at_ms: START_MS - 31 * DAY_MS, ..done(0, 5) },
            by: Source::Import,
        },
    );
    let late = event(
        2,
        5,
        Kind::Completed {
            item: OIL,
            done: Completion { at_ms: 2_147_483_648_000, ..done(0, 5) },
            by: Source::DetectedReset,
        },
    );
    let strange = event(3, 5, Kind::Completed { item: ItemId(999), done: done(1, 5), by: Source::Import });
    let lost = event(4, 5, Kind::Erased { of: EventId(77) });
    let book = fold(&plan(), car(10), &[lost, strange, late, early]);
    assert_eq!(
        book.refused,
        [
            (EventId(1), Refusal::BeforeBuilt),
            (EventId(2), Refusal::InFuture),
            (EventId(3), Refusal::UnknownItem),
            (EventId(4), Refusal::NothingThere),
        ]
    );
    assert_eq!(book.items[&OIL].planned.anchor.cycle, 0);
}

#[test]
fn a_service_on_a_leap_day_is_due_again_by_days_and_not_by_dates() {
    // Day 59 is 29 February 2024.
    let anchor = anchor(&[oil_done(1, 59, 4_000, Source::Owner)], 60);
    assert_eq!(anchor.at_ms, day(59));
    let item = PlanItem { rule: plan()[0].rule, anchor };
    assert_eq!(assess(&item, &driven(4_001), day(60)).due_at_ms, Some(day(59 + 365)));
}

#[test]
fn manual_imported_and_telemetry_anchors_are_trusted_in_that_order() {
    let at = |km: u32| Anchor { cycle: 1, at_ms: day(3), odometer_m: km * KM, ..Anchor::default() };
    let told = |id, km, by| event(id, 5, Kind::Anchored { item: OIL, anchor: at(km), by });
    let all = [told(1, 50, Source::Owner), told(2, 60, Source::Import), told(3, 70, Source::DetectedReset)];
    assert_eq!(anchor(&all, 10).odometer_m, 50 * KM);
    assert_eq!(anchor(&all[1..], 10).odometer_m, 60 * KM);
    assert_eq!(anchor(&all[2..], 10).odometer_m, 70 * KM);
}

#[test]
fn an_item_that_is_done_with_another_or_counts_after_it_follows_it() {
    let mut linked = plan();
    linked[1].done_with.push(OIL);
    let service = [oil_done(1, 300, 12_000, Source::Workshop)];
    assert_eq!(fold(&linked, car(301), &service).items[&BRAKES].planned.anchor.cycle, 1);
    let mut waiting = plan();
    waiting[1].after = Some(OIL);
    let before = fold(&waiting, car(301), &[]);
    assert_eq!(
        (before.items[&BRAKES].waits_for, before.items[&BRAKES].assess(&driven(1), day(5_000))),
        (Some(OIL), None)
    );
    let after = fold(&waiting, car(301), &service);
    assert_eq!(after.items[&BRAKES].planned.anchor.at_ms, day(300));
    assert_eq!(after.items[&BRAKES].waits_for, None);
}

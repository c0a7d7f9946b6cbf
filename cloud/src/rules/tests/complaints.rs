//! What users of other systems complain of when it comes to reminders, as behaviours of the closed loop: from records and
//! wishes to notices, plan and service book. The engine's own tests have the same rows for its rules alone.

use milepost_engine::due::{forecast, history};
use milepost_engine::plans::item_id;
use milepost_engine::service_book::EventId;
use milepost_engine::vin::Vin;
use milepost_protocol::plan::MAX_PLAN_ITEMS;

use super::*;
use crate::domain::{AccountId, Imported, OTHER_WORK, Service};

const CABIN_FILTER: ItemId = ItemId(7);

impl Car {
    fn done(&mut self, item: ItemId, days_ago: u64, by: &Actor) -> EventId {
        let at_ms = (days_ago > 0).then(|| self.now_ms - days_ago * DAY_MS);
        let work = Intent::Complete { item, at_ms, odometer_m: None, remarks: Remarks::default() };
        assert_eq!(self.wish(work, by), Ok(true));
        EventId(self.vehicle.book.next_entry - 1)
    }

    fn level(&self, item: ItemId) -> Level {
        let found = self.vehicle.assessments(self.now_ms).into_iter().find(|found| found.item == item);
        found.map_or(Level::Scheduled, |found| found.level)
    }

    /// Looks at four wheels, one after the other; their sensors count up from `first`.
    fn look_at_wheels(&mut self, first: u32) {
        self.now_ms += 60_000;
        for (place, wheel) in
            [Wheel::FrontLeft, Wheel::FrontRight, Wheel::RearLeft, Wheel::RearRight].into_iter().enumerate()
        {
            let sensor = Some(first + place as u32);
            let sample =
                TyreSample { wheel, pressure_pa: 240_000, air_decicelsius: None, outside_decicelsius: None, sensor };
            self.record(Record::TyreSample(sample));
        }
    }

    fn service(&self, id: EventId) -> Service {
        self.vehicle.book.services().into_iter().find(|service| service.id == id).unwrap()
    }
}

#[test]
fn row_1_mileage_that_the_car_tells_raises_the_reminder_without_anybody_typing() {
    let mut car = Car::new();
    car.drive_to(64_100);
    assert_eq!(car.state(oil(1, Level::Upcoming)), NoticeState::Raised);
}

#[test]
fn row_2_an_interval_restarts_from_the_actual_service() {
    let mut car = Car::new();
    car.drive_to(66_200);
    car.done(OIL, 0, &anna());
    let anchor = car.vehicle.item(OIL).unwrap().anchor;
    assert_eq!((anchor.odometer_m, anchor.at_ms), (66_200 * KM, car.now_ms));
    car.drive_to(80_100);
    assert_eq!(car.level(OIL), Level::Scheduled);
    car.drive_to(80_300);
    assert_eq!(car.level(OIL), Level::Upcoming);
}

#[test]
fn row_3_nothing_advances_by_being_looked_at_however_often() {
    let mut car = Car::new();
    car.drive_to(90_000);
    let before = (car.vehicle.items(), car.vehicle.book.entries.len());
    for _ in 0..50 {
        car.days(0);
        assert!(!car.vehicle.assessments(car.now_ms).is_empty());
    }
    assert_eq!((car.vehicle.items(), car.vehicle.book.entries.len()), before);
    assert_eq!(car.level(OIL), Level::Overdue);
}

#[test]
fn row_4_each_item_is_judged_by_its_own_lead() {
    let mut car = Car::new();
    car.days(170);
    // Tyres are checked every 182 days with a lead of 14; oil has a year with a lead of 30.
    assert_eq!((car.level(ItemId::TYRES), car.level(OIL)), (Level::Upcoming, Level::Scheduled));
}

#[test]
fn row_6_a_used_car_of_which_nobody_knows_anything_has_nothing_past_due() {
    let mut car = Car::new();
    let profile = Profile { registered_ms: NOW_MS - 4_000 * DAY_MS, ..Profile::default() };
    car.wish(Intent::Describe { profile }, &anna()).unwrap();
    let levels = car.vehicle.assessments(car.now_ms);
    assert!(levels.iter().all(|found| found.level < Level::Overdue), "{levels:?}");
    assert!(car.vehicle.notices.values().all(|notice| notice.subject.level() < Some(Level::Overdue)));
}

#[test]
fn row_7_correcting_or_taking_back_a_record_undoes_what_followed_from_it() {
    let mut car = Car::new();
    car.days(100);
    car.drive_to(65_100);
    let before = car.vehicle.item(OIL).unwrap().anchor;
    let record = car.done(OIL, 0, &anna());
    let earlier_ms = car.now_ms - 40 * DAY_MS;
    let edit = Intent::Edit {
        of: record,
        at_ms: Some(earlier_ms),
        odometer_m: Some(57_000 * KM),
        remarks: Remarks { note: "receipt found".to_owned(), ..Remarks::default() },
    };
    assert_eq!(car.wish(edit.clone(), &anna()), Ok(true));
    assert_eq!(car.wish(edit, &anna()), Ok(false), "the same again changes nothing");
    let anchor = car.vehicle.item(OIL).unwrap().anchor;
    assert_eq!((anchor.at_ms, anchor.odometer_m), (earlier_ms, 57_000 * KM));
    assert_eq!(car.service(record).remarks.note, "receipt found");
    car.wish(Intent::Stand { of: record, stands: false }, &anna()).unwrap();
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, before);
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised, "it asks again");
    car.wish(Intent::Stand { of: record, stands: true }, &anna()).unwrap();
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, anchor, "with the number that its cycle had");
}

#[test]
fn row_7_a_record_of_years_ago_that_is_added_late_tells_nobody_anything_twice() {
    let mut car = Car::new();
    car.days(200);
    car.drive_to(65_100);
    car.done(OIL, 0, &anna());
    let before = car.vehicle.item(OIL).unwrap().anchor;
    let notices: Vec<_> = car.vehicle.notices.keys().copied().collect();
    car.done(OIL, 120, &anna());
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, before, "the present cycle keeps its number");
    assert_eq!(car.vehicle.notices.keys().copied().collect::<Vec<_>>(), notices);
}

#[test]
fn row_8_the_plan_follows_model_and_vin_and_items_keep_where_they_stand() {
    let mut car = Car::new();
    car.drive_to(60_000);
    let oil_before = car.vehicle.item(OIL).unwrap().anchor;
    assert_eq!(car.vehicle.book.plan.as_ref().unwrap().file, "combustion.toml");
    assert!(car.vehicle.item(ItemId(15)).is_some(), "a timing belt");
    let vin: Vin = "WVWZZZ1KZAW000001".parse().unwrap();
    let profile = Profile { powertrain: crate::domain::Powertrain::Hybrid, vin: Some(vin), ..Profile::default() };
    car.wish(Intent::Describe { profile }, &anna()).unwrap();
    assert_eq!(car.vehicle.book.plan.as_ref().unwrap().file, "hybrid.toml");
    let oil_now = car.vehicle.item(OIL).unwrap();
    assert_eq!((oil_now.anchor, oil_now.rule.repeat.distance_m), (oil_before, Some(20_000 * KM)));
    assert!(car.vehicle.item(ItemId(15)).is_none());
    car.wish(Intent::Describe { profile: Profile::default() }, &anna()).unwrap();
    assert!(car.vehicle.item(ItemId(15)).is_some(), "it is there again");
}

#[test]
fn row_9_an_odometer_that_falls_leaps_or_freezes_is_named_and_makes_nothing_due() {
    let mut car = Car::new();
    for km in [1, 3_000_000] {
        let counters = Counters { odometer_m: km * KM, odometer_anchored: true, ..Counters::default() };
        car.now_ms += 60_000;
        car.record(Record::Counters(counters));
    }
    assert_eq!(car.vehicle.state.odometer.faults.len(), 2);
    assert_eq!((car.level(OIL), car.vehicle.state.usage().odometer_m), (Level::Scheduled, Some(50_000 * KM)));
    for km in [0, 16_000] {
        let counters =
            Counters { odometer_m: 50_000 * KM, odometer_anchored: true, distance_m: km * KM, ..Counters::default() };
        car.now_ms += DAY_MS;
        car.record(Record::Counters(counters));
    }
    assert_eq!(car.vehicle.state.odometer.frozen_m(), Some(16_000 * KM));
    assert!(car.level(OIL) >= Level::Due, "what the car drives counts, whatever its instrument shows");
}

#[test]
fn row_10_a_due_date_is_foretold_from_what_this_car_is_driven_and_the_calendar_cuts_it() {
    let foretold = |km_a_day: u32| {
        let mut car = Car::new();
        for day in 1..=150 {
            car.days(1);
            car.drive_to(50_000 + day * km_a_day);
        }
        let (state, item) = (&car.vehicle.state, car.vehicle.item(OIL).unwrap());
        let standings = car.vehicle.standings(car.now_ms);
        let standing = standings.iter().find(|standing| standing.assessment.item == OIL).unwrap();
        let due = forecast(&item, standing, state, &history(state, car.now_ms, 0), car.now_ms).unwrap().due;
        assert!(due.p10_ms <= due.median_ms && due.median_ms <= due.p90_ms, "{due:?}");
        (due.median_ms - car.now_ms) / DAY_MS
    };
    // 15,000 km at 60 a day are 250 days, 150 of which have gone; at 10 a day the year comes first.
    assert!((85..=115).contains(&foretold(60)), "{}", foretold(60));
    assert!((205..=215).contains(&foretold(10)), "{}", foretold(10));
}

#[test]
fn row_11_engine_hours_count_like_distance() {
    let mut car = Car::new();
    let counters =
        Counters { odometer_m: 50_100 * KM, odometer_anchored: true, engine_s: 400 * 3_600, ..Counters::default() };
    car.now_ms += 30 * DAY_MS;
    car.record(Record::Counters(counters));
    assert!(car.level(OIL) >= Level::Due);
}

#[test]
fn row_12_a_set_of_wheels_wears_by_its_own_distance_and_rests_while_another_is_mounted() {
    const WINTER: u32 = 20;
    const SUMMER: u32 = 40;
    let mut car = Car::new();
    let item = item_id("winter-wheels").unwrap();
    car.look_at_wheels(WINTER);
    car.drive_to(69_900);
    car.look_at_wheels(WINTER);
    car.look_at_wheels(SUMMER);
    car.drive_to(89_900);
    car.look_at_wheels(SUMMER);
    car.look_at_wheels(WINTER);
    assert_eq!(car.vehicle.state.parts.mounted_m(), Some(19_900 * KM), "no metre of the other set's");
    assert_eq!(car.level(item), Level::Scheduled, "of 40,000 km, while the car has gone as far since they were new");
    car.drive_to(110_000);
    car.look_at_wheels(WINTER);
    assert_eq!((car.vehicle.state.parts.mounted_m(), car.level(item)), (Some(40_000 * KM), Level::Due));
    assert_eq!(car.vehicle.state.parts.uncredited_m, 0);
}

#[test]
fn row_13_a_reminder_is_put_off_with_a_reason_within_what_its_safety_allows() {
    use milepost_engine::service_book::{Kind, Reason};
    let mut car = Car::new();
    car.days(740);
    let brake = car.vehicle.notices.values().find(|n| n.subject.item() == Some(ItemId::BRAKE_FLUID)).unwrap().id();
    let snooze = |days| Intent::Snooze { notice: brake, days, reason: Reason::AwaitingPart };
    car.wish(snooze(90), &anna()).unwrap();
    assert_eq!(car.state(brake), NoticeState::Snoozed { until_ms: car.now_ms + 3 * DAY_MS }, "safety, and due");
    car.days(3);
    let entries = car.vehicle.book.entries.len();
    assert_eq!(car.wish(snooze(1), &anna()), Err(IntentError::SnoozeSpent));
    assert_eq!(car.vehicle.book.entries.len(), entries);
    let reasons: Vec<_> = car
        .vehicle
        .book
        .entries
        .iter()
        .filter_map(|entry| match entry.event.kind {
            Kind::Snoozed { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Reason::AwaitingPart]);
}

#[test]
fn row_25_a_car_that_is_handed_over_takes_its_book_along_and_nothing_personal() {
    let mut car = Car::owned();
    car.drive_to(65_100);
    let record = car.done(CABIN_FILTER, 0, &anna());
    let bert = "bert".parse().unwrap();
    car.wish(Intent::SetConsent { purposes: Purposes::OFFERS }, &anna()).unwrap();
    car.sent.clear();
    assert_eq!(car.wish(Intent::Transfer { to: bert }, &anna()), Ok(true));
    assert_eq!(car.vehicle.owner.as_ref().map(AccountId::as_str), Some("bert"));
    assert_eq!(car.vehicle.consent.purposes, Purposes::FUNCTION);
    assert!(car.service(record).stands && car.vehicle.state.trips.ended.is_empty());
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised, "the new owner is told");
    assert_eq!(car.notices_sent(oil(1, Level::Due)), 1);
}

#[test]
fn row_25_nobody_is_told_anything_about_a_car_that_was_sold() {
    let mut car = Car::owned();
    car.drive_to(65_100);
    car.wish(Intent::Sell, &anna()).unwrap();
    car.drive_to(90_000);
    car.days(800);
    assert!(car.vehicle.owner.is_none() && car.vehicle.notices.is_empty());
    assert!(car.vehicle.plan.items.is_empty(), "the car itself raises nothing either");
}

#[test]
fn the_car_has_the_items_that_matter_next_and_gets_a_plan_only_when_they_change() {
    let mut car = Car::new();
    assert!(car.vehicle.items().len() > MAX_PLAN_ITEMS);
    assert_eq!(car.vehicle.plan.items.len(), MAX_PLAN_ITEMS);
    let version = car.vehicle.plan.version;
    car.drive_to(50_100);
    car.days(1);
    assert_eq!(car.vehicle.plan.version, version);
    // A timing belt that comes near its bound takes the place of what is farther.
    let belt = ItemId(15);
    assert!(!car.vehicle.plan.items.iter().any(|item| item.rule.item == belt));
    car.drive_to(139_000);
    assert!(car.vehicle.plan.items.iter().any(|item| item.rule.item == belt));
}

#[test]
fn records_of_another_system_are_taken_over_whole_or_not_at_all_and_once() {
    let mut car = Car::new();
    car.days(30);
    let record = |key, item, days_ago: u64| Imported {
        key,
        item,
        at_ms: car.now_ms - days_ago * DAY_MS,
        odometer_m: None,
        remarks: Remarks { title: "Wipers".to_owned(), ..Remarks::default() },
    };
    let good = vec![record(1, OIL, 200), record(2, OTHER_WORK, 100)];
    let mut bad = good.clone();
    bad.push(Imported { at_ms: car.now_ms + 9 * DAY_MS, ..record(3, OIL, 0) });
    assert_eq!(car.wish(Intent::Import { records: bad }, &anna()), Err(IntentError::OutsideCycle));
    assert!(car.vehicle.book.services().is_empty());
    assert_eq!(car.wish(Intent::Import { records: good.clone() }, &anna()), Ok(true));
    assert_eq!(car.wish(Intent::Import { records: good }, &anna()), Ok(false));
    assert_eq!(car.vehicle.book.services().len(), 2);
    let anchor = car.vehicle.item(OIL).unwrap().anchor;
    assert_eq!(anchor.at_ms, car.now_ms - 200 * DAY_MS, "a record is better than the assumption of a beginning");
}

#[test]
fn an_item_that_does_not_apply_asks_nobody_until_it_does_again() {
    let mut car = Car::new();
    car.drive_to(65_100);
    assert_eq!(car.wish(Intent::Applies { item: OIL, applies: false }, &anna()), Ok(true));
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Expired);
    assert!(!car.vehicle.plan.items.iter().any(|item| item.rule.item == OIL));
    car.wish(Intent::Applies { item: OIL, applies: true }, &anna()).unwrap();
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised);
}

#[test]
fn a_document_from_before_the_service_book_keeps_anchors_completions_and_their_undoing() {
    let mut car = Car::new();
    let start =
        milepost_protocol::plan::Anchor { cycle: 1, at_ms: NOW_MS, odometer_m: 50_000 * KM, ..Default::default() };
    let later =
        milepost_protocol::plan::Anchor { cycle: 2, at_ms: NOW_MS + 9 * DAY_MS, odometer_m: 50_500 * KM, ..start };
    car.days(20);
    let mut old = car.vehicle.clone();
    old.book = crate::domain::ServiceBook::default();
    old.plan = milepost_engine::plan::standard(crate::domain::Powertrain::Combustion, start);
    old.plan.items[0].anchor = later;
    old.anchorings = vec![crate::domain::Anchoring {
        at_ms: later.at_ms,
        by: anna(),
        item: OIL,
        from: start,
        to: later,
        closed: Vec::new(),
        undone: false,
    }];
    car.vehicle = old;
    car.days(0);
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, later);
    assert_eq!(car.vehicle.item(ItemId::BRAKE_FLUID).unwrap().anchor, start);
    assert!(car.vehicle.anchorings.is_empty() && car.vehicle.items().len() > 5, "it has a whole plan now");
    car.wish(Intent::Undo { item: OIL }, &anna()).unwrap();
    assert_eq!(car.vehicle.item(OIL).unwrap().anchor, start);
}

#[test]
fn nobody_looks_at_a_vehicle_before_something_can_have_changed() {
    let car = Car::new();
    let next_ms = car.vehicle.timer_ms.unwrap();
    assert!(next_ms >= NOW_MS + 10 * DAY_MS, "{} days", (next_ms - NOW_MS) / DAY_MS);
}

//! Work that the car's own counters show: entered once, beside nobody's record, and taken back for good.

use milepost_engine::service_book::Source;
use milepost_protocol::SignalId;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Reason;
use milepost_protocol::record::SeriesBlock;
use milepost_protocol::series::{Encoder, Resolution, Sample};

use super::*;
use crate::domain::Service;

fn block(signal: SignalId, raw: i64) -> Record {
    let mut buffer = [0; 600];
    let mut encoder = Encoder::<1>::new();
    let mut writer = encoder.alone(&mut buffer, 0);
    writer.push(&Sample { signal, resolution: Resolution::ONE, at_ms: 0, raw }).unwrap();
    let block = heapless::Vec::from_slice(writer.finish()).unwrap();
    SeriesBlock { plan: 1, purposes: Purposes::FUNCTION, uptime_ms: 0, block }.into()
}

fn km(left_km: i64) -> Record {
    block(SignalId::DISTANCE_TO_SERVICE, left_km * 1_000)
}

/// A day's drive, at whose end the car tells how far it is to service.
fn day(car: &mut Car, left_km: i64) {
    car.days(1);
    let at_km = car.vehicle.state.usage().odometer_m.unwrap() / KM;
    car.drive_to(at_km + 40);
    car.record(km(left_km));
}

fn days(car: &mut Car, left_km: &[i64]) {
    for left_km in left_km {
        day(car, *left_km);
    }
}

fn done(car: &Car) -> Vec<Service> {
    car.vehicle.book.services().into_iter().filter(|service| service.item == OIL).collect()
}

fn works(car: &Car) -> usize {
    car.vehicle.book.fold(0, car.now_ms).items[&OIL].works.len()
}

fn oil_was_done() -> Intent {
    Intent::Complete { item: OIL, at_ms: None, odometer_m: None, remarks: Remarks::default() }
}

#[test]
fn a_counter_that_goes_back_completes_its_item_and_ends_the_reminder_and_an_undo_is_for_good() {
    let mut car = Car::owned();
    days(&mut car, &[680, 640, 600]);
    let reminder = oil(1, Level::Upcoming);
    assert_eq!(car.state(reminder), NoticeState::Raised, "the car's own counter is ahead of the plan");
    let reasons = &car.vehicle.notices[&reminder].reasons;
    assert!(matches!(reasons[0], Reason::Signal { signal: SignalId::DISTANCE_TO_SERVICE, .. }), "{reasons:?}");
    let in_car = car.sent.iter().find_map(|sent| match sent {
        Downlink::Notice(notice) if notice.id == reminder => Some(notice),
        _ => None,
    });
    let has_signal = |notice: &milepost_protocol::notice::Notice| {
        notice.reasons.iter().any(|reason| matches!(reason, Reason::Signal { .. }))
    };
    assert!(in_car.is_some_and(|notice| !has_signal(notice)), "its display has no words for that signal");
    day(&mut car, 14_960);
    assert!(done(&car).is_empty(), "one day may be a mistake");
    day(&mut car, 14_920);
    let service = done(&car).pop().unwrap();
    assert_eq!((service.source, service.by, service.stands), (Source::DetectedReset, Actor::Car, true));
    assert_eq!(service.done.odometer_m, Some(50_160 * KM), "of the day on which it was seen");
    assert_eq!(car.state(reminder), NoticeState::Done);
    days(&mut car, &[14_880, 14_840]);
    assert_eq!(done(&car).len(), 1, "once");

    assert_eq!(car.wish(Intent::Undo { item: OIL }, &anna()), Ok(true));
    assert_eq!(car.state(reminder), NoticeState::Raised);
    days(&mut car, &[14_800, 14_760, 14_720]);
    assert_eq!(done(&car).iter().map(|service| service.stands).collect::<Vec<_>>(), [false]);
}

#[test]
fn a_reset_is_not_counted_beside_a_record_of_the_same_work_whoever_is_first() {
    let mut car = Car::owned();
    days(&mut car, &[680, 640]);
    car.wish(oil_was_done(), &anna()).unwrap();
    // It stands for a month before anybody drives it again.
    car.days(30);
    days(&mut car, &[14_960, 14_920, 14_880]);
    assert_eq!(done(&car).len(), 1);
    assert_eq!(done(&car)[0].source, Source::Owner);

    let mut car = Car::owned();
    days(&mut car, &[680, 640, 14_960, 14_920]);
    assert_eq!(done(&car).len(), 1);
    car.wish(oil_was_done(), &Actor::Advisor("vera".parse().unwrap())).unwrap();
    assert_eq!((done(&car).len(), works(&car)), (2, 1), "two records of one work");
}

#[test]
fn work_that_the_counter_was_not_set_back_for_is_not_asked_for_again_by_it() {
    let mut car = Car::owned();
    days(&mut car, &[100, 60, 20, -20]);
    assert_eq!(car.state(oil(1, Level::Due)), NoticeState::Raised);
    car.wish(oil_was_done(), &anna()).unwrap();
    days(&mut car, &[-60; 20]);
    let open: Vec<_> =
        car.vehicle.open_notices(car.now_ms).filter(|notice| notice.subject.item() == Some(OIL)).collect();
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn blocks_in_any_order_and_twice_enter_the_same_record() {
    let told = [680, 640, 600, 14_960, 14_920, 14_880];
    let mut by_day = Car::owned();
    days(&mut by_day, &told);
    let expected = done(&by_day).pop().unwrap();
    for order in [[5, 4, 3, 2, 1, 0], [2, 5, 0, 3, 1, 4], [3, 3, 0, 1, 2, 4], [0, 1, 2, 4, 5, 3]] {
        let mut car = Car::owned();
        let begin_ms = car.now_ms;
        for _ in &told {
            car.days(1);
            let at_km = car.vehicle.state.usage().odometer_m.unwrap() / KM;
            car.drive_to(at_km + 40);
        }
        // A day takes 40 minutes longer in this harness, for its drive.
        let at_ms = |day: usize| begin_ms + (day as u64 + 1) * (DAY_MS + 40 * 60_000);
        for day in order.into_iter().chain([0, 1, 2, 3, 4, 5]) {
            car.record_at(km(told[day]), at_ms(day));
        }
        let found = done(&car);
        assert_eq!(found.len(), 1, "{order:?}");
        // The first day behind it that comes last would have shown it a day sooner; the record stays as it was entered.
        let late_ms = found[0].done.at_ms.abs_diff(expected.done.at_ms);
        assert!(
            if order[5] == 3 { late_ms < 2 * DAY_MS } else { found[0].id == expected.id && late_ms == 0 },
            "{order:?}"
        );
    }
}

//! Notices in the car: raised without a network, shown only while it stands, told once for ever.

use milepost_firmware::{Device, Event, Settings};
use milepost_protocol::downlink::NoticeUpdate;
use milepost_protocol::notice::{Answer, NoticeState};
use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, Level, Margin, ServicePlan};
use milepost_protocol::{Downlink, NoticeId, Record};

use crate::car::{Car, EPOCH_MS, at, collect, information, oil_plan, receipt, send};
use crate::flash::{Chip, block_on};

fn plan(version: u32, cycle: u32, odometer_m: u32) -> ServicePlan {
    let margin = Margin { distance_m: 2_000, ..Margin::default() };
    oil_plan(version, 10_000, margin, Anchor { cycle, at_ms: EPOCH_MS, odometer_m, ..Anchor::default() })
}

#[test]
fn a_reminder_is_raised_without_a_network_once_for_each_level_across_restarts() {
    let chip = Chip::new(4, 8);
    let car = Car::default();
    let mut told = Vec::new();
    let mut now = 1000;
    for start in 0..14 {
        let mut device = chip.start(at(now));
        send(&mut device, at(now), &[Downlink::Plan(plan(1, 0, 20_000))]);
        now = car.drive(&mut device, now, 60, 17.0, 20_000.0 + f64::from(start) * 1_100.0);
        now = car.park(&mut device, now);
        let got = collect(&mut device, at(now));
        told.extend(
            got.iter().filter_map(|got| {
                if let Record::NoticeRaised(raised) = got.record { Some(raised.level) } else { None }
            }),
        );
        receipt(&mut device, at(now), &got);
    }
    assert_eq!(told, [Level::Upcoming, Level::Due, Level::Overdue]);
}

#[test]
fn a_notice_shows_only_while_the_car_stands_and_is_told_as_shown_once() {
    let chip = Chip::new(4, 8);
    let car = Car::default();
    let mut device = chip.start(at(0));
    let now = car.drive(&mut device, 1000, 5, 10.0, 50_000.0);
    send(&mut device, at(now), &[Downlink::Notice(information(7))]);
    assert_eq!(device.display(at(now)), None);
    block_on(device.frame(at(now + 500), &car.motion(0.0, 800.0))).unwrap();
    assert_eq!(device.display(at(now + 500)).map(|notice| notice.id), Some(NoticeId::information(7)));
    block_on(device.frame(at(now + 1000), &car.motion(9.0, 800.0))).unwrap();
    assert_eq!(device.display(at(now + 1000)), None);
    let mut device = chip.start(at(0));
    block_on(device.frame(at(10), &car.motion(0.0, 800.0))).unwrap();
    assert!(device.display(at(10)).is_some(), "an open notice survives a restart");
    let shown = collect(&mut device, at(10)).iter().filter(|got| matches!(got.record, Record::NoticeShown(_))).count();
    assert_eq!(shown, 1);
}

#[test]
fn without_a_display_no_notice_counts_as_shown() {
    let chip = Chip::new(4, 8);
    let settings = Settings { display: false, ..Settings::default() };
    let mut device = block_on(Device::start(chip.handles(), settings, at(0))).unwrap();
    send(&mut device, at(0), &[Downlink::Notice(information(7))]);
    block_on(device.frame(at(10), &Car::default().motion(0.0, 800.0))).unwrap();
    assert!(device.may_show(at(10)));
    assert_eq!(device.display(at(10)), None);
    assert!(!collect(&mut device, at(10)).iter().any(|got| matches!(got.record, Record::NoticeShown(_))));
}

#[test]
fn a_silent_bus_has_a_dark_display() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    send(&mut device, at(0), &[Downlink::Notice(information(7))]);
    assert_eq!(device.display(at(1000)), None);
}

#[test]
fn an_answer_elsewhere_clears_the_car_and_the_same_notice_does_not_come_back() {
    let chip = Chip::new(4, 8);
    let car = Car::default();
    let mut device = chip.start(at(0));
    let id = NoticeId::information(3);
    let update = NoticeUpdate { id, state: NoticeState::Done };
    send(&mut device, at(0), &[Downlink::Notice(information(3)), Downlink::NoticeUpdate(update)]);
    assert_eq!(device.events(), Some(Event::NoticeUpdated { id, state: NoticeState::Done }));
    let mut device = chip.start(at(0));
    send(&mut device, at(0), &[Downlink::Notice(information(3))]);
    block_on(device.frame(at(10), &car.motion(0.0, 0.0))).unwrap();
    assert_eq!(device.display(at(10)), None);
    assert!(!block_on(device.answer(at(10), id, Answer::Done)).unwrap());
}

#[test]
fn a_snoozed_notice_returns_in_its_time_and_is_not_told_as_shown_again() {
    let chip = Chip::new(4, 8);
    let car = Car::default();
    let mut device = chip.start(at(0));
    let id = NoticeId::information(3);
    send(&mut device, at(0), &[Downlink::Notice(information(3))]);
    let stand = car.motion(0.0, 0.0);
    block_on(device.frame(at(1000), &stand)).unwrap();
    assert!(block_on(device.answer(at(2000), id, Answer::Snooze { days: 3 })).unwrap());
    assert_eq!(device.display(at(2000)), None);
    let later = 2000 + 3 * DAY_MS;
    block_on(device.frame(at(later), &stand)).unwrap();
    assert!(device.display(at(later)).is_some());
    let got = collect(&mut device, at(later));
    assert_eq!(got.iter().filter(|got| matches!(got.record, Record::NoticeShown(_))).count(), 1);
    assert_eq!(got.iter().filter(|got| matches!(got.record, Record::NoticeAnswered(_))).count(), 1);
}

#[test]
fn the_cloud_and_the_car_name_a_reminder_alike_and_a_new_cycle_clears_it() {
    let chip = Chip::new(4, 8);
    let car = Car::default();
    let mut device = chip.start(at(0));
    send(&mut device, at(0), &[Downlink::Plan(plan(1, 0, 20_000))]);
    let now = car.drive(&mut device, 1000, 30, 10.0, 30_100.0);
    let now = car.park(&mut device, now);
    block_on(device.frame(at(now), &car.motion(0.0, 0.0))).unwrap();
    let id = NoticeId::reminder(ItemId::ENGINE_OIL, 0, Level::Due);
    assert_eq!(device.display(at(now)).map(|notice| notice.id), Some(id));
    let mut worded = information(1);
    (worded.id, worded.item, worded.level) = (id, Some(ItemId::ENGINE_OIL), Some(Level::Due));
    send(&mut device, at(now), &[Downlink::Notice(worded)]);
    assert_eq!(device.display(at(now)).map(|notice| notice.title.as_str()), Some("Title"));
    send(&mut device, at(now), &[Downlink::Plan(plan(2, 1, 30_400))]);
    assert_eq!(device.display(at(now)), None);
}

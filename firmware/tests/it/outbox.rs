//! What leaves the car, in which order, and what happens when a lane is full.

use milepost_protocol::downlink::Receipt;
use milepost_protocol::notice::Answer;
use milepost_protocol::record::GapReason;
use milepost_protocol::{Downlink, MAX_ENVELOPE_LEN, Record};

use crate::car::{Car, Got, at, collect, information, receipt, send};
use crate::flash::{Chip, block_on};

fn numbers(got: &[Got]) -> Vec<u32> {
    got.iter().map(|got| got.number).collect()
}

#[test]
fn records_stay_until_a_receipt_names_them_and_come_again_when_the_link_breaks() {
    let chip = Chip::new(2, 4);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let now = car.drive(&mut device, 1000, 90, 15.0, 50_000.0);
    let now = at(car.park(&mut device, now));
    let first = collect(&mut device, now);
    assert!(first.len() >= 4, "{first:?}");
    assert_eq!(collect(&mut device, now), [], "nothing is sent twice over one link");
    device.link_lost();
    assert_eq!(collect(&mut device, now), first, "everything without a receipt is sent again");
    let (some, rest) = first.split_at(2);
    receipt(&mut device, now, some);
    device.link_lost();
    assert_eq!(collect(&mut device, now), rest);
    receipt(&mut device, now, rest);
    device.link_lost();
    assert_eq!(collect(&mut device, now), []);
    assert_eq!(device.status().stored, 0);
}

#[test]
fn a_receipt_for_something_else_removes_nothing() {
    let chip = Chip::new(2, 4);
    let mut device = chip.start(at(0));
    let before = device.status().stored;
    assert!(before > 0);
    receipt(
        &mut device,
        at(1000),
        &[Got { boot: 99, number: 0, at_ms: 0, record: collect(&mut chip.start(at(0)), at(0))[0].record.clone() }],
    );
    assert_eq!(device.status().stored, before);
}

#[test]
fn an_answer_travels_ahead_of_the_backlog() {
    let chip = Chip::new(2, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let mut now = 1000;
    for trip in 0..5 {
        now = car.drive(&mut device, now, 70, 15.0, 50_000.0 + 2_000.0 * f64::from(trip));
        now = car.park(&mut device, now);
    }
    send(&mut device, at(now), &[Downlink::Notice(information(1))]);
    assert!(block_on(device.answer(at(now), information(1).id, Answer::Done)).unwrap());
    let got = collect(&mut device, at(now));
    let answered = got.iter().position(|got| matches!(got.record, Record::NoticeAnswered(_))).unwrap();
    let trip = got.iter().position(|got| matches!(got.record, Record::TripStarted(_))).unwrap();
    assert!(answered < trip, "{got:?}");
}

#[test]
fn credit_limits_what_is_under_way_and_drops_nothing() {
    let chip = Chip::new(2, 16);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let mut now = 1000;
    for trip in 0..40 {
        now = car.drive(&mut device, now, 70, 15.0, 50_000.0 + 2_000.0 * f64::from(trip));
        now = car.park(&mut device, now);
    }
    let stop = Receipt { boot: 1, ranges: heapless::Vec::new(), now_ms: 0, credit: 0 };
    send(&mut device, at(now), &[Downlink::Receipt(stop.clone())]);
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    assert!(block_on(device.envelope(at(now), &mut buffer)).unwrap().is_none());
    send(&mut device, at(now), &[Downlink::Receipt(Receipt { credit: 1, ..stop })]);
    assert!(block_on(device.envelope(at(now), &mut buffer)).unwrap().is_some());
    assert!(block_on(device.envelope(at(now), &mut buffer)).unwrap().is_none());
    device.link_lost();
    let created = device.status().created;
    let mut all = numbers(&collect(&mut device, at(now)));
    all.sort_unstable();
    assert_eq!(all, (0..created).collect::<Vec<_>>());
}

#[test]
fn a_full_lane_gives_up_its_oldest_and_names_exactly_what_is_gone() {
    let chip = Chip::new(2, 2);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let mut now = 1000;
    for trip in 0..120 {
        now = car.drive(&mut device, now, 3, 15.0, 50_000.0 + 100.0 * f64::from(trip));
        now = car.park(&mut device, now);
    }
    let status = device.status();
    assert!(status.drops.records > 0);
    let mut got = Vec::new();
    loop {
        let more = collect(&mut device, at(now));
        if more.is_empty() {
            break;
        }
        receipt(&mut device, at(now), &more);
        got.extend(more);
    }
    let mut known: Vec<u32> = numbers(&got);
    for gap in &got {
        if let Record::Gap(gap) = gap.record {
            assert_eq!((gap.boot, gap.reason), (1, GapReason::FlashFull));
            known.extend(gap.first..gap.first + gap.count);
        }
    }
    known.sort_unstable();
    known.dedup();
    // A gap record can itself give way; the gap that names it takes over what it told.
    let missing: Vec<u32> = (0..status.created).filter(|number| !known.contains(number)).collect();
    assert!(missing.is_empty(), "{missing:?} of {}", status.created);
    assert!(known.contains(&(status.created - 1)));
}

#[test]
fn records_without_a_clock_say_how_old_they_are() {
    let chip = Chip::new(2, 2);
    let uptime = |uptime_ms| milepost_firmware::Now { uptime_ms, unix_ms: None };
    let mut device = chip.start(uptime(5_000));
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let bytes = block_on(device.envelope(uptime(65_000), &mut buffer)).unwrap().unwrap();
    let header = milepost_protocol::Envelope::parse(bytes).unwrap().header;
    assert_eq!(header.quality, milepost_protocol::envelope::ClockQuality::SinceBoot);
    assert_eq!((header.base_ms, header.age_ms), (5_000, Some(60_000)));
}

#[test]
fn what_a_region_holds_can_be_read_without_a_device() {
    let chip = Chip::new(2, 2);
    let device = chip.start(at(0));
    let mut found = Vec::new();
    for region in [chip.alerts.clone(), chip.bulk.clone()] {
        block_on(milepost_firmware::outbox::read_all(region, |stamp, _| found.push(stamp.id()))).unwrap();
    }
    assert_eq!(found.len() as u32, device.status().stored);
}

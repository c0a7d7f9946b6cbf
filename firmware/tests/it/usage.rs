//! Trips, counters and what they leave behind, through the whole core.

use std::collections::BTreeMap;

use milepost_firmware::signal::builtin;
use milepost_firmware::{Device, Frame, Settings};
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::record::{DistanceSource, TripEnd, TripEnded, Wheel};
use milepost_protocol::trouble::TroubleStatus;
use milepost_protocol::{Downlink, Record, SignalId};

use crate::car::{Car, Got, at, collect, receipt, send};
use crate::flash::{Chip, Region, block_on};

fn trips(got: &[Got]) -> Vec<TripEnded> {
    got.iter()
        .filter_map(|got| if let Record::TripEnded(trip) = &got.record { Some(trip.clone()) } else { None })
        .collect()
}

fn feed(device: &mut Device<Region>, uptime_ms: u64, frame: &Frame) {
    block_on(device.frame(at(uptime_ms), frame)).unwrap();
}

#[test]
fn a_trip_ends_a_minute_after_the_ignition_and_is_dated_back_to_it() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let off = car.drive(&mut device, 10_000, 600, 20.0, 80_000.0);
    let now = car.park(&mut device, off);
    let got = collect(&mut device, at(now));
    let [trip] = &trips(&got)[..] else { panic!("{got:?}") };
    assert_eq!((trip.end, trip.duration_ms), (TripEnd::Off, 600_000));
    assert_eq!((trip.source, trip.distance_m), (DistanceSource::Odometer, 599 * 20));
    assert_eq!((trip.engine_s, trip.idle_s, trip.max_speed_cmps), (600, 0, 2_000));
    assert_eq!(trip.odometer_m, Some(80_000 + 599 * 20));
    let ended = got.iter().find(|got| matches!(got.record, Record::TripEnded(_))).unwrap();
    assert_eq!(ended.at_ms, at(off).unix_ms.unwrap());
}

#[test]
fn a_short_stop_belongs_to_the_trip() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let stop = car.drive(&mut device, 1_000, 60, 20.0, 80_000.0);
    feed(&mut device, stop, &car.motion(0.0, 0.0));
    feed(&mut device, stop, &car.ignition(0.0));
    let now = car.drive(&mut device, stop + 50_000, 60, 20.0, 81_200.0);
    let now = car.park(&mut device, now);
    assert_eq!(trips(&collect(&mut device, at(now))).len(), 1);
}

#[test]
fn a_silent_bus_ends_the_trip_at_its_last_frame() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let now = car.drive(&mut device, 1_000, 100, 20.0, 80_000.0);
    block_on(device.tick(at(now + 3_600_000))).unwrap();
    let [trip] = &trips(&collect(&mut device, at(now)))[..] else { panic!() };
    assert_eq!((trip.end, trip.duration_ms), (TripEnd::Silence, 99_000));
}

#[test]
fn a_power_cut_in_a_trip_ends_it_from_the_ledger_and_costs_at_most_its_interval() {
    let chip = Chip::new(4, 8);
    let settings = Settings { ledger_every_ms: 10_000, ..Settings::default() };
    let mut device = block_on(Device::start(chip.handles(), settings, at(0))).unwrap();
    let car = Car::default();
    car.drive(&mut device, 1_000, 100, 20.0, 80_000.0);
    let before = device.status().counters;
    drop(device);
    let mut device = chip.start(at(0));
    let [trip] = &trips(&collect(&mut device, at(0)))[..] else { panic!() };
    assert_eq!(trip.end, TripEnd::PowerCut);
    let after = device.status().counters;
    assert!(before.distance_m - after.distance_m <= 200 + 20, "{before:?} {after:?}");
    assert_eq!(after.trips, 1);
}

#[test]
fn a_car_without_odometer_counts_by_its_speed_and_leaves_gaps_out() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    for second in 0..=100 {
        feed(&mut device, second * 1000, &car.motion(10.0, 1500.0));
    }
    for second in 130..=230 {
        feed(&mut device, second * 1000, &car.motion(10.0, 1500.0));
    }
    let counters = device.status().counters;
    assert_eq!(counters.distance_m, 1_980, "two stretches of 1,000 m by a speed that is believed to 99 %");
    assert!(!counters.odometer_anchored);
}

#[test]
fn the_odometer_teaches_the_speed_for_the_time_without_it() {
    let chip = Chip::new(4, 16);
    let mut device = chip.start(at(0));
    let car = Car::default();
    // The speed reads 5 % high.
    let mut now = 0;
    for second in 0..2_000_u64 {
        now = second * 1000;
        feed(&mut device, now, &car.motion(21.0, 1500.0));
        feed(&mut device, now, &car.odometer(50_000.0 + 20.0 * second as f64));
    }
    let before = device.status().counters.odometer_m;
    for second in 1..=100 {
        feed(&mut device, now + second * 1000, &car.motion(21.0, 1500.0));
    }
    let driven = device.status().counters.odometer_m - before;
    assert!(driven.abs_diff(2_000) < 25, "{driven}");
}

#[test]
fn a_cold_start_its_warming_up_and_the_starters_sag_are_told() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    feed(&mut device, 1_000, &car.conditions(12.5, -4.0, -2.0));
    feed(&mut device, 2_000, &car.ignition(2.0));
    feed(&mut device, 3_000, &car.ignition(3.0));
    feed(&mut device, 3_100, &car.conditions(9.6, -4.0, -2.0));
    feed(&mut device, 4_000, &car.motion(0.0, 900.0));
    for second in 0..200_u64 {
        let coolant = -2.0 + 0.5 * second as f64;
        feed(&mut device, 5_000 + second * 1000, &car.motion(10.0, 1800.0));
        feed(&mut device, 5_000 + second * 1000, &car.conditions(14.2, -4.0, coolant));
    }
    let now = car.park(&mut device, 210_000);
    let got = collect(&mut device, at(now));
    let [trip] = &trips(&got)[..] else { panic!("{got:?}") };
    assert_eq!((trip.coolant_start_c, trip.warmup_s), (Some(-2), Some(144)));
    let cranking =
        got.iter().find_map(|got| if let Record::Cranking(c) = got.record { Some(c) } else { None }).unwrap();
    assert_eq!((cranking.before_millivolts, cranking.min_millivolts), (12_500, 9_600));
    assert_eq!(cranking.outside_decicelsius, Some(-40));
    assert_eq!(device.status().counters.cold_starts, 1);
    let outside = got.iter().find_map(|got| match got.record {
        Record::SignalSummary(summary) if summary.signal == SignalId::OUTSIDE_TEMPERATURE => Some(summary.mean),
        _ => None,
    });
    assert_eq!(outside, Some(-4.0));
}

#[test]
fn the_battery_is_told_once_after_two_hours_of_rest() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let now = car.drive(&mut device, 1_000, 60, 20.0, 80_000.0);
    let parked = car.park(&mut device, now);
    for minutes in [30, 119, 150, 200] {
        feed(&mut device, parked + minutes * 60_000, &car.conditions(12.42, 3.0, 40.0));
    }
    let rests: Vec<_> = collect(&mut device, at(parked))
        .iter()
        .filter_map(|got| if let Record::BatteryRest(rest) = got.record { Some(rest) } else { None })
        .collect();
    let [rest] = &rests[..] else { panic!("{rests:?}") };
    assert_eq!(rest.millivolts, 12_420);
    assert!(rest.rested_s >= 7_200);
}

#[test]
fn trouble_codes_are_told_on_change_only_also_in_several_frames_and_across_restarts() {
    let chip = Chip::new(4, 8);
    let id = milepost_firmware::frame::unraw(0x7E8);
    let frames: Vec<Frame> =
        [[0x10, 0x0A, 0x43, 0x04, 0x01, 0x01, 0x02, 0x02], [0x21, 0x03, 0x03, 0x04, 0x04, 0xAA, 0xAA, 0xAA]]
            .iter()
            .map(|data| Frame::new(0, id, data).unwrap())
            .collect();
    // A restart may send a record again under its old identity, as the store expects.
    let mut told = BTreeMap::new();
    for start in 0..3 {
        let mut device = chip.start(at(start));
        for frame in &frames {
            feed(&mut device, start + 1, frame);
        }
        let got = collect(&mut device, at(start + 2));
        told.extend(got.iter().filter_map(|got| match got.record {
            Record::Trouble(trouble) => Some(((got.boot, got.number), (trouble.code.code, trouble.status))),
            _ => None,
        }));
        receipt(&mut device, at(start + 2), &got);
    }
    let confirmed = TroubleStatus::Confirmed;
    let told: Vec<_> = told.into_values().collect();
    assert_eq!(told, [(0x0101, confirmed), (0x0202, confirmed), (0x0303, confirmed), (0x0404, confirmed)]);
}

#[test]
fn a_wheel_is_told_once_a_trip_and_refuelling_when_it_happened() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let mut now = 1_000;
    for level in [0.30, 0.85] {
        for second in 0..120_u64 {
            let at_ms = now + second * 1000;
            feed(&mut device, at_ms, &car.ignition(2.0));
            feed(&mut device, at_ms, &car.motion(10.0, 1500.0));
            feed(&mut device, at_ms, &car.frame(builtin::ENERGY, &[(SignalId::FUEL_LEVEL, level)]));
            let tyre = [
                (SignalId::TYRE_PRESSURE_FRONT_LEFT, 240_000.0),
                (SignalId::TYRE_TEMPERATURE_FRONT_LEFT, 20.0),
                (SignalId::TYRE_SENSOR_FRONT_LEFT, 4711.0),
            ];
            feed(&mut device, at_ms, &car.frame(builtin::TYRES, &tyre));
        }
        now = car.park(&mut device, now + 120_000);
    }
    let got = collect(&mut device, at(now));
    let tyres: Vec<_> = got
        .iter()
        .filter_map(|got| if let Record::TyreSample(tyre) = got.record { Some(tyre) } else { None })
        .collect();
    assert_eq!(tyres.len(), 2, "{tyres:?}");
    assert_eq!((tyres[0].wheel, tyres[0].pressure_pa, tyres[0].sensor), (Wheel::FrontLeft, 240_000, Some(4711)));
    let filled: Vec<_> = got
        .iter()
        .filter_map(|got| if let Record::Refuelled(filled) = got.record { Some(filled) } else { None })
        .collect();
    let [filled] = &filled[..] else { panic!("{filled:?}") };
    assert!(!filled.electric && (filled.before - 0.3).abs() < 0.01 && (filled.after - 0.85).abs() < 0.01);
}

#[test]
fn an_electric_car_drives_trips_and_counts_its_energy() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    for second in 0..=360_u64 {
        feed(&mut device, second * 1000, &car.ignition(2.0));
        feed(&mut device, second * 1000, &car.motion(20.0, 0.0));
        let power = [(SignalId::TRACTION_POWER, -18_000.0), (SignalId::FUEL_RATE, 0.0)];
        feed(&mut device, second * 1000, &car.frame(builtin::FLOW, &power));
    }
    let now = car.park(&mut device, 361_000);
    let [trip] = &trips(&collect(&mut device, at(now)))[..] else { panic!() };
    assert_eq!((trip.energy_wh, trip.engine_s, trip.fuel_ml), (1_800, 0, 0));
}

#[test]
fn without_consent_nothing_is_sampled_or_recorded() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let none = Consent { version: 5, purposes: Purposes::default() };
    send(&mut device, at(0), &[Downlink::Consent(none)]);
    let before = device.status().created;
    let car = Car::default();
    let now = car.drive(&mut device, 1_000, 120, 20.0, 80_000.0);
    let now = car.park(&mut device, now);
    let status = device.status();
    assert_eq!((status.created, status.signals.len()), (before, 0));
    assert!(status.drops.consent > 0);
    assert_eq!(status.counters.distance_m, 0);
    let _ = now;
}

#[test]
fn damaged_readings_are_counted_and_move_nothing() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    let car = Car::default();
    let now = car.drive(&mut device, 1_000, 10, 20.0, 80_000.0);
    let before = device.status().counters;
    let broken = Frame::new(0, milepost_firmware::frame::unraw(builtin::ODOMETER), &[0xFF; 8]).unwrap();
    feed(&mut device, now, &broken);
    feed(&mut device, now, &car.odometer(0.0));
    feed(&mut device, now, &car.odometer(1_000.0));
    assert_eq!(device.status().drops.invalid_values, 3);
    assert_eq!(device.status().counters.odometer_m, before.odometer_m);
}

//! When a device sleeps, what wakes it, and what a parked day costs.

use milepost_firmware::power::*;
use milepost_protocol::record::ParkedDay;
use proptest::prelude::*;

use crate::car::{Car, at, collect};
use crate::flash::{Chip, block_on};

const REST_MV: u16 = 12_600;

/// A parked car: nothing happens, nothing waits.
fn quiet() -> Senses {
    Senses { battery_mv: Some(REST_MV), ..Senses::default() }
}

/// Steps through time as a host does, asking again when it was told to; answers the uptime when it first sleeps.
fn until_asleep(policy: &mut Policy, mut now_ms: u64, senses: Senses) -> u64 {
    loop {
        let leave = policy.step(now_ms, senses);
        if leave.sleep {
            return now_ms;
        }
        now_ms = leave.until_ms;
    }
}

/// Lets `for_ms` pass; answers when and why the device woke.
fn pass(policy: &mut Policy, from_ms: u64, for_ms: u64, senses: Senses) -> Vec<(u64, Wake)> {
    let (mut now_ms, mut wakes) = (from_ms, Vec::new());
    let mut asleep = true;
    while now_ms < from_ms + for_ms {
        let leave = policy.step(now_ms, senses);
        if let (State::Parked { wake, .. }, true) = (policy.state(), asleep) {
            wakes.push((now_ms, wake));
        }
        asleep = leave.sleep;
        now_ms = leave.until_ms;
    }
    wakes
}

#[test]
fn polling_stops_within_a_minute_of_the_last_sign_of_life_and_sleep_follows() {
    let mut policy = Policy::new(Draw::TYPICAL, 0);
    let off = Senses { on_ms: Some(100_000), bus_ms: Some(100_000), ..quiet() };
    assert!(policy.step(100_000, off).poll);
    let polling = (100..=400).map(|second| second * 1_000).filter(|&now_ms| policy.step(now_ms, off).poll).max();
    assert!(polling.is_some_and(|last_ms| last_ms <= 160_000), "{polling:?}");
    assert!(matches!(policy.state(), State::Asleep { .. }));
}

#[test]
fn what_waits_keeps_a_parked_device_awake_for_a_while_and_no_longer() {
    for (waiting, limit_ms) in [(0, SLEEP_AFTER_MS), (7, LINGER_MS)] {
        let mut policy = Policy::new(Draw::TYPICAL, 0);
        assert_eq!(until_asleep(&mut policy, 0, Senses { waiting, ..quiet() }), limit_ms, "{waiting} waiting");
    }
}

#[test]
fn a_device_that_is_held_awake_sleeps_only_after_what_came_of_it_was_sent() {
    let mut policy = Policy::new(Draw::TYPICAL, 0);
    let (held, told) = (Senses { held: true, ..quiet() }, Senses { waiting: 1, ..quiet() });
    assert!((0..600).all(|second| policy.step(second * 1_000, held).uplink));
    let since_ms = 599_000;
    assert_eq!(until_asleep(&mut policy, since_ms, told), since_ms + LINGER_MS);
    assert!(policy.step(since_ms + LINGER_MS + 1_000, held).sleep, "it wakes no device that sleeps");
}

#[test]
fn each_reason_wakes_only_beyond_its_band() {
    let table = [
        (Senses { bus_ms: Some(70_000), ..quiet() }, Some(Wake::Bus)),
        (Senses { battery_mv: Some(REST_MV - STEP_MV), ..quiet() }, Some(Wake::Voltage)),
        (Senses { battery_mv: Some(REST_MV - STEP_MV + 1), ..quiet() }, None),
        (Senses { battery_mv: Some(CHARGED_MV), ..quiet() }, Some(Wake::Voltage)),
        (Senses { battery_mv: Some(RESTING_MV - 1), ..quiet() }, None),
        (quiet(), None),
        (Senses { waiting: 9, ..quiet() }, None),
    ];
    for (senses, expected) in table {
        let mut policy = Policy::new(Draw::TYPICAL, 0);
        let asleep_ms = until_asleep(&mut policy, 0, quiet());
        policy.step(asleep_ms.max(70_000) + 1_000, senses);
        let woke = match policy.state() {
            State::Parked { wake, .. } => Some(wake),
            _ => None,
        };
        assert_eq!(woke, expected, "{senses:?}");
    }
}

#[test]
fn a_battery_that_sags_slowly_wakes_nothing() {
    let mut policy = Policy::new(Draw::TYPICAL, 0);
    let mut now_ms = until_asleep(&mut policy, 0, quiet());
    for fallen in 0..600 {
        let leave = policy.step(now_ms, Senses { battery_mv: Some(REST_MV - fallen), ..quiet() });
        if let State::Parked { wake, .. } = policy.state() {
            assert_eq!(wake, Wake::Window);
        }
        now_ms = leave.until_ms;
    }
}

#[test]
fn a_parked_day_opens_four_windows_stays_in_its_budget_and_tells_its_cost() {
    let mut policy = Policy::new(Draw::TYPICAL, 0);
    let asleep_ms = until_asleep(&mut policy, 0, quiet());
    let day_ms = 86_400_000;
    let wakes = pass(&mut policy, asleep_ms, day_ms, quiet());
    assert_eq!(wakes.iter().map(|(_, wake)| *wake).collect::<Vec<_>>(), [Wake::Window; 3]);
    pass(&mut policy, asleep_ms + day_ms, 60_000, quiet());
    let spent = policy.last_day().unwrap();
    assert_eq!(policy.last_day(), None, "a day is told once");
    assert_eq!((spent.wakes, spent.budget_uah), (3, Draw::TYPICAL.budget_uah_per_day));
    // 24 h at 1 mA, and four windows of half a minute at 80 mA.
    assert!((24_000..=Draw::TYPICAL.budget_uah_per_day).contains(&spent.spent_uah), "{spent:?}");
}

#[test]
fn a_low_battery_is_spared_until_it_has_recovered() {
    let mut policy = Policy::new(Draw::TYPICAL, 0);
    let low = Senses { battery_mv: Some(LOW_MV - 1), ..quiet() };
    let asleep_ms = until_asleep(&mut policy, 0, low);
    let day_ms = 86_400_000;
    assert_eq!(pass(&mut policy, asleep_ms, day_ms - 60_000, low), []);
    for (step, millivolts) in (0..).zip([LOW_MV + 150, RECOVERED_MV - 1, RECOVERED_MV]) {
        let senses = Senses { battery_mv: Some(millivolts), ..quiet() };
        let leave = policy.step(asleep_ms + day_ms - 60_000 + step, senses);
        let woke = matches!(policy.state(), State::Parked { wake: Wake::Window, .. });
        assert_eq!((woke, leave.sleep), (millivolts >= RECOVERED_MV, millivolts < RECOVERED_MV), "{millivolts} mV");
    }
}

#[test]
fn a_car_is_parked_only_when_its_trip_has_ended_and_nothing_says_that_it_is_on() {
    let chip = Chip::new(4, 8);
    let (car, mut device) = (Car::default(), chip.start(at(0)));
    assert!(device.is_parked(at(0)), "a car of which nothing was heard is not driving");
    block_on(device.frame(at(1_000), &car.ignition(2.0))).unwrap();
    assert!(!device.is_parked(at(2_000)));
    let arrived_ms = car.drive(&mut device, 2_000, 300, 15.0, 1_000_000.0);
    assert!(!device.is_parked(at(arrived_ms)));
    let parked_ms = car.park(&mut device, arrived_ms);
    assert!(device.is_parked(at(parked_ms)));
}

#[test]
fn what_a_parked_day_took_reaches_the_cloud() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    assert_eq!(device.senses(Some(REST_MV)), Senses { waiting: 1, ..quiet() });
    let day = ParkedDay { spent_uah: 26_000, budget_uah: 50_000, wakes: 4 };
    block_on(device.parked_day(at(86_400_000), day)).unwrap();
    let told = collect(&mut device, at(86_400_000)).into_iter().any(|got| got.record == day.into());
    assert!(told);
}

proptest! {
    #[test]
    fn whatever_is_seen_a_sleeping_device_neither_polls_nor_sends_and_time_goes_on(
        events in proptest::collection::vec(
            (
                0_u64..7_200_000,
                proptest::option::of(0_u64..60_000),
                proptest::option::of(9_000_u16..15_000),
                0_u32..3,
                any::<[bool; 2]>(),
            ),
            1..200,
        ),
    ) {
        let mut policy = Policy::new(Draw::TYPICAL, 0);
        let (mut now_ms, mut on_ms, mut spent) = (0, None, 0_u64);
        for (pause_ms, bus_age_ms, battery_mv, waiting, [on, held]) in events {
            now_ms += pause_ms;
            if on {
                on_ms = Some(now_ms);
            }
            let bus_ms = bus_age_ms.map(|age_ms| now_ms.saturating_sub(age_ms));
            let leave = policy.step(now_ms, Senses { on_ms, bus_ms, battery_mv, waiting, held });
            prop_assert!(leave.until_ms > now_ms);
            prop_assert!(!leave.sleep || !(leave.poll || leave.uplink));
            prop_assert_eq!(leave.sleep, matches!(policy.state(), State::Asleep { .. }));
            prop_assert!(!leave.poll || on_ms.is_some_and(|on_ms| now_ms - on_ms < 60_000));
            if on {
                spent = 0;
            }
            let today = u64::from(policy.spent_uah());
            prop_assert!(today >= spent || today * 3_600_000 <= 86_400_000 * 80_000, "{today} after {spent}");
            spent = today;
        }
    }
}

//! The fold as a whole: whatever a device sends, in whatever order.

use std::vec;
use std::vec::Vec;

use milepost_protocol::SignalId;
use milepost_protocol::ids::NoticeId;
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{ItemId, Level};
use milepost_protocol::record::*;
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use proptest::prelude::*;

use super::*;
use crate::battery::SETTLED_AFTER_S;
use crate::numbers::Received;

const START_MS: u64 = 1_700_000_000_000;

fn at(second: u64) -> Times {
    Times { measured_at_ms: START_MS + second * 1_000, received_at_ms: START_MS + second * 1_000 + 40 }
}

fn tell(state: &mut VehicleState, second: u64, record: impl Into<Record>) {
    state.apply(1, at(second), &record.into());
}

#[test]
fn counters_and_battery_become_what_maintenance_asks_for() {
    let mut state = VehicleState::default();
    let counters = Counters {
        odometer_m: 50_000_000,
        odometer_anchored: true,
        engine_s: 900,
        fuel_ml: 4_000,
        ..Counters::default()
    };
    tell(&mut state, 1, counters);
    for second in 2..5 {
        tell(
            &mut state,
            second,
            BatteryRest { millivolts: 12_100, rested_s: SETTLED_AFTER_S, outside_decicelsius: None },
        );
    }
    let usage = state.usage();
    assert_eq!((usage.odometer_m, usage.engine_s, usage.fuel_ml), (Some(50_000_000), 900, 4_000));
    assert_eq!(usage.battery.rest_mv, Some(12_100));
    state.battery_fitted();
    assert_eq!(state.usage().battery.rest_mv, None, "a new battery is not judged by the old one's nights");
}

#[test]
fn a_late_value_does_not_replace_a_newer_one() {
    let mut state = VehicleState::default();
    tell(&mut state, 100, SignalChange { signal: SignalId::FUEL_LEVEL, value: 0.4 });
    tell(&mut state, 50, SignalChange { signal: SignalId::FUEL_LEVEL, value: 0.9 });
    assert_eq!(state.signal(SignalId::FUEL_LEVEL).map(|known| known.value), Some(0.4));
}

#[test]
fn a_clock_that_runs_ahead_or_is_not_set_is_not_believed() {
    let received_at_ms = START_MS;
    for measured_at_ms in [0, START_MS + 90 * 86_400_000] {
        let mut state = VehicleState::default();
        let change = SignalChange { signal: SignalId::FUEL_LEVEL, value: 0.4 };
        state.apply(1, Times { measured_at_ms, received_at_ms }, &change.into());
        assert_eq!(state.last_measured_ms, received_at_ms);
        tell(&mut state, 10, SignalChange { signal: SignalId::FUEL_LEVEL, value: 0.3 });
        assert_eq!(state.signal(SignalId::FUEL_LEVEL).map(|known| known.value), Some(0.3), "the next value is newer");
    }
}

#[test]
fn a_trouble_code_is_one_entry_through_all_its_states() {
    let mut state = VehicleState::default();
    let trouble =
        |status, ecu| Trouble { code: TroubleCode { code: 0x0301, failure_type: None }, status, ecu, odometer_m: None };
    tell(&mut state, 1, trouble(TroubleStatus::Pending, 0x7E8));
    tell(&mut state, 9, trouble(TroubleStatus::Confirmed, 0x7E8));
    tell(&mut state, 5, trouble(TroubleStatus::Cleared, 0x7E8));
    assert_eq!(state.troubles.len(), 1);
    assert_eq!(
        (state.troubles[0].status, state.troubles[0].first_ms),
        (TroubleStatus::Confirmed, at(1).measured_at_ms)
    );
    tell(&mut state, 10, trouble(TroubleStatus::Pending, 0x7E9));
    assert_eq!(state.troubles.len(), 2, "another control unit's code is another");
}

#[test]
fn codes_that_stand_outlast_codes_that_were_cleared() {
    let mut state = VehicleState::default();
    for code in 0..100 {
        let status = if code == 0 { TroubleStatus::Confirmed } else { TroubleStatus::Cleared };
        tell(
            &mut state,
            code.into(),
            Trouble { code: TroubleCode { code, failure_type: None }, status, ecu: 1, odometer_m: None },
        );
    }
    assert!(state.troubles.len() <= 64);
    assert!(state.troubles.iter().any(|known| known.code.code == 0));
}

#[test]
fn what_was_lost_is_counted_and_shown() {
    let mut state = VehicleState::default();
    tell(&mut state, 1, Gap { boot: 1, first: 5, count: 42, reason: GapReason::FlashFull });
    assert_eq!((state.lost_records, state.losses[0].count), (42, 42));
}

#[test]
fn an_older_start_told_late_does_not_hide_the_newest() {
    let boot = |table| Record::from(Boot { reason: ResetReason::PowerOn, firmware: [1, 2, 3], newest: None, table });
    let mut state = VehicleState::default();
    state.apply(7, at(1), &boot(7));
    state.apply(6, at(2), &boot(6));
    assert_eq!(state.boot.map(|known| (known.boot, known.table)), Some((7, 7)));
}

#[test]
fn a_persons_correction_is_the_one_way_down() {
    let mut state = VehicleState::default();
    tell(&mut state, 1, Counters { odometer_m: 90_000_000, odometer_anchored: true, ..Counters::default() });
    state.correct_odometer(80_000_000, START_MS + 5_000);
    assert_eq!(state.usage().odometer_m, Some(80_000_000));
}

#[test]
fn numbers_that_json_cannot_carry_are_counted_and_left_out() {
    let mut state = VehicleState::default();
    tell(&mut state, 1, SignalChange { signal: SignalId::FUEL_LEVEL, value: f32::NAN });
    tell(&mut state, 1, Refuelled { before: 0.1, after: f32::INFINITY, electric: false });
    assert_eq!((state.totals.rejected.not_finite, state.signals.len(), state.refuels.len()), (2, 0, 0));
}

#[test]
fn an_older_document_reads_as_far_as_it_goes() {
    assert_eq!(serde_json::from_str::<VehicleState>("{}").expect("all has a default"), VehicleState::default());
    let text = r#"{"totals":{"engine_s":5},"signals":{"2":{"value":1.5}},"added_by_a_newer_release":[1]}"#;
    let state = serde_json::from_str::<VehicleState>(text).expect("what is missing has a default");
    assert_eq!((state.totals.engine_s, state.signals[&SignalId::SPEED].value), (5, 1.5));
}

fn any_record() -> impl Strategy<Value = Record> {
    let wheel =
        prop_oneof![Just(Wheel::FrontLeft), Just(Wheel::FrontRight), Just(Wheel::RearLeft), Just(Wheel::RearRight)];
    let status =
        prop_oneof![Just(TroubleStatus::Pending), Just(TroubleStatus::Confirmed), Just(TroubleStatus::Cleared)];
    let float = || prop_oneof![-50f32..50.0, prop::num::f32::ANY];
    let signal =
        || prop_oneof![Just(SignalId::OUTSIDE_TEMPERATURE), Just(SignalId::ODOMETER), any::<u16>().prop_map(SignalId)];
    prop_oneof![
        (any::<u32>(), any::<u32>()).prop_map(|(number, table)| {
            let newest = Some(milepost_protocol::RecordId { boot: number, number });
            Boot { reason: ResetReason::Watchdog, firmware: [0, 0, 1], newest, table }.into()
        }),
        (0u32..4, any::<Option<u32>>(), any::<Option<i16>>()).prop_map(|(trip, odometer_m, outside_decicelsius)| {
            TripStarted { trip, odometer_m, outside_decicelsius }.into()
        }),
        (0u32..4, any::<u64>(), any::<Option<u32>>(), any::<bool>()).prop_map(
            |(trip, duration_ms, odometer_m, cut)| {
                TripEnded {
                    trip,
                    duration_ms,
                    distance_m: u32::MAX,
                    source: DistanceSource::Unknown,
                    max_speed_cmps: u16::MAX,
                    idle_s: 0,
                    engine_s: 0,
                    fuel_ml: 0,
                    energy_wh: 0,
                    coolant_start_c: None,
                    warmup_s: None,
                    odometer_m,
                    end: if cut { TripEnd::PowerCut } else { TripEnd::Off },
                }
                .into()
            }
        ),
        (any::<u32>(), any::<bool>(), any::<u32>()).prop_map(|(odometer_m, odometer_anchored, engine_s)| {
            Counters { odometer_m, odometer_anchored, engine_s, ..Counters::default() }.into()
        }),
        (signal(), float()).prop_map(|(signal, value)| SignalChange { signal, value }.into()),
        (signal(), any::<u32>(), float()).prop_map(|(signal, span_s, mean)| {
            SignalSummary { signal, span_s, count: 1, min: mean, mean, max: mean }.into()
        }),
        (any::<u16>(), status, any::<u32>()).prop_map(|(code, status, ecu)| {
            Trouble { code: TroubleCode { code, failure_type: None }, status, ecu, odometer_m: None }.into()
        }),
        (any::<u16>(), any::<u32>(), any::<Option<i16>>()).prop_map(|(millivolts, rested_s, outside_decicelsius)| {
            BatteryRest { millivolts, rested_s, outside_decicelsius }.into()
        }),
        (any::<u16>(), any::<Option<i16>>()).prop_map(|(min_millivolts, outside_decicelsius)| {
            Cranking { before_millivolts: 12_000, min_millivolts, duration_ms: 700, outside_decicelsius }.into()
        }),
        (wheel, any::<Option<u32>>(), any::<Option<i16>>()).prop_map(|(wheel, sensor, outside_decicelsius)| {
            TyreSample { wheel, pressure_pa: 1, air_decicelsius: None, outside_decicelsius, sensor }.into()
        }),
        (any::<u32>(), any::<u32>())
            .prop_map(|(first, count)| { Gap { boot: 1, first, count, reason: GapReason::Corrupt }.into() }),
        (float(), float()).prop_map(|(before, after)| Refuelled { before, after, electric: true }.into()),
        any::<u32>().prop_map(|command| CommandResult { command, outcome: CommandOutcome::Done }.into()),
        any::<u64>().prop_map(|id| NoticeShown { notice: NoticeId(id) }.into()),
        any::<u64>().prop_map(|id| NoticeAnswered { notice: NoticeId(id), answer: Answer::Done, odometer_m: 0 }.into()),
        any::<u32>().prop_map(|cycle| NoticeRaised { item: ItemId(1), cycle, level: Level::Due, odometer_m: 0 }.into()),
        Just(LogChunk { level: LogLevel::Warn, text: heapless::String::new() }.into()),
        any::<u16>().prop_map(|kind| Record::Unknown(Unknown { kind, body: heapless::Vec::new() })),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_is_folded_stored_and_read_back(
        records in prop::collection::vec((0u32..3, prop_oneof![any::<u64>(), START_MS..START_MS * 2], any_record()), 0..80),
    ) {
        let mut state = VehicleState::default();
        for (boot, measured_at_ms, record) in &records {
            let before = (state.totals.odometer_m, state.totals.engine_s);
            state.apply(*boot, Times { measured_at_ms: *measured_at_ms, received_at_ms: START_MS }, record);
            prop_assert!((state.totals.odometer_m, state.totals.engine_s.max(before.1)) >= before);
            prop_assert!(state.totals.engine_s >= before.1);
        }
        let text = serde_json::to_string(&state).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<VehicleState>(&text).expect("what was written"), state);
    }

    #[test]
    fn a_record_that_comes_again_changes_nothing(
        records in prop::collection::vec(any_record(), 1..40), again in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let (mut once, mut twice, mut received) = (VehicleState::default(), VehicleState::default(), Received::default());
        let mut repeats = again.iter();
        for (number, record) in records.iter().enumerate() {
            once.apply(1, at(number as u64), record);
            let earlier = repeats.next().map(|index| index.index(number + 1));
            for number in [Some(number), earlier, Some(number)].into_iter().flatten() {
                if received.insert(1, number as u32) {
                    twice.apply(1, at(number as u64), &records[number]);
                }
            }
        }
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_to_counters(reads in prop::collection::vec(1u32..100_000, 1..30)) {
        let fold = |reads: Vec<u32>| {
            let mut state = VehicleState::default();
            for engine_s in reads {
                tell(&mut state, engine_s.into(), Counters { odometer_m: 50_000_000 + engine_s, odometer_anchored: true, engine_s, ..Counters::default() });
            }
            state.usage()
        };
        prop_assert_eq!(fold(reads.iter().copied().rev().collect()), fold(reads));
    }
}

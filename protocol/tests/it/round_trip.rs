//! Whatever is written reads as it was, and no bytes at all make a decoder panic.

use heapless::{String as Text, Vec as Bounded};
use milepost_protocol::collection::EncodedPlan;
use milepost_protocol::downlink::{Command, Consent, Downlink, NoticeUpdate, Purposes, Range, Receipt, Task};
use milepost_protocol::envelope::{ClockQuality, Header};
use milepost_protocol::ids::{NoticeId, RecordId};
use milepost_protocol::notice::{Answer, NoticeState, Surface};
use milepost_protocol::plan::{ItemId, Level};
use milepost_protocol::record::*;
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use milepost_protocol::update::{
    Health, Refusal, SignedManifest, UpdateChunk, UpdateOffer, UpdateReport, UpdateState, Version, Window,
};
use milepost_protocol::{DeviceId, Envelope, EnvelopeWriter, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, SignalId, topics};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::vectors::{encode, encode_down};
use crate::{cases, oracle};

fn level() -> impl Strategy<Value = Level> {
    select(vec![Level::Scheduled, Level::Upcoming, Level::Due, Level::Overdue])
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        any::<u16>().prop_map(|days| Answer::Snooze { days }),
        select(vec![Answer::Book, Answer::Done, Answer::Refuse]),
    ]
}

fn boot() -> impl Strategy<Value = Record> {
    use ResetReason::{Fault, PowerOn, Software, Unknown, Watchdog};
    let reason = select(vec![PowerOn, Watchdog, Software, Fault, Unknown]);
    let newest = of((any::<u32>(), any::<u32>()).prop_map(|(boot, number)| RecordId { boot, number }));
    (reason, any::<[u16; 3]>(), newest, any::<u32>())
        .prop_map(|(reason, firmware, newest, table)| Boot { reason, firmware, newest, table }.into())
}

fn trip_ended() -> impl Strategy<Value = Record> {
    use DistanceSource::{ObdOdometer, Odometer, SpeedIntegral, Unknown};
    let source = select(vec![Odometer, ObdOdometer, SpeedIntegral, Unknown]);
    let end = select(vec![TripEnd::Off, TripEnd::Silence, TripEnd::PowerCut, TripEnd::InputEnded]);
    let measured = (any::<u32>(), any::<u64>(), any::<u32>(), any::<u16>(), any::<[u32; 4]>());
    let known = (of(any::<i16>()), of(any::<u32>()), of(any::<u32>()));
    (measured, known, source, end).prop_map(
        |(
            (trip, duration_ms, distance_m, max_speed_cmps, rest),
            (coolant_start_c, warmup_s, odometer_m),
            source,
            end,
        )| {
            let [idle_s, engine_s, fuel_ml, energy_wh] = rest;
            TripEnded {
                trip,
                duration_ms,
                distance_m,
                source,
                max_speed_cmps,
                idle_s,
                engine_s,
                fuel_ml,
                energy_wh,
                coolant_start_c,
                warmup_s,
                odometer_m,
                end,
            }
            .into()
        },
    )
}

fn counters() -> impl Strategy<Value = Record> {
    (any::<[u32; 9]>(), any::<bool>()).prop_map(|(numbers, odometer_anchored)| {
        let [odometer_m, distance_m, engine_s, idle_s, fuel_ml, energy_wh, trips, cold_starts, short_trips] = numbers;
        Counters {
            odometer_m,
            odometer_anchored,
            distance_m,
            engine_s,
            idle_s,
            fuel_ml,
            energy_wh,
            trips,
            cold_starts,
            short_trips,
        }
        .into()
    })
}

fn trouble() -> impl Strategy<Value = Record> {
    use TroubleStatus::{Cleared, Confirmed, Pending, Permanent};
    let status = select(vec![Pending, Confirmed, Permanent, Cleared]);
    (any::<u16>(), of(any::<u8>()), status, any::<u32>(), of(any::<u32>())).prop_map(
        |(code, failure_type, status, ecu, odometer_m)| {
            Trouble { code: TroubleCode { code, failure_type }, status, ecu, odometer_m }.into()
        },
    )
}

fn tyre_sample() -> impl Strategy<Value = Record> {
    let wheel = select(vec![Wheel::FrontLeft, Wheel::FrontRight, Wheel::RearLeft, Wheel::RearRight]);
    (wheel, any::<u32>(), of(any::<i16>()), of(any::<i16>()), of(any::<u32>())).prop_map(
        |(wheel, pressure_pa, air_decicelsius, outside_decicelsius, sensor)| {
            TyreSample { wheel, pressure_pa, air_decicelsius, outside_decicelsius, sensor }.into()
        },
    )
}

fn log_chunk() -> impl Strategy<Value = Record> {
    let level = select(vec![LogLevel::Error, LogLevel::Warn, LogLevel::Info]);
    (level, "\\PC{0,30}").prop_map(|(level, text)| {
        LogChunk { level, text: Text::try_from(text.as_str()).expect("thirty characters are at most 120 bytes") }.into()
    })
}

fn settings() -> impl Strategy<Value = DeviceSettings> {
    let level = select(vec![LogLevel::Error, LogLevel::Warn, LogLevel::Info]);
    (any::<u32>(), level, any::<u32>(), any::<bool>()).prop_map(
        |(version, log_level, counters_every_s, local_reminders)| DeviceSettings {
            version,
            log_level,
            counters_every_s,
            local_reminders,
        },
    )
}

fn version() -> impl Strategy<Value = Version> {
    any::<[u16; 3]>().prop_map(Version)
}

fn update_report() -> impl Strategy<Value = Record> {
    use Refusal::{BelowFloor, Board, BootLoader, Hash, Length, Manifest, NotNewer, OnTrial, Signature};
    let refusal = select(vec![Signature, Manifest, Board, NotNewer, BelowFloor, Length, Hash, BootLoader, OnTrial]);
    let state = prop_oneof![
        refusal.prop_map(UpdateState::Refused),
        any::<u32>().prop_map(UpdateState::Receiving),
        select(vec![ResetReason::Watchdog, ResetReason::Fault]).prop_map(UpdateState::Reverted),
        select(vec![
            UpdateState::Verified,
            UpdateState::Installed,
            UpdateState::OnTrial,
            UpdateState::Confirmed,
            UpdateState::Withdrawn,
        ]),
    ];
    (any::<u32>(), version(), state).prop_map(|(update, version, state)| UpdateReport { update, version, state }.into())
}

fn health() -> impl Strategy<Value = Record> {
    let measured = (any::<[u32; 3]>(), any::<u16>(), of(any::<u16>()));
    ("[a-z0-9-]{0,24}", version(), measured).prop_map(|(board, version, (numbers, resets, current_ma))| {
        let board = Text::try_from(board.as_str()).expect("24 characters are the longest name of a board");
        let [uptime_s, reconnect_ms, backlog] = numbers;
        Health { board, version, uptime_s, reconnect_ms, resets, backlog, current_ma }.into()
    })
}

fn offer() -> impl Strategy<Value = UpdateOffer> {
    let image = (vec(any::<u8>(), 0..=192), any::<[[u8; 32]; 2]>()).prop_map(|(manifest, signature)| SignedManifest {
        manifest: Bounded::from_slice(&manifest).expect("192 bytes are a manifest's longest"),
        signature,
    });
    let window = (any::<u16>(), any::<u16>()).prop_map(|(from_minute, minutes)| Window { from_minute, minutes });
    (any::<u32>(), of(image), of(window)).prop_map(|(update, image, window)| UpdateOffer { update, image, window })
}

fn record() -> impl Strategy<Value = Record> {
    use CommandOutcome::{Done, Expired, HashMismatch, OutOfOrder, TableInvalid, Unsupported};
    let value = || -1e9_f32..1e9;
    let signal = || any::<u16>().prop_map(SignalId);
    let gap_reason = select(vec![GapReason::FlashFull, GapReason::Overflow, GapReason::Corrupt]);
    let outcome = select(vec![Done, Expired, Unsupported, HashMismatch, TableInvalid, OutOfOrder]);
    prop_oneof![
        boot(),
        (any::<u32>(), of(any::<u32>()), of(any::<i16>())).prop_map(|(trip, odometer_m, outside_decicelsius)| {
            TripStarted { trip, odometer_m, outside_decicelsius }.into()
        }),
        trip_ended(),
        counters(),
        (signal(), value()).prop_map(|(signal, value)| SignalChange { signal, value }.into()),
        (signal(), any::<u32>(), any::<u32>(), value(), value(), value()).prop_map(
            |(signal, span_s, count, min, mean, max)| SignalSummary { signal, span_s, count, min, mean, max }.into()
        ),
        trouble(),
        (any::<u16>(), any::<u32>(), of(any::<i16>())).prop_map(|(millivolts, rested_s, outside_decicelsius)| {
            BatteryRest { millivolts, rested_s, outside_decicelsius }.into()
        }),
        (any::<[u16; 3]>(), of(any::<i16>())).prop_map(|(numbers, outside_decicelsius)| {
            let [before_millivolts, min_millivolts, duration_ms] = numbers;
            Cranking { before_millivolts, min_millivolts, duration_ms, outside_decicelsius }.into()
        }),
        tyre_sample(),
        (any::<u16>(), any::<u32>(), level(), any::<u32>()).prop_map(|(item, cycle, level, odometer_m)| {
            NoticeRaised { item: ItemId(item), cycle, level, odometer_m }.into()
        }),
        any::<u64>().prop_map(|id| NoticeShown { notice: NoticeId(id) }.into()),
        (any::<u64>(), answer(), any::<u32>()).prop_map(|(id, answer, odometer_m)| {
            NoticeAnswered { notice: NoticeId(id), answer, odometer_m }.into()
        }),
        (any::<[u32; 3]>(), gap_reason)
            .prop_map(|([boot, first, count], reason)| { Gap { boot, first, count, reason }.into() }),
        log_chunk(),
        (any::<u32>(), outcome).prop_map(|(command, outcome)| CommandResult { command, outcome }.into()),
        settings().prop_map(Record::from),
        (any::<u32>(), any::<u8>(), any::<u64>(), vec(any::<u8>(), 0..=600)).prop_map(
            |(plan, purposes, uptime_ms, block)| {
                let block = Bounded::from_slice(&block).expect("600 bytes are a block");
                SeriesBlock { plan, purposes: Purposes(purposes), uptime_ms, block }.into()
            }
        ),
        (any::<u32>(), any::<u8>(), any::<Option<u32>>()).prop_map(|(version, rows, refused)| CollectionReport {
            version,
            rows,
            refused
        }
        .into()),
        (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(spent_uah, budget_uah, wakes)| ParkedDay {
            spent_uah,
            budget_uah,
            wakes
        }
        .into()),
        (value(), value(), any::<bool>())
            .prop_map(|(before, after, electric)| Refuelled { before, after, electric }.into()),
        vec(any::<u8>(), 0..=254).prop_map(|der| {
            CertificateRequest { der: Bounded::from_slice(&der).expect("254 bytes are a request") }.into()
        }),
        update_report(),
        health(),
        (1000..u16::MAX, vec(any::<u8>(), 0..=256)).prop_map(|(kind, body)| {
            Record::Unknown(Unknown { kind, body: Bounded::from_slice(&body).expect("256 bytes are kept") })
        }),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let quality = select(vec![ClockQuality::SinceBoot, ClockQuality::Estimated, ClockQuality::Network]);
    (any::<u32>(), 0..u32::MAX / 2, any::<u64>(), quality, of(any::<u64>()), any::<u32>()).prop_map(
        |(boot, first, base_ms, quality, age_ms, consent)| Header { boot, first, base_ms, quality, age_ms, consent },
    )
}

fn notice_state() -> impl Strategy<Value = NoticeState> {
    let surface = select(vec![Surface::Car, Surface::Account, Surface::Advisor]);
    prop_oneof![
        (surface, any::<u64>()).prop_map(|(on, at_ms)| NoticeState::Shown { on, at_ms }),
        any::<u64>().prop_map(|until_ms| NoticeState::Snoozed { until_ms }),
        select(vec![
            NoticeState::Raised,
            NoticeState::Booked,
            NoticeState::Done,
            NoticeState::Refused,
            NoticeState::Expired
        ]),
    ]
}

fn task() -> impl Strategy<Value = Task> {
    prop_oneof![
        (any::<u32>(), any::<[u8; 32]>()).prop_map(|(len, sha256)| Task::TableBegin { len, sha256 }),
        (any::<u32>(), vec(any::<u8>(), 0..=100)).prop_map(|(offset, bytes)| Task::TableChunk {
            offset,
            bytes: Bounded::from_slice(&bytes).expect("a hundred bytes are a small chunk"),
        }),
        Just(Task::TableCommit),
        Just(Task::Report),
        any::<u32>().prop_map(|odometer_m| Task::AnchorOdometer { odometer_m }),
        Just(Task::LogLevel { level: LogLevel::Error }),
        settings().prop_map(|settings| Task::Configure { settings }),
    ]
}

fn downlink() -> impl Strategy<Value = Downlink> {
    let ranges = vec((any::<u32>(), any::<u32>()), 0..=8)
        .prop_map(|ranges| ranges.into_iter().map(|(first, last)| Range { first, last }).collect());
    prop_oneof![
        (any::<u32>(), ranges, any::<u64>(), any::<u16>())
            .prop_map(|(boot, ranges, now_ms, credit)| Downlink::Receipt(Receipt { boot, ranges, now_ms, credit })),
        (any::<u64>(), notice_state())
            .prop_map(|(id, state)| Downlink::NoticeUpdate(NoticeUpdate { id: NoticeId(id), state })),
        any::<u32>()
            .prop_map(|version| Downlink::Plan(milepost_protocol::plan::ServicePlan { version, ..cases::plan() })),
        (any::<u32>(), any::<u8>())
            .prop_map(|(version, purposes)| Downlink::Consent(Consent { version, purposes: Purposes(purposes) })),
        (any::<u32>(), any::<u64>(), task()).prop_map(|(id, expires_ms, task)| Downlink::Command(Command {
            id,
            expires_ms,
            task
        })),
        offer().prop_map(Downlink::UpdateOffer),
        vec(any::<u8>(), 0..=480).prop_map(|bytes| {
            let bytes = Bounded::from_slice(&bytes).expect("480 bytes are a plan");
            Downlink::Collection(EncodedPlan { bytes })
        }),
        (any::<[u32; 2]>(), any::<bool>(), vec(any::<u8>(), 0..=512)).prop_map(|([image, offset], last, bytes)| {
            let bytes = Bounded::from_slice(&bytes).expect("512 bytes are the longest chunk");
            Downlink::UpdateChunk(UpdateChunk { image, offset, last, bytes })
        }),
    ]
}

proptest! {
    #[test]
    fn an_envelope_reads_as_it_was_written(
        header in header(),
        items in vec((0_u32..1000, any::<u64>(), record()), 0..12),
    ) {
        let mut buffer = [0; MAX_ENVELOPE_LEN];
        let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
        let mut next = header.first;
        let mut written = Vec::new();
        for (skip, at_ms, record) in items {
            // A time moves by less than half the range of 64 bits from one record to the next.
            let at_ms = header.base_ms.wrapping_add(at_ms >> 2).max(header.base_ms);
            let number = next + skip;
            if writer.push(number, at_ms, &record).is_ok() {
                written.push((number, at_ms, record));
                next = number + 1;
            }
        }
        let envelope = Envelope::parse(writer.finish()).unwrap();
        prop_assert_eq!(envelope.header, header);
        let read: Vec<_> = envelope.entries().map(|entry| (entry.number, entry.at_ms, entry.record())).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn downlinks_read_as_they_were_written(messages in vec(downlink(), 0..6)) {
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        if let Some(bytes) = Downlink::encode(&messages, &mut buffer) {
            let read: Vec<_> = Downlink::parse(bytes).unwrap().collect();
            prop_assert_eq!(read, messages);
        }
    }

    #[test]
    fn no_bytes_at_all_make_a_decoder_panic(bytes in vec(any::<u8>(), 0..1600)) {
        oracle::check(&bytes);
    }

    #[test]
    fn no_bytes_behind_a_good_beginning_make_a_decoder_panic(
        case in select(cases::up().iter().map(encode).chain(cases::down().iter().map(|case| encode_down(&case.messages))).collect::<Vec<_>>()),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = case;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        oracle::check(&bytes);
        oracle::check(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn a_device_id_is_one_topic_level_or_none(text in "\\PC{0,50}") {
        if let Ok(id) = text.parse::<DeviceId>() {
            prop_assert_eq!(id.as_str(), &text);
            let (up, down) = (topics::up(&id), topics::down(&id));
            prop_assert!(up.split('/').count() == 3 && down.split('/').count() == 3);
            prop_assert!(!up.contains(['+', '#', '\0']));
        }
    }

    #[test]
    fn a_notice_id_prints_and_reads_back(number in any::<u64>(), item in any::<u16>(), cycle in any::<u32>(), level in level()) {
        let id = NoticeId(number);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let item = ItemId(item);
        prop_assert_eq!(NoticeId::reminder(item, cycle, level).as_reminder(), Some((item, cycle, level)));
    }
}

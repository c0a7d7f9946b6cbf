//! The values behind the golden vectors: every kind in both directions, and the largest of each.

use heapless::Vec as Bounded;
use milepost_protocol::certificate::{self, CertificateAnswer, MAX_CERTIFICATE_LEN, MAX_REQUEST_LEN, Verdict};
use milepost_protocol::collection::{CollectionPlan, CollectionRow, EncodedPlan, MAX_BLOCK_LEN, Trigger};
use milepost_protocol::downlink::{
    Command, Consent, Downlink, MAX_CHUNK_LEN, MAX_RANGES, NoticeUpdate, Purposes, Range, Receipt, Task,
};
use milepost_protocol::envelope::{ClockQuality, Header};
use milepost_protocol::ids::{NoticeId, RecordId};
use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind, NoticeState, Reason, Surface};
use milepost_protocol::plan::{
    Anchor, Condition, DAY_MS, ItemId, Level, Limits, MAX_PLAN_ITEMS, Margin, PlanItem, Recurrence, Rule, SafetyClass,
    ServicePlan,
};
use milepost_protocol::record::*;
use milepost_protocol::series::{Encoder, Resolution, Sample};
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use milepost_protocol::update::{
    Health, MAX_IMAGE_CHUNK_LEN, MAX_MANIFEST_LEN, Manifest, Refusal, SignedManifest, UpdateChunk, UpdateOffer,
    UpdateReport, UpdateState, Version, Window,
};
use milepost_protocol::{MAX_UNKNOWN_LEN, SignalId};

/// 2026-03-01 07:00 UTC in milliseconds of Unix time.
pub(crate) const NOW_MS: u64 = 1_772_348_400_000;

/// One envelope by its parts: `(number, time, record)`.
pub(crate) struct Up {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) header: Header,
    pub(crate) records: Vec<(u32, u64, Record)>,
}

/// One downlink publish.
pub(crate) struct Down {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) messages: Vec<Downlink>,
}

pub(crate) const HEADER: Header =
    Header { boot: 7, first: 1200, base_ms: NOW_MS, quality: ClockQuality::Network, age_ms: Some(350), consent: 3 };

/// One record of every kind.
pub(crate) fn records() -> Vec<(&'static str, &'static str, Record)> {
    let oil_due = NoticeId::reminder(ItemId::ENGINE_OIL, 2, Level::Due);
    vec![
        (
            "boot",
            "a start after the watchdog fired",
            Boot {
                reason: ResetReason::Watchdog,
                firmware: [1, 4, 260],
                newest: Some(RecordId { boot: 6, number: 88_123 }),
                table: 0xDEAD_BEEF,
            }
            .into(),
        ),
        (
            "trip-started",
            "a trip that begins in frost",
            TripStarted { trip: 4, odometer_m: Some(48_123_456), outside_decicelsius: Some(-73) }.into(),
        ),
        (
            "trip-ended",
            "a trip of 23.4 km from a cold start",
            TripEnded {
                trip: 4,
                duration_ms: 1_931_250,
                distance_m: 23_400,
                source: DistanceSource::Odometer,
                max_speed_cmps: 3_612,
                idle_s: 214,
                engine_s: 1_930,
                fuel_ml: 1_512,
                energy_wh: 0,
                coolant_start_c: Some(-6),
                warmup_s: Some(402),
                odometer_m: Some(48_146_856),
                end: TripEnd::Off,
            }
            .into(),
        ),
        (
            "counters",
            "the lifetime counters behind it",
            Counters {
                odometer_m: 48_146_856,
                odometer_anchored: true,
                distance_m: 9_871_004,
                engine_s: 731_221,
                idle_s: 88_410,
                fuel_ml: 602_113,
                energy_wh: 0,
                trips: 511,
                cold_starts: 240,
                short_trips: 199,
            }
            .into(),
        ),
        (
            "signal-change",
            "a coolant temperature",
            SignalChange { signal: SignalId::COOLANT_TEMPERATURE, value: 91.5 }.into(),
        ),
        (
            "signal-summary",
            "a minute of speed",
            SignalSummary { signal: SignalId::SPEED, span_s: 60, count: 600, min: 0.0, mean: 13.875, max: 22.25 }
                .into(),
        ),
        (
            "trouble",
            "a misfire, confirmed",
            Trouble {
                code: TroubleCode { code: 0x0301, failure_type: Some(0x1F) },
                status: TroubleStatus::Confirmed,
                ecu: 0x7E8,
                odometer_m: Some(48_146_000),
            }
            .into(),
        ),
        (
            "battery-rest",
            "a tired 12 V battery in frost",
            BatteryRest { millivolts: 12_110, rested_s: 28_800, outside_decicelsius: Some(-105) }.into(),
        ),
        (
            "cranking",
            "and how it started the engine",
            Cranking {
                before_millivolts: 12_090,
                min_millivolts: 8_420,
                duration_ms: 1_340,
                outside_decicelsius: None,
            }
            .into(),
        ),
        ("tyre-sample", "a rear left tyre", tyre_sample()),
        (
            "notice-raised",
            "the car found engine oil due by itself",
            NoticeRaised { item: ItemId::ENGINE_OIL, cycle: 2, level: Level::Due, odometer_m: 48_146_856 }.into(),
        ),
        ("notice-shown", "and showed it", NoticeShown { notice: oil_due }.into()),
        (
            "notice-answered",
            "the owner put it off for a week",
            NoticeAnswered { notice: oil_due, answer: Answer::Snooze { days: 7 }, odometer_m: 48_146_856 }.into(),
        ),
        (
            "gap",
            "the flash was full",
            Gap { boot: 6, first: 70_000, count: 1_812, reason: GapReason::FlashFull }.into(),
        ),
        (
            "log-chunk",
            "a line of the device's log",
            LogChunk { level: LogLevel::Warn, text: "bus 0: 3 error frames in 10 s – Überlauf".try_into().unwrap() }
                .into(),
        ),
        (
            "command-result",
            "a table whose bytes are not those of its hash",
            CommandResult { command: 41, outcome: CommandOutcome::HashMismatch }.into(),
        ),
        ("refuelled", "a full tank", Refuelled { before: 0.125, after: 1.0, electric: false }.into()),
        (
            "parked-day",
            "a parked day within its budget",
            ParkedDay { spent_uah: 26_655, budget_uah: 50_000, wakes: 4 }.into(),
        ),
        (
            "certificate-request",
            "as many bytes as a certificate request takes",
            CertificateRequest { der: Bounded::from_slice(&[0x30; MAX_REQUEST_LEN]).unwrap() }.into(),
        ),
        (
            "update-report",
            "an image for another board is not taken",
            UpdateReport { update: 12, version: Version([1, 5, 0]), state: UpdateState::Refused(Refusal::Board) }
                .into(),
        ),
        (
            "health",
            "a quick start without a measured current",
            Health {
                board: "nucleo-f767zi".try_into().unwrap(),
                version: Version([1, 4, 260]),
                uptime_s: 9,
                reconnect_ms: 7_431,
                resets: 1,
                backlog: 140,
                current_ma: None,
            }
            .into(),
        ),
        ("device-settings", "what the cloud has decided is in force", settings().into()),
        (
            "series-block",
            "two samples of the speed, a second apart",
            SeriesBlock {
                plan: 3,
                purposes: Purposes::FUNCTION.and(Purposes::WORKSHOP),
                uptime_ms: 61_000,
                block: Bounded::from_slice(&block(&[(1_000, 0), (2_000, 14)])).unwrap(),
            }
            .into(),
        ),
        (
            "collection-report",
            "the plan before stays in force",
            CollectionReport { version: 3, rows: 5, refused: Some(4) }.into(),
        ),
        ("unknown", "a kind of a later version, kept as it came", unknown(40_000, &[1, 2, 3])),
    ]
}

/// A block of samples of the speed.
fn block(samples: &[(u64, i64)]) -> Vec<u8> {
    let mut buffer = [0; MAX_BLOCK_LEN];
    let mut encoder = Encoder::<1>::new();
    let mut writer = encoder.alone(&mut buffer, 0);
    for &(at_ms, raw) in samples {
        writer.push(&Sample { signal: SignalId::SPEED, resolution: Resolution::ONE, at_ms, raw }).unwrap();
    }
    writer.finish().to_vec()
}

/// A plan of two signals, one under a trigger.
fn collection() -> EncodedPlan {
    let speed = CollectionRow {
        signal: SignalId::SPEED,
        resolution: Resolution { numerator: 1, denominator: 100 },
        every_ms: 1_000,
        change: 0,
        trigger: None,
        purposes: Purposes::FUNCTION,
    };
    let trigger = Some(Trigger { signal: SignalId::SPEED, above: true, limit: 30.0, hold_s: 60 });
    let coolant =
        CollectionRow { signal: SignalId::COOLANT_TEMPERATURE, every_ms: 5_000, change: 50, trigger, ..speed };
    let rows = Bounded::from_slice(&[speed, coolant]).unwrap();
    CollectionPlan { version: 3, rows }.encode().unwrap()
}

fn settings() -> DeviceSettings {
    DeviceSettings { version: 12, log_level: LogLevel::Info, counters_every_s: 600, local_reminders: false }
}

fn update_states() -> Vec<Record> {
    [
        UpdateState::Receiving(262_144),
        UpdateState::Verified,
        UpdateState::Installed,
        UpdateState::OnTrial,
        UpdateState::Confirmed,
        UpdateState::Reverted(ResetReason::Watchdog),
        UpdateState::Withdrawn,
    ]
    .into_iter()
    .map(|state| UpdateReport { update: 12, version: Version([1, 5, 0]), state }.into())
    .collect()
}

fn tyre_sample() -> Record {
    TyreSample {
        wheel: Wheel::RearLeft,
        pressure_pa: 231_000,
        air_decicelsius: Some(-38),
        outside_decicelsius: Some(-55),
        sensor: Some(0x00A1_B2C3),
    }
    .into()
}

fn unknown(kind: u16, body: &[u8]) -> Record {
    Record::Unknown(Unknown { kind, body: Bounded::from_slice(body).unwrap() })
}

/// Every golden envelope.
pub(crate) fn up() -> Vec<Up> {
    let mut cases: Vec<Up> = records()
        .into_iter()
        .map(|(name, meaning, record)| Up { name, meaning, header: HEADER, records: vec![(1200, NOW_MS, record)] })
        .collect();
    let change = |value| Record::from(SignalChange { signal: SignalId::BATTERY_12V, value });
    cases.push(Up {
        name: "update-states",
        meaning: "an update on its way, in every state",
        header: HEADER,
        records: update_states().into_iter().zip(1200..).map(|(record, number)| (number, NOW_MS, record)).collect(),
    });
    cases.push(Up { name: "empty", meaning: "no records at all", header: HEADER, records: vec![] });
    cases.push(Up {
        name: "run",
        meaning: "several records; numbers skip where urgent ones went ahead, and a clock that was set turns time back",
        header: HEADER,
        records: vec![
            (1200, NOW_MS, change(12.5)),
            (1201, NOW_MS + 1_000, change(12.25)),
            (1205, NOW_MS - 90_000, change(12.0)),
            (1300, NOW_MS - 90_000, unknown(40_001, &[])),
        ],
    });
    cases.push(Up {
        name: "since-boot",
        meaning: "a device that does not know the time yet",
        header: Header { base_ms: 0, quality: ClockQuality::SinceBoot, age_ms: None, ..HEADER },
        records: vec![(1200, 4_321, change(11.5))],
    });
    cases.push(Up {
        name: "extremes",
        meaning: "the largest numbers that fit",
        header: Header {
            boot: u32::MAX,
            first: u32::MAX,
            base_ms: u64::MAX,
            quality: ClockQuality::Estimated,
            age_ms: Some(u64::MAX),
            consent: u32::MAX,
        },
        records: vec![(u32::MAX, u64::MAX, change(f32::MAX))],
    });
    cases.push(Up {
        name: "longest-unknown",
        meaning: "the longest body of an unknown kind that is kept",
        header: HEADER,
        records: vec![(1200, NOW_MS, unknown(u16::MAX, &[0xA5; MAX_UNKNOWN_LEN]))],
    });
    let text: heapless::String<120> = "x".repeat(120).as_str().try_into().unwrap();
    let line = Record::from(LogChunk { level: LogLevel::Info, text });
    cases.push(Up {
        name: "largest",
        meaning: "an envelope with no room for one more of its records",
        header: HEADER,
        records: (0..11).map(|n| (1200 + n, NOW_MS + 1_000 * u64::from(n), line.clone())).collect(),
    });
    cases
}

/// Every golden downlink publish.
pub(crate) fn down() -> Vec<Down> {
    let oil_due = NoticeId::reminder(ItemId::ENGINE_OIL, 2, Level::Due);
    let range = |first, last| Range { first, last };
    let receipt = Downlink::Receipt(Receipt {
        boot: 7,
        ranges: Bounded::from_slice(&[range(0, 1_200), range(1_205, 1_300)]).unwrap(),
        now_ms: NOW_MS,
        credit: 8,
    });
    let full_receipt = Downlink::Receipt(Receipt {
        boot: u32::MAX,
        ranges: (0..MAX_RANGES as u32).map(|n| range(u32::MAX - 100 + 2 * n, u32::MAX - 100 + 2 * n)).collect(),
        now_ms: u64::MAX,
        credit: u16::MAX,
    });
    let update = |state| Downlink::NoticeUpdate(NoticeUpdate { id: oil_due, state });
    let command = |task| Downlink::Command(Command { id: 41, expires_ms: NOW_MS + 86_400_000, task });
    let one = |name, meaning, message| Down { name, meaning, messages: vec![message] };
    vec![
        Down { name: "empty", meaning: "nothing to say", messages: vec![] },
        one("receipt", "committed, with a hole where records are still under way", receipt.clone()),
        one("receipt-largest", "as many ranges as one receipt holds", full_receipt),
        one("notice", "engine oil is due, and why", Downlink::Notice(notice())),
        one("notice-largest", "the longest texts and the most reasons", Downlink::Notice(largest_notice())),
        one(
            "notice-update-shown",
            "seen in the account",
            update(NoticeState::Shown { on: Surface::Account, at_ms: NOW_MS }),
        ),
        one("notice-update-snoozed", "put off", update(NoticeState::Snoozed { until_ms: NOW_MS + 7 * DAY_MS })),
        one("notice-update-done", "done", update(NoticeState::Done)),
        one("collection", "two signals to collect, one while the car is fast", Downlink::Collection(collection())),
        one("plan", "a plan of two items, one with a condition", Downlink::Plan(plan())),
        one("plan-largest", "as many items as one plan holds", Downlink::Plan(largest_plan())),
        one("plan-empty", "no items", Downlink::Plan(ServicePlan::default())),
        one(
            "consent",
            "everything but location and research",
            Downlink::Consent(Consent {
                version: 3,
                purposes: Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::OFFERS),
            }),
        ),
        one(
            "command-table-begin",
            "a new signal table is coming",
            command(Task::TableBegin { len: 1_800, sha256: [0x5A; 32] }),
        ),
        one(
            "command-table-chunk",
            "the largest piece of it",
            command(Task::TableChunk { offset: 512, bytes: Bounded::from_slice(&[0xC3; MAX_CHUNK_LEN]).unwrap() }),
        ),
        one("command-table-commit", "take it into use", command(Task::TableCommit)),
        one("command-report", "report now", command(Task::Report)),
        one("command-log-level", "send what happens", command(Task::LogLevel { level: LogLevel::Info })),
        one("command-configure", "other settings", command(Task::Configure { settings: settings() })),
        one("command-anchor-odometer", "the true odometer", command(Task::AnchorOdometer { odometer_m: 48_150_000 })),
        one(
            "certificate-largest",
            "the longest certificate for the longest id",
            Downlink::Certificate(CertificateAnswer {
                request: [0xE7; 8],
                verdict: Verdict::Issued {
                    device: "0123456789012345678901234567890123456789".parse().unwrap(),
                    certificate: Bounded::from_slice(&[0x30; MAX_CERTIFICATE_LEN]).unwrap(),
                },
            }),
        ),
        one(
            "certificate-refused",
            "the serial number has enrolled before",
            Downlink::Certificate(CertificateAnswer {
                request: [0xE7; 8],
                verdict: Verdict::Refused(certificate::Refusal::AlreadyEnrolled),
            }),
        ),
        one("update-offer", "an image, to be installed at night", Downlink::UpdateOffer(offer())),
        one(
            "update-offer-largest",
            "the longest manifest that is ever sent",
            Downlink::UpdateOffer(UpdateOffer {
                update: u32::MAX,
                image: Some(SignedManifest {
                    manifest: Bounded::from_slice(&[0x3C; MAX_MANIFEST_LEN]).unwrap(),
                    signature: [[0xFF; 32]; 2],
                }),
                window: Some(Window { from_minute: u16::MAX, minutes: u16::MAX }),
            }),
        ),
        one(
            "update-withdrawn",
            "the same update withdrawn",
            Downlink::UpdateOffer(UpdateOffer { update: 12, image: None, window: None }),
        ),
        one(
            "update-chunk",
            "the last piece of a run",
            Downlink::UpdateChunk(UpdateChunk {
                image: 0x5A5A_5A5A,
                offset: 261_632,
                last: true,
                bytes: Bounded::from_slice(&[0xC3; MAX_IMAGE_CHUNK_LEN]).unwrap(),
            }),
        ),
        Down {
            name: "several",
            meaning: "three messages in one publish",
            messages: vec![receipt, update(NoticeState::Booked), command(Task::Report)],
        },
    ]
}

fn offer() -> UpdateOffer {
    let manifest = Manifest {
        board: "nucleo-f767zi".try_into().unwrap(),
        version: Version([1, 5, 0]),
        floor: Version([1, 3, 0]),
        build: *b"\x01\x23\x45\x67\x89\xAB\xCD\xEF",
        len: 261_903,
        sha256: [0x5A; 32],
    };
    UpdateOffer {
        update: 12,
        image: Some(SignedManifest { manifest: manifest.encode(), signature: [[0x11; 32], [0x22; 32]] }),
        window: Some(Window { from_minute: 60, minutes: 180 }),
    }
}

fn notice() -> Notice {
    Notice {
        id: NoticeId::reminder(ItemId::ENGINE_OIL, 2, Level::Due),
        kind: NoticeKind::Reminder,
        safety: SafetyClass::Wear,
        item: Some(ItemId::ENGINE_OIL),
        level: Some(Level::Due),
        raised_ms: NOW_MS,
        expires_ms: None,
        title: "Engine oil is due".try_into().unwrap(),
        text: "15,020 km since the last change.".try_into().unwrap(),
        reasons: Bounded::from_slice(&[Reason::Distance { used_m: 15_020_000, limit_m: 15_000_000 }]).unwrap(),
        actions: Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE),
    }
}

fn largest_notice() -> Notice {
    Notice {
        id: NoticeId(u64::MAX),
        kind: NoticeKind::Offer,
        safety: SafetyClass::Safety,
        item: Some(ItemId(u16::MAX)),
        level: Some(Level::Overdue),
        raised_ms: u64::MAX,
        expires_ms: Some(u64::MAX),
        title: "t".repeat(64).as_str().try_into().unwrap(),
        text: "换季轮胎".repeat(16).as_str().try_into().unwrap(),
        reasons: Bounded::from_slice(&[
            Reason::Time { used_days: u16::MAX, limit_days: u16::MAX },
            Reason::EngineTime { used_s: u32::MAX, limit_s: u32::MAX },
            Reason::Fuel { used_ml: u32::MAX, limit_ml: u32::MAX },
            Reason::Signal { signal: SignalId::TYRE_SENSOR_REAR_RIGHT, value: f32::MIN, limit: f32::MAX },
        ])
        .unwrap(),
        actions: Actions(u8::MAX),
    }
}

/// The plan of the vector `plan`.
pub(crate) fn plan() -> ServicePlan {
    let item = |item, condition, recurrence| PlanItem {
        rule: Rule {
            item,
            first: Limits { distance_m: Some(30_000_000), days: Some(730), ..Limits::default() },
            repeat: Limits { distance_m: Some(15_000_000), days: Some(365), engine_s: Some(1_440_000), fuel_ml: None },
            lead: Margin { distance_m: 1_500_000, days: 30, engine_s: 144_000, fuel_ml: 0 },
            grace: Margin { distance_m: 1_000_000, days: 30, engine_s: 72_000, fuel_ml: 0 },
            recurrence,
            safety: SafetyClass::Wear,
            condition,
        },
        anchor: Anchor { cycle: 2, at_ms: NOW_MS, odometer_m: 48_146_856, engine_s: 731_221, fuel_ml: 602_113 },
    };
    let battery = Condition::Battery12v { rest_upcoming_mv: 12_300, rest_due_mv: 12_000, cranking_due_mv: 8_000 };
    let items = [
        item(ItemId::ENGINE_OIL, None, Recurrence::Floating),
        item(ItemId::BATTERY_12V, Some(battery), Recurrence::Fixed),
    ];
    ServicePlan { version: 12, items: Bounded::from_slice(&items).unwrap() }
}

fn largest_plan() -> ServicePlan {
    let item = *plan().items.last().expect("the plan has items");
    let items =
        (1..=MAX_PLAN_ITEMS as u16).map(|number| PlanItem { rule: Rule { item: ItemId(number), ..item.rule }, ..item });
    ServicePlan { version: u32::MAX, items: items.collect() }
}

//! What an engineer finds beside the four cars: logs and crashes, settings, updates, rollouts, receipts, serial numbers, rejects.

use milepost::accounts::Role;
use milepost::domain::{Actor, Decision, Reported, Sent, Vehicle, Wanted};
use milepost::firmware::Bundle;
use milepost::flash_receipts::{FlashResult, Flashing};
use milepost::pki;
use milepost::store::{Commit, QuarantineRow, Store as _, VehicleWrite};
use milepost_engine::usage::Times;
use milepost_protocol::Record;
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::record::{Boot, CommandOutcome, Gap, GapReason, LogChunk, LogLevel, ParkedDay, ResetReason};
use milepost_protocol::settings::DeviceSettings;
use milepost_protocol::update::{Health, Manifest, SignedManifest, UpdateReport, UpdateState, Version};
use sha2::{Digest as _, Sha256};

use crate::app::{NOW_MS, PASSWORD, SIGNING_SEED, TestApp, advise};

/// The board of the cars that have one.
const BOARD: &str = "nucleo-f767zi";

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;

/// The line that a crash left.
pub(crate) const CRASH: &str = "panicked at src/uplink.rs:214: no room for another envelope; stack 12 of 16 KiB";

/// Puts all of it into an app that holds nothing but the cars.
pub(crate) async fn seed(app: &TestApp) {
    app.state.accounts.create("ella".parse().unwrap(), "Ella Roth", Role::Engineer, PASSWORD).await.unwrap();
    for version in ["1.5.0", "1.6.0"] {
        app.state.firmware.publish(bundle(version), "emil".parse().unwrap()).await.unwrap();
    }
    rollouts(app).await;
    let mut commit = Commit { quarantine: quarantine(), ..Commit::default() };
    for (id, change) in [("golf-1", golf as fn(&mut Vehicle)), ("volt-2", volt), ("quiet-4", quiet)] {
        let mut vehicle = app.vehicle(id).await;
        let expected = Some(vehicle.revision);
        change(&mut vehicle);
        vehicle.revision += 1;
        commit.vehicles.push(VehicleWrite { expected, vehicle });
    }
    app.store.commit(commit).await.unwrap();
    bench(app).await;
}

fn bundle(version: &str) -> Bundle {
    let image: Vec<u8> = (0..262_144_u32).map(|n| (n * 31 % 251) as u8).collect();
    let manifest = Manifest {
        board: BOARD.try_into().unwrap(),
        version: version.parse().unwrap(),
        floor: "1.4.0".parse().unwrap(),
        build: *b"\x4f\x1c\x90\x7a\x22\xd3\x5e\x08",
        len: image.len() as u32,
        sha256: Sha256::digest(&image).into(),
    };
    let mut signed = SignedManifest { manifest: manifest.encode(), signature: [[0; 32]; 2] };
    let key = salty::Keypair::from(&SIGNING_SEED);
    signed.signature = SignedManifest::split(key.sign(&signed.message()).to_bytes());
    Bundle::new(signed, image).unwrap()
}

/// One rollout that somebody paused, and one that waits for its second approval.
async fn rollouts(app: &TestApp) {
    let firmware = &app.state.firmware;
    let (emil, ella) = ("emil".parse().unwrap(), "ella".parse().unwrap());
    let settings = milepost_engine::rollout::Settings::default;
    firmware.draft(BOARD, Version([1, 5, 0]), settings(), "emil".parse().unwrap()).await.unwrap();
    firmware.approve(1, &emil).await.unwrap();
    firmware.approve(1, &ella).await.unwrap();
    firmware.pause(1, &ella).await.unwrap();
    firmware.draft(BOARD, Version([1, 6, 0]), settings(), "ella".parse().unwrap()).await.unwrap();
    firmware.approve(2, &ella).await.unwrap();
}

fn ago(minutes: u64) -> u64 {
    NOW_MS - minutes * MINUTE_MS
}

fn tell(vehicle: &mut Vehicle, boot: u32, at_ms: u64, record: impl Into<Record>) {
    vehicle.state.apply(boot, Times { measured_at_ms: at_ms, received_at_ms: at_ms }, &record.into());
}

fn start(vehicle: &mut Vehicle, boot: u32, at_ms: u64, reason: ResetReason, firmware: [u16; 3]) {
    tell(vehicle, boot, at_ms, Boot { reason, firmware, newest: None, table: 0x5C0F_FEE0 });
}

fn log(vehicle: &mut Vehicle, boot: u32, at_ms: u64, level: LogLevel, text: &str) {
    tell(vehicle, boot, at_ms, LogChunk { level, text: text.try_into().unwrap() });
}

fn health(vehicle: &mut Vehicle, version: Version, at_ms: u64, backlog: u32, resets: u16) {
    let health = Health {
        board: BOARD.try_into().unwrap(),
        version,
        uptime_s: 41_400,
        reconnect_ms: 6_240,
        resets,
        backlog,
        current_ma: Some(84),
    };
    vehicle.update.apply(&health.into(), at_ms);
}

fn report(vehicle: &mut Vehicle, version: Version, at_ms: u64, state: UpdateState) {
    let update = vehicle.update.offered.unwrap().update;
    vehicle.update.apply(&UpdateReport { update, version, state }.into(), at_ms);
}

fn park(vehicle: &mut Vehicle, days: u64) {
    for day in (0..days).rev() {
        let spent_uah = 24_000 + (day * 733 % 5_000) as u32;
        let parked = ParkedDay { spent_uah, budget_uah: 50_000, wakes: 4 };
        tell(vehicle, 5, ago(day * 1_440 + 300), parked);
    }
}

/// A device that came through its update, and crashed once before.
fn golf(vehicle: &mut Vehicle) {
    start(vehicle, 4, ago(3 * 1_440), ResetReason::Fault, [1, 4, 2]);
    log(vehicle, 4, ago(3 * 1_440), LogLevel::Error, CRASH);
    log(vehicle, 4, ago(3 * 1_440 - 2), LogLevel::Warn, "bus 0: 3 error frames in 10 s");
    vehicle.update.offer(7, Version([1, 4, 2]), ago(40 * 1_440));
    report(vehicle, Version([1, 4, 2]), ago(39 * 1_440), UpdateState::Confirmed);
    vehicle.update.offer(1, Version([1, 5, 0]), ago(700));
    start(vehicle, 5, ago(690), ResetReason::Software, [1, 5, 0]);
    report(vehicle, Version([1, 5, 0]), ago(680), UpdateState::Confirmed);
    health(vehicle, Version([1, 4, 2]), ago(2_000), 3, 1);
    health(vehicle, Version([1, 5, 0]), ago(14), 2, 0);
    log(vehicle, 5, ago(689), LogLevel::Info, "the session with the cloud stands");
    log(vehicle, 5, ago(230), LogLevel::Warn, "flash: page 12 took 410 ms to erase");
    log(vehicle, 5, ago(15), LogLevel::Info, "settings 2 are in force");
    log(vehicle, 5, ago(14), LogLevel::Info, "the session with the cloud stands");
    park(vehicle, 20);
    tell(vehicle, 5, ago(1_500), Gap { boot: 4, first: 210, count: 4, reason: GapReason::Overflow });
    vehicle.clock = Some(ClockQuality::Network);
    vehicle.counts.records = 48_204;
    vehicle.counts.envelopes = 6_120;
    vehicle.counts.duplicates = 37;
    vehicle.counts.quarantined = 2;
    let configuration = &mut vehicle.configuration;
    let info = wanted(LogLevel::Info, 1_800);
    configuration.decide(decision(info.settings(1), "ella", 4_000));
    let settings = wanted(LogLevel::Info, 600).settings(2);
    configuration.decide(decision(settings, "emil", 20));
    configuration.sent = Some(Sent { command: 3, at_ms: ago(20), outcome: Some(CommandOutcome::Done) });
    configuration.reported = Some(Reported { settings, at_ms: ago(15) });
}

/// A device whose image is on trial, whose clock is a guess, and which has not taken over its settings yet.
fn volt(vehicle: &mut Vehicle) {
    vehicle.update.offer(1, Version([1, 5, 0]), ago(90));
    report(vehicle, Version([1, 5, 0]), ago(30), UpdateState::OnTrial);
    start(vehicle, 4, ago(31), ResetReason::Software, [1, 5, 0]);
    health(vehicle, Version([1, 4, 2]), ago(3_000), 12, 0);
    health(vehicle, Version([1, 5, 0]), ago(29), 340, 0);
    park(vehicle, 6);
    vehicle.clock = Some(ClockQuality::Estimated);
    vehicle.configuration.reported =
        Some(Reported { settings: wanted(LogLevel::Warn, 1_800).settings(1), at_ms: ago(9_000) });
    vehicle.configuration.decide(decision(wanted(LogLevel::Error, 3_600).settings(2), "emil", 12));
    vehicle.configuration.sent = Some(Sent { command: 1, at_ms: ago(12), outcome: None });
}

/// A device with older firmware, which does not know these settings.
fn quiet(vehicle: &mut Vehicle) {
    advise(vehicle);
    start(vehicle, 4, ago(5_000), ResetReason::Watchdog, [1, 2, 9]);
    log(vehicle, 4, ago(5_000), LogLevel::Error, "watchdog: the task of the uplink did not report for 8 s");
    vehicle.clock = Some(ClockQuality::SinceBoot);
    vehicle.configuration.decide(decision(wanted(LogLevel::Info, 1_800).settings(1), "emil", 5_100));
    vehicle.configuration.sent =
        Some(Sent { command: 1, at_ms: ago(5_100), outcome: Some(CommandOutcome::Unsupported) });
}

fn wanted(log_level: LogLevel, counters_every_s: u32) -> Wanted {
    Wanted { log_level, counters_every_s, local_reminders: true }
}

fn decision(settings: DeviceSettings, by: &str, minutes: u64) -> Decision {
    Decision { settings, at_ms: ago(minutes), by: Actor::Engineer(by.parse().unwrap()) }
}

fn quarantine() -> Vec<QuarantineRow> {
    let row = |device: &str, minutes, serial, reason: &str, bytes: Vec<u8>| QuarantineRow {
        device: device.parse().unwrap(),
        received_ms: ago(minutes),
        serial,
        reason: reason.to_owned(),
        bytes,
    };
    let long = (0..900_u32).map(|n| (n * 7 % 256) as u8).collect();
    vec![
        row("golf-1", 2_900, 0, "version 9 is unknown", b"\x09Milepost?\x00\x01".to_vec()),
        row("golf-1", 2_899, 1, "body of frame 3, kind 5, does not decode", long),
        row("volt-2", 600, 0, "frame 0 is cut short or out of range", vec![1, 7, 0xFF, 0xFF]),
    ]
}

/// Receipts, certificates and serial numbers.
async fn bench(app: &TestApp) {
    let pki = app.state.service.pki();
    for (device, board, result, days) in [
        ("golf-1", BOARD, FlashResult::Enrolled, 300),
        ("volt-2", BOARD, FlashResult::Flashed, 120),
        ("spare-9", "mps2-an386", FlashResult::Failed, 4),
    ] {
        let told = Flashing {
            device: device.parse().unwrap(),
            board: board.to_owned(),
            image_sha256: "9c".repeat(32),
            configuration_sha256: (result == FlashResult::Enrolled).then(|| "1d".repeat(32)),
            tool: "xtask 0.1.0".to_owned(),
            result,
        };
        let signed = pki.receipts().sign(told, "emil".parse().unwrap(), NOW_MS - days * DAY_MS).unwrap();
        app.state.service.keep_receipt(&signed).await.unwrap();
    }
    let golf = "golf-1".parse().unwrap();
    pki.issue(&golf, pki::Role::Device, NOW_MS - 400 * DAY_MS).unwrap();
    pki.revoke(&golf, NOW_MS - 300 * DAY_MS).unwrap();
    pki.issue(&golf, pki::Role::Device, NOW_MS - 300 * DAY_MS).unwrap();
    pki.issue(&"batch-2026-10".parse().unwrap(), pki::Role::Claim, NOW_MS - 30 * DAY_MS).unwrap();
    for (serial, device) in [("MP-0001", "golf-1"), ("MP-0002", "volt-2")] {
        pki.expect(&serial.parse().unwrap(), &device.parse().unwrap(), false, NOW_MS - 310 * DAY_MS).unwrap();
    }
    // Whoever comes with a number that nobody expects is noted, whatever the request is.
    let stranger = pki.enrol(&"MP-9999".parse().unwrap(), &"batch-2026-10".parse().unwrap(), &[], NOW_MS - DAY_MS);
    assert!(stranger.unwrap().is_err());
}

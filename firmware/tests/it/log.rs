//! The host's log on its way to the cloud, and the time that certificates are held against.

use milepost_firmware::{Device, Now};
use milepost_protocol::downlink::{Command, Task};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::record::{CommandOutcome, LogLevel};
use milepost_protocol::settings::DeviceSettings;
use milepost_protocol::{Downlink, Record};

use crate::car::{EPOCH_MS, at, collect, send};
use crate::flash::{Chip, Region, block_on};

fn texts(device: &mut Device<Region>, now: Now) -> Vec<String> {
    let texts = collect(device, now).into_iter().filter_map(|got| match got.record {
        Record::LogChunk(chunk) => Some(chunk.text.as_str().to_owned()),
        _ => None,
    });
    let texts = texts.collect();
    device.link_lost();
    texts
}

fn command(device: &mut Device<Region>, id: u32, task: Task) {
    send(device, at(1000), &[Downlink::Command(Command { id, expires_ms: u64::MAX, task })]);
}

#[test]
fn a_level_is_sent_once_it_is_asked_for_and_stays_so_after_a_restart() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    block_on(device.log(at(10), LogLevel::Info, "before")).unwrap();
    block_on(device.log(at(10), LogLevel::Warn, "warned")).unwrap();
    command(&mut device, 1, Task::LogLevel { level: LogLevel::Info });
    drop(device);
    let mut device = chip.start(at(20));
    block_on(device.log(at(30), LogLevel::Info, "after")).unwrap();
    assert_eq!(texts(&mut device, at(40)), ["warned", "after"]);
}

#[test]
fn settings_of_the_cloud_are_told_back_and_an_older_version_changes_nothing() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    let newer = DeviceSettings { version: 3, log_level: LogLevel::Info, counters_every_s: 600, local_reminders: false };
    command(&mut device, 1, Task::Configure { settings: newer });
    command(&mut device, 2, Task::Configure { settings: DeviceSettings { version: 2, ..DeviceSettings::default() } });
    assert_eq!(device.settings(), newer);
    drop(device);
    let mut device = chip.start(at(20));
    assert_eq!(device.settings(), newer, "a restart forgets nothing");
    let told = collect(&mut device, at(30)).into_iter().filter_map(|got| match got.record {
        Record::DeviceSettings(settings) => Some(settings),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [newer, newer], "both commands are answered with what is in force");
}

#[test]
fn a_long_line_is_cut_between_characters_and_nothing_of_it_is_lost() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    let line = "Bremsflüssigkeit 制动液 ".repeat(20);
    block_on(device.log(at(10), LogLevel::Error, &line)).unwrap();
    assert_eq!(texts(&mut device, at(20)).concat(), line);
}

#[test]
fn a_line_that_repeats_is_sent_at_a_bounded_rate_and_the_rest_is_counted() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    for second in 0..3_600 {
        block_on(device.log(at(second * 1000), LogLevel::Error, "again")).unwrap();
    }
    let sent = texts(&mut device, at(3_600_000)).len();
    assert_eq!(sent + device.status().drops.logs as usize, 3_600);
    assert!((100..=32 + 120).contains(&sent), "{sent} in an hour");
}

#[test]
fn a_task_that_this_build_does_not_know_is_answered_as_unsupported_and_only_once() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    // Kind 6: command 77, no expiry to speak of, task 99 with a body of its own.
    let message = [1, 6, 8, 77, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 99, 5];
    for _ in 0..2 {
        block_on(device.downlink(at(10), &message)).unwrap();
    }
    let results = collect(&mut device, at(20)).into_iter().filter_map(|got| match got.record {
        Record::CommandResult(result) => Some((result.command, result.outcome)),
        _ => None,
    });
    assert_eq!(results.collect::<Vec<_>>(), [(77, CommandOutcome::Unsupported)]);
}

#[test]
fn time_has_a_floor_in_flash_when_the_host_comes_back_years_too_early() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    assert_eq!(device.unix_ms(at(5)), Some((EPOCH_MS + 5, ClockQuality::Network)));
    block_on(device.finish(at(60_000))).unwrap();
    drop(device);
    let lost = Now { uptime_ms: 100, unix_ms: None };
    let device = chip.start(lost);
    assert_eq!(device.unix_ms(lost), Some((EPOCH_MS + 60_000, ClockQuality::Estimated)));
    drop(device);
    let early = Now { uptime_ms: 100, unix_ms: Some(EPOCH_MS / 2) };
    let device = chip.start(early);
    assert!(device.unix_ms(early).is_some_and(|(unix_ms, _)| unix_ms >= EPOCH_MS + 60_000));
}

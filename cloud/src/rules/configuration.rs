//! The device's settings on their way: decided by a person, sent as a command, told back by the device.
//!
//! Invariant: as long as a command is under way no second one with the same settings is sent.

use milepost_protocol::Downlink;
use milepost_protocol::Record;
use milepost_protocol::downlink::{Command, Task};

use super::Effects;
use crate::domain::{Actor, ChangeKind, Decision, IntentError, Reported, Sent, Vehicle, Wanted};
use crate::events::SettingsReported;

/// Settings do not grow old: a device that was away for years still takes the last ones.
const VALID_MS: u64 = 10 * 365 * 86_400_000;

/// Carries out what a person decided; answers whether anything changed.
pub(super) fn configure(
    vehicle: &mut Vehicle,
    wanted: Wanted,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    if !wanted.is_valid() {
        return Err(IntentError::OutOfRange);
    }
    let present = vehicle.configuration.wanted();
    if Wanted::from(present) == wanted && vehicle.configuration.desired.is_some() {
        return Ok(false);
    }
    // Above what the device has told as well: it may have been another cloud's before.
    let version = present.version.max(vehicle.configuration.known().version).saturating_add(1);
    let decision = Decision { settings: wanted.settings(version), at_ms: now_ms, by: by.clone() };
    vehicle.configuration.decide(decision);
    send(vehicle, now_ms, effects);
    effects.note(ChangeKind::Configuration);
    Ok(true)
}

/// Takes in what the device tells about its settings; other records are none of its business.
pub fn configuration_record(vehicle: &mut Vehicle, record: &Record, at_ms: u64, now_ms: u64, effects: &mut Effects) {
    match record {
        Record::DeviceSettings(settings) => {
            vehicle.configuration.reported = Some(Reported { settings: *settings, at_ms });
            SettingsReported { device: &vehicle.device, version: settings.version }.emit();
            effects.note(ChangeKind::Configuration);
        }
        Record::CommandResult(result) => {
            if let Some(sent) = vehicle.configuration.sent.as_mut().filter(|sent| sent.command == result.command) {
                sent.outcome = Some(result.outcome);
                effects.note(ChangeKind::Configuration);
            }
        }
        // A start may have come with other firmware or with flash that had to be erased; the device is told again.
        Record::Boot(_) if vehicle.configuration.sent.is_some_and(|sent| sent.outcome.is_some()) => {
            send(vehicle, now_ms, effects);
        }
        _ => {}
    }
}

fn send(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let settings = vehicle.configuration.wanted();
    let command = vehicle.next_command;
    let expires_ms = now_ms.saturating_add(VALID_MS);
    let sent = effects
        .send(vehicle, Downlink::Command(Command { id: command, expires_ms, task: Task::Configure { settings } }));
    if sent {
        vehicle.next_command += 1;
        vehicle.configuration.sent = Some(Sent { command, at_ms: now_ms, outcome: None });
    }
}

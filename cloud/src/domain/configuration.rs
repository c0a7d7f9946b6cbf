//! How a device shall behave and how it does: the settings that people decided, and those that it reports.
//!
//! Invariant: the version rises with every change, and what was decided, by whom and when is never rewritten, only forgotten at its end.

use std::collections::VecDeque;

use milepost_protocol::record::{CommandOutcome, LogLevel};
use milepost_protocol::settings::{DeviceSettings, MIN_COUNTERS_EVERY_S};
use serde::{Deserialize, Serialize};

use super::Actor;

/// The most changes that are remembered.
const MAX_CHANGES: usize = 50;

/// The longest time between two tellings of the counters, in seconds: a day.
pub const MAX_COUNTERS_EVERY_S: u32 = 86_400;

/// What a person may decide about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The least level of the device's own log that is sent.
    pub log_level: LogLevel,
    /// How often the counters are told during a long trip, in seconds.
    pub counters_every_s: u32,
    /// Whether the car raises reminders by itself.
    pub local_reminders: bool,
}

impl Wanted {
    /// Whether every figure is within its bounds.
    pub fn is_valid(&self) -> bool {
        (MIN_COUNTERS_EVERY_S..=MAX_COUNTERS_EVERY_S).contains(&self.counters_every_s)
    }

    /// What is wanted, as a version of the settings.
    pub fn settings(self, version: u32) -> DeviceSettings {
        let Self { log_level, counters_every_s, local_reminders } = self;
        DeviceSettings { version, log_level, counters_every_s, local_reminders }
    }
}

impl From<DeviceSettings> for Wanted {
    fn from(settings: DeviceSettings) -> Self {
        let DeviceSettings { log_level, counters_every_s, local_reminders, .. } = settings;
        Self { log_level, counters_every_s, local_reminders }
    }
}

/// Settings that somebody decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The settings.
    pub settings: DeviceSettings,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: Actor,
}

/// Settings that the device told to be in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The settings.
    pub settings: DeviceSettings,
    /// When it told, in milliseconds of Unix time.
    pub at_ms: u64,
}

/// The command that carries the settings to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its number.
    pub command: u32,
    /// When it was sent, in milliseconds of Unix time.
    pub at_ms: u64,
    /// How the device answered, once it has.
    pub outcome: Option<CommandOutcome>,
}

/// How what was decided and what the device does stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// Nobody has decided anything; the device does as it is built.
    AsBuilt,
    /// The device does what was decided.
    InForce,
    /// The device has not answered yet.
    Waiting,
    /// The device's firmware does not know these settings.
    Unsupported,
    /// The device answered, and still tells other settings.
    Differs,
}

impl Agreement {
    /// The name, for the API and the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsBuilt => "as_built",
            Self::InForce => "in_force",
            Self::Waiting => "waiting",
            Self::Unsupported => "unsupported",
            Self::Differs => "differs",
        }
    }
}

/// A device's configuration: decided, sent and reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Configuration {
    /// What was decided last.
    pub desired: Option<Decision>,
    /// What the device told last.
    pub reported: Option<Reported>,
    /// The command that carried the last decision.
    pub sent: Option<Sent>,
    /// What was decided before, oldest first.
    pub earlier: VecDeque<Decision>,
}

impl Configuration {
    /// The settings that the device shall have: what was decided last, or as it is built.
    pub fn wanted(&self) -> DeviceSettings {
        self.desired.as_ref().map(|decision| decision.settings).unwrap_or_default()
    }

    /// The settings that the device has, as far as is known: what it told last, or as it is built.
    pub fn known(&self) -> DeviceSettings {
        self.reported.map(|reported| reported.settings).unwrap_or_default()
    }

    /// How both stand to each other.
    pub fn agreement(&self) -> Agreement {
        let Some(desired) = &self.desired else { return Agreement::AsBuilt };
        if self.reported.is_some_and(|reported| reported.settings == desired.settings) {
            return Agreement::InForce;
        }
        match self.sent.and_then(|sent| sent.outcome) {
            None => Agreement::Waiting,
            Some(CommandOutcome::Unsupported) => Agreement::Unsupported,
            Some(_) => Agreement::Differs,
        }
    }

    /// Notes a decision.
    pub fn decide(&mut self, decision: Decision) {
        if let Some(before) = self.desired.replace(decision) {
            while self.earlier.len() >= MAX_CHANGES {
                self.earlier.pop_front();
            }
            self.earlier.push_back(before);
        }
    }
}

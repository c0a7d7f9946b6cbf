//! How a device behaves, as far as the cloud decides it: asked for by a command, told back by a record.
//!
//! Invariant: settings travel and are stored whole, under one version, so that a device never has half of a change.

use serde::{Deserialize, Serialize};

use crate::record::LogLevel;

/// The shortest time between two tellings of the counters that a device keeps to, in seconds.
pub const MIN_COUNTERS_EVERY_S: u32 = 60;

/// What the cloud decides about a device's behaviour; as a record, what is in force on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSettings {
    /// Rises with each change that the cloud makes; 0 as long as it has made none. A device passes over an older version.
    pub version: u32,
    /// The least level of the device's own log that is sent.
    pub log_level: LogLevel,
    /// How often the counters are told during a long trip, in seconds; not below [`MIN_COUNTERS_EVERY_S`].
    pub counters_every_s: u32,
    /// Whether the car raises reminders by itself from its plan.
    pub local_reminders: bool,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { version: 0, log_level: LogLevel::Warn, counters_every_s: 1_800, local_reminders: true }
    }
}

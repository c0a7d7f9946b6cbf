//! Rows beside the documents, and what is asked about them.

use bytes::Bytes;
use milepost_engine::offers::Decision;
use milepost_protocol::{DeviceId, RecordId};
use serde::{Deserialize, Serialize};

/// An envelope as it came, or what of it was new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryRow {
    /// The vehicle.
    pub device: DeviceId,
    /// Its first record; with the device it is the row's identity.
    pub first: RecordId,
    /// When it was committed, in milliseconds of Unix time.
    pub received_ms: u64,
    /// The envelope's bytes; they parse.
    pub bytes: Bytes,
}

/// Which rows of one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The vehicle.
    pub device: DeviceId,
    /// Rows whose first record is at or behind this one.
    pub from: Option<RecordId>,
    /// Rows whose first record is before this one.
    pub before: Option<RecordId>,
    /// Whether the newest comes first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: usize,
}

impl History {
    /// The newest rows of a vehicle.
    pub fn newest(device: DeviceId, limit: usize) -> Self {
        Self { device, from: None, before: None, newest_first: true, limit }
    }

    /// The rows of a vehicle from `from` on.
    pub fn ascending(device: DeviceId, from: Option<RecordId>, limit: usize) -> Self {
        Self { device, from, before: None, newest_first: false, limit }
    }
}

/// A message that waits for its vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The vehicle.
    pub device: DeviceId,
    /// Its number; a vehicle's messages go out in the order of their numbers.
    pub number: u64,
    /// The bytes to publish.
    pub bytes: Bytes,
}

/// A decision on offers with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// The vehicle.
    pub device: DeviceId,
    /// Its number within the vehicle.
    pub number: u64,
    /// When it was taken, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The decision: its context, rejections and propensities.
    pub decision: Decision,
}

/// An envelope that does not decode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRow {
    /// The vehicle.
    pub device: DeviceId,
    /// When it came, in milliseconds of Unix time.
    pub received_ms: u64,
    /// A number that tells apart what came in the same millisecond.
    pub serial: u32,
    /// Why it does not decode.
    pub reason: String,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

/// Where a page of the advisor's list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCursor {
    /// The urgency of the last entry.
    pub urgency: u16,
    /// The vehicle of the last entry.
    pub device: DeviceId,
}

/// One line of the advisor's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// The urgency score.
    pub urgency: u16,
    /// The vehicle.
    pub device: DeviceId,
}

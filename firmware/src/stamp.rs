//! Who a record is, and when it was made.
//!
//! Invariant: an identity that was once in flash names one record for ever.

use milepost_protocol::RecordId;
use milepost_protocol::envelope::ClockQuality;
use serde::{Deserialize, Serialize};

/// The longest stamp in front of a body, in bytes.
pub(crate) const MAX_STAMP_LEN: usize = 48;

/// Who a record is and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The boot that made it.
    pub boot: u32,
    /// Its number within the boot.
    pub number: u32,
    /// The uptime of the measurement, in milliseconds.
    pub uptime_ms: u64,
    /// The time of the measurement, as `quality` says.
    pub at_ms: u64,
    /// What `at_ms` counts from.
    pub quality: ClockQuality,
    /// The consent version that the device worked under.
    pub consent: u32,
    /// The record's kind.
    pub kind: u16,
}

impl Stamp {
    /// The record's identity.
    pub fn id(&self) -> RecordId {
        RecordId { boot: self.boot, number: self.number }
    }
}

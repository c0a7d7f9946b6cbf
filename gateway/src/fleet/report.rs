//! What a fleet tells of itself: JSON lines while it runs, one document when it ends.
//!
//! Invariant: a line is written whole, and a reader that went away does not stop the fleet.

use std::collections::BTreeMap;
use std::io::{self, Write};

use milepost_protocol::NoticeId;
use serde::Serialize;

/// One line.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line<'a> {
    /// A threshold was crossed in the car.
    Raised {
        /// The device.
        vehicle: &'a str,
        /// The notice, as hexadecimal digits.
        notice: String,
        /// Real Unix time in microseconds.
        at_us: u64,
    },
    /// The display showed a notice for the first time.
    Shown {
        /// The device.
        vehicle: &'a str,
        /// The notice, as hexadecimal digits.
        notice: String,
        /// Real Unix time in microseconds.
        at_us: u64,
    },
    /// The simulated driver pressed a button.
    Answered {
        /// The device.
        vehicle: &'a str,
        /// The notice, as hexadecimal digits.
        notice: String,
        /// Real Unix time in microseconds.
        at_us: u64,
        /// `snooze`, `book`, `done` or `refuse`.
        answer: &'static str,
    },
    /// The car learnt of a change from the cloud.
    Updated {
        /// The device.
        vehicle: &'a str,
        /// The notice, as hexadecimal digits.
        notice: String,
        /// Real Unix time in microseconds.
        at_us: u64,
        /// `raised`, `shown`, `snoozed`, `booked`, `done`, `refused` or `expired`.
        state: &'static str,
    },
    /// Once a second.
    Progress {
        /// Records made so far, over all boots.
        records_created: u64,
        /// Records without a receipt.
        records_waiting: u64,
        /// The virtual Unix time that the slowest car has reached, in milliseconds.
        virtual_ms: u64,
    },
}

/// A notice's id as it stands in lines.
pub fn hex(notice: NoticeId) -> String {
    notice.to_string()
}

/// Writes a line to standard output.
pub fn write_line(line: &Line<'_>) {
    let mut text = serde_json::to_vec(line).expect("a line has only plain fields");
    text.push(b'\n');
    // Whoever read the lines may have gone; the fleet goes on for those who read the report.
    let _ = io::stdout().lock().write_all(&text);
}

/// What happened to notices, over the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Notices {
    /// Raised by cars themselves.
    pub raised: u64,
    /// Shown for the first time.
    pub shown: u64,
    /// Answered by buttons.
    pub answered: u64,
}

/// One car's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarReport {
    /// The device.
    pub id: String,
    /// How many records each boot has made.
    pub created: BTreeMap<u32, u32>,
    /// How many have no receipt.
    pub waiting: u32,
}

/// The document at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each car.
    pub vehicles: Vec<CarReport>,
    /// Records of all boots.
    pub records_created: u64,
    /// Records without a receipt.
    pub records_waiting: u64,
    /// Notices of this run.
    pub notices: Notices,
    /// The virtual Unix time that the slowest car has reached, in milliseconds.
    pub virtual_ms: u64,
}

impl Report {
    /// The sums over cars.
    pub fn new(vehicles: Vec<CarReport>, notices: Notices, virtual_ms: u64) -> Self {
        Self {
            records_created: vehicles.iter().flat_map(|car| car.created.values()).map(|&count| u64::from(count)).sum(),
            records_waiting: vehicles.iter().map(|car| u64::from(car.waiting)).sum(),
            vehicles,
            notices,
            virtual_ms,
        }
    }
}

//! The demonstration's report: what was made, what arrived, how fast.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::latency::Percentiles;

/// The report as others script against it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub(super) records: Records,
    pub(super) notices: Notices,
    pub(super) latency_ms: Latency,
    pub(super) vehicles: usize,
    pub(super) seconds: f64,
}

/// Records by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Records {
    /// Numbered in a car.
    pub(super) created: u64,
    /// On stable storage in the cloud, each once.
    pub(super) committed: u64,
    /// Came again and were passed over.
    pub(super) duplicates: u64,
    /// Numbered in a car and never committed.
    pub(super) lost: u64,
}

/// Notices by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Notices {
    /// Raised, by a car or by the cloud.
    pub(super) raised: u64,
    /// Shown on a car's display.
    pub(super) shown_in_car: u64,
    /// Answered, in a car or in an account.
    pub(super) answered: u64,
}

/// How long the two ways of the loop take.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Latency {
    /// From the threshold crossing in the car to the account page.
    pub(super) car_to_account: Percentiles,
    /// From an answer in the account back to the car.
    pub(super) account_to_car: Percentiles,
}

impl Report {
    /// Writes the report as JSON.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| format!("failed to write the report, {}", path.display()))
    }
}

//! What an updated device is judged by: its own figures before the update, or those of the devices that were not updated yet.
//!
//! A figure fails when it passes both a multiple of its baseline and a slack above it, so that neither small nor large fleets alarm by noise.
//! Invariant: a device without any baseline is judged by the slack alone, never waved through.

use milepost_protocol::record::ResetReason;
use milepost_protocol::update::Refusal;
use serde::{Deserialize, Serialize};

use super::device::VersionHealth;

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gates {
    /// The share of a wave's devices that may fail before the rollout stops; below one device, none may.
    pub max_failed_share: f64,
    /// The share of a wave's devices that may be stuck before the rollout pauses.
    pub max_stuck_share: f64,
    /// How many times the baseline's the reconnect time may be.
    pub reconnect_factor: f64,
    /// And how far above it, in milliseconds.
    pub reconnect_slack_ms: f64,
    /// How many starts after a watchdog or a fault are allowed.
    pub max_resets: u16,
    /// How many times the baseline's the backlog may be.
    pub backlog_factor: f64,
    /// And how far above it, in records.
    pub backlog_slack: f64,
    /// How many times the baseline's the current may be.
    pub current_factor: f64,
    /// And how far above it, in milliamperes.
    pub current_slack_ma: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            max_failed_share: 0.05,
            max_stuck_share: 0.25,
            reconnect_factor: 3.0,
            reconnect_slack_ms: 30_000.0,
            max_resets: 0,
            backlog_factor: 3.0,
            backlog_slack: 500.0,
            current_factor: 1.25,
            current_slack_ma: 5.0,
        }
    }
}

/// Why a device counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It did not take the image.
    Refused,
    /// The old image came back.
    Reverted,
    /// It takes too long to reach the cloud.
    Reconnect,
    /// It resets.
    Resets,
    /// Its records pile up.
    Backlog,
    /// It draws too much current.
    Current,
}

impl Failure {
    /// The name, for counters and people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reverted => "reverted",
            Self::Reconnect => "reconnect",
            Self::Resets => "resets",
            Self::Backlog => "backlog",
            Self::Current => "current",
        }
    }
}

impl From<Refusal> for Failure {
    fn from(_: Refusal) -> Self {
        Self::Refused
    }
}

impl From<ResetReason> for Failure {
    fn from(_: ResetReason) -> Self {
        Self::Reverted
    }
}

/// What a device is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Baseline {
    /// The time from a start to the session, in milliseconds.
    pub reconnect_ms: Option<f64>,
    /// The backlog, in records.
    pub backlog: Option<f64>,
    /// The current in milliamperes.
    pub current_ma: Option<f64>,
}

impl Baseline {
    /// The mean over devices; empty over none.
    pub fn mean<'a>(devices: impl Iterator<Item = &'a VersionHealth>) -> Self {
        let (mut count, mut reconnect_ms, mut backlog) = (0.0, 0.0, 0.0);
        let (mut measured, mut current_ma) = (0.0, 0.0);
        for health in devices {
            count += 1.0;
            reconnect_ms += health.reconnect_ms;
            backlog += health.backlog;
            if let Some(current) = health.current_ma {
                measured += 1.0;
                current_ma += current;
            }
        }
        let mean = |sum: f64, count: f64| (count > 0.0).then(|| sum / count);
        Self {
            reconnect_ms: mean(reconnect_ms, count),
            backlog: mean(backlog, count),
            current_ma: mean(current_ma, measured),
        }
    }

    /// This baseline, completed where it knows nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            reconnect_ms: self.reconnect_ms.or(other.reconnect_ms),
            backlog: self.backlog.or(other.backlog),
            current_ma: self.current_ma.or(other.current_ma),
        }
    }
}

/// The first gate that a device fails after its update, if any.
pub fn judge(gates: &Gates, after: &VersionHealth, baseline: Baseline) -> Option<Failure> {
    let passes = |value: f64, baseline: Option<f64>, factor: f64, slack: f64| {
        let baseline = baseline.unwrap_or(0.0);
        value <= (baseline * factor).max(baseline + slack)
    };
    if after.resets > gates.max_resets {
        Some(Failure::Resets)
    } else if !passes(after.reconnect_ms, baseline.reconnect_ms, gates.reconnect_factor, gates.reconnect_slack_ms) {
        Some(Failure::Reconnect)
    } else if !passes(after.backlog, baseline.backlog, gates.backlog_factor, gates.backlog_slack) {
        Some(Failure::Backlog)
    } else {
        // A current without a baseline says nothing: boards differ too much.
        let current = after.current_ma.zip(baseline.current_ma);
        let too_high = current
            .is_some_and(|(value, before)| !passes(value, Some(before), gates.current_factor, gates.current_slack_ma));
        too_high.then_some(Failure::Current)
    }
}

//! One device's updates, folded from what it reports and from what was offered to it.
//!
//! Invariant: reports about an older offer change nothing, so that late and repeated records are harmless.

use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::Record;
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{Health, Refusal, UpdateReport, UpdateState, Version};
use serde::{Deserialize, Serialize};

/// The most earlier offers that are remembered; the oldest leave first.
const MAX_EARLIER: usize = 20;

/// After this long a device that was on trial is asked again, in milliseconds.
const ASK_AGAIN_MS: u64 = 60_000;

/// No trial takes longer, in milliseconds.
const TRIAL_MS: u64 = 2 * 3_600_000;

/// How far an offered update is, as far as the device has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It was offered; the device has not answered.
    Offered,
    /// The device has the bytes before this offset.
    Receiving(u32),
    /// The image is whole and waits for its moment.
    Verified,
    /// The device restarts.
    Installed,
    /// The image runs on trial.
    OnTrial,
    /// The image stays.
    Confirmed,
    /// The device did not take it.
    Refused(Refusal),
    /// The old image is back.
    Reverted(ResetReason),
    /// It was withdrawn in time.
    Withdrawn,
}

impl Phase {
    /// Whether nothing more comes of it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused(_) | Self::Reverted(_) | Self::Withdrawn)
    }

    /// Whether it can still be withdrawn.
    pub fn is_withdrawable(self) -> bool {
        matches!(self, Self::Offered | Self::Receiving(_) | Self::Verified)
    }
}

/// An update that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The offer's number, rising with each offer to this device.
    pub update: u32,
    /// The rollout that it belongs to.
    pub rollout: u32,
    /// The version.
    pub version: Version,
    /// When it was offered, in milliseconds of Unix time.
    pub at_ms: u64,
    /// How far it is.
    pub phase: Phase,
    /// When it last moved, by our clock.
    pub moved_ms: u64,
    /// Whether the withdrawal was sent.
    #[serde(default)]
    pub withdrawn: bool,
}

/// What was reported while one version ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VersionHealth {
    /// The version.
    pub version: Version,
    /// How many reports there were.
    pub reports: u32,
    /// When the first came, in milliseconds of Unix time.
    pub since_ms: u64,
    /// The mean time from a start to the session, in milliseconds.
    pub reconnect_ms: f64,
    /// The most starts after a watchdog or a fault.
    pub resets: u16,
    /// The mean backlog, in records.
    pub backlog: f64,
    /// The mean current in milliamperes, where it was measured.
    pub current_ma: Option<f64>,
}

impl VersionHealth {
    fn first(health: &Health, at_ms: u64) -> Self {
        Self {
            version: health.version,
            reports: 1,
            since_ms: at_ms,
            reconnect_ms: f64::from(health.reconnect_ms),
            resets: health.resets,
            backlog: f64::from(health.backlog),
            current_ma: health.current_ma.map(f64::from),
        }
    }

    fn add(&mut self, health: &Health) {
        self.reports = self.reports.saturating_add(1);
        let share = 1.0 / f64::from(self.reports);
        let mean = |mean: f64, value: f64| mean + (value - mean) * share;
        self.reconnect_ms = mean(self.reconnect_ms, f64::from(health.reconnect_ms));
        self.backlog = mean(self.backlog, f64::from(health.backlog));
        self.resets = self.resets.max(health.resets);
        self.current_ma = match (self.current_ma, health.current_ma) {
            (Some(before), Some(value)) => Some(mean(before, f64::from(value))),
            (before, value) => value.map(f64::from).or(before),
        };
    }
}

/// The newest report of how the device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastHealth {
    /// When it came, in milliseconds of Unix time.
    pub at_ms: u64,
    /// For how long the firmware had been running, in seconds.
    pub uptime_s: u32,
    /// From the start until the first session, in milliseconds.
    pub reconnect_ms: u32,
    /// Starts after a watchdog or a fault since this version ran first.
    pub resets: u16,
    /// Records that waited for a receipt.
    pub backlog: u32,
    /// In milliamperes, where it is measured.
    pub current_ma: Option<u16>,
}

/// What is known of one device's firmware.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceUpdate {
    /// The board, once the device has told it.
    pub board: Option<String>,
    /// What the version that runs has reported.
    pub running: Option<VersionHealth>,
    /// What the version before it had reported.
    pub previous: Option<VersionHealth>,
    /// The newest offer.
    pub offered: Option<Offered>,
    /// The offers before it, oldest first.
    pub earlier: Vec<Offered>,
    /// The newest report of how it does.
    pub last: Option<LastHealth>,
}

impl DeviceUpdate {
    /// Folds a record in; answers whether it was about an update.
    pub fn apply(&mut self, record: &Record, now_ms: u64) -> bool {
        match record {
            Record::UpdateReport(report) => self.reported(report, now_ms),
            Record::Health(health) => self.healthy(health, now_ms),
            _ => return false,
        }
        true
    }

    /// Notes an offer; answers its number.
    pub fn offer(&mut self, rollout: u32, version: Version, now_ms: u64) -> u32 {
        let update = self.offered.map_or(1, |offered| offered.update.saturating_add(1));
        let (at_ms, moved_ms) = (now_ms, now_ms);
        if let Some(before) = self.offered {
            let excess = (self.earlier.len() + 1).saturating_sub(MAX_EARLIER);
            self.earlier.drain(..excess);
            self.earlier.push(before);
        }
        self.offered =
            Some(Offered { update, rollout, version, at_ms, phase: Phase::Offered, moved_ms, withdrawn: false });
        update
    }

    /// Notes that the offer of a rollout is withdrawn; answers its number if there was something to withdraw.
    pub fn withdraw(&mut self, rollout: u32) -> Option<u32> {
        let offered = self.offered.as_mut().filter(|offered| offered.rollout == rollout && !offered.withdrawn)?;
        if !offered.phase.is_withdrawable() {
            return None;
        }
        offered.withdrawn = true;
        Some(offered.update)
    }

    /// Whether a rollout may offer its image now: once, and not while the device tries another one.
    ///
    /// A device that was on trial when it was asked refused for that reason alone; it is asked again after a while.
    pub fn can_be_offered(&self, rollout: u32, now_ms: u64) -> bool {
        let Some(offered) = self.offered else { return true };
        let since_ms = now_ms.saturating_sub(offered.moved_ms);
        if offered.rollout == rollout {
            offered.phase == Phase::Refused(Refusal::OnTrial) && since_ms >= ASK_AGAIN_MS
        } else {
            !matches!(offered.phase, Phase::Installed | Phase::OnTrial) || since_ms >= TRIAL_MS
        }
    }

    /// The version that runs, as far as it was told.
    pub fn version(&self) -> Option<Version> {
        self.running.map(|running| running.version)
    }

    fn reported(&mut self, report: &UpdateReport, now_ms: u64) {
        let Some(offered) = self.offered.as_mut().filter(|offered| offered.update == report.update) else { return };
        let phase = match report.state {
            UpdateState::Refused(refusal) => Phase::Refused(refusal),
            UpdateState::Receiving(have) => Phase::Receiving(have),
            UpdateState::Verified => Phase::Verified,
            UpdateState::Installed => Phase::Installed,
            UpdateState::OnTrial => Phase::OnTrial,
            UpdateState::Confirmed => Phase::Confirmed,
            UpdateState::Reverted(reason) => Phase::Reverted(reason),
            UpdateState::Withdrawn => Phase::Withdrawn,
        };
        if offered.phase.is_final() {
            return;
        }
        // A device that asks for the same bytes again is not moving.
        if offered.phase != phase {
            offered.moved_ms = now_ms;
        }
        offered.phase = phase;
    }

    fn healthy(&mut self, health: &Health, now_ms: u64) {
        if self.board.as_deref() != Some(health.board.as_str()) {
            self.board = Some(String::from(health.board.as_str()));
        }
        let &Health { uptime_s, reconnect_ms, resets, backlog, current_ma, .. } = health;
        self.last = Some(LastHealth { at_ms: now_ms, uptime_s, reconnect_ms, resets, backlog, current_ma });
        match &mut self.running {
            Some(running) if running.version == health.version => running.add(health),
            running => self.previous = running.replace(VersionHealth::first(health, now_ms)).or(self.previous),
        }
    }
}

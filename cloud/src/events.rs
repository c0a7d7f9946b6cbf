//! What happens, each once as a log line and a counter together.
//!
//! Invariant: labels are names from this program, never text from outside, so that their number is bounded.

use std::net::SocketAddr;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use milepost_engine::channels::Channel;
use milepost_engine::rollout::{State, Wave};
use milepost_protocol::DeviceId;
use milepost_protocol::update::{UpdateReport, UpdateState, Version};

use crate::channels::{ChannelError, SendError};
use crate::domain::AccountId;

/// A connection was turned away before it became a session.
#[expect(missing_debug_implementations, reason = "the detail is anything that can be printed")]
pub struct Refused<'a> {
    /// From where.
    pub peer: SocketAddr,
    /// Why, as a label.
    pub reason: &'static str,
    /// More, for the log.
    pub detail: &'a dyn std::fmt::Display,
}

impl Refused<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_connections_refused_total", "reason" => self.reason).increment(1);
        tracing::info!(peer = %self.peer, reason = self.reason, detail = %self.detail, "connection refused");
    }
}

/// An offer that was drawn for later was let go, because something had come to speak against it.
#[derive(Debug)]
pub struct OfferDropped<'a> {
    /// For which vehicle.
    pub device: &'a DeviceId,
    /// Which.
    pub offer: u16,
    /// At which stage it fell.
    pub stage: &'static str,
}

impl OfferDropped<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_offers_dropped_total", "stage" => self.stage).increment(1);
        tracing::debug!(device = %self.device, offer = self.offer, stage = self.stage, "a planned offer was let go");
    }
}

/// A session began.
#[derive(Debug)]
pub struct Connected<'a> {
    /// Whose.
    pub device: &'a DeviceId,
    /// The MQTT version: 3 or 5.
    pub version: u8,
}

impl Connected<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        let version = if self.version == 5 { "5" } else { "3" };
        counter!("milepost_sessions_total", "version" => version).increment(1);
        gauge!("milepost_sessions").increment(1.0);
        tracing::debug!(device = %self.device, version, "session began");
    }
}

/// A session ended.
#[derive(Debug)]
pub struct Disconnected<'a> {
    /// Whose.
    pub device: &'a DeviceId,
    /// Why, as a label.
    pub reason: &'static str,
}

impl Disconnected<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_sessions_ended_total", "reason" => self.reason).increment(1);
        gauge!("milepost_sessions").decrement(1.0);
        tracing::debug!(device = %self.device, reason = self.reason, "session ended");
    }
}

/// A message to a device was not sent; the device asks again or gets it with its next subscription.
#[derive(Debug)]
pub struct Unsent<'a> {
    /// To whom.
    pub device: &'a DeviceId,
    /// What: `receipt`, `chunk`, `message` or `packet`.
    pub kind: &'static str,
    /// Why, as a label.
    pub reason: &'static str,
}

impl Unsent<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_unsent_total", "kind" => self.kind, "reason" => self.reason).increment(1);
        tracing::debug!(device = %self.device, kind = self.kind, reason = self.reason, "not sent");
    }
}

/// An envelope does not decode and was set aside.
#[derive(Debug)]
pub struct Quarantined<'a> {
    /// From whom.
    pub device: &'a DeviceId,
    /// Why, as a label.
    pub reason: &'static str,
    /// How long it is.
    pub len_bytes: usize,
}

impl Quarantined<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_envelopes_quarantined_total", "reason" => self.reason).increment(1);
        tracing::warn!(device = %self.device, reason = self.reason, len_bytes = self.len_bytes, "envelope set aside");
    }
}

/// A certificate was asked for, and an answer is on its way.
#[derive(Debug)]
pub struct Certified<'a> {
    /// By whom: a device, or a board's serial number.
    pub by: &'a DeviceId,
    /// What came of it, as a label.
    pub outcome: &'static str,
}

impl<'a> Certified<'a> {
    /// The event of a verdict.
    pub fn of(by: &'a DeviceId, verdict: &Result<crate::pki::Verdict, crate::pki::PkiError>) -> Self {
        let outcome = match verdict {
            Ok(Ok(_)) => "issued",
            Ok(Err(refusal)) => refusal.reason(),
            Err(_) => "failed",
        };
        Self { by, outcome }
    }

    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_certificates_total", "outcome" => self.outcome).increment(1);
        if self.outcome == "issued" {
            tracing::info!(by = %self.by, "certificate issued");
        } else {
            // Somebody has to look: a board that nobody expects, a second key, a clone.
            tracing::warn!(by = %self.by, outcome = self.outcome, "certificate not issued");
        }
    }
}

/// The certificates' folder failed.
#[derive(Debug)]
pub struct CertificateFailed<'a> {
    /// Why.
    pub error: &'a crate::pki::PkiError,
}

impl CertificateFailed<'_> {
    /// Logs it.
    pub fn emit(&self) {
        tracing::error!(error = chain(self.error), "signing a certificate failed");
    }
}

/// A group of work is durable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Committed {
    /// Pieces of work.
    pub items: usize,
    /// New records.
    pub records: u64,
    /// Records that had been committed before.
    pub duplicates: u64,
    /// Records of unknown kinds.
    pub unknown_kinds: u64,
    /// Records whose time was clamped.
    pub clamped: u64,
    /// Notices raised.
    pub notices: u64,
    /// How long it took.
    pub took: Duration,
}

impl Committed {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_commits_total").increment(1);
        counter!("milepost_records_total").increment(self.records);
        counter!("milepost_records_duplicate_total").increment(self.duplicates);
        counter!("milepost_records_unknown_kind_total").increment(self.unknown_kinds);
        counter!("milepost_records_time_clamped_total").increment(self.clamped);
        counter!("milepost_notices_raised_total").increment(self.notices);
        histogram!("milepost_commit_seconds").record(self.took.as_secs_f64());
        histogram!("milepost_commit_items").record(self.items as f64);
        tracing::trace!(items = self.items, records = self.records, took = ?self.took, "committed");
    }
}

/// A group of work was not committed; nobody was acknowledged.
#[derive(Debug)]
pub struct CommitFailed<'a> {
    /// Pieces of work.
    pub items: usize,
    /// The store's error.
    pub error: &'a crate::store::StoreError,
}

impl CommitFailed<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_commit_failures_total", "reason" => self.error.reason()).increment(1);
        tracing::error!(items = self.items, error = chain(self.error), "commit failed");
    }
}

/// A signed image was published.
#[derive(Debug)]
pub struct ImagePublished<'a> {
    /// The board.
    pub board: &'a str,
    /// The version.
    pub version: Version,
    /// By whom.
    pub by: &'a AccountId,
}

impl ImagePublished<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_firmware_images_total").increment(1);
        tracing::info!(board = self.board, version = %self.version, by = %self.by, "firmware image published");
    }
}

/// A rollout came to another state.
#[derive(Debug)]
pub struct RolloutMoved<'a> {
    /// Which.
    pub rollout: u32,
    /// The state.
    pub state: State,
    /// By whom; the service itself if absent.
    pub by: Option<&'a AccountId>,
}

impl RolloutMoved<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        let wave = self.state.wave().map_or("none", Wave::name);
        counter!("milepost_rollout_moves_total", "state" => self.state.name(), "wave" => wave).increment(1);
        let by = self.by.map_or("service", AccountId::as_str);
        tracing::info!(rollout = self.rollout, state = ?self.state, by, "rollout moved");
    }
}

/// Devices were offered an image.
#[derive(Debug, Clone, Copy)]
pub struct UpdatesOffered {
    /// By which rollout.
    pub rollout: u32,
    /// How many.
    pub devices: usize,
}

impl UpdatesOffered {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_updates_offered_total").increment(self.devices as u64);
        tracing::debug!(rollout = self.rollout, devices = self.devices, "image offered");
    }
}

/// A device reported how its update stands.
#[derive(Debug, Clone, Copy)]
pub struct UpdateReported<'a> {
    /// Which.
    pub device: &'a DeviceId,
    /// What it said.
    pub report: &'a UpdateReport,
}

impl UpdateReported<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        let state = match self.report.state {
            UpdateState::Refused(_) => "refused",
            UpdateState::Receiving(_) => "receiving",
            UpdateState::Verified => "verified",
            UpdateState::Installed => "installed",
            UpdateState::OnTrial => "on_trial",
            UpdateState::Confirmed => "confirmed",
            UpdateState::Reverted(_) => "reverted",
            UpdateState::Withdrawn => "withdrawn",
        };
        counter!("milepost_update_reports_total", "state" => state).increment(1);
        tracing::debug!(device = %self.device, report = ?self.report, "update report");
    }
}

/// A device told which settings are in force.
#[derive(Debug, Clone, Copy)]
pub struct SettingsReported<'a> {
    /// Which device.
    pub device: &'a DeviceId,
    /// The settings' version.
    pub version: u32,
}

impl SettingsReported<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_settings_reports_total").increment(1);
        tracing::debug!(device = %self.device, version = self.version, "settings reported");
    }
}

/// A run of chunks was handed to a session.
#[derive(Debug, Clone, Copy)]
pub struct ChunksSent {
    /// How many.
    pub chunks: usize,
}

impl ChunksSent {
    /// Counts it.
    pub fn emit(&self) {
        counter!("milepost_update_chunks_total").increment(self.chunks as u64);
    }
}

/// A look at the rollouts failed; the next one starts anew.
#[derive(Debug)]
pub struct RolloutFailed<'a> {
    /// Why.
    pub error: &'a crate::firmware::FirmwareError,
}

impl RolloutFailed<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_rollout_failures_total").increment(1);
        tracing::error!(error = chain(self.error), "looking at the rollouts failed");
    }
}

/// A vehicle names a time zone that nobody knows; its days count as those of UTC.
#[derive(Debug, Clone, Copy)]
pub struct UnknownZone<'a> {
    /// The name.
    pub name: &'a str,
}

impl UnknownZone<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_unknown_time_zones_total").increment(1);
        tracing::debug!(name = self.name, "time zone is not known, UTC counts");
    }
}

/// A message was tried on a channel.
#[derive(Debug)]
pub struct DeliveryAttempted<'a> {
    /// Which channel.
    pub channel: Channel,
    /// What came of it.
    pub outcome: &'a Result<(), SendError>,
    /// How many deliveries it carries.
    pub deliveries: usize,
}

impl DeliveryAttempted<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        let outcome = match self.outcome {
            Ok(()) => "sent",
            Err(SendError::Refused(_)) => "refused",
            Err(SendError::NotTaken(_)) => "not_taken",
            Err(SendError::Unknown(_)) => "unknown",
            Err(SendError::Gone) => "gone",
        };
        let channel = self.channel.name();
        counter!("milepost_messages_total", "channel" => channel, "outcome" => outcome).increment(1);
        match self.outcome {
            Ok(()) => tracing::debug!(channel, deliveries = self.deliveries, "message sent"),
            Err(error) => {
                tracing::warn!(channel, deliveries = self.deliveries, error = chain(error), "message not sent");
            }
        }
    }
}

/// A loop of the channels failed; its next round starts anew.
#[derive(Debug)]
pub struct ChannelFailed<'a> {
    /// Which loop, as a label.
    pub what: &'static str,
    /// Why.
    pub error: &'a ChannelError,
}

impl ChannelFailed<'_> {
    /// Logs and counts it.
    pub fn emit(&self) {
        counter!("milepost_channel_failures_total", "what" => self.what).increment(1);
        tracing::error!(what = self.what, error = chain(self.error), "a loop of the channels failed");
    }
}

/// An error with all its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

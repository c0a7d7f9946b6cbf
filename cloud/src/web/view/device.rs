//! A device in words: what runs on it, how it is heard, why it started, what it keeps to.

use milepost_engine::rollout::{Failure, Offered, Phase, Standing};
use milepost_engine::usage::{BootInfo, LogLine, Parked, VehicleState};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::record::{LogLevel, ResetReason};

use crate::domain::{Agreement, Vehicle};
use crate::i18n::{Format, Localizer};

/// For so long after its start what a device logs as an error tells of the run before, in milliseconds.
const CRASH_WITHIN_MS: u64 = 60_000;

/// A word with its tone and icon.
#[derive(Debug, Clone)]
pub(crate) struct Badge {
    pub(crate) tone: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: String,
}

impl Badge {
    /// A badge of a text's key.
    pub(crate) fn new(localizer: Localizer, tone: &'static str, icon: &'static str, key: &str) -> Self {
        Self { tone, icon, text: localizer.text(key) }
    }
}

/// Whether the device has a session now.
pub(crate) fn link(connected: bool, localizer: Localizer) -> Badge {
    if connected {
        Badge::new(localizer, "ok", "signal", "lab-link-online")
    } else {
        Badge::new(localizer, "", "close", "lab-link-offline")
    }
}

/// Whether what runs is on trial or confirmed, where an update says so.
pub(crate) fn trial(vehicle: &Vehicle, localizer: Localizer) -> Option<Badge> {
    let offered = vehicle.update.offered?;
    match offered.phase {
        Phase::OnTrial => Some(Badge::new(localizer, "soon", "clock", "lab-phase-on-trial")),
        Phase::Confirmed => Some(Badge::new(localizer, "ok", "check", "lab-phase-confirmed")),
        Phase::Reverted(_) => Some(Badge::new(localizer, "over", "undo", "lab-phase-reverted")),
        Phase::Offered | Phase::Receiving(_) | Phase::Verified | Phase::Installed => {
            Some(Badge::new(localizer, "accent", "download", "lab-phase-under-way"))
        }
        Phase::Refused(_) | Phase::Withdrawn => None,
    }
}

/// How far an update is.
pub(crate) fn phase(offered: &Offered, format: &Format) -> Badge {
    let localizer = format.localizer;
    match offered.phase {
        Phase::Offered => Badge::new(localizer, "", "clock", "lab-phase-offered"),
        Phase::Receiving(have) => Badge {
            tone: "accent",
            icon: "download",
            text: localizer.with("lab-phase-receiving", [("have", format.bytes(have.into()).into())]),
        },
        Phase::Verified => Badge::new(localizer, "accent", "check", "lab-phase-verified"),
        Phase::Installed => Badge::new(localizer, "accent", "check", "lab-phase-installed"),
        Phase::OnTrial => Badge::new(localizer, "soon", "clock", "lab-phase-on-trial"),
        Phase::Confirmed => Badge::new(localizer, "ok", "check", "lab-phase-confirmed"),
        Phase::Refused(_) => Badge::new(localizer, "over", "stop", "lab-phase-refused"),
        Phase::Reverted(_) => Badge::new(localizer, "over", "undo", "lab-phase-reverted"),
        Phase::Withdrawn => Badge::new(localizer, "", "close", "lab-phase-withdrawn"),
    }
}

/// How a device stands in its rollout.
pub(crate) fn standing(standing: Standing, localizer: Localizer) -> Badge {
    match standing {
        Standing::Elsewhere => Badge::new(localizer, "", "close", "lab-standing-elsewhere"),
        Standing::Waiting => Badge::new(localizer, "", "clock", "lab-standing-waiting"),
        Standing::UnderWay => Badge::new(localizer, "accent", "download", "lab-standing-under-way"),
        Standing::Soaking => Badge::new(localizer, "soon", "clock", "lab-standing-soaking"),
        Standing::Healthy => Badge::new(localizer, "ok", "check", "lab-standing-healthy"),
        Standing::Stuck => Badge::new(localizer, "due", "alert", "lab-standing-stuck"),
        Standing::Failed(why) => Badge { tone: "over", icon: "stop", text: failure(why, localizer) },
        Standing::Withdrawn => Badge::new(localizer, "", "close", "lab-phase-withdrawn"),
    }
}

/// Which gate a device failed.
pub(crate) fn failure(failure: Failure, localizer: Localizer) -> String {
    localizer.text(match failure {
        Failure::Refused => "lab-failure-refused",
        Failure::Reverted => "lab-failure-reverted",
        Failure::Reconnect => "lab-failure-reconnect",
        Failure::Resets => "lab-failure-resets",
        Failure::Backlog => "lab-failure-backlog",
        Failure::Current => "lab-failure-current",
    })
}

/// Why a device started.
pub(crate) fn reset(reason: Option<ResetReason>, localizer: Localizer) -> Badge {
    match reason {
        Some(ResetReason::PowerOn) => Badge::new(localizer, "", "charge", "lab-reset-power"),
        Some(ResetReason::Software) => Badge::new(localizer, "", "undo", "lab-reset-software"),
        Some(ResetReason::Watchdog) => Badge::new(localizer, "due", "alert", "lab-reset-watchdog"),
        Some(ResetReason::Fault) => Badge::new(localizer, "over", "stop", "lab-reset-fault"),
        Some(ResetReason::Unknown) | None => Badge::new(localizer, "", "question", "state-unknown"),
    }
}

/// How far the device's clock can be trusted.
pub(crate) fn clock(quality: Option<ClockQuality>, localizer: Localizer) -> Badge {
    match quality {
        Some(ClockQuality::Network) => Badge::new(localizer, "ok", "clock", "lab-clock-network"),
        Some(ClockQuality::Estimated) => Badge::new(localizer, "soon", "clock", "lab-clock-estimated"),
        Some(ClockQuality::SinceBoot) => Badge::new(localizer, "due", "clock", "lab-clock-since-boot"),
        None => Badge::new(localizer, "", "question", "state-unknown"),
    }
}

/// How what was decided and what the device does stand to each other.
pub(crate) fn agreement(agreement: Agreement, localizer: Localizer) -> Badge {
    match agreement {
        Agreement::AsBuilt => Badge::new(localizer, "", "inspect", "lab-agreement-as-built"),
        Agreement::InForce => Badge::new(localizer, "ok", "check", "lab-agreement-in-force"),
        Agreement::Waiting => Badge::new(localizer, "soon", "clock", "lab-agreement-waiting"),
        Agreement::Unsupported => Badge::new(localizer, "due", "alert", "lab-agreement-unsupported"),
        Agreement::Differs => Badge::new(localizer, "over", "stop", "lab-agreement-differs"),
    }
}

/// A level of the log.
pub(crate) fn log_level(level: LogLevel, localizer: Localizer) -> String {
    localizer.text(match level {
        LogLevel::Error => "lab-level-error",
        LogLevel::Warn => "lab-level-warn",
        LogLevel::Info => "lab-level-info",
    })
}

/// What a parked day took, as its mean current in milliamperes.
pub(crate) fn parked_milliamperes(day: &Parked) -> f64 {
    f64::from(day.spent_uah) / 24.0 / 1000.0
}

/// What a start tells of the run that ended before it: the errors that were logged right after it, put together again.
pub(crate) fn crash_text(state: &VehicleState, start: &BootInfo) -> Option<String> {
    if !matches!(start.reason, ResetReason::Watchdog | ResetReason::Fault | ResetReason::Software) {
        return None;
    }
    let tells = |line: &&LogLine| {
        line.boot == start.boot
            && line.level == LogLevel::Error
            && line.at_ms.saturating_sub(start.at_ms) < CRASH_WITHIN_MS
    };
    let text: String = state.log.iter().filter(tells).map(|line| line.text.as_str()).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_errors_right_after_a_bad_start_tell_of_the_crash() {
        let line = |boot, at_ms, level, text: &str| LogLine { boot, at_ms, level, text: text.to_owned() };
        let mut state = VehicleState::default();
        state.log.extend([
            line(6, 900, LogLevel::Error, "before"),
            line(7, 1_000, LogLevel::Error, "panicked at "),
            line(7, 1_000, LogLevel::Error, "uplink.rs:12"),
            line(7, 1_500, LogLevel::Info, "session stands"),
            line(7, 90_000, LogLevel::Error, "much later"),
        ]);
        let start = |reason| BootInfo { boot: 7, at_ms: 1_000, reason, firmware: [1, 0, 0], table: 0 };
        assert_eq!(crash_text(&state, &start(ResetReason::Fault)).as_deref(), Some("panicked at uplink.rs:12"));
        assert_eq!(crash_text(&state, &start(ResetReason::PowerOn)), None);
        assert_eq!(crash_text(&VehicleState::default(), &start(ResetReason::Fault)), None);
    }
}

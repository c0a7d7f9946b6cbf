//! What the log calls the states of an update, as their names in the code.
//!
//! The language could print the names by itself, but not without everything else that can be formatted.
//! Invariant: the test bench knows these names; each is the one in the code.

use milepost_protocol::record::ResetReason;
use milepost_protocol::update::Refusal;

/// Why an image is not taken.
pub(crate) fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::Signature => "Signature",
        Refusal::Manifest => "Manifest",
        Refusal::Board => "Board",
        Refusal::NotNewer => "NotNewer",
        Refusal::BelowFloor => "BelowFloor",
        Refusal::Length => "Length",
        Refusal::Hash => "Hash",
        Refusal::BootLoader => "BootLoader",
        Refusal::OnTrial => "OnTrial",
    }
}

/// What ended a trial.
pub(crate) fn reset(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::PowerOn => "PowerOn",
        ResetReason::Watchdog => "Watchdog",
        ResetReason::Software => "Software",
        ResetReason::Fault => "Fault",
        ResetReason::Unknown => "Unknown",
    }
}

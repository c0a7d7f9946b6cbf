//! What becomes of one notice on one channel now: it is sent, held by a rule until a moment, or left.
//!
//! Invariant: the answer depends on the arguments alone, and a hold always ends after `now_ms`.

use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::{DAY_MS, Level, SafetyClass};
use serde::{Deserialize, Serialize};

use super::local::{next_minute, quiet_until};
use super::{Channel, Preferences, Use};

/// What is asked of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub kind: NoticeKind,
    /// The level of a reminder.
    pub level: Option<Level>,
    /// What ignoring it can lead to.
    pub safety: SafetyClass,
    /// Whether it still waits for an answer; a snoozed one does.
    pub waits: bool,
    /// The end of its snooze, in milliseconds of Unix time.
    pub snoozed_until_ms: Option<u64>,
    /// Since when it has been open without an answer, in milliseconds of Unix time.
    pub open_since_ms: u64,
    /// Whether the owner shares with the workshop.
    pub workshop: bool,
}

/// The rule that holds a notice back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The owner has put it off.
    Snoozed,
    /// The channel comes only when the notice has been ignored for some days.
    Ignored,
    /// The owner wants one message a day.
    Digest,
    /// It waits for others to travel with it.
    Gather,
    /// The owner wants to be left alone at this hour.
    QuietHours,
}

impl Rule {
    /// The name, as it is stored and as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snoozed => "snoozed",
            Self::Ignored => "ignored",
            Self::Digest => "digest",
            Self::Gather => "gather",
            Self::QuietHours => "quiet_hours",
        }
    }
}

/// A notice is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// By which rule.
    pub rule: Rule,
    /// Until when, in milliseconds of Unix time.
    pub until_ms: u64,
}

/// Why a notice does not travel by a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// It was answered, or has expired.
    Closed,
    /// Where an offer is shown was decided with the offer.
    Offer,
    /// The owner does not use the channel.
    Off,
    /// The reminder's level is below what the owner wants to hear of.
    Level,
    /// The owner does not share with the workshop.
    Consent,
}

/// What becomes of a notice on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes out now.
    Send,
    /// It waits.
    Hold(Hold),
    /// It does not travel by this channel.
    Leave(Leave),
}

/// The moment of a decision.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// Now, in milliseconds of Unix time.
    pub now_ms: u64,
    /// How long a notice waits for company on a channel that gathers, in milliseconds.
    pub gather_ms: u64,
    /// The minute of the owner's day at a moment of Unix time in milliseconds.
    pub zone: &'a dyn Fn(u64) -> u16,
}

impl core::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Turn").field("now_ms", &self.now_ms).field("gather_ms", &self.gather_ms).finish_non_exhaustive()
    }
}

/// Decides about one notice on one channel.
pub fn decide(facts: &Facts, preferences: &Preferences, channel: Channel, turn: Turn<'_>) -> Verdict {
    match bars(facts, preferences, channel) {
        Some(leave) => Verdict::Leave(leave),
        None => holds(facts, preferences, channel, turn).map_or(Verdict::Send, Verdict::Hold),
    }
}

fn bars(facts: &Facts, preferences: &Preferences, channel: Channel) -> Option<Leave> {
    let choice = preferences.choice(channel);
    if !facts.waits {
        Some(Leave::Closed)
    } else if facts.kind == NoticeKind::Offer {
        Some(Leave::Offer)
    } else if choice.when == Use::Never {
        Some(Leave::Off)
    } else if channel.needs_workshop() && !facts.workshop {
        Some(Leave::Consent)
    } else if facts.safety != SafetyClass::Safety && facts.level.is_some_and(|level| level < choice.from) {
        Some(Leave::Level)
    } else {
        None
    }
}

fn holds(facts: &Facts, preferences: &Preferences, channel: Channel, turn: Turn<'_>) -> Option<Hold> {
    let Turn { now_ms, gather_ms, zone } = turn;
    let ahead = |rule, until_ms: u64| (until_ms > now_ms).then_some(Hold { rule, until_ms });
    if let Some(hold) = facts.snoozed_until_ms.and_then(|until_ms| ahead(Rule::Snoozed, until_ms)) {
        return Some(hold);
    }
    let turn_ms = match preferences.choice(channel).when {
        Use::IfIgnored { days } => facts.open_since_ms.saturating_add(u64::from(days) * DAY_MS),
        Use::AtOnce | Use::Never => facts.open_since_ms,
    };
    if let Some(hold) = ahead(Rule::Ignored, turn_ms) {
        return Some(hold);
    }
    if facts.safety == SafetyClass::Safety {
        return None;
    }
    let company = match preferences.digest_minute {
        _ if !channel.gathers() => None,
        Some(minute) => ahead(Rule::Digest, next_minute(minute, zone, turn_ms)),
        None => ahead(Rule::Gather, turn_ms.saturating_add(gather_ms)),
    };
    company.or_else(|| {
        let until_ms = quiet_until(preferences.quiet, zone, now_ms)?;
        Some(Hold { rule: Rule::QuietHours, until_ms })
    })
}

//! A notice: one id, one state, every surface.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::ids::NoticeId;
use crate::plan::{ItemId, Level, SafetyClass};
use crate::signal::SignalId;

/// The most reasons that one notice carries into the car.
pub const MAX_REASONS: usize = 4;

/// Why something is said, the most telling first.
pub type Reasons = Vec<Reason, MAX_REASONS>;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A service item that is upcoming, due or overdue.
    Reminder,
    /// An offer; it never comes ahead of safety.
    Offer,
    /// Something worth knowing that asks nothing.
    Information,
    /// A question to the owner.
    Question,
}

/// What was measured against what, so that a surface can say why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// A distance: how far the car has come of how much, in metres.
    Distance {
        /// Since the cycle began.
        used_m: u32,
        /// The bound.
        limit_m: u32,
    },
    /// Calendar time, in days.
    Time {
        /// Since the cycle began.
        used_days: u16,
        /// The bound.
        limit_days: u16,
    },
    /// Engine running time, in seconds.
    EngineTime {
        /// Since the cycle began.
        used_s: u32,
        /// The bound.
        limit_s: u32,
    },
    /// Fuel burnt, in millilitres.
    Fuel {
        /// Since the cycle began.
        used_ml: u32,
        /// The bound.
        limit_ml: u32,
    },
    /// A measured signal against a threshold, in the signal's unit.
    Signal {
        /// The signal.
        signal: SignalId,
        /// What was measured.
        value: f32,
        /// The threshold.
        limit: f32,
    },
}

/// Answers that a notice invites, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actions(pub u8);

impl Actions {
    /// Remind me later.
    pub const SNOOZE: Self = Self(1);
    /// Make an appointment.
    pub const BOOK: Self = Self(2);
    /// It has been done.
    pub const DONE: Self = Self(4);
    /// Not interested.
    pub const REFUSE: Self = Self(8);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every action of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A notice on its way into the car.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The identity.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// Its precedence.
    pub safety: SafetyClass,
    /// The service item, for a reminder.
    pub item: Option<ItemId>,
    /// The level of a reminder, and how urgent a recall is.
    pub level: Option<Level>,
    /// When it was raised, in milliseconds of Unix time.
    pub raised_ms: u64,
    /// When it stops being of use.
    pub expires_ms: Option<u64>,
    /// A line for the display, in the owner's language.
    pub title: String<64>,
    /// One or two sentences, in the owner's language.
    pub text: String<200>,
    /// Why.
    pub reasons: Reasons,
    /// What the owner can answer.
    pub actions: Actions,
}

/// Where a notice was seen or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Surface {
    /// The car's display.
    Car,
    /// The owner's pages.
    Account,
    /// A service advisor on the owner's behalf.
    Advisor,
}

/// What the owner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// Show it again after this many days.
    Snooze {
        /// 1 to 90; the cloud bounds it further by safety class.
        days: u16,
    },
    /// An appointment is wanted.
    Book,
    /// The work has been done.
    Done,
    /// Not wanted.
    Refuse,
}

/// The state that every surface shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeState {
    /// Nobody has seen it yet.
    Raised,
    /// Seen first on this surface.
    Shown {
        /// Where.
        on: Surface,
        /// When, in milliseconds of Unix time.
        at_ms: u64,
    },
    /// Hidden until then.
    Snoozed {
        /// Milliseconds of Unix time.
        until_ms: u64,
    },
    /// An appointment stands or is asked for.
    Booked,
    /// The work has been done.
    Done,
    /// The owner does not want it.
    Refused,
    /// Overtaken by time, by a later level or by a completion.
    Expired,
}

impl Answer {
    /// The answer in one word, as programs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snooze { .. } => "snooze",
            Self::Book => "book",
            Self::Done => "done",
            Self::Refuse => "refuse",
        }
    }
}

impl NoticeState {
    /// The state in one word, as programs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Shown { .. } => "shown",
            Self::Snoozed { .. } => "snoozed",
            Self::Booked => "booked",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Whether the notice still asks for the owner's attention at `now_ms`.
    pub fn is_open(self, now_ms: u64) -> bool {
        match self {
            Self::Raised | Self::Shown { .. } => true,
            Self::Snoozed { until_ms } => now_ms >= until_ms,
            Self::Booked | Self::Done | Self::Refused | Self::Expired => false,
        }
    }

    /// Whether nothing can change the state any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Expired)
    }
}

//! What the workshop's people do for a notice: a call, a letter.
//!
//! Invariant: a task speaks for one notice of one owner; once that is answered or the car is sold, nobody sees the task any more.

use milepost_engine::channels::Channel;
use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, NoticeDoc, Vehicle};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Call the owner.
    Call,
    /// Print a letter and post it.
    Letter,
}

impl TaskKind {
    /// The task of a channel that people carry out.
    pub fn of(channel: Channel) -> Option<Self> {
        match channel {
            Channel::Call => Some(Self::Call),
            Channel::Letter => Some(Self::Letter),
            Channel::Push | Channel::Email | Channel::Text | Channel::Webhook => None,
        }
    }

    /// The name, as keys, forms and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Letter => "letter",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Call, Self::Letter].into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing to do, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What.
    pub kind: TaskKind,
    /// The vehicle.
    pub device: DeviceId,
    /// The notice.
    pub notice: NoticeId,
    /// Whom it concerns.
    pub owner: AccountId,
    /// Since when, in milliseconds of Unix time.
    pub since_ms: u64,
    /// When it was done, in milliseconds of Unix time, and by whom.
    #[serde(default)]
    pub done: Option<(u64, AccountId)>,
}

impl Task {
    /// The key within its collection.
    pub(super) fn key(device: &DeviceId, notice: NoticeId, kind: TaskKind) -> String {
        format!("{device}/{notice}/{}", kind.name())
    }

    /// Whether a notice waits for an answer, so that there is something to do about it; a snoozed one does.
    pub fn waits(notice: &NoticeDoc) -> bool {
        super::plan::waits(notice)
    }

    /// Whether it is still to be done, as the vehicle stands.
    pub fn is_open(&self, vehicle: &Vehicle) -> bool {
        let waits = vehicle.notices.get(&self.notice).is_some_and(Self::waits);
        self.done.is_none() && waits && vehicle.owner.as_ref() == Some(&self.owner)
    }
}

//! A contact with an owner that somebody of the workshop noted: a call, a talk, a message, a letter.

use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};

use super::{CareId, CareOutcome};
use crate::domain::{AccountId, Vehicle};

/// By which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A call.
    Call,
    /// A talk at the workshop.
    InPerson,
    /// A message of the person's own.
    Message,
    /// A letter.
    Letter,
}

impl Way {
    /// All of them, in the order in which forms offer them.
    pub const ALL: [Self; 4] = [Self::Call, Self::InPerson, Self::Message, Self::Letter];

    /// The name, as forms and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::InPerson => "in_person",
            Self::Message => "message",
            Self::Letter => "letter",
        }
    }

    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// What is noted of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallNote {
    /// By which way.
    pub way: Way,
    /// What came of it.
    pub outcome: CareOutcome,
    /// The notice that it was about.
    pub notice: Option<NoticeId>,
    /// What there is to say about it.
    pub note: String,
}

/// A contact, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Which.
    pub id: CareId,
    /// The vehicle.
    pub device: DeviceId,
    /// Whose vehicle it was then.
    pub owner: Option<AccountId>,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Who of the workshop.
    pub by: AccountId,
    /// By which way.
    pub way: Way,
    /// What came of it.
    pub outcome: CareOutcome,
    /// The notice that it was about.
    #[serde(default)]
    pub notice: Option<NoticeId>,
    /// What there is to say about it.
    #[serde(default)]
    pub note: String,
}

impl Call {
    /// Whether it is about the vehicle as somebody owns it now.
    pub fn concerns(&self, vehicle: &Vehicle) -> bool {
        self.device == vehicle.device && self.owner == vehicle.owner
    }
}

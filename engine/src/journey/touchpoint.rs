//! The register of touchpoints, and one contact as it is recorded.
//!
//! Invariant: a contact is what happened once; it is never changed, and names are stored and never change their meaning.

use alloc::string::String;

use serde::{Deserialize, Serialize};

/// Where an owner and we meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touchpoint {
    /// The car's display.
    Car,
    /// The owner's pages and their API.
    Account,
    /// An e-mail.
    Email,
    /// A notification of the browser.
    Push,
    /// A text message.
    Text,
    /// The owner's own system.
    Webhook,
    /// A letter.
    Letter,
    /// A call, in either direction.
    Call,
    /// A visit to a workshop, and talk with its people.
    Workshop,
    /// A test drive.
    TestDrive,
    /// An event or a meeting.
    Event,
}

impl Touchpoint {
    /// All of them, in the order of the register.
    pub const ALL: [Self; 11] = [
        Self::Car,
        Self::Account,
        Self::Email,
        Self::Push,
        Self::Text,
        Self::Webhook,
        Self::Letter,
        Self::Call,
        Self::Workshop,
        Self::TestDrive,
        Self::Event,
    ];

    /// The name, as it is stored and as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Car => "car",
            Self::Account => "account",
            Self::Email => "email",
            Self::Push => "push",
            Self::Text => "text",
            Self::Webhook => "webhook",
            Self::Letter => "letter",
            Self::Call => "call",
            Self::Workshop => "workshop",
            Self::TestDrive => "test_drive",
            Self::Event => "event",
        }
    }

    /// The touchpoint with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|touchpoint| touchpoint.name() == name)
    }

    /// What one contact of ours costs unless the installation says otherwise, in hundredths of its currency.
    ///
    /// Orders of magnitude of postage, a text message, and minutes of a person's time; to be replaced by one's own figures.
    pub fn usual_cost_cents(self) -> u32 {
        match self {
            Self::Car | Self::Account | Self::Push | Self::Webhook | Self::Workshop => 0,
            Self::Email => 1,
            Self::Text => 8,
            Self::Letter => 150,
            Self::Call => 600,
            Self::TestDrive => 5_000,
            Self::Event => 3_000,
        }
    }
}

/// Who turned to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We to the owner.
    Outbound,
    /// The owner to us.
    Inbound,
}

/// Whom the owner met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// Nobody: a display, a page, a message.
    #[default]
    Nobody,
    /// Somebody at the gate or the front desk.
    Reception,
    /// A service advisor.
    Advisor,
    /// A mechanic.
    Mechanic,
    /// A salesperson.
    Sales,
}

impl Met {
    /// The name, as it is stored and as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Reception => "reception",
            Self::Advisor => "advisor",
            Self::Mechanic => "mechanic",
            Self::Sales => "sales",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Nobody, Self::Reception, Self::Advisor, Self::Mechanic, Self::Sales]
            .into_iter()
            .find(|met| met.name() == name)
    }
}

/// The scene of a contact: with whom, and where exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scene {
    /// Whom the owner met.
    pub met: Met,
    /// The place: a workshop's id, a page, a channel's occasion; may be empty.
    pub place: String,
    /// What somebody who was there wrote down; may be empty.
    pub note: String,
}

/// What a contact was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A reminder of a service item, by the item's number.
    Reminder(u16),
    /// An offer, by its number.
    Offer(u16),
    /// A safety recall.
    Recall,
    /// Something else worth knowing.
    Information,
    /// A step of a programme.
    Programme {
        /// The programme's name.
        programme: String,
        /// The step's id.
        step: String,
    },
    /// A visit to a workshop.
    Visit,
    /// The owner came by themselves.
    Own,
}

impl Cause {
    /// Its kind, as the API writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reminder(_) => "reminder",
            Self::Offer(_) => "offer",
            Self::Recall => "recall",
            Self::Information => "information",
            Self::Programme { .. } => "programme",
            Self::Visit => "visit",
            Self::Own => "own",
        }
    }
}

/// What came of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went out.
    Sent,
    /// It was given up: the owner was not reached.
    Failed,
    /// The owner saw it.
    Seen,
    /// The owner put it off.
    PutOff,
    /// An appointment was made.
    Booked,
    /// The work was done.
    Done,
    /// The owner did not want it.
    Refused,
    /// The owner came.
    Arrived,
    /// The owner did not come.
    Missed,
    /// The owner called it off.
    Cancelled,
    /// The owner left a programme.
    Left,
    /// The owner complained.
    Complained,
    /// Talked, with no more to note.
    Talked,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Sent,
        Self::Failed,
        Self::Seen,
        Self::PutOff,
        Self::Booked,
        Self::Done,
        Self::Refused,
        Self::Arrived,
        Self::Missed,
        Self::Cancelled,
        Self::Left,
        Self::Complained,
        Self::Talked,
    ];

    /// The name, as it is stored and as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Seen => "seen",
            Self::PutOff => "put_off",
            Self::Booked => "booked",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Arrived => "arrived",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
            Self::Left => "left",
            Self::Complained => "complained",
            Self::Talked => "talked",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether it is what we had hoped for.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::Booked | Self::Done | Self::Arrived)
    }

    /// Whether it says that we were a nuisance.
    pub fn is_annoyed(self) -> bool {
        matches!(self, Self::Refused | Self::Left | Self::Complained)
    }
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Where.
    pub touchpoint: Touchpoint,
    /// Who turned to whom.
    pub direction: Direction,
    /// With whom, and where exactly.
    #[serde(default)]
    pub scene: Scene,
    /// What it was about.
    pub cause: Cause,
    /// What ties it to others about the same thing: a notice's id, a visit's.
    #[serde(default)]
    pub thread: String,
    /// What it cost us, in hundredths of the installation's currency.
    #[serde(default)]
    pub cost_cents: u32,
    /// What came of it.
    pub outcome: Outcome,
}

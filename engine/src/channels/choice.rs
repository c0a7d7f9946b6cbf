//! What an owner has chosen for each channel.
//!
//! Invariant: names of channels are stored and never change their meaning.

use milepost_protocol::plan::Level;
use serde::{Deserialize, Serialize};

use crate::offers::QuietHours;

/// A way to reach an owner beside the car and the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A notification of the browser.
    Push,
    /// An e-mail.
    Email,
    /// A text message, through the installation's provider.
    Text,
    /// A signed request to a system of the owner's own.
    Webhook,
    /// A call by a service advisor.
    Call,
    /// A letter that the workshop prints.
    Letter,
}

impl Channel {
    /// All of them, the quickest first.
    pub const ALL: [Self; 6] = [Self::Push, Self::Email, Self::Text, Self::Webhook, Self::Call, Self::Letter];

    /// The name, as it is stored and as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Email => "email",
            Self::Text => "text",
            Self::Webhook => "webhook",
            Self::Call => "call",
            Self::Letter => "letter",
        }
    }

    /// The channel with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// Whether several notices travel as one message.
    pub fn gathers(self) -> bool {
        self == Self::Email
    }

    /// Whether a person of the workshop carries it out, so that the owner must share with the workshop.
    pub fn needs_workshop(self) -> bool {
        matches!(self, Self::Call | Self::Letter)
    }
}

/// When a channel is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Never.
    Never,
    /// As soon as there is a notice.
    AtOnce,
    /// When a notice has been open for so many days without an answer.
    IfIgnored {
        /// Days, from the moment at which it opened.
        days: u16,
    },
}

/// What an owner has chosen for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// When it is used.
    pub when: Use,
    /// The least level of a reminder that travels by it; what concerns safety always does.
    pub from: Level,
}

/// Everything an owner has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// For notifications of the browser.
    pub push: Choice,
    /// For e-mails.
    pub email: Choice,
    /// For text messages.
    pub text: Choice,
    /// For the owner's own system.
    pub webhook: Choice,
    /// For calls.
    pub call: Choice,
    /// For letters.
    pub letter: Choice,
    /// Hours to leave alone.
    pub quiet: QuietHours,
    /// The minute of the local day at which e-mails are sent, all in one; `None` sends each soon.
    pub digest_minute: Option<u16>,
}

impl Default for Preferences {
    /// Quick channels at once, an e-mail when something is due, a call when an overdue item is ignored for two weeks.
    fn default() -> Self {
        let at_once = |from| Choice { when: Use::AtOnce, from };
        let never = Choice { when: Use::Never, from: Level::Due };
        Self {
            push: at_once(Level::Upcoming),
            email: at_once(Level::Due),
            text: never,
            webhook: at_once(Level::Upcoming),
            call: Choice { when: Use::IfIgnored { days: 14 }, from: Level::Overdue },
            letter: never,
            quiet: QuietHours::default(),
            digest_minute: None,
        }
    }
}

impl Preferences {
    /// What was chosen for a channel.
    pub fn choice(&self, channel: Channel) -> Choice {
        match channel {
            Channel::Push => self.push,
            Channel::Email => self.email,
            Channel::Text => self.text,
            Channel::Webhook => self.webhook,
            Channel::Call => self.call,
            Channel::Letter => self.letter,
        }
    }

    /// Chooses for a channel.
    pub fn choose(&mut self, channel: Channel, choice: Choice) {
        *match channel {
            Channel::Push => &mut self.push,
            Channel::Email => &mut self.email,
            Channel::Text => &mut self.text,
            Channel::Webhook => &mut self.webhook,
            Channel::Call => &mut self.call,
            Channel::Letter => &mut self.letter,
        } = choice;
    }
}

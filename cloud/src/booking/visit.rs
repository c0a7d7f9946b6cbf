//! One visit at a workshop, from the first agreement to its end.
//!
//! Invariant: its history names who did what when, and its last step is where it stands.

use std::fmt;
use std::str::FromStr;

use milepost_engine::booking::{NotNow, Span, Standing, Turn};
use milepost_protocol::plan::ItemId;
use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};

use super::WorkshopId;
use crate::accounts::{RandomError, Token};
use crate::domain::{AccountId, Actor};

/// A visit's id: 16 hexadecimal digits, drawn at random.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct VisitId(String);

/// The text is not 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("visit id must be 16 hexadecimal digits")]
pub struct VisitIdError;

impl VisitId {
    /// A new id.
    pub(super) fn random() -> Result<Self, RandomError> {
        Ok(Self(Token::random()?.reveal()[..16].to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VisitId {
    type Err = VisitIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if clean && text.len() == 16 { Ok(Self(text.to_owned())) } else { Err(VisitIdError) }
    }
}

impl<'de> Deserialize<'de> for VisitId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that happened to a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// Who did it.
    pub by: Actor,
    /// Where the visit stands since.
    pub standing: Standing,
    /// For when it was agreed on then.
    pub span: Span,
}

/// One visit, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Which.
    pub id: VisitId,
    /// Where.
    pub workshop: WorkshopId,
    /// Which car comes.
    pub vehicle: DeviceId,
    /// Whose it was when it was booked.
    pub owner: AccountId,
    /// The work.
    pub items: Vec<ItemId>,
    /// The reminders that it answers.
    #[serde(default)]
    pub notices: Vec<NoticeId>,
    /// When it takes place.
    pub span: Span,
    /// The local day under which its bay is kept, such as `2026-11-16`.
    pub day: String,
    /// Where it stands.
    pub standing: Standing,
    /// Whether the owner waits there.
    #[serde(default)]
    pub waits: bool,
    /// What the owner wants to say.
    #[serde(default)]
    pub note: String,
    /// What happened, oldest first.
    pub history: Vec<Step>,
}

impl Visit {
    /// When it was booked, in milliseconds of Unix time.
    pub fn booked_ms(&self) -> u64 {
        self.history.first().map_or(0, |step| step.at_ms)
    }

    /// When it changed last, in milliseconds of Unix time.
    pub fn changed_ms(&self) -> u64 {
        self.history.last().map_or(0, |step| step.at_ms)
    }

    /// How often it has changed, for calendars.
    pub fn sequence(&self) -> usize {
        self.history.len().saturating_sub(1)
    }

    /// Whether it is still to come or under way.
    pub fn is_open(&self) -> bool {
        !self.standing.is_final()
    }

    /// The visit without the name of somebody who had to do with it; `None` if nobody of that account had.
    pub fn without(&self, account: &AccountId) -> Option<Self> {
        let mut visit = self.clone();
        for step in visit.history.iter_mut().filter(|step| step.by.is(account)) {
            step.by = Actor::Forgotten;
        }
        (visit != *self).then_some(visit)
    }

    /// Lets something happen to it; answers whether that was news.
    pub(super) fn turn(&mut self, turn: Turn, span: Span, by: Actor, now_ms: u64) -> Result<bool, NotNow> {
        let standing = self.standing.after(turn, self.span.start_ms, now_ms)?;
        if (standing, span) == (self.standing, self.span) {
            return Ok(false);
        }
        (self.standing, self.span) = (standing, span);
        self.history.push(Step { at_ms: now_ms, by, standing, span });
        Ok(true)
    }
}

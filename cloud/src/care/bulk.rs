//! One deed for several vehicles, with a line for each that says what became of it.
//!
//! Invariant: each vehicle stands by itself, so that what is refused for one is done for the others.

use milepost_engine::channels::{Channel, Rule};
use milepost_protocol::DeviceId;

use super::{CallNote, Care, CareError, Wanted};
use crate::channels::Refused;
use crate::domain::{AccountId, Vehicle};

/// The most vehicles of one deed.
pub const MOST_AT_ONCE: usize = 100;

/// How long the same contact is taken for the same form sent twice, in milliseconds.
const SAME_CALL_MS: u64 = 5 * 60_000;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Give somebody a follow-up for each.
    FollowUp(Wanted),
    /// Note that each owner was called.
    Called(CallNote),
    /// Send each owner's foremost notice anew.
    SendAgain(Channel),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// A follow-up was made.
    FollowUp,
    /// The call was noted.
    Noted,
    /// The notice goes out, or a rule holds it until a moment in milliseconds of Unix time.
    Sending(Option<(Rule, u64)>),
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such vehicle, or it is not shared with the workshop any more.
    Unknown,
    /// The same follow-up is open already.
    Duplicate,
    /// The day has passed where the vehicle is.
    Date,
    /// The same call was noted a moment ago: when, in milliseconds of Unix time.
    JustNoted(u64),
    /// The channel does not carry it.
    Channel(Refused),
}

impl Refusal {
    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::Date => "date",
            Self::JustNoted(_) => "just_noted",
            Self::Channel(refused) => refused.name(),
        }
    }
}

/// What became of one vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The id, as it was asked for.
    pub asked: String,
    /// The vehicle, if it may be seen.
    pub vehicle: Option<Vehicle>,
    /// What was done, or why nothing was.
    pub result: Result<Did, Refusal>,
}

impl Care {
    /// Does one deed for each vehicle that `may_see` lets through; a request that cannot be meant is refused as a whole.
    pub async fn for_all(
        &self,
        asked: &[String],
        deed: &Deed,
        may_see: impl Fn(&Vehicle) -> bool,
        by: &AccountId,
    ) -> Result<Vec<Line>, CareError> {
        let mut seen = std::collections::HashSet::new();
        let asked: Vec<&String> = asked.iter().filter(|id| seen.insert(id.as_str())).collect();
        if asked.is_empty() || asked.len() > MOST_AT_ONCE {
            return Err(CareError::Request);
        }
        let mut lines = Vec::with_capacity(asked.len());
        for id in asked {
            let found = match id.parse::<DeviceId>() {
                Ok(device) => self.service.vehicle(&device).await?.filter(&may_see),
                Err(_) => None,
            };
            let result = match &found {
                Some(vehicle) => self.for_one(vehicle, deed, by).await?,
                None => Err(Refusal::Unknown),
            };
            lines.push(Line { asked: id.clone(), vehicle: found, result });
        }
        Ok(lines)
    }

    async fn for_one(&self, vehicle: &Vehicle, deed: &Deed, by: &AccountId) -> Result<Result<Did, Refusal>, CareError> {
        match deed {
            Deed::FollowUp(wanted) => match self.follow_up(vehicle, wanted, by).await {
                Ok(_) => Ok(Ok(Did::FollowUp)),
                Err(CareError::Duplicate) => Ok(Err(Refusal::Duplicate)),
                Err(CareError::Date) => Ok(Err(Refusal::Date)),
                Err(error) => Err(error),
            },
            Deed::Called(noted) => {
                let now_ms = self.service.clock().now_ms();
                let last = self.calls(vehicle, 1).await?.into_iter().next();
                let same = last.filter(|last| {
                    let is_recent = now_ms.saturating_sub(last.at_ms) < SAME_CALL_MS;
                    is_recent && (last.way, last.outcome) == (noted.way, noted.outcome)
                });
                match same {
                    Some(last) => Ok(Err(Refusal::JustNoted(last.at_ms))),
                    None => self.note_call(vehicle, noted, by).await.map(|_| Ok(Did::Noted)),
                }
            }
            Deed::SendAgain(channel) => {
                let sent = self.channels.send_again(vehicle, *channel, by).await?;
                Ok(sent.map(|again| Did::Sending(again.held)).map_err(Refusal::Channel))
            }
        }
    }
}

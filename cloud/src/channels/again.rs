//! A member of staff has a notice sent anew, by a channel that its owner allows.
//!
//! Invariant: the owner's choices, consent and quiet hours hold for it as for everything else, and a channel tells one notice at most once a day.

use milepost_engine::channels::{Channel, Leave, Rule, Verdict};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{NoticeKind, NoticeState};
use milepost_protocol::plan::{DAY_MS, SafetyClass};

use super::delivery::Repeat;
use super::outbox::mark;
use super::plan::{Change, Situation, Stored};
use super::{ChannelError, Channels, Delivery, DeliveryKey, Purpose, State, TaskKind};
use crate::domain::{AccountId, NoticeDoc, Vehicle};
use crate::store::StoreError;

/// What is sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// The notice.
    pub notice: NoticeId,
    /// The rule that holds it, and until when in milliseconds of Unix time; `None` if it goes out at once.
    pub held: Option<(Rule, u64)>,
}

/// Why nothing is sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// This installation has no such channel, or people carry it out.
    NotOffered,
    /// The vehicle has no owner who could be told.
    NoOwner,
    /// Nothing waits for an answer.
    NothingOpen,
    /// The owner does not want it by this channel.
    Unwanted(Leave),
    /// The owner has given no address for this channel.
    NoAddress,
    /// It is on its way already.
    OnItsWay,
    /// It was told by this channel within a day: when, in milliseconds of Unix time.
    ToldAt(u64),
}

impl Refused {
    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotOffered => "not_offered",
            Self::NoOwner => "no_owner",
            Self::NothingOpen => "nothing_open",
            Self::Unwanted(Leave::Level) => "below_level",
            Self::Unwanted(Leave::Consent) => "no_consent",
            Self::Unwanted(_) => "unwanted",
            Self::NoAddress => "no_address",
            Self::OnItsWay => "on_its_way",
            Self::ToldAt(_) => "told_today",
        }
    }
}

/// The notice that an owner should hear of first: safety before all else, then the highest level, then the newest.
fn foremost(vehicle: &Vehicle) -> Option<&NoticeDoc> {
    let waits = |notice: &&NoticeDoc| {
        let is_open = matches!(notice.state(), NoticeState::Raised | NoticeState::Shown { .. });
        is_open && notice.subject.kind() != NoticeKind::Offer
    };
    vehicle.notices.values().filter(waits).max_by_key(|notice| {
        (notice.safety == SafetyClass::Safety, notice.subject.level(), notice.raised_ms(), notice.id())
    })
}

impl Channels {
    /// Whether a channel sends by itself, and is set up.
    pub fn sends(&self, channel: Channel) -> bool {
        TaskKind::of(channel).is_none() && self.available.contains(&channel)
    }

    /// Sends a vehicle's foremost open notice anew, or says why not. Durable on `Ok(Ok(_))`.
    pub async fn send_again(
        &self,
        vehicle: &Vehicle,
        channel: Channel,
        by: &AccountId,
    ) -> Result<Result<Again, Refused>, ChannelError> {
        if !self.sends(channel) {
            return Ok(Err(Refused::NotOffered));
        }
        let Some(owner) = &vehicle.owner else { return Ok(Err(Refused::NoOwner)) };
        let Some(notice) = foremost(vehicle) else { return Ok(Err(Refused::NothingOpen)) };
        let reach = self.book.reach(owner).await?;
        let now_ms = self.service.clock().now_ms();
        let situation = Situation {
            vehicle,
            reaches: vec![&reach],
            available: &self.available,
            gather_ms: self.settings.gather_ms,
            now_ms,
        };
        let (state, held) = match situation.verdict(&reach, notice, channel) {
            Verdict::Leave(leave) => return Ok(Err(Refused::Unwanted(leave))),
            Verdict::Send => (State::Queued { due_ms: now_ms }, None),
            Verdict::Hold(hold) => (State::held(hold), Some((hold.rule, hold.until_ms))),
        };
        let recipients = reach.contact.recipients(owner, &reach.subscriptions, channel);
        if recipients.is_empty() {
            return Ok(Err(Refused::NoAddress));
        }
        let mut changes = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let (device, purpose) = (vehicle.device.clone(), Purpose::Show);
            let key = DeliveryKey { device, notice: notice.id(), purpose, channel, recipient };
            let known = self.book.delivery(&key).await?;
            if let Some(refused) = known.as_ref().and_then(|known| bars(&known.delivery, now_ms)) {
                return Ok(Err(refused));
            }
            changes.push(anew(known, key, owner, state, by, now_ms));
        }
        match self.book.commit(&changes, None, vec![mark(&vehicle.device)]).await {
            Ok(()) => Ok(Ok(Again { notice: notice.id(), held })),
            // The planner, or somebody else, was faster: then it is on its way.
            Err(ChannelError::Store(StoreError::Conflict { .. })) => Ok(Err(Refused::OnItsWay)),
            Err(error) => Err(error),
        }
    }
}

fn bars(known: &Delivery, now_ms: u64) -> Option<Refused> {
    match known.state {
        State::Queued { .. } | State::Held { .. } | State::Failed { .. } => Some(Refused::OnItsWay),
        State::Sent { at_ms } if now_ms.saturating_sub(at_ms) < DAY_MS => Some(Refused::ToldAt(at_ms)),
        State::Sent { .. } | State::Dead { .. } | State::Withdrawn { .. } => None,
    }
}

fn anew(
    known: Option<Stored>,
    key: DeliveryKey,
    owner: &AccountId,
    state: State,
    by: &AccountId,
    now_ms: u64,
) -> Change {
    let Some(known) = known else {
        let mut delivery = Delivery::planned(key, owner.clone(), state, now_ms);
        let before = State::Queued { due_ms: now_ms };
        delivery.again.push(Repeat { at_ms: now_ms, by: by.clone(), before });
        return Change::put(None, delivery);
    };
    let mut after = Delivery {
        state,
        attempts: 0,
        first_attempt_ms: None,
        message: None,
        error: None,
        owner: owner.clone(),
        ..known.delivery.clone()
    };
    after.again.push(Repeat { at_ms: now_ms, by: by.clone(), before: known.delivery.state });
    Change::put(Some(known), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(at_ms: u64) -> Delivery {
        let key = DeliveryKey {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(1),
            purpose: Purpose::Show,
            channel: Channel::Email,
            recipient: "ab".repeat(16),
        };
        Delivery::planned(key, "anna".parse().unwrap(), State::Sent { at_ms }, 0)
    }

    #[test]
    fn a_channel_tells_a_notice_at_most_once_a_day() {
        assert_eq!(bars(&sent(5), 5 + DAY_MS - 1), Some(Refused::ToldAt(5)));
        assert_eq!(bars(&sent(5), 5 + DAY_MS), None);
        let queued = Delivery { state: State::Queued { due_ms: 9 }, ..sent(5) };
        assert_eq!(bars(&queued, 5 + DAY_MS), Some(Refused::OnItsWay));
    }

    #[test]
    fn what_is_sent_anew_has_another_idempotency_key_and_remembers_who_wanted_it() {
        let before = sent(5);
        let (owner, by): (AccountId, AccountId) = ("anna".parse().unwrap(), "vera".parse().unwrap());
        let stored = Stored { version: 3, delivery: before.clone() };
        let state = State::Queued { due_ms: DAY_MS + 5 };
        let after = anew(Some(stored), before.key.clone(), &owner, state, &by, DAY_MS + 5).after.unwrap();
        assert_ne!(after.idempotency_key(), before.idempotency_key(), "a receiver would take it for the first one");
        assert_eq!(after.again, [Repeat { at_ms: DAY_MS + 5, by, before: State::Sent { at_ms: 5 } }]);
    }
}

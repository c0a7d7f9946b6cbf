//! From a vehicle's notices and what is planned already to what has to change.
//!
//! It is a comparison of what should be with what is, so that running it again changes nothing.
//! The owner hears of everything; whoever the owner lets drive the car hears of its reminders, if they want to and by their own channels.
//! Invariant: it reads no clock and no store, and never touches what was sent.

use std::collections::{BTreeMap, BTreeSet};

use milepost_engine::channels::{Channel, Choice, Facts, Leave, Turn, Use, Verdict, decide};
use milepost_protocol::NoticeId;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::NoticeState;

use super::{Contact, Delivery, DeliveryKey, Purpose, State, Subscription, TaskKind, Why};
use crate::domain::{AccountId, NoticeDoc, Right, Subject, Vehicle};
use crate::journey::cause_of;
use crate::zones::zone;

/// A delivery with the version in which it was read; 0 if it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) delivery: Delivery,
}

/// Somebody with everything about reaching them.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    pub(super) owner: AccountId,
    pub(super) contact: Contact,
    pub(super) subscriptions: Vec<Subscription>,
}

/// What has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// How a delivery was; `None` if it is new.
    pub(super) before: Option<Stored>,
    /// How it shall be; `None` if it speaks of nothing any more.
    pub(super) after: Option<Delivery>,
}

impl Change {
    /// A delivery is new, or comes to another state.
    pub(super) fn put(before: Option<Stored>, after: Delivery) -> Self {
        Self { before, after: Some(after) }
    }

    /// A delivery speaks of nothing any more.
    pub(super) fn forget(before: Stored) -> Self {
        Self { before: Some(before), after: None }
    }
}

/// What a plan is made of.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    pub(super) vehicle: &'a Vehicle,
    /// Its owner, and whoever may answer its reminders.
    pub(super) reaches: Vec<&'a Reach>,
    /// The channels that this installation has.
    pub(super) available: &'a BTreeSet<Channel>,
    pub(super) gather_ms: u64,
    pub(super) now_ms: u64,
}

/// Whether a notice still waits for an answer; a snoozed one does.
pub(super) fn waits(notice: &NoticeDoc) -> bool {
    matches!(notice.state(), NoticeState::Raised | NoticeState::Shown { .. } | NoticeState::Snoozed { .. })
}

impl Situation<'_> {
    /// What is asked of a notice.
    pub(super) fn facts(&self, notice: &NoticeDoc) -> Facts {
        let opened = notice.history().iter().rev().find(|step| step.to == NoticeState::Raised);
        Facts {
            kind: notice.subject.kind(),
            level: notice.subject.level(),
            safety: notice.safety,
            waits: waits(notice),
            snoozed_until_ms: match notice.state() {
                NoticeState::Snoozed { until_ms } => Some(until_ms),
                _ => None,
            },
            open_since_ms: opened.map_or(notice.raised_ms(), |step| step.at_ms),
            workshop: self.vehicle.consent.purposes.contains(Purposes::WORKSHOP),
        }
    }

    /// Whether somebody is told of the vehicle: its owner, and a driver who wants to be.
    fn speaks_to(&self, reach: &Reach) -> bool {
        self.is_owners(reach)
            || (self.vehicle.allows(&reach.owner, Right::Act) && reach.contact.cars.contains(&self.vehicle.device))
    }

    fn is_owners(&self, reach: &Reach) -> bool {
        self.vehicle.owner.as_ref() == Some(&reach.owner)
    }

    /// Who a delivery is for, if they are still told of the vehicle.
    fn reach_of(&self, delivery: &Delivery) -> Option<&Reach> {
        self.reaches.iter().copied().find(|reach| reach.owner == delivery.owner && self.speaks_to(reach))
    }

    /// What becomes of a notice on a channel now.
    pub(super) fn verdict(&self, reach: &Reach, notice: &NoticeDoc, channel: Channel) -> Verdict {
        // Offers, programmes and the workshop's calls and letters are the owner's alone.
        let is_of_car = matches!(notice.subject, Subject::Reminder { .. } | Subject::Recall { .. });
        if !self.is_owners(reach) && (!is_of_car || TaskKind::of(channel).is_some()) {
            return Verdict::Leave(Leave::Off);
        }
        let name = reach.contact.time_zone.as_deref().unwrap_or(&self.vehicle.profile.time_zone);
        let zone = zone(name);
        let minute = |at_ms: u64| crate::zones::minute_of_day(&zone, at_ms);
        let turn = Turn { now_ms: self.now_ms, gather_ms: self.gather_ms, zone: &minute };
        let mut preferences = reach.contact.preferences;
        if let Some(step) = &notice.programme {
            if !step.by.contains(&channel) {
                return Verdict::Leave(Leave::Off);
            }
            // A step names its channels itself; what the owner has switched off stays off.
            let choice = preferences.choice(channel);
            if choice.when != Use::Never {
                preferences.choose(channel, Choice { when: Use::AtOnce, ..choice });
            }
        }
        decide(&self.facts(notice), &preferences, channel, turn)
    }

    /// The state that a delivery of a vehicle's notice should have now, given the one it has.
    pub(super) fn state_of(&self, stored: &Delivery) -> State {
        let now_ms = self.now_ms;
        let withdrawn = |why| State::Withdrawn { at_ms: now_ms, why };
        let DeliveryKey { notice, channel, ref recipient, .. } = stored.key;
        let is_theirs =
            |reach: &&Reach| reach.contact.recipients(&reach.owner, &reach.subscriptions, channel).contains(recipient);
        let Some(reach) = self.reach_of(stored).filter(is_theirs) else { return withdrawn(Why::Gone) };
        if stored.key.purpose == Purpose::Clear {
            return State::Queued { due_ms: stored.state.due_ms().unwrap_or(now_ms).min(now_ms) };
        }
        let Some(notice) = self.vehicle.notices.get(&notice) else { return withdrawn(Why::Closed) };
        match self.verdict(reach, notice, channel) {
            Verdict::Hold(hold) => State::held(hold),
            Verdict::Leave(leave) => withdrawn(leave.into()),
            Verdict::Send => match stored.state {
                State::Queued { .. } | State::Failed { .. } => stored.state,
                _ => State::Queued { due_ms: now_ms },
            },
        }
    }

    /// What has to change, given what is planned.
    pub(super) fn changes(&self, stored: Vec<Stored>) -> Vec<Change> {
        let stored: BTreeMap<DeliveryKey, Stored> =
            stored.into_iter().map(|one| (one.delivery.key.clone(), one)).collect();
        let mut changes: Vec<Change> = stored.values().filter_map(|one| self.reconsider(one, &stored)).collect();
        for reach in self.reaches.iter().filter(|reach| self.speaks_to(reach)) {
            self.news(reach, &stored, &mut changes);
        }
        changes
    }

    /// What somebody has to be told, and what has to be taken away from them again.
    fn news(&self, reach: &Reach, stored: &BTreeMap<DeliveryKey, Stored>, changes: &mut Vec<Change>) {
        let new = |key, state| Change::put(None, Delivery::planned(key, reach.owner.clone(), state, self.now_ms));
        for notice in self.vehicle.notices.values() {
            for channel in self.available.iter().copied() {
                if is_told(stored, &reach.owner, notice.id(), channel) {
                    continue;
                }
                let state = match self.verdict(reach, notice, channel) {
                    Verdict::Leave(_) => continue,
                    Verdict::Send => State::Queued { due_ms: self.now_ms },
                    Verdict::Hold(hold) => State::held(hold),
                };
                for recipient in reach.contact.recipients(&reach.owner, &reach.subscriptions, channel) {
                    let key = self.key(notice.id(), Purpose::Show, channel, recipient);
                    if !stored.contains_key(&key) {
                        let planned = Delivery::planned(key, reach.owner.clone(), state, self.now_ms);
                        let delivery = Delivery { cause: Some(cause_of(notice)), ..planned };
                        changes.push(Change::put(None, delivery));
                    }
                }
            }
        }
        let shown = stored.values().filter(|one| self.is_to_be_cleared(one));
        for one in shown {
            let key = DeliveryKey { purpose: Purpose::Clear, ..one.delivery.key.clone() };
            let is_reachable = reach.contact.recipients(&reach.owner, &reach.subscriptions, key.channel);
            if !stored.contains_key(&key) && one.delivery.owner == reach.owner && is_reachable.contains(&key.recipient)
            {
                changes.push(new(key, State::Queued { due_ms: self.now_ms }));
            }
        }
    }

    fn key(&self, notice: NoticeId, purpose: Purpose, channel: Channel, recipient: String) -> DeliveryKey {
        DeliveryKey { device: self.vehicle.device.clone(), notice, purpose, channel, recipient }
    }

    fn reconsider(&self, one: &Stored, all: &BTreeMap<DeliveryKey, Stored>) -> Option<Change> {
        let delivery = &one.delivery;
        let is_pending = delivery.state.due_ms().is_some();
        let exists = self.vehicle.notices.contains_key(&delivery.key.notice);
        if !exists && !is_pending {
            // What was shown and has to be cleared is kept until that has happened.
            let clear = DeliveryKey { purpose: Purpose::Clear, ..delivery.key.clone() };
            let waits_for_clear = self.is_to_be_cleared(one)
                && self.reach_of(delivery).is_some()
                && all.get(&clear).is_none_or(|clear| clear.delivery.state.due_ms().is_some());
            return (!waits_for_clear).then(|| Change::forget(one.clone()));
        }
        let is_revived = matches!(delivery.state, State::Withdrawn { .. });
        if !is_pending && !is_revived {
            return None;
        }
        let state = self.state_of(delivery);
        let stays = match (delivery.state, state) {
            // What is withdrawn stays so, and a closing on its way waits for its next attempt.
            (State::Withdrawn { .. }, State::Withdrawn { .. }) | (State::Failed { .. }, State::Queued { .. }) => true,
            (before, after) => before == after,
        };
        if stays || (is_revived && is_told(all, &delivery.owner, delivery.key.notice, delivery.key.channel)) {
            return None;
        }
        Some(Change::put(Some(one.clone()), Delivery { state, ..delivery.clone() }))
    }

    /// Whether somebody sees a notice by a channel that can take it away again, and should not any more.
    fn is_to_be_cleared(&self, one: &Stored) -> bool {
        let DeliveryKey { notice, purpose, channel, .. } = one.delivery.key;
        let is_open = self
            .vehicle
            .notices
            .get(&notice)
            .is_some_and(|notice| matches!(notice.state(), NoticeState::Raised | NoticeState::Shown { .. }));
        let clears = matches!(channel, Channel::Push | Channel::Webhook);
        clears && purpose == Purpose::Show && matches!(one.delivery.state, State::Sent { .. }) && !is_open
    }
}

/// Whether a channel has told an owner of a notice already: an address that is new hears nothing twice.
fn is_told(all: &BTreeMap<DeliveryKey, Stored>, owner: &AccountId, notice: NoticeId, channel: Channel) -> bool {
    all.values().any(|one| {
        let DeliveryKey { notice: of, purpose, channel: by, .. } = one.delivery.key;
        (of, purpose, by) == (notice, Purpose::Show, channel)
            && one.delivery.owner == *owner
            && matches!(one.delivery.state, State::Sent { .. })
    })
}

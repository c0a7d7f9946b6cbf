//! One contact in the store.
//!
//! Invariant: a row's key follows from the contact alone, so that writing it again changes nothing.

use milepost_engine::channels::Channel;
use milepost_engine::journey::{Cause, Contact, Direction, Met, Outcome, Scene, Touchpoint};
use milepost_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::channels::{Delivery, Purpose, State, Task, TaskKind};
use crate::domain::AccountId;
use crate::store::{DocKey, DocWrite, Expected, TOUCHPOINTS};

/// A contact with whom it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The owner.
    pub owner: AccountId,
    /// The car that it was about.
    pub device: DeviceId,
    /// The contact.
    pub contact: Contact,
}

impl Row {
    /// The key within its collection; rows of an owner sort by time.
    pub fn key(&self) -> String {
        let Contact { at_ms, touchpoint, direction, thread, outcome, .. } = &self.contact;
        let what = format!("{} {direction:?} {} {thread}", touchpoint.name(), outcome.name());
        let hash = crate::pki::hex(&Sha256::digest(what.as_bytes())[..8]);
        format!("{}/{at_ms:020}/{}/{hash}", self.owner, self.device)
    }
}

/// Writes a contact.
pub(crate) fn put(row: &Row) -> DocWrite {
    let value = serde_json::to_vec(row).expect("a contact is plain data with text keys");
    DocWrite { key: DocKey::new(TOUCHPOINTS, row.key()), expected: Expected::Any, value: Some(value) }
}

/// The contact that a delivery comes to with its last change; none if it has not come to one.
///
/// What people carry out is a contact when they have done it.
pub(crate) fn delivered(before: Option<&Delivery>, after: &Delivery) -> Option<DocWrite> {
    let is_over = |state: State| matches!(state, State::Sent { .. } | State::Dead { .. });
    let was_over = before.is_some_and(|before| is_over(before.state));
    if was_over || after.key.purpose == Purpose::Clear || TaskKind::of(after.key.channel).is_some() {
        return None;
    }
    let (at_ms, outcome) = match after.state {
        State::Sent { at_ms } => (at_ms, Outcome::Sent),
        State::Dead { at_ms } => (at_ms, Outcome::Failed),
        _ => return None,
    };
    let touchpoint = touchpoint_of(after.key.channel);
    let contact = Contact {
        at_ms,
        touchpoint,
        direction: Direction::Outbound,
        scene: Scene::default(),
        cause: after.cause.clone().unwrap_or(Cause::Information),
        thread: after.key.notice.to_string(),
        cost_cents: if outcome == Outcome::Sent { touchpoint.usual_cost_cents() } else { 0 },
        outcome,
    };
    Some(put(&Row { owner: after.owner.clone(), device: after.key.device.clone(), contact }))
}

/// The contact that a task comes to when somebody has carried it out.
pub(crate) fn task_done(task: &Task, cause: Cause, by: &AccountId, at_ms: u64) -> DocWrite {
    let (touchpoint, outcome, met) = match task.kind {
        TaskKind::Call => (Touchpoint::Call, Outcome::Talked, Met::Advisor),
        TaskKind::Letter => (Touchpoint::Letter, Outcome::Sent, Met::Nobody),
    };
    let contact = Contact {
        at_ms,
        touchpoint,
        direction: Direction::Outbound,
        scene: Scene { met, place: by.to_string(), note: String::new() },
        cause,
        thread: task.notice.to_string(),
        cost_cents: touchpoint.usual_cost_cents(),
        outcome,
    };
    put(&Row { owner: task.owner.clone(), device: task.device.clone(), contact })
}

fn touchpoint_of(channel: Channel) -> Touchpoint {
    match channel {
        Channel::Push => Touchpoint::Push,
        Channel::Email => Touchpoint::Email,
        Channel::Text => Touchpoint::Text,
        Channel::Webhook => Touchpoint::Webhook,
        Channel::Call => Touchpoint::Call,
        Channel::Letter => Touchpoint::Letter,
    }
}

//! A group of work while it becomes one commit.
//!
//! Invariant: what a group holds was decided on, but nobody has been told yet.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use milepost_protocol::downlink::{MAX_RANGES, Range, Receipt};
use milepost_protocol::{DeviceId, Downlink, MAX_DOWNLINK_LEN};
use tokio::sync::oneshot;

use super::Ack;
use super::fold::Named;
use crate::channels;
use crate::domain::{Change, ChangeKind, IntentError, Outcome, Vehicle};
use crate::events::Committed;
use crate::journey::{self, Followed};
use crate::offers::Accounts;
use crate::rules::Effects;
use crate::store::{Commit, DocKey, DocWrite, VehicleWrite};

/// A vehicle on its way to a new revision.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) vehicle: Vehicle,
    /// The revision that the store holds; `None` if it does not know the vehicle.
    pub(super) expected: Option<u64>,
    pub(super) effects: Effects,
    /// Whether it has to be written.
    pub(super) touched: bool,
    /// How far contacts with the owner were followed.
    pub(super) followed: Followed,
    /// Which numbers came, for each boot from the first to the last.
    pub(super) named: BTreeMap<u32, (u32, u32)>,
}

impl Draft {
    pub(super) fn new(vehicle: Vehicle, expected: Option<u64>) -> Self {
        let followed = Followed::of(&vehicle);
        Self { vehicle, expected, effects: Effects::default(), touched: false, followed, named: BTreeMap::new() }
    }

    /// Notes the contacts that the last change was.
    pub(super) fn follow(&mut self) {
        let contacts = self.followed.contacts(&mut self.vehicle);
        self.effects.contacts.extend(contacts);
    }

    pub(super) fn name(&mut self, named: Named) {
        let span = self.named.entry(named.boot).or_insert((named.first, named.last));
        *span = (span.0.min(named.first), span.1.max(named.last));
    }
}

/// Somebody who waits for an intent.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) device: DeviceId,
    pub(super) changed: bool,
    pub(super) reply: oneshot::Sender<Result<Outcome, IntentError>>,
}

/// Everything of one group.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) drafts: HashMap<DeviceId, Draft>,
    pub(super) commit: Commit,
    pub(super) acks: Vec<oneshot::Sender<Ack>>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) count: Committed,
    /// The book of offers and the accounts that the group changes.
    pub(super) offers: Accounts,
    /// Who waits for the commit alone.
    pub(super) waiters: Vec<oneshot::Sender<()>>,
    /// The versions in the store of the documents that intents want to write.
    pub(super) versions: HashMap<DocKey, Option<u64>>,
}

impl Group {
    /// Whether documents can still be written: all are as expected, and nothing else of this group writes them.
    pub(super) fn can_write(&self, docs: &[DocWrite]) -> bool {
        docs.iter().all(|write| {
            let present = self.versions.get(&write.key).copied().flatten();
            write.expected.holds(present) && self.commit.docs.iter().all(|other| other.key != write.key)
        })
    }

    /// Moves what the drafts lead to into the commit.
    pub(super) fn write(&mut self) {
        for draft in self.drafts.values_mut().filter(|draft| draft.touched) {
            draft.vehicle.revision += 1;
            self.commit.messages.append(&mut draft.effects.messages.clone());
            self.commit.decisions.extend(draft.effects.decision.take());
            self.commit.docs.extend(draft.effects.contacts.drain(..).map(|row| journey::put(&row)));
            if draft.effects.kinds.iter().any(|kind| channels::concerns(*kind)) {
                self.commit.docs.push(channels::mark(&draft.vehicle.device));
            }
            self.count.notices += draft.effects.raised() as u64;
            self.commit.vehicles.push(VehicleWrite { expected: draft.expected, vehicle: draft.vehicle.clone() });
        }
    }

    /// Tells everybody that envelopes and intents were not committed.
    pub(super) fn refuse(self, ack: Ack, error: &IntentError) {
        for waiting in self.acks {
            // A session that ended meanwhile does not wait any more.
            let _ = waiting.send(ack);
        }
        for waiting in self.waiting {
            let _ = waiting.reply.send(Err(error.clone()));
        }
    }
}

/// The receipts for what came: every number that a device has just named, in as many receipts as that takes.
pub(super) fn receipts(draft: &Draft, now_ms: u64, credit: u16) -> Vec<Bytes> {
    let mut receipts = Vec::new();
    for (boot, (first, last)) in &draft.named {
        let asked: Vec<Range> =
            draft.vehicle.received.ranges(*boot).filter(|range| range.first <= *last && *first <= range.last).collect();
        for ranges in asked.chunks(MAX_RANGES) {
            let ranges = heapless::Vec::from_slice(ranges).expect("a chunk has at most as many ranges as a receipt");
            let receipt = Downlink::Receipt(Receipt { boot: *boot, ranges, now_ms, credit });
            let mut buffer = [0; MAX_DOWNLINK_LEN];
            let bytes = Downlink::encode(&[receipt], &mut buffer).expect("a receipt is far shorter than a message");
            receipts.push(Bytes::copy_from_slice(bytes));
        }
    }
    receipts
}

/// What subscribers hear of a draft; `None` if nothing happened.
pub(super) fn change(draft: &Draft, now_ms: u64) -> Option<Change> {
    if !draft.touched {
        return None;
    }
    let mut kinds = draft.effects.kinds.clone();
    if !draft.named.is_empty() {
        kinds.insert(0, ChangeKind::State);
    }
    let Vehicle { device, revision, .. } = &draft.vehicle;
    Some(Change { vehicle: device.clone(), revision: *revision, at_ms: now_ms, kinds })
}

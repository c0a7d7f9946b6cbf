//! The face that pages, the API and the demonstration see.
//!
//! Reads go to the store; every wish about a vehicle goes through the committer as an [`Intent`].
//! Invariant: nothing here changes a vehicle by itself.

use std::sync::Arc;

use bytes::Bytes;
use milepost_engine::offers::Arm;
use milepost_engine::offers::book::Book;
use milepost_engine::offers::regroup::Because;
use milepost_engine::offers::segments::Segment;
use milepost_engine::service_book::{EventId, Reason};
use milepost_protocol::downlink::Purposes;
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{ItemId, PlanItem};
use milepost_protocol::{DeviceId, NoticeId};
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::domain::{
    AccountId, Actor, Change, ChangeKind, Imported, Intent, IntentError, Outcome, Profile, Remarks, Vehicle,
};
use crate::flash_receipts::{self, SignedReceipt};
use crate::frontdoor::{Push, Registry};
use crate::ingest::Committer;
use crate::offers::{self, Desk, PolicyDoc, SegmentsDoc};
use crate::pki::Pki;
use crate::rules::OfferRules;
use crate::store::{
    AnyStore, Collection, Commit, DecisionRow, Doc, DocKey, DocWrite, History, QuarantineRow, QueueCursor, QueueEntry,
    Store, StoreError, TelemetryRow,
};

/// A handle on the running service; clones are cheap and share it.
///
/// Times are milliseconds of Unix time by [`Service::clock`], odometers metres.
/// What reads sees every commit that has returned, and fails with [`StoreError`].
/// What changes a vehicle goes through the committer as an [`Intent`]: it is durable on `Ok`, and [`IntentError`] says why nothing
/// was changed; after [`IntentError::Store`] alone nobody knows, and the caller reads again.
/// Lists hold `limit` rows at most, and `after` is the last key of the page before.
#[derive(Debug, Clone)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: AnyStore,
    clock: Clock,
    committer: Committer,
    registry: Registry,
    changes: broadcast::Sender<Change>,
    pki: Arc<Pki>,
    offers: OfferRules,
}

impl Service {
    /// Puts the face before its parts.
    pub fn new(
        store: AnyStore,
        clock: Clock,
        committer: Committer,
        registry: Registry,
        changes: broadcast::Sender<Change>,
        pki: Arc<Pki>,
        offers: OfferRules,
    ) -> Self {
        Self(Arc::new(Inner { store, clock, committer, registry, changes, pki, offers }))
    }

    /// The service's clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The certificates.
    pub fn pki(&self) -> &Arc<Pki> {
        &self.0.pki
    }

    /// What offers are decided with.
    pub fn offers(&self) -> &OfferRules {
        &self.0.offers
    }

    /// The catalogue of offers.
    pub fn desk(&self) -> &Desk {
        &self.0.offers.desk
    }

    /// What all offers together have led to, as it was last committed.
    pub fn book(&self) -> Arc<Book> {
        self.desk().book()
    }

    /// Stops arms of offers, or lets them go on; durable when it comes back.
    pub async fn stop_arms(&self, arms: Vec<Arm>, stopped: bool) {
        self.0.committer.stop_arms(arms, stopped).await;
    }

    /// Lets the policy tell owners apart by other segments, with documents in the same commit; durable when it comes back. What was
    /// to be written meanwhile by somebody else is not written, and nothing changes.
    pub async fn regroup(&self, segments: Vec<Segment>, because: Because, docs: Vec<DocWrite>) {
        self.0.committer.regroup(segments, because, docs).await;
    }

    /// The policy of offers that somebody has chosen.
    pub async fn policy(&self) -> Result<Option<PolicyDoc>, StoreError> {
        offers::chosen(&self.0.store).await
    }

    /// Who let the last segments take over by their own word.
    pub async fn segments_word(&self) -> Result<Option<SegmentsDoc>, StoreError> {
        offers::segments_word(&self.0.store).await
    }

    /// Shows an owner fewer offers like one.
    pub async fn fewer(&self, device: &DeviceId, notice: NoticeId, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Fewer { notice }, by).await
    }

    /// Changes from now on, after their commits; a receiver that lags is told so and should read again.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Whether the vehicle is connected now.
    pub fn is_connected(&self, device: &DeviceId) -> bool {
        self.0.registry.is_connected(device)
    }

    /// Sends a message once if the device is connected; what gets lost is not sent again.
    pub fn send_once(&self, device: &DeviceId, message: Bytes) {
        self.0.registry.push(device, Push::Chunk(message));
    }

    /// One vehicle.
    pub async fn vehicle(&self, device: &DeviceId) -> Result<Option<Vehicle>, StoreError> {
        let found = self.0.store.load(std::slice::from_ref(device)).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Several vehicles, in the order asked; unknown ones are left out.
    pub async fn vehicles(&self, devices: &[DeviceId]) -> Result<Vec<Vehicle>, StoreError> {
        Ok(self.0.store.load(devices).await?.into_iter().flatten().collect())
    }

    /// The vehicles of one account, by id.
    pub async fn vehicles_of(&self, account: &AccountId) -> Result<Vec<Vehicle>, StoreError> {
        let devices = self.0.store.owned(account).await?;
        self.vehicles(&devices).await
    }

    /// The vehicles that an account may see: its own first, then those of others by their owners' word.
    pub async fn vehicles_for(&self, account: &AccountId) -> Result<Vec<Vehicle>, StoreError> {
        let mut devices = self.0.store.owned(account).await?;
        devices.extend(self.0.store.shared(account).await?);
        self.vehicles(&devices).await
    }

    /// A page of the advisor's list: by falling urgency, then by id.
    pub async fn queue(&self, after: Option<QueueCursor>, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.0.store.queue(after, limit).await
    }

    /// The ids of vehicles behind `after`, ascending.
    pub async fn devices(&self, after: Option<&DeviceId>, limit: usize) -> Result<Vec<DeviceId>, StoreError> {
        self.0.store.devices(after, limit).await
    }

    /// Committed envelopes of one vehicle.
    pub async fn history(&self, history: History) -> Result<Vec<TelemetryRow>, StoreError> {
        self.0.store.history(history).await
    }

    /// Decisions on offers of one vehicle, newest first.
    pub async fn decisions(&self, device: &DeviceId, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        self.0.store.decisions(device, limit).await
    }

    /// Decisions on offers of one vehicle that were taken from `from_ms` on and before `before_ms`, in milliseconds of Unix time,
    /// newest first.
    pub async fn decided(
        &self,
        device: &DeviceId,
        from_ms: u64,
        before_ms: u64,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        self.0.store.decided(device, from_ms, before_ms).await
    }

    /// Envelopes that were set aside, newest first.
    pub async fn quarantine(&self, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        self.0.store.quarantine(limit).await
    }

    /// Removes what was heard from and told of one vehicle; its document stays. Durable on `Ok`.
    pub async fn erase(&self, device: &DeviceId) -> Result<(), StoreError> {
        self.0.store.erase(device).await
    }

    /// Forgets what an account counts in the comparison of offers; the sums that it is part of stay. Durable on `Ok`.
    pub async fn forget_unit(&self, account: &AccountId) -> Result<(), StoreError> {
        crate::offers::forget(&self.0.store, account).await
    }

    /// Has one intent carried out; durable on `Ok`.
    pub async fn submit(&self, device: &DeviceId, intent: Intent, by: Actor) -> Result<Outcome, IntentError> {
        self.0.committer.intent(device.clone(), intent, by).await
    }

    /// Has one intent carried out and documents written in the same commit; durable on `Ok`.
    pub async fn submit_with(
        &self,
        device: &DeviceId,
        intent: Intent,
        docs: Vec<DocWrite>,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.0.committer.intent_with(device.clone(), intent, docs, by).await
    }

    /// Makes a vehicle known, or replaces its profile and owner.
    pub async fn register(
        &self,
        device: &DeviceId,
        profile: Profile,
        owner: Option<AccountId>,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Register { profile, owner }, by).await
    }

    /// Replaces a vehicle's maintenance plan.
    pub async fn set_plan(&self, device: &DeviceId, items: Vec<PlanItem>, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::SetPlan { items }, by).await
    }

    /// Answers a notice; the answer clears it on every surface.
    pub async fn answer(
        &self,
        device: &DeviceId,
        notice: NoticeId,
        answer: Answer,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Answer { notice, answer }, by).await
    }

    /// Notes that the actor's surface showed a notice.
    pub async fn seen(&self, device: &DeviceId, notice: NoticeId, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Seen { notice }, by).await
    }

    /// Notes that the work on an item was done; `None` means now, at the present odometer.
    pub async fn complete(
        &self,
        device: &DeviceId,
        item: ItemId,
        at_ms: Option<u64>,
        odometer_m: Option<u32>,
        remarks: Remarks,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Complete { item, at_ms, odometer_m, remarks }, by).await
    }

    /// Takes the last completion of an item back.
    pub async fn undo(&self, device: &DeviceId, item: ItemId, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Undo { item }, by).await
    }

    /// Describes a vehicle; its owner stays.
    pub async fn describe(&self, device: &DeviceId, profile: Profile, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Describe { profile }, by).await
    }

    /// Corrects a record of the service book.
    pub async fn edit(
        &self,
        device: &DeviceId,
        of: EventId,
        at_ms: Option<u64>,
        odometer_m: Option<u32>,
        remarks: Remarks,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Edit { of, at_ms, odometer_m, remarks }, by).await
    }

    /// Takes a record of the service book back, or lets it stand again.
    pub async fn stand(&self, device: &DeviceId, of: EventId, stands: bool, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Stand { of, stands }, by).await
    }

    /// Puts a reminder off, for as long as its safety allows.
    pub async fn snooze(
        &self,
        device: &DeviceId,
        notice: NoticeId,
        days: u16,
        reason: Reason,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Snooze { notice, days, reason }, by).await
    }

    /// Notes whether an item applies to a vehicle.
    pub async fn applies(
        &self,
        device: &DeviceId,
        item: ItemId,
        applies: bool,
        by: Actor,
    ) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Applies { item, applies }, by).await
    }

    /// Enters records of another system, all or none.
    pub async fn import(&self, device: &DeviceId, records: Vec<Imported>, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Import { records }, by).await
    }

    /// Hands a vehicle to another owner.
    pub async fn transfer(&self, device: &DeviceId, to: AccountId, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Transfer { to }, by).await
    }

    /// Notes that a vehicle was sold to somebody who is not with us.
    pub async fn sell(&self, device: &DeviceId, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::Sell, by).await
    }

    /// Sets what a vehicle's data may be used for.
    pub async fn set_consent(&self, device: &DeviceId, purposes: Purposes, by: Actor) -> Result<Outcome, IntentError> {
        self.submit(device, Intent::SetConsent { purposes }, by).await
    }

    /// Keeps a flash receipt, once; durable on `Ok`.
    pub async fn keep_receipt(&self, signed: &SignedReceipt) -> Result<(), StoreError> {
        flash_receipts::keep(&self.0.store, signed).await
    }

    /// One flash receipt.
    pub async fn receipt(&self, id: &str) -> Result<Option<SignedReceipt>, StoreError> {
        flash_receipts::find(&self.0.store, id).await
    }

    /// Flash receipts, newest first, behind the one with the id `after`.
    pub async fn receipts(&self, after: Option<&str>, limit: usize) -> Result<Vec<SignedReceipt>, StoreError> {
        flash_receipts::list(&self.0.store, after, limit).await
    }

    /// One document.
    pub async fn doc(&self, key: &DocKey) -> Result<Option<Doc>, StoreError> {
        let found = self.0.store.docs(std::slice::from_ref(key)).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Several documents, in the order asked.
    pub async fn docs_by_key(&self, keys: &[DocKey]) -> Result<Vec<Option<Doc>>, StoreError> {
        self.0.store.docs(keys).await
    }

    /// Documents of a collection whose keys begin with `prefix` and lie behind `after`, ascending.
    pub async fn docs(
        &self,
        collection: Collection,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Doc)>, StoreError> {
        self.0.store.list(collection, prefix, after, limit).await
    }

    /// Writes documents, all or none; [`StoreError::Conflict`] if one is not as expected. Durable on `Ok`.
    pub async fn put_docs(&self, docs: Vec<DocWrite>) -> Result<(), StoreError> {
        self.0.store.commit(Commit { docs, ..Commit::default() }).await
    }

    /// Writes what the workshop's people note about a vehicle, all or none, and tells open pages; durable on `Ok`.
    pub async fn put_care(&self, vehicle: &Vehicle, docs: Vec<DocWrite>) -> Result<(), StoreError> {
        self.put_docs(docs).await?;
        let kinds = vec![ChangeKind::Care];
        let at_ms = self.0.clock.now_ms();
        let change = Change { vehicle: vehicle.device.clone(), revision: vehicle.revision, at_ms, kinds };
        // Nobody has to listen.
        let _ = self.0.changes.send(change);
        Ok(())
    }
}

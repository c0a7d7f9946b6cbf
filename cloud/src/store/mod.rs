//! Where everything durable lives: one trait in the domain's words, several back ends behind it.
//!
//! A [`Commit`] is the only way in; it takes effect whole or not at all and is on stable storage when [`Store::commit`] answers `Ok`.
//! Invariant: only the modules below this one know an engine.

mod any;
mod commit;
mod docs;
mod error;
mod faults;
mod indexed;
mod keys;
mod memory;
mod pack;
mod rows;
mod sled;

#[cfg(test)]
mod conformance;

use std::future::Future;

pub use self::sled::{SledSettings, SledStore};
pub use any::AnyStore;
pub use commit::{Commit, VehicleWrite};
pub use docs::{
    ATTACHMENT_PARTS, ATTACHMENTS, CALLS, CERTIFICATES, Collection, DEAD_LETTERS, DELIVERIES, DELIVERY_DUE, Doc,
    DocKey, DocWrite, Expected, FOLLOW_UPS, FOLLOW_UPS_OPEN, INVITATION_MAILS, INVITATIONS, NOTICE_OUTBOX,
    STAFF_LISTINGS, STAFF_READS, TASKS, TOUCHPOINTS, VISITS, VISITS_OF, VISITS_ON,
};
pub use error::StoreError;
pub use faults::Faults;
pub use memory::MemoryStore;
pub use rows::{DecisionRow, History, Message, QuarantineRow, QueueCursor, QueueEntry, TelemetryRow};

use milepost_protocol::DeviceId;

use crate::domain::{AccountId, Vehicle};

/// A store. Reads see every commit that has returned.
pub trait Store: Send + Sync + 'static {
    /// The vehicles' documents in the order of `devices`; `None` where one is not known.
    fn load(&self, devices: &[DeviceId]) -> impl Future<Output = Result<Vec<Option<Vehicle>>, StoreError>> + Send;

    /// Applies `commit` whole or not at all; durable on `Ok`.
    ///
    /// [`StoreError::Conflict`] and [`StoreError::Full`] mean that nothing was applied; after any other error nobody knows, and the caller reads again.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Committed envelopes of one vehicle.
    fn history(&self, history: History) -> impl Future<Output = Result<Vec<TelemetryRow>, StoreError>> + Send;

    /// Messages to one vehicle that it has not acknowledged, numbers from `from` on, ascending.
    fn messages(
        &self,
        device: &DeviceId,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Message>, StoreError>> + Send;

    /// Vehicles whose timer is at or before `now_ms`, earliest first.
    fn due(&self, now_ms: u64, limit: usize) -> impl Future<Output = Result<Vec<(u64, DeviceId)>, StoreError>> + Send;

    /// Vehicles by falling urgency, then by id.
    fn queue(
        &self,
        after: Option<QueueCursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<QueueEntry>, StoreError>> + Send;

    /// The ids of vehicles behind `after`, ascending.
    fn devices(
        &self,
        after: Option<&DeviceId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeviceId>, StoreError>> + Send;

    /// The vehicles of one account, by id.
    fn owned(&self, account: &AccountId) -> impl Future<Output = Result<Vec<DeviceId>, StoreError>> + Send;

    /// The vehicles that one account may see by their owners' word, by id.
    fn shared(&self, account: &AccountId) -> impl Future<Output = Result<Vec<DeviceId>, StoreError>> + Send;

    /// Stored decisions of one vehicle, newest first.
    fn decisions(
        &self,
        device: &DeviceId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DecisionRow>, StoreError>> + Send;

    /// Stored decisions of one vehicle that were taken from `from_ms` on and before `before_ms`, in milliseconds of Unix time,
    /// newest first.
    fn decided(
        &self,
        device: &DeviceId,
        from_ms: u64,
        before_ms: u64,
    ) -> impl Future<Output = Result<Vec<DecisionRow>, StoreError>> + Send;

    /// Envelopes that were set aside because they do not decode, newest first.
    fn quarantine(&self, limit: usize) -> impl Future<Output = Result<Vec<QuarantineRow>, StoreError>> + Send;

    /// Documents by key, in the order of `keys`.
    fn docs(&self, keys: &[DocKey]) -> impl Future<Output = Result<Vec<Option<Doc>>, StoreError>> + Send;

    /// Documents of a collection with keys behind `after` that begin with `prefix`, ascending.
    fn list(
        &self,
        collection: Collection,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(String, Doc)>, StoreError>> + Send;

    /// Removes what was heard from and told of one vehicle: its envelopes, decisions, what was set aside, and the documents about it;
    /// its own document, and the messages under way to it, stay. Durable on `Ok`.
    fn erase(&self, device: &DeviceId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether a commit would find room now.
    fn room(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes everything durable and stops; every later call fails with [`StoreError::Stopped`].
    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

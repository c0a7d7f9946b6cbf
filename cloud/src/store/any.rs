//! The store that the service was configured with, chosen at run time.

use milepost_protocol::DeviceId;

use super::{
    Collection, Commit, DecisionRow, Doc, DocKey, History, MemoryStore, Message, QuarantineRow, QueueCursor,
    QueueEntry, SledStore, Store, StoreError, TelemetryRow,
};
use crate::domain::{AccountId, Vehicle};

/// One of the back ends.
#[derive(Debug, Clone)]
pub enum AnyStore {
    /// Everything in memory.
    Memory(MemoryStore),
    /// Everything in one folder, through sled.
    Sled(SledStore),
}

impl Store for AnyStore {
    async fn load(&self, devices: &[DeviceId]) -> Result<Vec<Option<Vehicle>>, StoreError> {
        match self {
            Self::Memory(store) => store.load(devices).await,
            Self::Sled(store) => store.load(devices).await,
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.commit(commit).await,
            Self::Sled(store) => store.commit(commit).await,
        }
    }

    async fn history(&self, history: History) -> Result<Vec<TelemetryRow>, StoreError> {
        match self {
            Self::Memory(store) => store.history(history).await,
            Self::Sled(store) => store.history(history).await,
        }
    }

    async fn messages(&self, device: &DeviceId, from: u64, limit: usize) -> Result<Vec<Message>, StoreError> {
        match self {
            Self::Memory(store) => store.messages(device, from, limit).await,
            Self::Sled(store) => store.messages(device, from, limit).await,
        }
    }

    async fn due(&self, now_ms: u64, limit: usize) -> Result<Vec<(u64, DeviceId)>, StoreError> {
        match self {
            Self::Memory(store) => store.due(now_ms, limit).await,
            Self::Sled(store) => store.due(now_ms, limit).await,
        }
    }

    async fn queue(&self, after: Option<QueueCursor>, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        match self {
            Self::Memory(store) => store.queue(after, limit).await,
            Self::Sled(store) => store.queue(after, limit).await,
        }
    }

    async fn devices(&self, after: Option<&DeviceId>, limit: usize) -> Result<Vec<DeviceId>, StoreError> {
        match self {
            Self::Memory(store) => store.devices(after, limit).await,
            Self::Sled(store) => store.devices(after, limit).await,
        }
    }

    async fn owned(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        match self {
            Self::Memory(store) => store.owned(account).await,
            Self::Sled(store) => store.owned(account).await,
        }
    }

    async fn shared(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        match self {
            Self::Memory(store) => store.shared(account).await,
            Self::Sled(store) => store.shared(account).await,
        }
    }

    async fn decisions(&self, device: &DeviceId, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        match self {
            Self::Memory(store) => store.decisions(device, limit).await,
            Self::Sled(store) => store.decisions(device, limit).await,
        }
    }

    async fn decided(&self, device: &DeviceId, from_ms: u64, before_ms: u64) -> Result<Vec<DecisionRow>, StoreError> {
        match self {
            Self::Memory(store) => store.decided(device, from_ms, before_ms).await,
            Self::Sled(store) => store.decided(device, from_ms, before_ms).await,
        }
    }

    async fn quarantine(&self, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        match self {
            Self::Memory(store) => store.quarantine(limit).await,
            Self::Sled(store) => store.quarantine(limit).await,
        }
    }

    async fn docs(&self, keys: &[DocKey]) -> Result<Vec<Option<Doc>>, StoreError> {
        match self {
            Self::Memory(store) => store.docs(keys).await,
            Self::Sled(store) => store.docs(keys).await,
        }
    }

    async fn list(
        &self,
        collection: Collection,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Doc)>, StoreError> {
        match self {
            Self::Memory(store) => store.list(collection, prefix, after, limit).await,
            Self::Sled(store) => store.list(collection, prefix, after, limit).await,
        }
    }

    async fn erase(&self, device: &DeviceId) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.erase(device).await,
            Self::Sled(store) => store.erase(device).await,
        }
    }

    async fn room(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.room().await,
            Self::Sled(store) => store.room().await,
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.close().await,
            Self::Sled(store) => store.close().await,
        }
    }
}

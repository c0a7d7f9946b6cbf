//! The in-memory twin: the same promises as a store on disk, for tests and for trying things out.
//!
//! Invariant: it holds serialised documents, so that what would not survive a disk does not survive here either.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use milepost_protocol::{DeviceId, RecordId};

use super::docs::{Erased, OF_VEHICLES, VISITS_OF};
use super::indexed::Indexed;
use super::{
    Collection, Commit, DecisionRow, Doc, DocKey, Faults, History, Message, QuarantineRow, QueueCursor, QueueEntry,
    Store, StoreError, TelemetryRow,
};
use crate::domain::{AccountId, Vehicle};

/// A store that forgets everything with the process.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Tables {
    closed: bool,
    vehicles: BTreeMap<DeviceId, (Indexed, Vec<u8>)>,
    telemetry: BTreeMap<(DeviceId, RecordId), TelemetryRow>,
    messages: BTreeMap<(DeviceId, u64), Message>,
    decisions: BTreeMap<(DeviceId, u64), DecisionRow>,
    quarantine: BTreeMap<(u64, DeviceId, u32), QuarantineRow>,
    docs: BTreeMap<DocKey, Doc>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The switches that make it misbehave.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every row with its key, as bytes: what whoever has the disk has.
    pub fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let tables = self.open()?;
        let encode = |what: &str, row: serde_json::Result<Vec<u8>>| {
            row.map_err(|source| StoreError::Encode { what: what.to_owned(), source })
        };
        let mut rows: Vec<(String, Vec<u8>)> = Vec::new();
        rows.extend(tables.vehicles.iter().map(|(device, (_, bytes))| (format!("vehicle {device}"), bytes.clone())));
        rows.extend(
            tables.telemetry.iter().map(|((device, _), row)| (format!("telemetry {device}"), row.bytes.to_vec())),
        );
        rows.extend(tables.messages.iter().map(|((device, _), row)| (format!("message {device}"), row.bytes.to_vec())));
        for ((device, _), row) in &tables.decisions {
            rows.push((format!("decision {device}"), encode("decision", serde_json::to_vec(row))?));
        }
        for ((_, device, _), row) in &tables.quarantine {
            rows.push((format!("quarantine {device}"), encode("quarantine row", serde_json::to_vec(row))?));
        }
        rows.extend(tables.docs.iter().map(|(key, doc)| (key.to_string(), doc.value.clone())));
        Ok(rows)
    }

    fn open(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.closed { Err(StoreError::Stopped) } else { Ok(tables) }
    }
}

impl Tables {
    fn vehicle(&self, device: &DeviceId) -> Result<Option<Vehicle>, StoreError> {
        self.vehicles.get(device).map(|(_, bytes)| read(bytes, device)).transpose()
    }

    fn found_by(&self, fits: impl Fn(&Indexed) -> bool) -> Vec<DeviceId> {
        let fitting = self.vehicles.iter().filter(|(_, (indexed, _))| fits(indexed));
        fitting.map(|(device, _)| device.clone()).collect()
    }

    fn check(&self, commit: &Commit) -> Result<(), StoreError> {
        for write in &commit.vehicles {
            let present = self.vehicles.get(&write.vehicle.device).map(|(indexed, _)| indexed.revision);
            if present != write.expected {
                return Err(StoreError::Conflict { what: format!("vehicle {}", write.vehicle.device) });
            }
        }
        for write in &commit.docs {
            if !write.expected.holds(self.docs.get(&write.key).map(|doc| doc.version)) {
                return Err(StoreError::Conflict { what: write.key.to_string() });
            }
        }
        Ok(())
    }

    fn apply(&mut self, commit: Commit) -> Result<(), StoreError> {
        let mut encoded = Vec::with_capacity(commit.vehicles.len());
        for write in commit.vehicles {
            let bytes = serde_json::to_vec(&write.vehicle)
                .map_err(|source| StoreError::Encode { what: format!("vehicle {}", write.vehicle.device), source })?;
            let indexed = Indexed::of(&write.vehicle);
            encoded.push((write.vehicle.device, (indexed, bytes)));
        }
        self.vehicles.extend(encoded);
        self.telemetry.extend(commit.telemetry.into_iter().map(|row| ((row.device.clone(), row.first), row)));
        self.messages.extend(commit.messages.into_iter().map(|row| ((row.device.clone(), row.number), row)));
        for key in commit.delivered {
            self.messages.remove(&key);
        }
        self.decisions.extend(commit.decisions.into_iter().map(|row| ((row.device.clone(), row.number), row)));
        self.quarantine
            .extend(commit.quarantine.into_iter().map(|row| ((row.received_ms, row.device.clone(), row.serial), row)));
        for write in commit.docs {
            match write.value {
                Some(value) => {
                    let version = self.docs.get(&write.key).map_or(1, |doc| doc.version + 1);
                    self.docs.insert(write.key, Doc { version, value });
                }
                None => {
                    self.docs.remove(&write.key);
                }
            }
        }
        Ok(())
    }
}

fn read(bytes: &[u8], device: &DeviceId) -> Result<Vehicle, StoreError> {
    serde_json::from_slice(bytes).map_err(|source| StoreError::Corrupt { what: format!("vehicle {device}"), source })
}

impl Store for MemoryStore {
    async fn load(&self, devices: &[DeviceId]) -> Result<Vec<Option<Vehicle>>, StoreError> {
        let tables = self.open()?;
        devices.iter().map(|device| tables.vehicle(device)).collect()
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.faults.before_commit(commit.only_frees()).await?;
        let mut tables = self.open()?;
        tables.check(&commit)?;
        tables.apply(commit)
    }

    async fn history(&self, history: History) -> Result<Vec<TelemetryRow>, StoreError> {
        let tables = self.open()?;
        let rows = tables.telemetry.values().filter(|row| {
            row.device == history.device
                && history.from.is_none_or(|from| row.first >= from)
                && history.before.is_none_or(|before| row.first < before)
        });
        Ok(if history.newest_first {
            rows.rev().take(history.limit).cloned().collect()
        } else {
            rows.take(history.limit).cloned().collect()
        })
    }

    async fn messages(&self, device: &DeviceId, from: u64, limit: usize) -> Result<Vec<Message>, StoreError> {
        let tables = self.open()?;
        let rows = tables.messages.range((device.clone(), from)..=(device.clone(), u64::MAX));
        Ok(rows.take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn due(&self, now_ms: u64, limit: usize) -> Result<Vec<(u64, DeviceId)>, StoreError> {
        let tables = self.open()?;
        let timer = |(device, (indexed, _)): (&DeviceId, &(Indexed, _))| Some((indexed.timer_ms?, device.clone()));
        let mut due: Vec<_> = tables.vehicles.iter().filter_map(timer).filter(|(at_ms, _)| *at_ms <= now_ms).collect();
        due.sort();
        due.truncate(limit);
        Ok(due)
    }

    async fn queue(&self, after: Option<QueueCursor>, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        let tables = self.open()?;
        let entry = |(device, (indexed, _)): (&DeviceId, &(Indexed, _))| (Reverse(indexed.urgency), device.clone());
        let mut entries: Vec<_> = tables.vehicles.iter().map(entry).collect();
        entries.sort();
        let after = after.map(|cursor| (Reverse(cursor.urgency), cursor.device));
        Ok(entries
            .into_iter()
            .filter(|entry| after.as_ref().is_none_or(|after| entry > after))
            .take(limit)
            .map(|(urgency, device)| QueueEntry { urgency: urgency.0, device })
            .collect())
    }

    async fn devices(&self, after: Option<&DeviceId>, limit: usize) -> Result<Vec<DeviceId>, StoreError> {
        let tables = self.open()?;
        let behind = |device: &&DeviceId| after.is_none_or(|after| *device > after);
        Ok(tables.vehicles.keys().filter(behind).take(limit).cloned().collect())
    }

    async fn owned(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        Ok(self.open()?.found_by(|indexed| indexed.owner.as_ref() == Some(account)))
    }

    async fn shared(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        Ok(self.open()?.found_by(|indexed| indexed.family.contains(account)))
    }

    async fn decisions(&self, device: &DeviceId, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        let tables = self.open()?;
        let rows = tables.decisions.range((device.clone(), 0)..=(device.clone(), u64::MAX));
        Ok(rows.rev().take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn decided(&self, device: &DeviceId, from_ms: u64, before_ms: u64) -> Result<Vec<DecisionRow>, StoreError> {
        let tables = self.open()?;
        let rows = tables.decisions.range((device.clone(), 0)..=(device.clone(), u64::MAX));
        let within = rows.rev().filter(|(_, row)| (from_ms..before_ms).contains(&row.at_ms));
        Ok(within.map(|(_, row)| row.clone()).collect())
    }

    async fn quarantine(&self, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        Ok(self.open()?.quarantine.values().rev().take(limit).cloned().collect())
    }

    async fn docs(&self, keys: &[DocKey]) -> Result<Vec<Option<Doc>>, StoreError> {
        let tables = self.open()?;
        Ok(keys.iter().map(|key| tables.docs.get(key).cloned()).collect())
    }

    async fn list(
        &self,
        collection: Collection,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Doc)>, StoreError> {
        let tables = self.open()?;
        Ok(tables
            .docs
            .range(DocKey::new(collection, prefix)..)
            .take_while(|(key, _)| key.collection == collection && key.key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| key.key.as_str() > after))
            .take(limit)
            .map(|(key, doc)| (key.key.clone(), doc.clone()))
            .collect())
    }

    async fn erase(&self, device: &DeviceId) -> Result<(), StoreError> {
        let mut tables = self.open()?;
        tables.telemetry.retain(|(owner, _), _| owner != device);
        tables.decisions.retain(|(owner, _), _| owner != device);
        tables.quarantine.retain(|(_, owner, _), _| owner != device);
        let visits = tables.docs.keys().filter(|key| key.collection == VISITS_OF).map(|key| key.key.clone());
        let erased = Erased::new(device.as_str(), visits);
        let is_about =
            |key: &DocKey| OF_VEHICLES.contains(&key.collection) && erased.is_about(key.collection, &key.key);
        tables.docs.retain(|key, _| !is_about(key));
        Ok(())
    }

    async fn room(&self) -> Result<(), StoreError> {
        self.faults.room()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.open()?.closed = true;
        Ok(())
    }
}

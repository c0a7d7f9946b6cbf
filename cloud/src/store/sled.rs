//! The embedded back end: sled 0.34.7 with everything that makes it safe to use, in one file.
//!
//! What it guards against, each found by a killed process or in sled's source:
//! a `snap.*.generating` left by a kill while opening makes every later open fail, so leftovers are removed first (nothing else is in them);
//! `flush` does not sync the file on Linux, so every commit ends with `fdatasync` on it;
//! garbage is collected only by the periodic flusher, so that stays on;
//! several writers only meet at a global lock, so there is one writer thread with one `Batch` a commit on one tree;
//! after any error of a write nobody knows what is in the log, so the store refuses to go on until it is opened again.
//! Invariant: a commit that answered `Ok` is in the file and synced.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use milepost_protocol::{DeviceId, RecordId};
use serde::de::DeserializeOwned;
use sled::{Batch, Db, IVec};
use tokio::sync::{mpsc, oneshot};

use super::docs::{Erased, OF_VEHICLES, VISITS_OF};
use super::indexed::Indexed;
use super::pack::{pack, unpack};
use super::{
    Collection, Commit, DecisionRow, Doc, DocKey, History, Message, QuarantineRow, QueueCursor, QueueEntry, Store,
    StoreError, TelemetryRow, keys,
};
use crate::domain::{AccountId, Vehicle};

/// The number of the layout that this build reads and writes.
const FORMAT: &[u8] = b"1";

/// How many jobs may wait for the writer.
const WAITING_JOBS: usize = 64;

/// How a store on disk behaves.
#[derive(Debug, Clone)]
pub struct SledSettings {
    /// The folder; it is created if absent.
    pub folder: PathBuf,
    /// The size of the page cache, in bytes.
    pub cache_bytes: u64,
    /// Commits are refused while the file system has less than this free, in bytes.
    pub min_free_bytes: u64,
}

/// A store in one folder; clones share it.
#[derive(Debug, Clone)]
pub struct SledStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: SledSettings,
    db: RwLock<Option<Db>>,
    jobs: mpsc::Sender<Job>,
}

#[derive(Debug)]
enum Job {
    Commit(Box<Commit>, Reply),
    Erase(DeviceId, Reply),
    Close(Reply),
}

type Reply = oneshot::Sender<Result<(), StoreError>>;

impl SledStore {
    /// Opens or creates the store; blocks while it recovers.
    pub fn open(settings: SledSettings) -> Result<Self, StoreError> {
        let folder = &settings.folder;
        fs::create_dir_all(folder).map_err(io("creating", folder))?;
        remove_unfinished_snapshots(folder)?;
        let db = sled::Config::new()
            .path(folder)
            .cache_capacity(settings.cache_bytes)
            .flush_every_ms(Some(500))
            .open()
            .map_err(engine("opening"))?;
        let path = folder.join("db");
        let file = File::open(&path).map_err(io("opening", &path))?;
        match db.get(keys::FORMAT).map_err(engine("reading the format"))? {
            None => {
                db.insert(keys::FORMAT, FORMAT).map_err(engine("writing the format"))?;
                db.flush().map_err(engine("flushing"))?;
                file.sync_data().map_err(io("syncing", &path))?;
                let folder_file = File::open(folder).map_err(io("opening", folder))?;
                folder_file.sync_all().map_err(io("syncing", folder))?;
            }
            Some(format) if format == FORMAT => {}
            Some(format) => return Err(keys::unknown(&format)),
        }
        let (jobs, queue) = mpsc::channel(WAITING_JOBS);
        let writer = Writer { db: db.clone(), file, path, settings: settings.clone(), broken: false };
        let name = "store-writer".to_owned();
        std::thread::Builder::new()
            .name(name)
            .spawn(move || writer.run(queue))
            .map_err(io("starting the writer of", folder))?;
        Ok(Self(Arc::new(Shared { settings, db: RwLock::new(Some(db)), jobs })))
    }

    async fn job(&self, job: impl FnOnce(Reply) -> Job) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.jobs.send(job(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let db = self.0.db.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Stopped)?;
        tokio::task::spawn_blocking(move || read(&db)).await.map_err(|_| StoreError::Stopped)?
    }
}

struct Writer {
    db: Db,
    file: File,
    path: PathBuf,
    settings: SledSettings,
    broken: bool,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            let (result, reply, last) = match job {
                Job::Commit(commit, reply) => (self.commit(&commit), reply, false),
                Job::Erase(device, reply) => (self.erase(&device), reply, false),
                Job::Close(reply) => (self.sync(), reply, true),
            };
            if last {
                // The file's lock goes with the last handle, and whoever asked may open the store again at once.
                drop(self);
                let _ = reply.send(result);
                return;
            }
            let _ = reply.send(result);
        }
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        if !commit.only_frees() {
            has_room(&self.settings)?;
        }
        let batch = self.batch(commit)?;
        self.apply(batch)
    }

    fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::Stopped);
        }
        let result = self.db.apply_batch(batch).map_err(engine("applying a batch")).and_then(|()| self.sync());
        self.broken = result.is_err();
        result
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(engine("flushing"))?;
        self.file.sync_data().map_err(io("syncing", &self.path))
    }

    fn batch(&self, commit: &Commit) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for write in &commit.vehicles {
            let device = &write.vehicle.device;
            let before: Option<Indexed> = get(&self.db, &keys::index(device), "index")?;
            if before.as_ref().map(|indexed| indexed.revision) != write.expected {
                return Err(StoreError::Conflict { what: format!("vehicle {device}") });
            }
            batch.insert(keys::vehicle(device), pack(&write.vehicle, "vehicle")?);
            let after = Indexed::of(&write.vehicle);
            for key in before.iter().flat_map(|indexed| index_keys(indexed, device)) {
                batch.remove(key);
            }
            for key in index_keys(&after, device) {
                batch.insert(key, &[]);
            }
            batch.insert(keys::index(device), pack(&after, "index")?);
        }
        for row in &commit.telemetry {
            let mut value = row.received_ms.to_be_bytes().to_vec();
            value.extend_from_slice(&row.bytes);
            batch.insert(keys::telemetry(&row.device, row.first), value);
        }
        for row in &commit.messages {
            batch.insert(keys::message(&row.device, row.number), &row.bytes[..]);
        }
        for (device, number) in &commit.delivered {
            batch.remove(keys::message(device, *number));
        }
        for row in &commit.decisions {
            batch.insert(keys::decision(&row.device, row.number), pack(row, "decision")?);
        }
        for row in &commit.quarantine {
            batch.insert(keys::quarantine(row.received_ms, &row.device, row.serial), pack(row, "quarantine row")?);
        }
        for write in &commit.docs {
            let key = keys::doc(&write.key);
            let present = self.db.get(&key).map_err(engine("reading a document"))?;
            let version = present.map(|value| read_doc(&key, &value)).transpose()?.map(|doc| doc.version);
            if !write.expected.holds(version) {
                return Err(StoreError::Conflict { what: write.key.to_string() });
            }
            match &write.value {
                Some(value) => {
                    let mut stored = (version.unwrap_or(0) + 1).to_be_bytes().to_vec();
                    stored.extend_from_slice(value);
                    batch.insert(key, stored);
                }
                None => batch.remove(key),
            }
        }
        Ok(batch)
    }

    /// The keys of a collection, as the engine and as the domain have them.
    fn keys_of(&self, collection: Collection) -> impl Iterator<Item = Result<(IVec, String), StoreError>> + use<> {
        let all = keys::docs_of(collection.0);
        self.db.scan_prefix(&all).keys().map(move |key| {
            let key = key.map_err(engine("scanning"))?;
            let text = keys::text_behind(&key, all.len())?;
            Ok((key, text))
        })
    }

    fn erase(&mut self, device: &DeviceId) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for prefix in [keys::telemetry_of(device), keys::decisions_of(device)] {
            for key in self.db.scan_prefix(prefix).keys() {
                batch.remove(key.map_err(engine("scanning"))?);
            }
        }
        let visits = self.keys_of(VISITS_OF).map(|found| found.map(|(_, text)| text));
        let erased = Erased::new(device.as_str(), visits.collect::<Result<Vec<String>, StoreError>>()?);
        for collection in OF_VEHICLES {
            for found in self.keys_of(collection) {
                let (key, text) = found?;
                if erased.is_about(collection, &text) {
                    batch.remove(key);
                }
            }
        }
        for entry in self.db.scan_prefix(keys::quarantines()) {
            let (key, value) = entry.map_err(engine("scanning"))?;
            if unpack::<QuarantineRow>(&value, "quarantine row")?.device == *device {
                batch.remove(key);
            }
        }
        self.apply(batch)
    }
}

fn index_keys(indexed: &Indexed, device: &DeviceId) -> Vec<Vec<u8>> {
    let mut index = vec![keys::urgency(indexed.urgency, device)];
    index.extend(indexed.timer_ms.map(|at_ms| keys::timer(at_ms, device)));
    index.extend(indexed.owner.as_ref().map(|owner| keys::owner(owner.as_str(), device)));
    index.extend(indexed.family.iter().map(|member| keys::member(member.as_str(), device)));
    index
}

fn remove_unfinished_snapshots(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(io("listing", folder))? {
        let path = entry.map_err(io("listing", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(io("removing", &path))?;
            tracing::warn!(path = %path.display(), "removed a snapshot that a killed start left unfinished");
        }
    }
    Ok(())
}

fn has_room(settings: &SledSettings) -> Result<(), StoreError> {
    let stat = rustix::fs::statvfs(&settings.folder)
        .map_err(|source| io("measuring", &settings.folder)(std::io::Error::from(source)))?;
    let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free_bytes < settings.min_free_bytes {
        return Err(StoreError::Full { free_bytes, reserve_bytes: settings.min_free_bytes });
    }
    Ok(())
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

fn engine(action: &'static str) -> impl Fn(sled::Error) -> StoreError {
    move |source| StoreError::Engine { action, source }
}

fn get<T: DeserializeOwned>(db: &Db, key: &[u8], what: &str) -> Result<Option<T>, StoreError> {
    let value = db.get(key).map_err(engine("reading"))?;
    value.map(|bytes| unpack(&bytes, what)).transpose()
}

fn read_doc(key: &[u8], value: &[u8]) -> Result<Doc, StoreError> {
    let (version, value) = value.split_at_checked(8).ok_or_else(|| keys::unknown(key))?;
    Ok(Doc { version: keys::be_u64(version), value: value.to_vec() })
}

fn read_telemetry(device: &DeviceId, key: &[u8], value: &[u8]) -> Result<TelemetryRow, StoreError> {
    let (received, bytes) = value.split_at_checked(8).ok_or_else(|| keys::unknown(key))?;
    Ok(TelemetryRow {
        device: device.clone(),
        first: keys::telemetry_record(key)?,
        received_ms: keys::be_u64(received),
        bytes: bytes.to_vec().into(),
    })
}

/// Reads the entries of `range` that `read` accepts, as far as `limit`.
fn collect<T>(
    range: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
    limit: usize,
    read: impl Fn(&[u8], &[u8]) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    range
        .take(limit)
        .map(|entry| {
            let (key, value) = entry.map_err(engine("scanning"))?;
            read(&key, &value)
        })
        .collect()
}

impl Store for SledStore {
    async fn load(&self, devices: &[DeviceId]) -> Result<Vec<Option<Vehicle>>, StoreError> {
        let devices = devices.to_vec();
        self.read(move |db| devices.iter().map(|device| get(db, &keys::vehicle(device), "vehicle")).collect()).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.job(|reply| Job::Commit(Box::new(commit), reply)).await
    }

    async fn history(&self, history: History) -> Result<Vec<TelemetryRow>, StoreError> {
        self.read(move |db| {
            let History { device, from, before, newest_first, limit } = history;
            let lowest = RecordId { boot: 0, number: 0 };
            let start = keys::telemetry(&device, from.unwrap_or(lowest));
            let end = before.map_or_else(|| last_of(keys::telemetry_of(&device)), |id| keys::telemetry(&device, id));
            if start >= end {
                return Ok(Vec::new());
            }
            let range = db.range(start..end);
            let read = |key: &[u8], value: &[u8]| read_telemetry(&device, key, value);
            if newest_first { collect(range.rev(), limit, read) } else { collect(range, limit, read) }
        })
        .await
    }

    async fn messages(&self, device: &DeviceId, from: u64, limit: usize) -> Result<Vec<Message>, StoreError> {
        let device = device.clone();
        self.read(move |db| {
            let prefix = keys::messages_of(&device);
            let range = db.range(keys::message(&device, from)..last_of(prefix.clone()));
            collect(range, limit, |key, value| {
                let number = key.get(prefix.len()..).ok_or_else(|| keys::unknown(key))?;
                let number = keys::be_u64(number);
                Ok(Message { device: device.clone(), number, bytes: value.to_vec().into() })
            })
        })
        .await
    }

    async fn due(&self, now_ms: u64, limit: usize) -> Result<Vec<(u64, DeviceId)>, StoreError> {
        self.read(move |db| {
            let mut end = keys::timers();
            end.extend_from_slice(&now_ms.saturating_add(1).to_be_bytes());
            collect(db.range(keys::timers()..end), limit, |key, _| keys::timer_parts(key))
        })
        .await
    }

    async fn queue(&self, after: Option<QueueCursor>, limit: usize) -> Result<Vec<QueueEntry>, StoreError> {
        self.read(move |db| {
            let start = after.map_or_else(keys::urgencies, |cursor| {
                let mut key = keys::urgency(cursor.urgency, &cursor.device);
                key.push(0);
                key
            });
            collect(db.range(start..last_of(keys::urgencies())), limit, |key, _| {
                keys::urgency_parts(key).map(|(urgency, device)| QueueEntry { urgency, device })
            })
        })
        .await
    }

    async fn devices(&self, after: Option<&DeviceId>, limit: usize) -> Result<Vec<DeviceId>, StoreError> {
        let all = keys::indices();
        let start = after.map_or_else(
            || all.clone(),
            |after| {
                let mut key = keys::index(after);
                key.push(0);
                key
            },
        );
        self.read(move |db| {
            // The index has an entry for each vehicle, and is far smaller than the documents.
            collect(db.range(start..last_of(all.clone())), limit, |key, _| {
                let id = key.strip_suffix(&[0]).ok_or_else(|| keys::unknown(key))?;
                keys::device_behind(id, all.len())
            })
        })
        .await
    }

    async fn owned(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        let prefix = keys::owned_by(account.as_str());
        self.read(move |db| {
            collect(db.scan_prefix(&prefix), usize::MAX, |key, _| keys::device_behind(key, prefix.len()))
        })
        .await
    }

    async fn shared(&self, account: &AccountId) -> Result<Vec<DeviceId>, StoreError> {
        let prefix = keys::shared_with(account.as_str());
        self.read(move |db| {
            collect(db.scan_prefix(&prefix), usize::MAX, |key, _| keys::device_behind(key, prefix.len()))
        })
        .await
    }

    async fn decisions(&self, device: &DeviceId, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        let prefix = keys::decisions_of(device);
        self.read(move |db| collect(db.scan_prefix(prefix).rev(), limit, |_, value| unpack(value, "decision"))).await
    }

    async fn decided(&self, device: &DeviceId, from_ms: u64, before_ms: u64) -> Result<Vec<DecisionRow>, StoreError> {
        let prefix = keys::decisions_of(device);
        self.read(move |db| {
            let mut within = Vec::new();
            for entry in db.scan_prefix(prefix).rev() {
                let (_, value) = entry.map_err(engine("scanning"))?;
                let row: DecisionRow = unpack(&value, "decision")?;
                if (from_ms..before_ms).contains(&row.at_ms) {
                    within.push(row);
                }
            }
            Ok(within)
        })
        .await
    }

    async fn quarantine(&self, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        self.read(move |db| {
            collect(db.scan_prefix(keys::quarantines()).rev(), limit, |_, value| unpack(value, "quarantine row"))
        })
        .await
    }

    async fn docs(&self, keys: &[DocKey]) -> Result<Vec<Option<Doc>>, StoreError> {
        let keys: Vec<_> = keys.iter().map(keys::doc).collect();
        self.read(move |db| {
            let get = |key: &Vec<u8>| {
                let value = db.get(key).map_err(engine("reading a document"))?;
                value.map(|value| read_doc(key, &value)).transpose()
            };
            keys.iter().map(get).collect()
        })
        .await
    }

    async fn list(
        &self,
        collection: Collection,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Doc)>, StoreError> {
        let all = keys::docs_of(collection.0);
        let prefix = keys::doc(&DocKey::new(collection, prefix));
        let start = after.map_or_else(
            || prefix.clone(),
            |after| {
                let mut key = keys::doc(&DocKey::new(collection, after));
                key.push(0);
                key.max(prefix.clone())
            },
        );
        self.read(move |db| {
            let end = last_of(prefix);
            if start >= end {
                return Ok(Vec::new());
            }
            collect(db.range(start..end), limit, |key, value| {
                Ok((keys::text_behind(key, all.len())?, read_doc(key, value)?))
            })
        })
        .await
    }

    async fn erase(&self, device: &DeviceId) -> Result<(), StoreError> {
        let device = device.clone();
        self.job(|reply| Job::Erase(device, reply)).await
    }

    async fn room(&self) -> Result<(), StoreError> {
        let settings = self.0.settings.clone();
        self.read(move |_| has_room(&settings)).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        let db = self.0.db.write().unwrap_or_else(PoisonError::into_inner).take();
        if db.is_none() {
            return Err(StoreError::Stopped);
        }
        drop(db);
        self.job(Job::Close).await
    }
}

/// A key behind every key that begins with `prefix`: no key has 0xFF there, because text is UTF-8 and numbers follow a device.
fn last_of(mut prefix: Vec<u8>) -> Vec<u8> {
    // Behind a device's zero byte numbers follow, which may be all ones; nine of them and more are behind every key.
    prefix.extend_from_slice(&[0xFF; 64]);
    prefix
}

//! Workshops in the store, as the configuration names them.
//!
//! Invariant: a workshop that the configuration names no more keeps its visits and takes no new ones.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use milepost_engine::booking::{Workshop, Zone};
use serde::{Deserialize, Serialize};

use super::shelf::WORKSHOPS;
use super::{Booking, BookingError};
use crate::store::{AnyStore, Commit, DocKey, DocWrite, Expected, Store as _, StoreError};
use crate::zones::zone;

/// The longest id, in bytes.
const MAX_ID_LEN: usize = 32;

/// The most workshops of one installation.
const MAX_WORKSHOPS: usize = 1_000;

/// A workshop's id: 1 to 32 characters of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WorkshopId(String);

/// The text is empty, longer than 32 bytes or has a character outside `[a-z0-9-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("workshop id must be 1 to 32 characters of [a-z0-9-]")]
pub struct WorkshopIdError;

impl WorkshopId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkshopId {
    type Err = WorkshopIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if clean && (1..=MAX_ID_LEN).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(WorkshopIdError) }
    }
}

impl<'de> Deserialize<'de> for WorkshopId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for WorkshopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A workshop as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkshopDoc {
    /// Which.
    pub id: WorkshopId,
    /// What people call it.
    pub name: String,
    /// Where it is, in one line.
    #[serde(default)]
    pub address: String,
    /// Where it is called, as it is dialled.
    #[serde(default)]
    pub phone: String,
    /// The IANA time zone of its clocks.
    pub time_zone: String,
    /// Hours, bays and durations.
    pub rules: Workshop,
    /// Whether it takes no new visits.
    #[serde(default)]
    pub retired: bool,
}

impl WorkshopDoc {
    /// Its clocks.
    pub fn clocks(&self) -> Clocks {
        Clocks(zone(&self.time_zone))
    }
}

/// The clocks of a time zone, as the engine asks for them.
#[derive(Debug, Clone)]
pub struct Clocks(pub TimeZone);

impl Zone for Clocks {
    fn offset_s(&self, at_ms: u64) -> i32 {
        let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        self.0.to_offset(at.unwrap_or(Timestamp::MAX)).seconds()
    }
}

/// Makes the stored workshops those of the configuration; durable on `Ok`.
pub async fn publish(store: &AnyStore, workshops: &[WorkshopDoc]) -> Result<(), BookingError> {
    let mut writes = Vec::new();
    for (key, doc) in store.list(WORKSHOPS, "", None, MAX_WORKSHOPS).await? {
        let known: WorkshopDoc = doc.read("workshop")?;
        if !known.retired && workshops.iter().all(|workshop| workshop.id != known.id) {
            writes.push((key, WorkshopDoc { retired: true, ..known }));
        }
    }
    writes.extend(workshops.iter().map(|workshop| (workshop.id.to_string(), workshop.clone())));
    let docs: Result<Vec<_>, StoreError> = writes
        .into_iter()
        .map(|(key, workshop)| DocWrite::json("workshop", DocKey::new(WORKSHOPS, key), Expected::Any, &workshop))
        .collect();
    let docs = docs?;
    if docs.is_empty() {
        return Ok(());
    }
    Ok(store.commit(Commit { docs, ..Commit::default() }).await?)
}

impl Booking {
    /// All workshops that take visits, by id.
    pub async fn workshops(&self) -> Result<Vec<WorkshopDoc>, BookingError> {
        let mut all = self.all_workshops().await?;
        all.retain(|workshop| !workshop.retired);
        Ok(all)
    }

    /// All workshops with those that take no visits any more, by id.
    pub async fn all_workshops(&self) -> Result<Vec<WorkshopDoc>, BookingError> {
        let docs = self.service.docs(WORKSHOPS, "", None, MAX_WORKSHOPS).await?;
        docs.iter().map(|(_, doc)| Ok(doc.read("workshop")?)).collect()
    }

    /// One workshop, whether it takes visits or not.
    pub async fn workshop(&self, id: &WorkshopId) -> Result<Option<WorkshopDoc>, BookingError> {
        let doc = self.service.doc(&DocKey::new(WORKSHOPS, id.as_str())).await?;
        Ok(doc.map(|doc| doc.read("workshop")).transpose()?)
    }
}

//! Documents that the store keeps without reading them: accounts, sessions and the like.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// A family of documents; names are lower case and never reused for another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection(pub &'static str);

/// What is on its way to owners; keys begin with the device's id and a slash.
pub const DELIVERIES: Collection = Collection("delivery");

/// When deliveries are due: `channel/time/` and the delivery's key.
pub const DELIVERY_DUE: Collection = Collection("delivery_due");

/// Deliveries that were given up; keys are those of the deliveries.
pub const DEAD_LETTERS: Collection = Collection("dead_letter");

/// What the workshop's people do for notices; keys begin with the device's id and a slash.
pub const TASKS: Collection = Collection("workshop_task");

/// Vehicles whose notices have to be looked at; keys are device ids.
pub const NOTICE_OUTBOX: Collection = Collection("notice_outbox");

/// Visits at workshops by id.
pub const VISITS: Collection = Collection("visit");

/// The visits of one vehicle: `vehicle/id`, without a value.
pub const VISITS_OF: Collection = Collection("visit-of");

/// The visits of one day: `workshop/2026-11-16/id`, without a value.
pub const VISITS_ON: Collection = Collection("visit-on");

/// What the workshop's people mean to do about vehicles: `vehicle/id`.
pub const FOLLOW_UPS: Collection = Collection("follow_up");

/// Those of them that are still to be done, by day: `2026-11-16/vehicle/id`, without a value.
pub const FOLLOW_UPS_OPEN: Collection = Collection("follow_up_open");

/// Calls and other contacts that the workshop's people have noted, the newest first: `vehicle/` and a place.
pub const CALLS: Collection = Collection("workshop_call");

/// When the workshop's people looked at a vehicle, the newest first: `vehicle/` and a place.
pub const STAFF_READS: Collection = Collection("staff_read");

/// That a vehicle stood in a list of one of the workshop's people: `vehicle/account/` and the place of the day.
pub const STAFF_LISTINGS: Collection = Collection("staff_listing");

/// Contacts with owners; keys are the owner, the moment, the device and what it was, with slashes between them.
pub const TOUCHPOINTS: Collection = Collection("touchpoint");

/// The links to certificates; keys are device ids.
pub const CERTIFICATES: Collection = Collection("certificate");

/// Invitations to see a vehicle; keys are `vehicle/id`.
pub const INVITATIONS: Collection = Collection("invitation");

/// Mails that invite, until they have gone out; keys are those of the invitations.
pub const INVITATION_MAILS: Collection = Collection("invitation_mail");

/// Receipts that owners have attached; keys are `vehicle/entry/id`, and the name stays, because stores have it.
pub const ATTACHMENTS: Collection = Collection("paper");

/// Their bytes in parts, under their owners' keys; keys are those of the receipts and a number.
pub const ATTACHMENT_PARTS: Collection = Collection("paper_part");

/// The collections with documents about vehicles.
pub(super) const OF_VEHICLES: [Collection; 19] = [
    DELIVERIES,
    DELIVERY_DUE,
    DEAD_LETTERS,
    TASKS,
    NOTICE_OUTBOX,
    VISITS,
    VISITS_OF,
    VISITS_ON,
    FOLLOW_UPS,
    FOLLOW_UPS_OPEN,
    CALLS,
    STAFF_READS,
    STAFF_LISTINGS,
    TOUCHPOINTS,
    CERTIFICATES,
    INVITATIONS,
    INVITATION_MAILS,
    ATTACHMENTS,
    ATTACHMENT_PARTS,
];

/// What goes when a vehicle is erased.
#[derive(Debug)]
pub(super) struct Erased<'a> {
    device: &'a str,
    visits: BTreeSet<String>,
}

impl<'a> Erased<'a> {
    /// A vehicle with the keys of [`VISITS_OF`], of which those that are not its own are passed over.
    pub(super) fn new(device: &'a str, visits_of: impl IntoIterator<Item = String>) -> Self {
        let own = |key: String| {
            let (of, visit) = key.split_once('/')?;
            (of == device).then(|| visit.to_owned())
        };
        Self { device, visits: visits_of.into_iter().filter_map(own).collect() }
    }

    /// Whether a document of one of [`OF_VEHICLES`] is about the vehicle.
    pub(super) fn is_about(&self, collection: Collection, key: &str) -> bool {
        let mut parts = key.split('/');
        match collection {
            VISITS => self.visits.contains(key),
            VISITS_ON => parts.next_back().is_some_and(|visit| self.visits.contains(visit)),
            DELIVERY_DUE | TOUCHPOINTS => parts.nth(2) == Some(self.device),
            FOLLOW_UPS_OPEN => parts.nth(1) == Some(self.device),
            _ => parts.next() == Some(self.device),
        }
    }
}

/// A document's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocKey {
    /// The family.
    pub collection: Collection,
    /// The key within it, at most 512 bytes.
    pub key: String,
}

impl DocKey {
    /// The key of `key` in `collection`.
    pub fn new(collection: Collection, key: impl Into<String>) -> Self {
        Self { collection, key: key.into() }
    }
}

impl fmt::Display for DocKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.collection.0, self.key)
    }
}

/// A document with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// 1 when it was created, one more with every write.
    pub version: u64,
    /// The bytes as they were written.
    pub value: Vec<u8>,
}

impl Doc {
    /// The value that was written as JSON; `what` names it in errors.
    ///
    /// [`StoreError::Corrupt`] if it does not read back.
    pub fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, StoreError> {
        serde_json::from_slice(&self.value).map_err(|source| StoreError::Corrupt { what: what.to_owned(), source })
    }
}

/// What the store must hold for a write to take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No such document.
    Absent,
    /// The document in this version.
    Version(u64),
    /// Whatever there is.
    Any,
}

impl Expected {
    /// Whether `present`, the stored version, is what was expected.
    pub fn holds(self, present: Option<u64>) -> bool {
        match self {
            Self::Absent => present.is_none(),
            Self::Version(version) => present == Some(version),
            Self::Any => true,
        }
    }
}

/// One document to write or to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocWrite {
    /// Which.
    pub key: DocKey,
    /// What must be there now.
    pub expected: Expected,
    /// The new bytes; `None` deletes.
    pub value: Option<Vec<u8>>,
}

impl DocWrite {
    /// Writes a value as JSON; `what` names it in errors.
    ///
    /// [`StoreError::Encode`] if it does not serialise.
    pub fn json<T: Serialize>(what: &str, key: DocKey, expected: Expected, value: &T) -> Result<Self, StoreError> {
        let value = serde_json::to_vec(value).map_err(|source| StoreError::Encode { what: what.to_owned(), source })?;
        Ok(Self { key, expected, value: Some(value) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_and_one_that_does_not_is_named() {
        let key = DocKey::new(TASKS, "car-1/7");
        let write = DocWrite::json("task", key, Expected::Absent, &("call", 7_u32)).unwrap();
        let doc = Doc { version: 1, value: write.value.unwrap() };
        assert_eq!(doc.read::<(String, u32)>("task").unwrap(), ("call".to_owned(), 7));
        let error = doc.read::<u32>("task").unwrap_err();
        assert_eq!((error.reason(), error.to_string().as_str()), ("corrupt", "stored task does not read back"));
        let nameless = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = DocWrite::json("task", DocKey::new(TASKS, ""), Expected::Any, &nameless).unwrap_err();
        assert_eq!((error.reason(), error.to_string().as_str()), ("encode", "task does not serialise"));
    }
}

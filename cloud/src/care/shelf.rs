//! Where follow-ups and calls lie in the store.
//!
//! Invariant: a follow-up and its row among the open ones change in one commit, from the version in which it was read.

use milepost_protocol::DeviceId;

use super::{Call, CareError, CareId, FollowUp};
use crate::service::Service;
use crate::store::{CALLS, DocKey, DocWrite, Expected, FOLLOW_UPS, FOLLOW_UPS_OPEN};

/// The most follow-ups of one vehicle that are looked through.
const MAX_OF_VEHICLE: usize = 500;

/// The most open follow-ups that are looked through.
const MAX_OPEN: usize = 2_000;

/// A follow-up with the version that was read; 0 if it is new.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) value: FollowUp,
    pub(super) version: u64,
}

/// One follow-up.
pub(super) async fn follow_up(service: &Service, device: &DeviceId, id: &CareId) -> Result<Held, CareError> {
    let doc = service.doc(&key(device, id)).await?.ok_or(CareError::Unknown)?;
    Ok(Held { value: doc.read("follow-up")?, version: doc.version })
}

/// All follow-ups of a vehicle.
pub(super) async fn of_vehicle(service: &Service, device: &DeviceId) -> Result<Vec<FollowUp>, CareError> {
    let docs = service.docs(FOLLOW_UPS, &format!("{device}/"), None, MAX_OF_VEHICLE).await?;
    docs.iter().map(|(_, doc)| Ok(doc.read("follow-up")?)).collect()
}

/// The open follow-ups, the earliest day first.
pub(super) async fn open(service: &Service) -> Result<Vec<FollowUp>, CareError> {
    let rows = service.docs(FOLLOW_UPS_OPEN, "", None, MAX_OPEN).await?;
    let key = |row: &str| Some(DocKey::new(FOLLOW_UPS, row.split_once('/')?.1));
    let keys: Vec<DocKey> = rows.iter().filter_map(|(row, _)| key(row)).collect();
    let docs = service.docs_by_key(&keys).await?;
    docs.iter().flatten().map(|doc| Ok(doc.read("follow-up")?)).collect()
}

/// What writes a follow-up, given how it was.
pub(super) fn put(held: &Held, before: Option<&FollowUp>) -> Result<Vec<DocWrite>, CareError> {
    let now = &held.value;
    let expected = if held.version == 0 { Expected::Absent } else { Expected::Version(held.version) };
    let row = |key: String, value| DocWrite { key: DocKey::new(FOLLOW_UPS_OPEN, key), expected: Expected::Any, value };
    let mut docs = vec![DocWrite::json("follow-up", key(&now.device, &now.id), expected, now)?];
    let (old, new) = (before.and_then(open_row), open_row(now));
    if old != new {
        docs.extend(old.map(|key| row(key, None)));
        docs.extend(new.map(|key| row(key, Some(Vec::new()))));
    }
    Ok(docs)
}

/// What takes a follow-up away, whichever version it has.
pub(super) fn remove(one: &FollowUp) -> Vec<DocWrite> {
    let gone = |key| DocWrite { key, expected: Expected::Any, value: None };
    let open = open_row(one).map(|row| gone(DocKey::new(FOLLOW_UPS_OPEN, row)));
    [gone(key(&one.device, &one.id))].into_iter().chain(open).collect()
}

/// A vehicle's calls, the newest first.
pub(super) async fn calls(service: &Service, device: &DeviceId, limit: usize) -> Result<Vec<Call>, CareError> {
    let docs = service.docs(CALLS, &format!("{device}/"), None, limit).await?;
    docs.iter().map(|(_, doc)| Ok(doc.read("call")?)).collect()
}

/// What writes a new call.
pub(super) fn put_call(call: &Call) -> Result<DocWrite, CareError> {
    // Keys ascend, so that a falling number puts the newest first.
    let key = format!("{}/{:016x}-{}", call.device, u64::MAX - call.at_ms, call.id);
    Ok(DocWrite::json("call", DocKey::new(CALLS, key), Expected::Absent, call)?)
}

fn key(device: &DeviceId, id: &CareId) -> DocKey {
    DocKey::new(FOLLOW_UPS, format!("{device}/{id}"))
}

fn open_row(one: &FollowUp) -> Option<String> {
    one.done.is_none().then(|| format!("{}/{}/{}", one.next_on, one.device, one.id))
}

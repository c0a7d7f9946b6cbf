//! One suite over every back end: what a store promises, whichever it is.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use milepost_protocol::{DeviceId, RecordId};
use proptest::prelude::*;

use super::{
    ATTACHMENT_PARTS, ATTACHMENTS, AnyStore, CALLS, Collection, Commit, DEAD_LETTERS, DELIVERIES, DELIVERY_DUE,
    DecisionRow, DocKey, DocWrite, Expected, FOLLOW_UPS, FOLLOW_UPS_OPEN, History, INVITATION_MAILS, INVITATIONS,
    MemoryStore, Message, NOTICE_OUTBOX, QuarantineRow, QueueCursor, STAFF_LISTINGS, STAFF_READS, SledSettings,
    SledStore, Store as _, StoreError, TASKS, TelemetryRow, VISITS, VISITS_OF, VISITS_ON, VehicleWrite,
};
use crate::domain::{AccountId, Vehicle};

const ACCOUNTS: Collection = Collection("accounts");
const SESSIONS: Collection = Collection("sessions");

fn settings(folder: &Path) -> SledSettings {
    SledSettings { folder: folder.to_owned(), cache_bytes: 8 << 20, min_free_bytes: 0 }
}

fn device(text: &str) -> DeviceId {
    text.parse().unwrap()
}

fn vehicle(id: &str, revision: u64, timer_ms: Option<u64>, score: u32, owner: Option<&str>) -> Vehicle {
    let mut vehicle = Vehicle::new(device(id), 5);
    vehicle.revision = revision;
    vehicle.timer_ms = timer_ms;
    vehicle.urgency.score = score;
    vehicle.owner = owner.map(|owner| owner.parse().unwrap());
    vehicle
}

fn write(expected: Option<u64>, vehicle: Vehicle) -> Commit {
    Commit { vehicles: vec![VehicleWrite { expected, vehicle }], ..Commit::default() }
}

fn row(id: &str, boot: u32, number: u32) -> TelemetryRow {
    let bytes = Bytes::from(format!("{id} {boot} {number}"));
    TelemetryRow { device: device(id), first: RecordId { boot, number }, received_ms: 77, bytes }
}

fn message(id: &str, number: u64) -> Message {
    Message { device: device(id), number, bytes: Bytes::from(format!("m{number}")) }
}

fn put(key: &str, expected: Expected, value: Option<&str>) -> DocWrite {
    DocWrite { key: DocKey::new(ACCOUNTS, key), expected, value: value.map(|value| value.as_bytes().to_vec()) }
}

/// Runs one case over a fresh store of every kind.
fn over_every_store<F: Future<Output = ()>>(case: impl Fn(AnyStore) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(case(AnyStore::Memory(MemoryStore::new())));
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(case(AnyStore::Sled(SledStore::open(settings(folder.path())).unwrap())));
}

#[test]
fn a_vehicle_reads_back_as_it_was_written() {
    over_every_store(async |store| {
        let written = vehicle("d1", 1, Some(9), 3, Some("anna"));
        store.commit(write(None, written.clone())).await.unwrap();
        let read = store.load(&[device("d2"), device("d1")]).await.unwrap();
        assert_eq!(read, vec![None, Some(written)], "in the order asked, none where unknown");
    });
}

#[test]
fn a_commit_with_one_wrong_revision_changes_nothing_at_all() {
    over_every_store(async |store| {
        store.commit(write(None, vehicle("d1", 1, None, 0, None))).await.unwrap();
        let mut commit = write(Some(7), vehicle("d1", 8, None, 0, None));
        commit.telemetry.push(row("d1", 1, 0));
        commit.vehicles.push(VehicleWrite { expected: None, vehicle: vehicle("d2", 1, None, 0, None) });
        assert!(matches!(store.commit(commit).await, Err(StoreError::Conflict { .. })));
        assert_eq!(store.load(&[device("d2")]).await.unwrap(), vec![None]);
        assert!(store.history(History::newest(device("d1"), 10)).await.unwrap().is_empty());
        let again = store.commit(write(None, vehicle("d1", 1, None, 0, None))).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "it exists already");
    });
}

#[test]
fn history_runs_both_ways_within_its_bounds_and_within_one_vehicle() {
    over_every_store(async |store| {
        let mut telemetry: Vec<_> = [(1, 0), (1, 300), (2, 0), (2, 5)].map(|(b, n)| row("d1", b, n)).into();
        telemetry.push(row("d10", 1, 1));
        store.commit(Commit { telemetry, ..Commit::default() }).await.unwrap();
        let ids = |rows: Vec<TelemetryRow>| rows.iter().map(|r| (r.first.boot, r.first.number)).collect::<Vec<_>>();
        let newest = store.history(History::newest(device("d1"), 3)).await.unwrap();
        assert_eq!(ids(newest), [(2, 5), (2, 0), (1, 300)]);
        let from = Some(RecordId { boot: 1, number: 300 });
        let rows = store.history(History::ascending(device("d1"), from, 2)).await.unwrap();
        assert_eq!(rows[0], row("d1", 1, 300));
        assert_eq!(ids(rows), [(1, 300), (2, 0)]);
        let mut before = History::newest(device("d1"), 10);
        before.before = from;
        assert_eq!(ids(store.history(before).await.unwrap()), [(1, 0)]);
    });
}

#[test]
fn decisions_of_a_period_are_those_within_its_bounds_and_of_one_vehicle() {
    let decision = |id: &str, number: u64, at_ms: u64| {
        let text = r#"{"at_ms":0,"policy":1,"consent":1,"candidates":[],"arms":[],"draw":0.0,"chosen":"Nothing","propensity":1.0,"again_at_ms":0}"#;
        DecisionRow { device: device(id), number, at_ms, decision: serde_json::from_str(text).unwrap() }
    };
    over_every_store(async |store| {
        let rows = [("car-1", 1, 10), ("car-1", 2, 20), ("car-1", 3, 30), ("car-1", 4, 40), ("car-2", 1, 25)];
        let decisions = rows.map(|(id, number, at_ms)| decision(id, number, at_ms)).to_vec();
        store.commit(Commit { decisions, ..Commit::default() }).await.unwrap();
        let within = store.decided(&device("car-1"), 20, 40).await.unwrap();
        assert_eq!(within.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 2]);
        assert!(store.decided(&device("car-1"), 41, u64::MAX).await.unwrap().is_empty());
    });
}

#[test]
fn messages_wait_in_order_until_they_are_delivered() {
    over_every_store(async |store| {
        let messages = [3, 1, 256, 2].map(|number| message("d1", number)).into();
        store.commit(Commit { messages, ..Commit::default() }).await.unwrap();
        store.commit(Commit { delivered: vec![(device("d1"), 2)], ..Commit::default() }).await.unwrap();
        let waiting = store.messages(&device("d1"), 2, 10).await.unwrap();
        assert_eq!(waiting, [message("d1", 3), message("d1", 256)]);
        assert_eq!(store.messages(&device("d1"), 0, 1).await.unwrap(), [message("d1", 1)]);
        assert!(store.messages(&device("d2"), 0, 10).await.unwrap().is_empty());
    });
}

#[test]
fn timers_queue_and_ownership_follow_the_vehicle() {
    over_every_store(async |store| {
        store.commit(write(None, vehicle("d1", 1, Some(100), 5, Some("anna")))).await.unwrap();
        store.commit(write(None, vehicle("d2", 1, Some(50), 5, Some("anna")))).await.unwrap();
        store.commit(write(None, vehicle("d3", 1, None, 900, None))).await.unwrap();
        assert_eq!(store.due(100, 10).await.unwrap(), [(50, device("d2")), (100, device("d1"))]);
        assert_eq!(store.due(99, 10).await.unwrap(), [(50, device("d2"))]);
        store.commit(write(Some(1), vehicle("d2", 2, Some(200), 7, Some("bert")))).await.unwrap();
        assert_eq!(store.due(100, 10).await.unwrap(), [(100, device("d1"))], "the old timer is gone");
        let queue = store.queue(None, 2).await.unwrap();
        assert_eq!(queue.iter().map(|e| e.device.as_str()).collect::<Vec<_>>(), ["d3", "d2"]);
        let after = QueueCursor { urgency: queue[1].urgency, device: queue[1].device.clone() };
        assert_eq!(store.queue(Some(after), 5).await.unwrap()[0].device, device("d1"));
        let anna: AccountId = "anna".parse().unwrap();
        assert_eq!(store.owned(&anna).await.unwrap(), [device("d1")]);
    });
}

#[test]
fn vehicles_are_listed_by_id_page_after_page() {
    over_every_store(async |store| {
        for id in ["d2", "d1", "a", "d1-b"] {
            store.commit(write(None, vehicle(id, 1, None, 5, None))).await.unwrap();
        }
        let first = store.devices(None, 3).await.unwrap();
        assert_eq!(first, [device("a"), device("d1"), device("d1-b")]);
        assert_eq!(store.devices(first.last(), 9).await.unwrap(), [device("d2")]);
        assert_eq!(store.devices(Some(&device("d1-z")), 9).await.unwrap(), [device("d2")], "also behind no vehicle");
    });
}

#[test]
fn documents_change_only_from_the_expected_version() {
    over_every_store(async |store| {
        let docs = |docs| Commit { docs, ..Commit::default() };
        store.commit(docs(vec![put("anna", Expected::Absent, Some("1"))])).await.unwrap();
        let again = store.commit(docs(vec![put("anna", Expected::Absent, Some("x"))])).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
        store.commit(docs(vec![put("anna", Expected::Version(1), Some("2"))])).await.unwrap();
        let both = docs(vec![put("bert", Expected::Absent, Some("b")), put("anna", Expected::Version(1), None)]);
        assert!(matches!(store.commit(both).await, Err(StoreError::Conflict { .. })));
        let read = store.docs(&[DocKey::new(ACCOUNTS, "anna"), DocKey::new(ACCOUNTS, "bert")]).await.unwrap();
        let anna = read[0].as_ref().unwrap();
        assert_eq!((anna.version, &anna.value[..]), (2, &b"2"[..]));
        assert_eq!(read[1], None);
        store.commit(docs(vec![put("anna", Expected::Any, None)])).await.unwrap();
        assert_eq!(store.docs(&[DocKey::new(ACCOUNTS, "anna")]).await.unwrap(), [None]);
    });
}

#[test]
fn documents_are_listed_by_prefix_and_page_within_their_collection() {
    over_every_store(async |store| {
        let mut docs: Vec<_> = ["a1", "a2", "a3", "b1"].map(|key| put(key, Expected::Any, Some(key))).into();
        docs.push(DocWrite { key: DocKey::new(SESSIONS, "a2"), expected: Expected::Any, value: Some(vec![1]) });
        store.commit(Commit { docs, ..Commit::default() }).await.unwrap();
        let keys = |found: Vec<(String, super::Doc)>| found.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(store.list(ACCOUNTS, "a", None, 2).await.unwrap()), ["a1", "a2"]);
        assert_eq!(keys(store.list(ACCOUNTS, "a", Some("a2"), 9).await.unwrap()), ["a3"]);
        assert_eq!(keys(store.list(ACCOUNTS, "", None, 9).await.unwrap()), ["a1", "a2", "a3", "b1"]);
        assert!(store.list(ACCOUNTS, "c", None, 9).await.unwrap().is_empty());
    });
}

#[test]
fn an_erased_vehicle_takes_its_deliveries_tasks_visits_and_their_rows_along_and_no_others() {
    over_every_store(async |store| {
        let rows = |id: &str| {
            [
                (DELIVERIES, format!("{id}/0/show/email/x")),
                (DELIVERY_DUE, format!("email/00000000000000000007/{id}/0/show/email/x")),
                (DEAD_LETTERS, format!("{id}/0/show/email/x")),
                (TASKS, format!("{id}/0/call")),
                (NOTICE_OUTBOX, id.to_owned()),
                (VISITS_OF, format!("{id}/visit-of-{id}")),
                (VISITS, format!("visit-of-{id}")),
                (VISITS_ON, format!("mitte/2026-11-16/visit-of-{id}")),
                (FOLLOW_UPS, format!("{id}/0123456789abcdef")),
                (FOLLOW_UPS_OPEN, format!("2026-11-16/{id}/0123456789abcdef")),
                (CALLS, format!("{id}/0-0123456789abcdef")),
                (STAFF_READS, format!("{id}/0/vera")),
                (STAFF_LISTINGS, format!("{id}/vera/07")),
                (INVITATIONS, format!("{id}/0123456789abcdef")),
                (INVITATION_MAILS, format!("{id}/0123456789abcdef")),
                (ATTACHMENTS, format!("{id}/1/0123456789abcdef")),
                (ATTACHMENT_PARTS, format!("{id}/1/0123456789abcdef/00000")),
                (ACCOUNTS, id.to_owned()),
            ]
            .map(|(collection, key)| DocKey::new(collection, key))
        };
        let keys: Vec<DocKey> = ["d1", "d10"].into_iter().flat_map(rows).collect();
        let write = |key: &DocKey| DocWrite { key: key.clone(), expected: Expected::Any, value: Some(vec![1]) };
        store.commit(Commit { docs: keys.iter().map(write).collect(), ..Commit::default() }).await.unwrap();
        store.erase(&device("d1")).await.unwrap();
        let left: Vec<bool> = store.docs(&keys).await.unwrap().iter().map(Option::is_some).collect();
        let (gone, kept) = ([[false; 17].as_slice(), &[true]].concat(), [true; 18]);
        assert_eq!(left, [gone.as_slice(), &kept].concat(), "an account that is called like a vehicle is none");
    });
}

#[test]
fn an_erased_vehicle_keeps_its_document_and_messages_and_its_neighbours_everything() {
    over_every_store(async |store| {
        for id in ["d1", "d10"] {
            let mut commit = write(None, vehicle(id, 1, Some(1), 1, Some("anna")));
            commit.telemetry.push(row(id, 1, 1));
            commit.messages.push(message(id, 1));
            let set_aside =
                QuarantineRow { device: device(id), received_ms: 1, serial: 0, reason: "r".to_owned(), bytes: vec![1] };
            commit.quarantine.push(set_aside);
            store.commit(commit).await.unwrap();
        }
        store.erase(&device("d1")).await.unwrap();
        assert!(store.load(&[device("d1")]).await.unwrap()[0].is_some());
        assert!(store.history(History::newest(device("d1"), 9)).await.unwrap().is_empty());
        assert_eq!(store.messages(&device("d1"), 0, 9).await.unwrap(), [message("d1", 1)]);
        assert_eq!(store.due(9, 9).await.unwrap(), [(1, device("d1")), (1, device("d10"))]);
        assert_eq!(store.queue(None, 9).await.unwrap().len(), 2);
        assert_eq!(store.owned(&"anna".parse().unwrap()).await.unwrap(), [device("d1"), device("d10")]);
        assert_eq!(store.quarantine(9).await.unwrap().len(), 1);
        assert_eq!(store.history(History::newest(device("d10"), 9)).await.unwrap().len(), 1);
    });
}

#[test]
fn a_closed_store_answers_that_it_has_stopped() {
    over_every_store(async |store| {
        store.close().await.unwrap();
        assert!(matches!(store.load(&[device("d1")]).await, Err(StoreError::Stopped)));
        let commit = store.commit(write(None, vehicle("d1", 1, None, 0, None))).await;
        assert!(matches!(commit, Err(StoreError::Stopped)));
    });
}

#[tokio::test]
async fn everything_is_there_after_a_store_on_disk_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    store.commit(write(None, vehicle("d1", 1, Some(9), 3, Some("anna")))).await.unwrap();
    store.close().await.unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    assert_eq!(store.load(&[device("d1")]).await.unwrap(), [Some(vehicle("d1", 1, Some(9), 3, Some("anna")))]);
    store.commit(write(Some(1), vehicle("d1", 2, None, 3, None))).await.unwrap();
}

#[tokio::test]
async fn a_disk_without_room_refuses_commits_and_still_reads_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    let mut commit = write(None, vehicle("d1", 1, None, 0, None));
    commit.messages.push(message("d1", 1));
    store.commit(commit).await.unwrap();
    store.close().await.unwrap();
    let full = SledSettings { min_free_bytes: u64::MAX, ..settings(folder.path()) };
    let store = SledStore::open(full).unwrap();
    let refused = store.commit(write(Some(1), vehicle("d1", 2, None, 0, None))).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })));
    assert!(matches!(store.room().await, Err(StoreError::Full { .. })));
    assert!(store.load(&[device("d1")]).await.unwrap()[0].is_some());
    store.commit(Commit { delivered: vec![(device("d1"), 1)], ..Commit::default() }).await.unwrap();
    assert!(store.messages(&device("d1"), 0, 9).await.unwrap().is_empty());
    store.close().await.unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    store.commit(write(Some(1), vehicle("d1", 2, None, 0, None))).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_that_a_killed_start_left_unfinished_does_not_keep_the_store_shut() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    store.commit(write(None, vehicle("d1", 1, None, 0, None))).await.unwrap();
    store.close().await.unwrap();
    std::fs::write(folder.path().join("snap.00000000FFFFFFFF.generating"), b"half").unwrap();
    let store = SledStore::open(settings(folder.path())).unwrap();
    assert!(store.load(&[device("d1")]).await.unwrap()[0].is_some());
}

/// One step of the model test.
#[derive(Debug, Clone)]
enum Step {
    Vehicle { id: u8, timer: Option<u64>, score: u32, owner: Option<u8> },
    Telemetry { id: u8, boot: u32, number: u32 },
    Message { id: u8, number: u64 },
    Delivered { id: u8, number: u64 },
    Doc { key: u8, value: Option<u8> },
    Erase { id: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..4u8;
    prop_oneof![
        4 => (id.clone(), proptest::option::of(0..20u64), 0..5u32, proptest::option::of(0..3u8))
            .prop_map(|(id, timer, score, owner)| Step::Vehicle { id, timer, score, owner }),
        3 => (id.clone(), 0..3u32, 0..6u32).prop_map(|(id, boot, number)| Step::Telemetry { id, boot, number }),
        2 => (id.clone(), 0..6u64).prop_map(|(id, number)| Step::Message { id, number }),
        2 => (id.clone(), 0..6u64).prop_map(|(id, number)| Step::Delivered { id, number }),
        2 => (0..5u8, proptest::option::of(any::<u8>())).prop_map(|(key, value)| Step::Doc { key, value }),
        1 => id.prop_map(|id| Step::Erase { id }),
    ]
}

/// Groups of steps into commits, the same for every store; revisions follow what was committed before.
async fn play(store: &AnyStore, groups: &[Vec<Step>]) -> Vec<String> {
    let name = |id: u8| format!("d{}", [1, 10, 100, 2][usize::from(id)]);
    let mut revisions: BTreeMap<u8, u64> = BTreeMap::new();
    for group in groups {
        let mut commit = Commit::default();
        let mut erased = Vec::new();
        for step in group {
            match step {
                Step::Vehicle { id, timer, score, owner } => {
                    if commit.vehicles.iter().any(|w| w.vehicle.device == device(&name(*id))) || erased.contains(id) {
                        continue;
                    }
                    let expected = revisions.get(id).copied();
                    let revision = expected.unwrap_or(0) + 1;
                    let owner = owner.map(|owner| format!("o{owner}"));
                    let vehicle = vehicle(&name(*id), revision, *timer, *score, owner.as_deref());
                    commit.vehicles.push(VehicleWrite { expected, vehicle });
                    revisions.insert(*id, revision);
                }
                Step::Telemetry { id, boot, number } => commit.telemetry.push(row(&name(*id), *boot, *number)),
                Step::Message { id, number } => commit.messages.push(message(&name(*id), *number)),
                Step::Delivered { id, number } => {
                    let key = (device(&name(*id)), *number);
                    if !commit.messages.iter().any(|m| (&m.device, m.number) == (&key.0, key.1)) {
                        commit.delivered.push(key);
                    }
                }
                Step::Doc { key, value } => {
                    let key = format!("k{key}");
                    if commit.docs.iter().all(|w| w.key.key != key) {
                        let value = value.map(|value| vec![value]);
                        commit.docs.push(DocWrite { key: DocKey::new(ACCOUNTS, key), expected: Expected::Any, value });
                    }
                }
                Step::Erase { id } => erased.push(*id),
            }
        }
        // A message and its delivery in one commit have no order, so the delivery waits for the next.
        let fresh: Vec<_> = commit.messages.iter().map(|m| (m.device.clone(), m.number)).collect();
        commit.delivered.retain(|key| !fresh.contains(key));
        store.commit(commit).await.unwrap();
        for id in erased {
            store.erase(&device(&name(id))).await.unwrap();
        }
    }
    let mut seen = Vec::new();
    for id in 0..4 {
        let device = device(&name(id));
        seen.push(format!("{:?}", store.load(std::slice::from_ref(&device)).await.unwrap()));
        seen.push(format!("{:?}", store.history(History::newest(device.clone(), 4)).await.unwrap()));
        seen.push(format!("{:?}", store.history(History::ascending(device.clone(), None, 99)).await.unwrap()));
        seen.push(format!("{:?}", store.messages(&device, 1, 3).await.unwrap()));
    }
    for owner in ["o0", "o1", "o2"] {
        seen.push(format!("{:?}", store.owned(&owner.parse().unwrap()).await.unwrap()));
    }
    seen.push(format!("{:?}", store.due(10, 99).await.unwrap()));
    seen.push(format!("{:?}", store.queue(None, 99).await.unwrap()));
    seen.push(format!("{:?}", store.list(ACCOUNTS, "k", Some("k1"), 99).await.unwrap()));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_store_answers_like_the_one_in_memory(groups in proptest::collection::vec(proptest::collection::vec(step(), 1..8), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected = runtime.block_on(play(&AnyStore::Memory(MemoryStore::new()), &groups));
        let folder = tempfile::tempdir().unwrap();
        let sled = AnyStore::Sled(SledStore::open(settings(folder.path())).unwrap());
        prop_assert_eq!(runtime.block_on(play(&sled, &groups)), expected);
    }
}

use bytes::Bytes;
use milepost_protocol::plan::{ItemId, Level};
use milepost_protocol::record::{Counters, Gap, GapReason, NoticeRaised, Unknown};
use milepost_protocol::{Downlink, Envelope, NoticeId, Record};
use proptest::prelude::*;

use super::Ack;
use crate::bench::{Bench, NOW_MS, device, envelope, envelope_at};
use crate::config;
use crate::domain::{Actor, ChangeKind, Intent, IntentError, Profile};
use crate::store::{Collection, DocKey, DocWrite, Expected, History, Store as _};

fn counters(odometer_m: u32) -> Record {
    Record::Counters(Counters { odometer_m, odometer_anchored: true, ..Counters::default() })
}

/// Every record number that is stored of a device's boot 1, in the order of storage.
async fn stored(bench: &Bench, id: &str) -> Vec<u32> {
    let rows = bench.store.history(History::ascending(device(id), None, 9_999)).await.unwrap();
    let numbers = |bytes: &[u8]| Envelope::parse(bytes).unwrap().entries().map(|e| e.number).collect::<Vec<_>>();
    rows.iter().flat_map(|row| numbers(&row.bytes)).collect()
}

#[tokio::test]
async fn an_envelope_from_a_new_device_makes_the_vehicle_known() {
    let bench = Bench::new();
    assert_eq!(bench.send("d", envelope(&[(0, counters(5_000))])).await, Ack::Committed);
    let vehicle = bench.vehicle("d").await;
    assert_eq!(vehicle.state.usage().odometer_m, Some(5_000));
    assert_eq!((vehicle.revision, vehicle.counts.records), (1, 1));
    let kinds: Vec<_> = bench.downlinks("d").await;
    assert!(kinds.iter().any(|m| matches!(m, Downlink::Plan(plan) if plan.items.len() == 8)), "the car gets its plan");
    assert!(kinds.iter().any(|m| matches!(m, Downlink::Consent(_))), "and the consent it works under");
}

#[tokio::test]
async fn a_record_is_stored_once_however_often_it_comes() {
    let bench = Bench::new();
    let (a, b, c) = ((0, counters(1_000)), (1, counters(2_000)), (2, counters(3_000)));
    bench.send("d", envelope(&[a.clone(), b.clone()])).await;
    bench.send("d", envelope(&[a.clone(), b.clone()])).await;
    bench.send("d", envelope(&[b, c])).await;
    assert_eq!(stored(&bench, "d").await, [0, 1, 2]);
    let counts = bench.vehicle("d").await.counts;
    assert_eq!((counts.records, counts.duplicates, counts.envelopes), (3, 3, 2));
}

#[tokio::test]
async fn nobody_is_acknowledged_before_the_commit() {
    let bench = Bench::new();
    bench.store.faults().hold();
    let committer = bench.running.committer.clone();
    let mut ack = committer.envelope(device("d"), envelope(&[(0, counters(1))])).await.unwrap();
    bench.store.faults().commit_waits().await;
    assert!(ack.try_recv().is_err(), "the commit is under way");
    bench.store.faults().release();
    assert_eq!(ack.await, Ok(Ack::Committed));
}

#[tokio::test]
async fn a_failed_commit_acknowledges_nobody_and_what_is_sent_again_is_new() {
    let bench = Bench::new();
    bench.store.faults().fail_next(1);
    assert_eq!(bench.send("d", envelope(&[(0, counters(1_000))])).await, Ack::Failed);
    assert_eq!(bench.send("d", envelope(&[(0, counters(1_000))])).await, Ack::Committed);
    assert_eq!(stored(&bench, "d").await, [0]);
    assert_eq!(bench.vehicle("d").await.counts.duplicates, 0);
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers_when_there_is_room_again() {
    let bench = Bench::new();
    bench.send("d", envelope(&[(0, counters(1_000))])).await;
    bench.store.faults().set_full(true);
    assert_eq!(bench.send("d", envelope(&[(1, counters(2_000))])).await, Ack::Full);
    assert!(!bench.running.committer.has_room());
    let refused =
        bench.running.committer.intent(device("d"), Intent::Undo { item: ItemId::TYRES }, Actor::System).await;
    assert_eq!(refused, Err(IntentError::NothingToUndo), "what changes nothing is answered as ever");
    let register = Intent::Register { profile: Profile { model_year: Some(2020), ..Profile::default() }, owner: None };
    let refused = bench.running.committer.intent(device("d"), register, Actor::System).await;
    assert_eq!(refused, Err(IntentError::Full));
    assert_eq!(bench.vehicle("d").await.revision, 1, "reads go on");
    bench.store.faults().set_full(false);
    bench.running.committer.tick().await;
    assert!(bench.running.committer.has_room());
    assert_eq!(bench.send("d", envelope(&[(1, counters(2_000))])).await, Ack::Committed);
}

#[tokio::test]
async fn an_envelope_that_does_not_decode_is_set_aside_and_does_not_block_the_device() {
    let bench = Bench::new();
    let mut broken = envelope(&[(4, counters(1_000)), (5, counters(2_000))]).to_vec();
    let len = broken.len();
    broken.truncate(len - 3);
    for bytes in [Bytes::from_static(b"\x63what"), Bytes::new(), Bytes::from(broken)] {
        assert_eq!(bench.send("d", bytes).await, Ack::Committed);
    }
    let set_aside = bench.store.quarantine(9).await.unwrap();
    assert_eq!(set_aside.len(), 3);
    let vehicle = bench.vehicle("d").await;
    assert_eq!(vehicle.counts.quarantined, 3);
    assert!(vehicle.received.contains(1, 4), "the device may forget what could be told apart");
    assert!(!vehicle.received.contains(1, 5));
    assert!(stored(&bench, "d").await.is_empty());
    assert_eq!(bench.send("d", envelope(&[(6, counters(3_000))])).await, Ack::Committed);
}

#[tokio::test]
async fn a_kind_from_the_future_is_kept_and_counted() {
    let bench = Bench::new();
    let unknown = Record::Unknown(Unknown { kind: 900, body: heapless::Vec::from_slice(b"new").unwrap() });
    assert_eq!(bench.send("d", envelope(&[(0, unknown)])).await, Ack::Committed);
    assert_eq!(bench.vehicle("d").await.counts.unknown_kinds, 1);
    assert_eq!(stored(&bench, "d").await, [0]);
}

#[tokio::test]
async fn a_clock_far_ahead_is_clamped_and_counted() {
    let bench = Bench::new();
    bench.send("d", envelope_at(NOW_MS * 2, &[(0, counters(1_000))])).await;
    let vehicle = bench.vehicle("d").await;
    assert_eq!((vehicle.counts.clamped, vehicle.state.last_measured_ms), (1, NOW_MS));
}

#[tokio::test]
async fn numbers_that_a_gap_stands_for_are_never_asked_for() {
    let bench = Bench::new();
    let gap = Gap { boot: 1, first: 0, count: 5, reason: GapReason::FlashFull };
    bench.send("d", envelope(&[(5, Record::Gap(gap))])).await;
    assert_eq!(bench.vehicle("d").await.received.through(1), Some(5));
}

#[tokio::test]
async fn subscribers_hear_of_a_change_after_its_commit() {
    let bench = Bench::new();
    let mut changes = bench.changes.subscribe();
    let raised = NoticeRaised { item: ItemId::BRAKE_FLUID, cycle: 1, level: Level::Due, odometer_m: 9 };
    bench.send("d", envelope(&[(0, Record::NoticeRaised(raised))])).await;
    let change = changes.recv().await.unwrap();
    let id = NoticeId::reminder(ItemId::BRAKE_FLUID, 1, Level::Due);
    assert_eq!(change.revision, bench.vehicle("d").await.revision);
    assert!(change.kinds.contains(&ChangeKind::State));
    assert!(change.kinds.contains(&ChangeKind::NoticeRaised(id)));
}

#[tokio::test]
async fn what_was_given_in_before_the_end_is_committed() {
    let bench = Bench::with(config::Ingest { linger_ms: 0, max_group: 4, ..config::Ingest::default() });
    let mut acks = Vec::new();
    for number in 0..50 {
        let bytes = envelope(&[(number, counters(1_000 + number))]);
        acks.push(bench.running.committer.envelope(device("d"), bytes).await.unwrap());
    }
    let Bench { running, store, .. } = bench;
    running.close().await;
    for ack in acks {
        assert_eq!(ack.await, Ok(Ack::Committed));
    }
    assert_eq!(store.history(History::newest(device("d"), 99)).await.unwrap().len(), 50);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_repetition_and_failure_ends_with_every_record_once(
        sends in proptest::collection::vec((proptest::collection::btree_set(0..12u32, 1..6), 0..4u8), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            let mut committed = std::collections::BTreeSet::new();
            for (numbers, fault) in sends {
                let records: Vec<_> = numbers.iter().map(|n| (*n, counters(1_000 + n))).collect();
                if fault == 0 {
                    bench.store.faults().fail_next(1);
                }
                match bench.send("d", envelope(&records)).await {
                    Ack::Committed => committed.extend(numbers),
                    Ack::Failed | Ack::Full => {}
                }
            }
            let mut stored = stored(&bench, "d").await;
            stored.sort_unstable();
            assert_eq!(stored, committed.into_iter().collect::<Vec<_>>());
        });
    }
}

#[tokio::test]
async fn a_document_that_is_not_as_expected_refuses_its_wish_and_nothing_else_of_the_group() {
    let bench = Bench::new();
    bench.send("d", envelope(&[(0, counters(1))])).await;
    let key = DocKey::new(Collection("test"), "one");
    let write = |text: &str| DocWrite { key: key.clone(), expected: Expected::Absent, value: Some(text.into()) };
    let committer = &bench.running.committer;
    let wish = |text: &str| {
        let nothing = Intent::Together { wishes: Vec::new() };
        committer.intent_with(device("d"), nothing, vec![write(text)], Actor::System)
    };
    let (first, second, other) = tokio::join!(wish("a"), wish("b"), bench.send("d", envelope(&[(1, counters(2))])));
    assert_eq!(other, Ack::Committed);
    assert!(first.is_ok());
    assert_eq!(second, Err(IntentError::Conflict));
    assert_eq!(wish("c").await, Err(IntentError::Conflict), "it is there by now");
    let stored = bench.store.docs(&[key]).await.unwrap();
    assert_eq!(stored[0].as_ref().map(|doc| doc.value.as_slice()), Some(&b"a"[..]));
}

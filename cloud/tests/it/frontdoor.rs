//! What the front door lets in, and what it refuses on the wire.

use milepost::domain::{Actor, Profile};
use milepost::pki::{Pki, Role};
use milepost::store::Store as _;
use milepost_protocol::Downlink;
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::record::{Counters, Record};

use crate::cloud::{Client, Cloud, connect, connector, puback, publish, subscribe};

fn envelope(number: u32) -> Vec<u8> {
    let header =
        Header { boot: 1, first: number, base_ms: 1, quality: ClockQuality::SinceBoot, age_ms: Some(0), consent: 1 };
    let mut buffer = [0; milepost_protocol::MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
    let counters = Counters { odometer_m: 5_000, odometer_anchored: true, ..Counters::default() };
    writer.push(number, 1, &Record::Counters(counters)).unwrap();
    writer.finish().to_vec()
}

/// The topic, packet id and payload of a PUBLISH.
fn published(version: u8, first: u8, body: &[u8]) -> (String, Option<u16>, Vec<u8>) {
    assert_eq!(first & 0xF0, 0x30, "{first:02x} is a PUBLISH");
    let len = usize::from(body[0]) << 8 | usize::from(body[1]);
    let topic = String::from_utf8(body[2..2 + len].to_vec()).unwrap();
    let mut at = 2 + len;
    let id = (first & 0b110 != 0).then(|| u16::from(body[at]) << 8 | u16::from(body[at + 1]));
    at += if id.is_some() { 2 } else { 0 };
    at += usize::from(version == 5);
    (topic, id, body[at..].to_vec())
}

#[tokio::test]
async fn without_a_certificate_or_with_one_of_another_authority_nobody_gets_in() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let foreign = Pki::open(folder.path(), milepost::clock::Clock::real().now_ms()).unwrap();
    for connector in
        [connector(&cloud.server.pki, None), connector(&cloud.server.pki, Some((&foreign, "d", Role::Device)))]
    {
        // In TLS 1.3 the refusal may come after the client's own side is done.
        if let Ok(mut client) = cloud.tls(connector).await {
            client.send(&connect(3, "d", 60, &[])).await;
            assert_eq!(client.packet().await, None);
        }
    }
    cloud.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_id_that_is_not_the_certificates_is_refused() {
    let cloud = Cloud::start().await;
    for (version, code) in [(3, 2), (5, 0x85)] {
        let mut client = cloud.tls(cloud.identity("d1", Role::Device)).await.unwrap();
        client.send(&connect(version, "d2", 60, &[])).await;
        let (first, body) = client.packet().await.unwrap();
        assert_eq!((first, body[1]), (0x20, code));
        assert_eq!(client.packet().await, None);
    }
}

#[tokio::test]
async fn foreign_topics_and_whatever_else_has_no_place_are_refused_on_the_wire() {
    let cloud = Cloud::start().await;
    let good = envelope(0);
    let cases: Vec<(&str, u8, Vec<u8>)> = vec![
        ("another device's topic", 0x87, publish(5, 0b0010, "v/d2/up", 1, &[], &good)),
        ("its own other topic", 0x87, publish(5, 0b0010, "v/d/dn", 1, &[], &good)),
        ("a foreign topic with quality of service 0", 0x87, publish(5, 0, "weather", 0, &[], &good)),
        ("quality of service 2", 0x9B, publish(5, 0b0100, "v/d/up", 1, &[], &good)),
        ("retained", 0x9A, publish(5, 0b0011, "v/d/up", 1, &[], &good)),
        ("a topic alias beside the topic", 0x94, publish(5, 0b0010, "v/d/up", 1, &[0x23, 0, 1], &good)),
        ("a subscription id", 0xA1, subscribe(5, 1, "v/d/dn", &[0x0B, 1])),
        ("a second CONNECT", 0x82, connect(5, "d", 60, &[])),
        ("larger than allowed", 0x95, publish(5, 0b0010, "v/d/up", 1, &[], &[0; 5_000])),
        ("garbage", 0x81, vec![0xF7, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        ("a packet that only servers send", 0x82, vec![0xD0, 0]),
    ];
    for (what, code, packet) in cases {
        let mut client = cloud.device("d", 5).await;
        client.send(&packet).await;
        assert_eq!(client.end().await, Some(code), "{what}");
    }
    for packet in [
        publish(3, 0b0010, "v/d2/up", 1, &[], &good),
        publish(3, 0b0100, "v/d/up", 1, &[], &good),
        connect(3, "d", 60, &[]),
        vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F],
    ] {
        let mut client = cloud.device("d", 3).await;
        client.send(&packet).await;
        assert_eq!(client.end().await, None, "MQTT 3.1.1 has no words for it; the connection closes");
    }
    assert!(cloud.server.service.vehicle(&"d2".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn only_the_devices_own_downlink_can_be_subscribed_to() {
    let cloud = Cloud::start().await;
    for (filter, code) in [
        ("v/d2/dn", 0x87),
        ("v/+/dn", 0xA2),
        ("#", 0xA2),
        ("v/+/up", 0xA2),
        ("$share/g/v/d/dn", 0x9E),
        ("v/d/up", 0x87),
    ] {
        let mut client = cloud.device("d", 5).await;
        client.send(&subscribe(5, 7, filter, &[])).await;
        assert_eq!(client.packet().await, Some((0x90, vec![0, 7, 0, code])), "{filter}");
        client.ping().await;
        let mut client = cloud.device("d", 3).await;
        client.send(&subscribe(3, 7, filter, &[])).await;
        assert_eq!(client.packet().await, Some((0x90, vec![0, 7, 0x80])), "{filter}");
    }
    let mut client = cloud.device("d", 3).await;
    client.send(&subscribe(3, 7, "v/d/dn", &[])).await;
    assert_eq!(client.packet().await, Some((0x90, vec![0, 7, 1])));
}

#[tokio::test]
async fn a_publish_is_acknowledged_and_receipted_after_its_commit_in_both_versions() {
    let cloud = Cloud::start().await;
    for version in [3, 5] {
        let id = format!("d{version}");
        let mut client = cloud.device(&id, version).await;
        client.send(&subscribe(version, 1, &format!("v/{id}/dn"), &[])).await;
        assert_eq!(client.packet().await.unwrap().0, 0x90);
        cloud.store.faults().hold();
        client.send(&publish(version, 0b0010, &format!("v/{id}/up"), 5, &[], &envelope(0))).await;
        cloud.store.faults().commit_waits().await;
        client.ping().await;
        cloud.store.faults().release();
        let (first, body) = client.packet().await.unwrap();
        assert_eq!((first, &body[..2]), (0x40, &[0, 5][..]));
        let (first, body) = client.packet().await.unwrap();
        let (topic, packet_id, payload) = published(version, first, &body);
        assert_eq!((topic, packet_id), (format!("v/{id}/dn"), None), "a receipt needs no acknowledgement");
        let receipt = Downlink::parse(&payload).unwrap().next().unwrap();
        let Downlink::Receipt(receipt) = receipt else { panic!("{receipt:?}") };
        assert_eq!((receipt.boot, receipt.ranges[0].last), (1, 0));
    }
}

/// Subscribes and answers with the outbox's messages until the client has been sent `count` of them.
async fn messages(client: &mut Client, version: u8, id: &str, count: usize) -> Vec<(u16, Vec<u8>)> {
    client.send(&subscribe(version, 1, &format!("v/{id}/dn"), &[])).await;
    assert_eq!(client.packet().await.unwrap().0, 0x90);
    let mut got = Vec::new();
    while got.len() < count {
        let (first, body) = client.packet().await.unwrap();
        if let (_, Some(packet_id), payload) = published(version, first, &body) {
            got.push((packet_id, payload));
        }
    }
    got
}

#[tokio::test]
async fn messages_come_again_with_each_subscription_until_they_are_acknowledged() {
    let cloud = Cloud::start().await;
    let device = "d".parse().unwrap();
    let profile = Profile { model_year: Some(2020), ..Profile::default() };
    cloud.server.service.register(&device, profile, None, Actor::System).await.unwrap();
    let mut first = cloud.device("d", 3).await;
    let before = messages(&mut first, 3, "d", 2).await;
    let mut second = cloud.device("d", 5).await;
    assert_eq!(first.end().await, None, "the newer connection takes over");
    let again = messages(&mut second, 5, "d", 2).await;
    assert_eq!(before[0].1, again[0].1);
    for (packet_id, _) in &again {
        second.send(&puback(*packet_id)).await;
    }
    // The goodbye is read behind the acknowledgements, so when the connection has ended they were taken.
    second.send(&[0xE0, 0]).await;
    assert_eq!(second.end().await, None);
    cloud.server.tick().await;
    assert!(cloud.store.messages(&device, 0, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_receive_maximum_of_one_is_kept() {
    let cloud = Cloud::start().await;
    let device = "d".parse().unwrap();
    let profile = Profile { model_year: Some(2020), ..Profile::default() };
    cloud.server.service.register(&device, profile, None, Actor::System).await.unwrap();
    let mut client = cloud.tls(cloud.identity("d", Role::Device)).await.unwrap();
    client.send(&connect(5, "d", 60, &[0x21, 0, 1])).await;
    assert_eq!(client.packet().await.unwrap().0, 0x20);
    let one = messages(&mut client, 5, "d", 1).await;
    client.ping().await;
    client.send(&puback(one[0].0)).await;
    let (first, body) = client.packet().await.unwrap();
    assert!(published(5, first, &body).1.is_some(), "the next comes after the acknowledgement");
}

#[tokio::test]
async fn more_unacknowledged_publishes_than_granted_end_an_mqtt_5_session() {
    let cloud = Cloud::start().await;
    let mut client = cloud.device("d", 5).await;
    cloud.store.faults().hold();
    for id in 1..=17u16 {
        client.send(&publish(5, 0b0010, "v/d/up", id, &[], &envelope(u32::from(id)))).await;
    }
    assert_eq!(client.end().await, Some(0x93));
    cloud.store.faults().release();
}

#[tokio::test]
async fn a_tap_reads_what_was_committed_and_writes_nothing() {
    let cloud = Cloud::start().await;
    let mut tap = cloud.member("eve", Role::Tap, 3).await;
    tap.send(&subscribe(3, 1, "v/+/up", &[])).await;
    assert_eq!(tap.packet().await, Some((0x90, vec![0, 1, 0])));
    let mut client = cloud.device("d", 3).await;
    client.send(&publish(3, 0b0010, "v/d/up", 5, &[], &envelope(0))).await;
    assert_eq!(client.packet().await, Some((0x40, vec![0, 5])));
    let (first, body) = tap.packet().await.unwrap();
    assert_eq!(published(3, first, &body), ("v/d/up".to_owned(), None, envelope(0)));
    tap.send(&publish(3, 0b0010, "v/eve/up", 1, &[], &envelope(0))).await;
    assert_eq!(tap.end().await, None);
}

#[tokio::test]
async fn a_revoked_certificate_ends_its_session_and_opens_no_other() {
    let cloud = Cloud::start().await;
    let connector = cloud.identity("d", Role::Device);
    let mut client = cloud.tls(connector.clone()).await.unwrap();
    client.send(&connect(5, "d", 60, &[])).await;
    assert_eq!(client.packet().await.unwrap().0, 0x20);
    // As another process does it.
    let pki = Pki::open(&cloud.folder.path().join("pki"), milepost::clock::Clock::real().now_ms()).unwrap();
    assert_eq!(pki.revoke(&"d".parse().unwrap(), 1).unwrap(), 1);
    assert_eq!(client.end().await, Some(0x98));
    if let Ok(mut client) = cloud.tls(connector).await {
        client.send(&connect(5, "d", 60, &[])).await;
        assert_eq!(client.packet().await, None);
    }
}

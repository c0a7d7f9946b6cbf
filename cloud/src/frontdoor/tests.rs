//! Sessions over a pipe, in time that only passes when nothing else happens.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::tls::{Peer, Standing};
use super::{Close, connect, session};
use crate::bench::{Bench, device, envelope};
use crate::config;
use crate::pki::{Role, Sets};
use crate::store::AnyStore;

const CONNECT_V3: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01d";
const CONNECT_V3_FOR_EVER: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01d";
const CONNECT_V5: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x01d";
const PING: &[u8] = b"\xc0\x00";
const PONG: &[u8] = b"\xd0\x00";

struct Fixture {
    bench: Bench,
    door: Arc<Door>,
}

impl Fixture {
    fn new(settings: config::FrontDoor) -> Self {
        let bench = Bench::new();
        let door = Door {
            settings,
            registry: bench.registry.clone(),
            committer: bench.running.committer.clone(),
            store: AnyStore::Memory(bench.store.clone()),
            standing: Standing::default(),
            pki: Arc::clone(&bench.pki),
            drain: CancellationToken::new(),
        };
        Self { bench, door: Arc::new(door) }
    }

    /// A connection whose pipe holds `room` bytes each way.
    fn pipe(&self, room: usize) -> DuplexStream {
        let (client, mut server) = tokio::io::duplex(room);
        let door = Arc::clone(&self.door);
        let peer = Peer { device: device("d"), role: Role::Device, serial: "1".to_owned() };
        tokio::spawn(async move {
            if let Ok(accepted) = connect::accept(&mut server, &peer, &door.settings, true).await {
                session::serve(server, accepted, peer, &door).await;
            }
        });
        client
    }

    async fn connect(&self, room: usize, packet: &[u8]) -> DuplexStream {
        let mut client = self.pipe(room);
        client.write_all(packet).await.unwrap();
        let (first, body) = packet_from(&mut client).await.unwrap();
        assert_eq!((first, body[1]), (0x20, 0), "CONNACK accepts");
        client
    }
}

async fn packet_from(client: &mut DuplexStream) -> Option<(u8, Vec<u8>)> {
    let first = client.read_u8().await.ok()?;
    let mut len = 0usize;
    for shift in [0, 7, 14, 21] {
        let byte = client.read_u8().await.ok()?;
        len |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; len];
    client.read_exact(&mut body).await.ok()?;
    Some((first, body))
}

fn publish(id: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = b"\x00\x06v/d/up".to_vec();
    body.extend_from_slice(&id.to_be_bytes());
    body.extend_from_slice(payload);
    let mut packet = vec![0x32, (body.len() as u8 & 0x7F) | 0x80, (body.len() >> 7) as u8];
    packet.extend_from_slice(&body);
    packet
}

async fn rest(client: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test(start_paused = true)]
async fn silence_of_one_and_a_half_keep_alive_intervals_ends_a_session() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(4_096, CONNECT_V5).await;
    tokio::time::sleep(Duration::from_secs(14)).await;
    client.write_all(PING).await.unwrap();
    assert_eq!(packet_from(&mut client).await.unwrap().0, PONG[0], "a ping in time keeps it");
    assert_eq!(rest(&mut client).await, [0xE0, 2, 0x8D, 0], "MQTT 5 is told why");
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_of_zero_is_never_enforced_in_mqtt_3() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(4_096, CONNECT_V3_FOR_EVER).await;
    tokio::time::sleep(Duration::from_hours(72)).await;
    client.write_all(PING).await.unwrap();
    assert_eq!(packet_from(&mut client).await.unwrap().0, PONG[0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_given_up() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.pipe(4_096);
    assert!(rest(&mut client).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_is_let_go_and_holds_nothing_up() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(64, CONNECT_V3_FOR_EVER).await;
    assert!(fixture.bench.registry.is_connected(&device("d")));
    // The pongs fill the pipe; then even pings are not taken any more, and the write fails when the session ends.
    while client.write_all(PING).await.is_ok() {}
    assert!(!fixture.bench.registry.is_connected(&device("d")));
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_leave_in_order_and_only_after_the_commit() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(65_536, CONNECT_V3).await;
    fixture.bench.store.faults().hold();
    for id in [7, 3, 9] {
        client.write_all(&publish(id, &envelope(&[]))).await.unwrap();
    }
    fixture.bench.store.faults().commit_waits().await;
    client.write_all(PING).await.unwrap();
    assert_eq!(packet_from(&mut client).await.unwrap().0, PONG[0], "the ping overtakes what waits for the commit");
    fixture.bench.store.faults().release();
    for id in [7u16, 3, 9] {
        assert_eq!(packet_from(&mut client).await.unwrap(), (0x40, id.to_be_bytes().to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_named_and_nothing_is_acknowledged() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(65_536, CONNECT_V5).await;
    fixture.bench.store.faults().set_full(true);
    let mut packet = b"\x00\x06v/d/up\x00\x01\x00".to_vec();
    packet.extend_from_slice(&envelope(&[]));
    client.write_all(&[0x32, packet.len() as u8]).await.unwrap();
    client.write_all(&packet).await.unwrap();
    assert_eq!(rest(&mut client).await, [0xE0, 2, 0x97, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_publishes_too_fast_waits_and_loses_nothing() {
    let settings = config::FrontDoor { publishes_per_s: 1.0, publish_burst: 2, ..config::FrontDoor::default() };
    let fixture = Fixture::new(settings);
    let mut client = fixture.connect(65_536, CONNECT_V3_FOR_EVER).await;
    let start = crate::clock::timer_now();
    for id in 1..=6 {
        client.write_all(&publish(id, &envelope(&[]))).await.unwrap();
    }
    for id in 1..=6u16 {
        assert_eq!(packet_from(&mut client).await.unwrap(), (0x40, id.to_be_bytes().to_vec()));
    }
    assert!(start.elapsed() >= Duration::from_secs(3), "virtual time: four were beyond the burst");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_the_commits_under_way() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(65_536, CONNECT_V3).await;
    fixture.bench.store.faults().hold();
    client.write_all(&publish(1, &envelope(&[]))).await.unwrap();
    fixture.bench.store.faults().commit_waits().await;
    fixture.door.drain.cancel();
    tokio::task::yield_now().await;
    fixture.bench.store.faults().release();
    assert_eq!(rest(&mut client).await, [0x40, 2, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_device_is_let_go_at_once() {
    let fixture = Fixture::new(config::FrontDoor::default());
    let mut client = fixture.connect(4_096, CONNECT_V5).await;
    fixture.bench.registry.kick_revoked(&["1".to_owned()].into());
    assert_eq!(rest(&mut client).await, [0xE0, 2, 0x98, 0]);
    fixture.bench.registry.kick(&device("d"), Close::Revoked);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_revoked_between_the_greeting_and_the_registration_gets_no_session() {
    let fixture = Fixture::new(config::FrontDoor::default());
    // The listener has looked already; whoever ended sessions did not find this one.
    fixture.door.standing.set(Sets { refused: ["1".to_owned()].into(), settled: HashSet::new() });
    let mut client = fixture.connect(4_096, CONNECT_V5).await;
    assert_eq!(rest(&mut client).await, [0xE0, 2, 0x98, 0], "it ends by itself, long before a keep-alive");
    assert!(!fixture.bench.registry.is_connected(&device("d")));
}

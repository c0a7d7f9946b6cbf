//! The fleet over the real core, and the real core over the link to a broker that plays the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use milepost_firmware::outbox::read_all;
use milepost_firmware::{Device, Now, Settings};
use milepost_gateway::clock::{Clock, VirtualTime};
use milepost_gateway::collection::Collecting;
use milepost_gateway::flash_file::{Layout, Sync, in_memory, open};
use milepost_gateway::fleet::car::{Car, Shared};
use milepost_gateway::fleet::generator::{Generator, Moment};
use milepost_gateway::fleet::matrix::Matrix;
use milepost_gateway::host::Host;
use milepost_gateway::link::{Event, Link, Options, Policy};
use milepost_gateway::stop::Stop;
use milepost_protocol::downlink::{MAX_RANGES, Range, Receipt};
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, Record};

use crate::broker::{Broker, Packet, Session};

const EPOCH_MS: u64 = 20_454 * DAY_MS;

type Stored = BTreeMap<(u32, u32), (u64, Vec<u8>)>;

/// Lets a car live `days` on a clock that stands, and answers what its flash holds.
async fn live(folder: &Path, device: &str, days: u64) -> Stored {
    let speed = 100_000.0;
    let (clock, hand) = Clock::manual(1_000_000_000);
    let time = VirtualTime { epoch_ms: EPOCH_MS, started_ms: 1_000_000, speed };
    hand.advance(Duration::from_secs_f64((days * 86_400) as f64 / speed));
    let shared = Arc::new(Shared {
        clock,
        time,
        events: false,
        boards: None,
        raised: 0.into(),
        shown: 0.into(),
        answered: 0.into(),
    });
    let car = Car::start(device.parse().unwrap(), 11, None, folder, None, shared).await.unwrap();
    let gauges = car.gauges();
    let (put_to_sleep, asleep) = Stop::new();
    let watch = async {
        let mut abreast = gauges.abreast.subscribe();
        abreast.wait_for(|abreast| *abreast).await.unwrap();
        put_to_sleep.stop();
    };
    let (report, ()) = tokio::join!(car.live(asleep.clone(), asleep), watch);
    let report = report.unwrap();
    let flash = open(&folder.join(format!("{device}.flash")), Layout::FLEET, Sync::Never).unwrap();
    let mut stored = Stored::new();
    for lane in [flash.alerts, flash.bulk] {
        read_all(lane, |stamp, body| {
            let body = [&stamp.kind.to_be_bytes()[..], body].concat();
            stored.insert((stamp.boot, stamp.number), (stamp.at_ms, body));
        })
        .await
        .unwrap();
    }
    assert_eq!(report.created.values().sum::<u32>() as usize, stored.len());
    stored
}

fn records(stored: &Stored) -> impl Iterator<Item = Record> {
    stored.values().map(|(_, body)| {
        let (kind, body) = body.split_at(2);
        Record::decode_body(u16::from_be_bytes([kind[0], kind[1]]), body).unwrap()
    })
}

#[tokio::test(start_paused = true)]
async fn a_seed_makes_the_same_records_again() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lived = live(first.path(), "car-0003", 15).await;
    assert!(lived.len() > 50, "{}", lived.len());
    assert_eq!(lived, live(second.path(), "car-0003", 15).await);
}

#[tokio::test(start_paused = true)]
async fn the_core_derives_what_the_generator_lived() {
    let folder = tempfile::tempdir().unwrap();
    let days = 30;
    for device in ["car-0001", "car-0002", "car-0004"] {
        let stored = live(folder.path(), device, days).await;
        let mut generator = Generator::new(11, device, None, EPOCH_MS, 100_000.0, None);
        let until_ms = EPOCH_MS + days * DAY_MS;
        let lived: Vec<f64> = std::iter::from_fn(|| generator.next(until_ms))
            .filter_map(|moment| match moment {
                Moment::Departure { driven, .. } => Some(driven.distance_m),
                _ => None,
            })
            .collect();
        let derived: Vec<f64> = records(&stored)
            .filter_map(|record| match record {
                Record::TripEnded(trip) => Some(f64::from(trip.distance_m)),
                _ => None,
            })
            .collect();
        assert!(lived.len() > 10);
        assert_eq!(derived.len(), lived.len(), "{device}: every drive is one trip");
        for (derived_m, lived_m) in derived.iter().zip(&lived) {
            assert!((derived_m - lived_m).abs() <= lived_m * 0.01 + 20.0, "{device}: {derived_m} of {lived_m}");
        }
        let cranked = records(&stored).filter(|record| matches!(record, Record::Cranking(_))).count();
        let rested = records(&stored).filter(|record| matches!(record, Record::BatteryRest(_))).count();
        let tyres = records(&stored).filter(|record| matches!(record, Record::TyreSample(_))).count();
        assert_eq!(cranked > 0, device != "car-0004", "{device} cranked {cranked} times");
        assert!(rested > 5 && tyres > 5, "{device}: {rested} rests, {tyres} tyres");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_arrive_as_trouble_codes_through_the_cores_own_polls() {
    let folder = tempfile::tempdir().unwrap();
    let days = 300;
    let device = (1..40)
        .map(|number| format!("car-{number:04}"))
        .find(|device| {
            let generator = Generator::new(11, device, None, EPOCH_MS, 100_000.0, None);
            generator.class().burns()
                && (20..days - 60).any(|day| generator.codes(EPOCH_MS + day * DAY_MS).iter().any(|code| !code.pending))
        })
        .unwrap();
    let stored = live(folder.path(), &device, days).await;
    assert!(records(&stored).any(|record| matches!(record, Record::Trouble(_))), "{device}");
}

#[tokio::test(start_paused = true)]
async fn a_life_goes_on_after_a_restart_and_its_odometer_never_falls() {
    let folder = tempfile::tempdir().unwrap();
    live(folder.path(), "car-0002", 10).await;
    let stored = live(folder.path(), "car-0002", 25).await;
    assert!(stored.keys().any(|&(boot, _)| boot == 2));
    let mut odometer_m = 0;
    for record in records(&stored) {
        if let Record::TripEnded(trip) = record
            && let Some(reading_m) = trip.odometer_m
        {
            assert!(reading_m >= odometer_m, "{reading_m} after {odometer_m}");
            odometer_m = reading_m;
        }
    }
    assert!(odometer_m > 0);
}

/// The cloud's side of a session: commits what comes and sends receipts, until it has taken `envelopes`.
async fn commit(session: &mut Session, committed: &mut BTreeSet<(u32, u32)>, envelopes: usize) {
    for _ in 0..envelopes {
        let Some((id, payload)) = session.publish().await else { return };
        let envelope = Envelope::parse(&payload).unwrap();
        let boot = envelope.header.boot;
        let mut ranges = heapless::Vec::<Range, MAX_RANGES>::new();
        for entry in envelope.entries() {
            committed.insert((boot, entry.number));
            match ranges.last_mut() {
                Some(range) if range.last + 1 == entry.number => range.last = entry.number,
                _ => ranges.push(Range { first: entry.number, last: entry.number }).unwrap(),
            }
        }
        let receipt = Downlink::Receipt(Receipt { boot, ranges, now_ms: EPOCH_MS, credit: 16 });
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        let message = Downlink::encode(&[receipt], &mut buffer).unwrap();
        session.puback(id).await;
        session.message("v/dev-1/dn", None, false, message).await;
    }
}

#[tokio::test]
async fn what_a_lost_connection_left_without_a_receipt_is_sent_again_until_the_outbox_is_empty() {
    let born = Now { uptime_ms: 0, unix_ms: Some(EPOCH_MS) };
    let device = Device::start(in_memory(Layout::FLEET), Settings::default(), born).await.unwrap();
    let mut host = Host::new(device, Collecting::default());
    let mut generator = Generator::new(11, "car-0001", None, EPOCH_MS, 100_000.0, None);
    let (matrix, mut frames) = (Matrix::default(), Vec::new());
    let mut now = born;
    while let Some(moment) = generator.next(EPOCH_MS + 20 * DAY_MS) {
        let Some(at_ms) = moment.at_ms() else { continue };
        now = Now { uptime_ms: at_ms - EPOCH_MS, unix_ms: Some(at_ms) };
        if let Moment::Told { state, detail, .. } = moment {
            frames.clear();
            matrix.pack(&state, detail, &mut frames);
            for frame in &frames {
                host.device.frame(now, frame).await.unwrap();
            }
        }
        host.device.tick(now).await.unwrap();
    }
    let created = host.device.status().created;
    assert!(created > 100);

    let broker = Broker::new().await;
    let policy = Policy { retry_base_ms: 1, retry_cap_ms: 2, ..Policy::default() };
    let options = Options {
        device: "dev-1".parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: broker.port(),
        tls: None,
        keep_alive: Duration::from_mins(1),
    };
    let mut link = Link::new(options, policy, Clock::system(), 1);
    let mut committed = BTreeSet::new();
    let cloud = async {
        for envelopes in [1, 2, usize::MAX] {
            let mut session = broker.accept().await;
            session.read().await;
            session.connack(0).await;
            let Some(Packet::Subscribe { id, .. }) = session.read().await else { panic!("no SUBSCRIBE") };
            session.suback(id, 1).await;
            commit(&mut session, &mut committed, envelopes).await;
        }
    };
    let car = async {
        let mut losses = 0;
        loop {
            let event = link.next().await;
            losses += u32::from(matches!(event, Event::Down(_)));
            host.react(now, event, &mut link).await.unwrap();
            if host.upload(now, &mut link).await.unwrap() == 0 {
                return losses;
            }
        }
    };
    let losses = tokio::select! {
        losses = car => losses,
        () = cloud => panic!("the cloud ended first"),
    };
    assert!(losses >= 2, "{losses}");
    assert_eq!(committed, (0..created).map(|number| (1, number)).collect());
}

//! A fortnight without a network: two hours of driving a day, kept in flash, and sent over a slow link afterwards.
//!
//! The whole chip is divided as on a gateway board; the link's time is counted from real bytes, never waited for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use milepost_firmware::{Device, Now, Settings};
use milepost_gateway::flash_file::{Layout, PAGE, Region, in_memory};
use milepost_gateway::fleet::generator::{Generator, Moment};
use milepost_gateway::fleet::matrix::Matrix;
use milepost_protocol::downlink::{Command, MAX_RANGES, Range, Receipt, Task};
use milepost_protocol::plan::{
    Anchor, DAY_MS, ItemId, Limits, Margin, PlanItem, Recurrence, Rule, SafetyClass, ServicePlan,
};
use milepost_protocol::record::GapReason;
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record};

const EPOCH_MS: u64 = 20_454 * DAY_MS;

/// Moments of a drive lie a second apart.
const SPEED: f64 = 100.0;

const DRIVEN_A_DAY_MS: u64 = 2 * 3_600_000;

/// Between two drives of a day.
const PAUSE_MS: u64 = 3 * 3_600_000;

/// 100 kbit/s, in each direction.
const BYTES_PER_MS: f64 = 12.5;

const ONE_WAY_MS: f64 = 50.0;

/// TCP and TLS handshakes with a client certificate, and MQTT's own.
const CONNECT_MS: f64 = 2_000.0;

/// From an envelope's arrival until it is on stable storage and its receipt leaves.
const COMMIT_MS: f64 = 50.0;

/// PUBLISH with its topic, packet id and properties.
const PUBLISH_HEAD: usize = 48;

/// TLS 1.3: record header, content type and tag.
const TLS_RECORD: usize = 22;

/// IPv4 and TCP with timestamps, for each segment.
const SEGMENT_HEAD: usize = 52;

const SEGMENT: usize = 1_400;

fn on_the_wire(payload: usize) -> f64 {
    let record = payload + PUBLISH_HEAD + TLS_RECORD;
    // Each publish is answered by a PUBACK of the other side, which shares the way back with what goes there.
    let answer = 4 + TLS_RECORD + SEGMENT_HEAD;
    (record + record.div_ceil(SEGMENT) * SEGMENT_HEAD + answer) as f64
}

/// A device that lives offline.
struct Life {
    device: Device<Region>,
    start_ms: u64,
    at_ms: u64,
}

impl Life {
    fn now(&self) -> Now {
        Now { uptime_ms: self.at_ms - self.start_ms, unix_ms: Some(self.at_ms) }
    }

    async fn start(layout: Layout) -> Self {
        let now = Now { uptime_ms: 0, unix_ms: Some(EPOCH_MS) };
        let device = Box::pin(Device::start(in_memory(layout), Settings::default(), now)).await.unwrap();
        let mut life = Self { device, start_ms: EPOCH_MS, at_ms: EPOCH_MS };
        life.hear(Downlink::Plan(plan())).await;
        life
    }

    async fn hear(&mut self, message: Downlink) {
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        let bytes = Downlink::encode(&[message], &mut buffer).unwrap();
        self.device.downlink(self.now(), bytes).await.unwrap();
    }

    /// Drives two hours a day with the generator's drives, one after another, and parks in between.
    async fn drive(&mut self, days: u64) {
        let mut generator = Generator::new(11, "car-0001", None, EPOCH_MS, SPEED, None);
        let matrix = Matrix::default();
        let (mut frames, mut driven_ms, mut day, mut newest_ms) = (Vec::new(), 0, 0, 0);
        while day < days {
            match generator.next(u64::MAX).unwrap() {
                Moment::Departure { .. } => {
                    if driven_ms >= DRIVEN_A_DAY_MS {
                        day += 1;
                        driven_ms = 0;
                        // A workshop's tool asks over the local network; the answer is an alert among each day's bulk.
                        let command = Command { id: day as u32, expires_ms: u64::MAX, task: Task::Report };
                        self.hear(Downlink::Command(command)).await;
                        let morning_ms = EPOCH_MS + day * DAY_MS;
                        self.park(morning_ms.saturating_sub(self.at_ms).max(PAUSE_MS)).await;
                    } else {
                        self.park(PAUSE_MS).await;
                    }
                    newest_ms = 0;
                }
                Moment::Told { at_ms, state, detail } => {
                    // Parked time of the generator passes at the car's own pace.
                    let step_ms = if newest_ms == 0 { 1_000 } else { at_ms - newest_ms };
                    newest_ms = at_ms;
                    self.at_ms += step_ms;
                    driven_ms += step_ms;
                    frames.clear();
                    matrix.pack(&state, detail, &mut frames);
                    for frame in &frames {
                        self.device.frame(self.now(), frame).await.unwrap();
                    }
                }
                Moment::Tick { .. } => {}
            }
        }
        self.device.finish(self.now()).await.unwrap();
    }

    async fn park(&mut self, for_ms: u64) {
        for spacing_ms in [1_000; 120].into_iter().chain([60_000; 10]) {
            self.at_ms += spacing_ms;
            self.device.tick(self.now()).await.unwrap();
        }
        self.at_ms += for_ms.saturating_sub(720_000);
        self.device.tick(self.now()).await.unwrap();
    }
}

/// What the cloud has of it, and how long that took.
struct Arrived {
    records: BTreeMap<(u32, u32), Record>,
    link_ms: f64,
    envelopes: usize,
    bytes: usize,
}

/// What is under way: when it is there, in microseconds, and what it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Up(Vec<u8>),
    Down(Vec<u8>),
}

async fn send_all(life: &mut Life) -> Arrived {
    let started_ms = life.at_ms;
    let mut arrived = Arrived { records: BTreeMap::new(), link_ms: 0.0, envelopes: 0, bytes: 0 };
    let (mut now_ms, mut up_free_ms, mut down_free_ms) = (CONNECT_MS, 0.0_f64, 0.0_f64);
    let mut under_way = BinaryHeap::new();
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    loop {
        life.at_ms = started_ms + now_ms as u64;
        while let Some(bytes) = life.device.envelope(life.now(), &mut buffer).await.unwrap() {
            up_free_ms = up_free_ms.max(now_ms) + on_the_wire(bytes.len()) / BYTES_PER_MS;
            (arrived.envelopes, arrived.bytes) = (arrived.envelopes + 1, arrived.bytes + bytes.len());
            under_way.push(Reverse(((1e3 * (up_free_ms + ONE_WAY_MS)) as u64, Way::Up(bytes.to_vec()))));
        }
        let Some(Reverse((at_us, way))) = under_way.pop() else { break };
        now_ms = at_us as f64 / 1e3;
        match way {
            Way::Up(bytes) => {
                for receipt in take(&bytes, &mut arrived.records, life.at_ms) {
                    let leaves_ms = down_free_ms.max(now_ms + COMMIT_MS);
                    down_free_ms = leaves_ms + on_the_wire(receipt.len()) / BYTES_PER_MS;
                    under_way.push(Reverse(((1e3 * (down_free_ms + ONE_WAY_MS)) as u64, Way::Down(receipt))));
                }
            }
            Way::Down(receipt) => life.device.downlink(life.now(), &receipt).await.unwrap(),
        }
    }
    arrived.link_ms = now_ms;
    arrived
}

fn take(bytes: &[u8], records: &mut BTreeMap<(u32, u32), Record>, now_ms: u64) -> Vec<Vec<u8>> {
    let envelope = Envelope::parse(bytes).unwrap();
    let boot = envelope.header.boot;
    let mut ranges = Vec::<Range>::new();
    for entry in envelope.entries() {
        assert!(records.insert((boot, entry.number), entry.record()).is_none(), "sent twice over one link");
        match ranges.last_mut().filter(|range| range.last + 1 == entry.number) {
            Some(range) => range.last = entry.number,
            None => ranges.push(Range { first: entry.number, last: entry.number }),
        }
    }
    let receipts = ranges.chunks(MAX_RANGES).map(|ranges| {
        let receipt = Receipt { boot, ranges: ranges.iter().copied().collect(), now_ms, credit: 16 };
        Downlink::encode(&[Downlink::Receipt(receipt)], &mut [0; MAX_DOWNLINK_LEN]).unwrap().to_vec()
    });
    receipts.collect()
}

/// Several items, so that reminders are raised throughout.
fn plan() -> ServicePlan {
    let item = |number: u16| {
        let limits = Limits { distance_m: Some(u32::from(number) * 150_000), ..Limits::default() };
        let margin = Margin { distance_m: 60_000, ..Margin::default() };
        let rule = Rule {
            item: ItemId(number),
            first: limits,
            repeat: limits,
            lead: margin,
            grace: margin,
            recurrence: Recurrence::Floating,
            safety: SafetyClass::Wear,
            condition: None,
        };
        PlanItem { rule, anchor: Anchor { at_ms: EPOCH_MS, ..Anchor::default() } }
    };
    ServicePlan { version: 1, items: (1..=5).map(item).collect() }
}

fn urgent(arrived: &Arrived) -> Vec<Record> {
    arrived.records.values().filter(|record| record.is_urgent()).cloned().collect()
}

/// Every number that is neither there nor named by a gap.
fn holes(arrived: &Arrived, boot: u32, created: u32) -> Vec<u32> {
    let gaps = arrived.records.values().filter_map(|record| match record {
        Record::Gap(gap) if gap.reason == GapReason::FlashFull => Some(gap.first..gap.first + gap.count),
        _ => None,
    });
    let gaps: Vec<_> = gaps.collect();
    let told =
        |number: &u32| arrived.records.contains_key(&(boot, *number)) || gaps.iter().any(|gap| gap.contains(number));
    (0..created).filter(|number| !told(number)).collect()
}

#[tokio::test]
async fn an_offline_fortnight_fits_in_the_flash_and_arrives_whole_within_two_minutes() {
    let chip = Layout::GATEWAY;
    let bytes = chip.alerts + chip.bulk + chip.state + chip.table;
    assert!(bytes <= 8 << 20);
    let mut life = Life::start(chip).await;
    life.drive(14).await;
    let status = life.device.status();
    assert_eq!((status.drops.records, status.stored), (0, status.created));
    let arrived = send_all(&mut life).await;
    eprintln!(
        "{} records of 14 days in {bytes} bytes of flash; {} envelopes, {} bytes, {:.1} s of link time",
        status.created,
        arrived.envelopes,
        arrived.bytes,
        arrived.link_ms / 1e3
    );
    assert_eq!(life.device.waiting(), 0);
    assert_eq!(holes(&arrived, status.boot, status.created), [0; 0]);
    let driven_ms: u64 = arrived
        .records
        .values()
        .map(|record| if let Record::TripEnded(trip) = record { trip.duration_ms } else { 0 })
        .sum();
    assert!(driven_ms >= 14 * DRIVEN_A_DAY_MS * 9 / 10, "{driven_ms} ms of trips");
    assert!(arrived.link_ms <= 120_000.0, "{} ms", arrived.link_ms);
}

#[tokio::test]
async fn when_the_flash_is_full_the_oldest_bulk_gives_way_by_name_and_alerts_never_do() {
    let page = PAGE as u32;
    let small = Layout { alerts: 4 * page, bulk: 2 * page, state: 4 * page, table: 2 * page };
    let (mut life, mut control) = (Life::start(small).await, Life::start(Layout::GATEWAY).await);
    life.drive(21).await;
    control.drive(21).await;
    let created = life.device.status().created;
    let (arrived, whole) = (send_all(&mut life).await, send_all(&mut control).await);
    let boot = life.device.status().boot;
    assert!(life.device.status().drops.records > 0, "the flash was never full");
    assert_eq!(holes(&arrived, boot, created.max(life.device.status().created)), [0; 0]);
    assert!(urgent(&whole).len() >= 21);
    assert_eq!(urgent(&arrived), urgent(&whole));
    let trips = |arrived: &Arrived| -> Vec<Record> {
        arrived.records.values().filter(|record| matches!(record, Record::TripEnded(_))).cloned().collect()
    };
    let (kept, all) = (trips(&arrived), trips(&whole));
    assert!(kept.len() < all.len() && all.ends_with(&kept), "the newest trips are those that are kept");
}

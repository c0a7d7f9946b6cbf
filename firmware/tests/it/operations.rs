//! Any operations in any order, with the power going within any of them, against a model of what the cloud must end up with.
//!
//! `MILEPOST_CUT_CASES` runs more series than the few seconds' worth of every run, `MILEPOST_CUT_SEED` runs the same ones again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use milepost_firmware::signal::table::{MAX_TABLE_LEN, Table, hash};
use milepost_firmware::{Device, Settings};
use milepost_protocol::downlink::{Command, Consent, Purposes, Range, Receipt, Task};
use milepost_protocol::notice::{Answer, NoticeState};
use milepost_protocol::plan::{Anchor, Margin, ServicePlan};
use milepost_protocol::record::{Counters, Gap, LogLevel};
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, NoticeId, Record};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::car::{Car, EPOCH_MS, at, information, oil_plan};
use crate::flash::{Chip, Region, block_on};
use crate::tables::speed;

type Failure = Box<dyn std::error::Error>;

/// What can happen to a device.
#[derive(Debug, Clone)]
enum Operation {
    Drive {
        seconds: u64,
        mps: u32,
    },
    Park,
    Tick {
        seconds: u64,
    },
    Plan {
        limit_km: u32,
    },
    Consent {
        offers: bool,
    },
    Notice {
        serial: u32,
    },
    Settle {
        serial: u32,
    },
    Answer {
        snooze: bool,
    },
    Table {
        id: u32,
        chunk: usize,
    },
    Report,
    Log,
    /// Sends everything; the receipts of some envelopes do not arrive.
    Send {
        received: u8,
    },
    LinkLost,
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        4 => (1_u64..20, 0_u32..40).prop_map(|(seconds, mps)| Drive { seconds, mps }),
        2 => Just(Park),
        1 => (1_u64..4_000).prop_map(|seconds| Tick { seconds }),
        1 => (1_u32..4).prop_map(|limit_km| Plan { limit_km }),
        1 => any::<bool>().prop_map(|offers| Consent { offers }),
        2 => (0_u32..20).prop_map(|serial| Notice { serial }),
        1 => (0_u32..20).prop_map(|serial| Settle { serial }),
        2 => any::<bool>().prop_map(|snooze| Answer { snooze }),
        1 => (0x120_u32..0x124, 1_usize..40).prop_map(|(id, chunk)| Table { id, chunk }),
        1 => Just(Report),
        1 => Just(Log),
        3 => any::<u8>().prop_map(|received| Send { received }),
        1 => Just(LinkLost),
        1 => Just(Restart),
    ]
}

/// What must hold whatever happens.
struct Model {
    chip: Chip,
    car: Car,
    now_ms: u64,
    odometer_m: f64,
    /// Rises with everything that has a version or a number.
    serial: u32,
    /// Configuration that is durable, and configuration that may be.
    plan: [u32; 2],
    consent: [u32; 2],
    table: [u32; 2],
    /// How many records of a boot a returned call has left behind.
    created: BTreeMap<u32, u32>,
    /// Every record that the cloud got.
    got: BTreeMap<(u32, u32), (u16, Vec<u8>)>,
    counters: Counters,
    /// Notices that were answered for good.
    closed: BTreeSet<NoticeId>,
}

impl Model {
    fn new() -> Self {
        Self {
            chip: Chip::new(3, 12),
            car: Car::default(),
            now_ms: 0,
            odometer_m: 10_000.0,
            serial: 1,
            plan: [0; 2],
            consent: [0; 2],
            table: [0; 2],
            created: BTreeMap::new(),
            got: BTreeMap::new(),
            counters: Counters::default(),
            closed: BTreeSet::new(),
        }
    }

    /// Starts a device with full power; what it knows must be what was durable.
    fn start(&mut self) -> Device<Region> {
        self.chip.power(u64::MAX);
        self.now_ms += 1_000;
        let settings = Settings { ledger_every_ms: 5_000, ..Settings::default() };
        let device = block_on(Device::start(self.chip.handles(), settings, at(self.now_ms))).unwrap();
        let status = device.status();
        assert!(self.plan.contains(&status.plan_version), "plan {} of {:?}", status.plan_version, self.plan);
        // A fresh device works under its initial consent.
        let consent = status.consent.version;
        assert!(self.consent.contains(&consent) || self.consent[0] == 0, "consent {consent} of {:?}", self.consent);
        if self.table == [0; 2] {
            self.table = [status.table; 2];
        }
        assert!(self.table.contains(&status.table), "the table is neither old nor new");
        assert!(status.counters.distance_m >= self.counters.distance_m && status.counters.trips >= self.counters.trips);
        assert!(!self.created.contains_key(&status.boot), "boot {} came twice", status.boot);
        self.plan = [status.plan_version; 2];
        self.consent = [consent; 2];
        self.table = [status.table; 2];
        self.returned(&device);
        device
    }

    /// A call has returned: what it numbered must arrive.
    fn returned(&mut self, device: &Device<Region>) {
        let status = device.status();
        self.created.insert(status.boot, status.created);
        if let Some(notice) = device.display(at(self.now_ms)) {
            assert!(!self.closed.contains(&notice.id), "{:?} was answered and is shown again", notice.id);
        }
    }

    fn carry_out(&mut self, device: &mut Device<Region>, operation: &Operation) -> Result<(), Failure> {
        self.serial += 1;
        let now_ms = self.now_ms;
        match *operation {
            Operation::Drive { seconds, mps } => {
                for _ in 0..seconds {
                    self.now_ms += 1_000;
                    self.odometer_m += f64::from(mps);
                    let frames = [
                        self.car.ignition(2.0),
                        self.car.motion(f64::from(mps), 1_800.0),
                        self.car.odometer(self.odometer_m),
                    ];
                    for frame in frames {
                        block_on(device.frame(at(self.now_ms), &frame))?;
                    }
                }
            }
            Operation::Park => {
                for frame in [self.car.motion(0.0, 0.0), self.car.ignition(0.0)] {
                    block_on(device.frame(at(now_ms), &frame))?;
                }
                for _ in 0..70 {
                    self.now_ms += 1_000;
                    block_on(device.tick(at(self.now_ms)))?;
                }
            }
            Operation::Tick { seconds } => {
                self.now_ms += seconds * 1_000;
                block_on(device.tick(at(self.now_ms)))?;
            }
            Operation::Plan { limit_km } => {
                self.plan[1] = self.serial;
                self.send(device, Downlink::Plan(plan(self.serial, limit_km)))?;
                self.plan[0] = self.serial;
            }
            Operation::Consent { offers } => {
                let purposes = if offers { Purposes::FUNCTION.and(Purposes::OFFERS) } else { Purposes::FUNCTION };
                self.consent[1] = self.serial;
                self.send(device, Downlink::Consent(Consent { version: self.serial, purposes }))?;
                self.consent[0] = self.serial;
            }
            Operation::Notice { serial } => self.send(device, Downlink::Notice(information(serial)))?,
            Operation::Settle { serial } => {
                let update = milepost_protocol::downlink::NoticeUpdate {
                    id: NoticeId::information(serial),
                    state: NoticeState::Done,
                };
                self.send(device, Downlink::NoticeUpdate(update))?;
                self.closed.insert(update.id);
            }
            Operation::Answer { snooze } => {
                if let Some(id) = device.display(at(now_ms)).map(|notice| notice.id) {
                    let answer = if snooze { Answer::Snooze { days: 1 } } else { Answer::Done };
                    assert!(block_on(device.answer(at(now_ms), id, answer))?);
                    if !snooze {
                        self.closed.insert(id);
                    }
                }
            }
            Operation::Table { id, chunk } => self.transfer(device, id, chunk)?,
            Operation::Report => self.command(device, Task::Report)?,
            Operation::Log => block_on(device.log(at(now_ms), LogLevel::Warn, "the antenna is loose"))?,
            Operation::Send { received } => self.exchange(device, received)?,
            Operation::LinkLost => device.link_lost(),
            Operation::Restart => {}
        }
        Ok(())
    }

    fn send(&mut self, device: &mut Device<Region>, message: Downlink) -> Result<(), Failure> {
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        let bytes = Downlink::encode(&[message], &mut buffer).unwrap();
        Ok(block_on(device.downlink(at(self.now_ms), bytes))?)
    }

    fn command(&mut self, device: &mut Device<Region>, task: Task) -> Result<(), Failure> {
        self.serial += 1;
        self.send(device, Downlink::Command(Command { id: self.serial, expires_ms: u64::MAX, task }))
    }

    fn transfer(&mut self, device: &mut Device<Region>, id: u32, chunk: usize) -> Result<(), Failure> {
        let mut buffer = [0; MAX_TABLE_LEN];
        let table = Table::new(&[speed(id)]).unwrap();
        let bytes = table.encode_to(&mut buffer).unwrap();
        let sha256 = hash(bytes);
        self.table[1] = u32::from_be_bytes(*sha256.first_chunk().unwrap());
        self.command(device, Task::TableBegin { len: bytes.len() as u32, sha256 })?;
        for (index, part) in bytes.chunks(chunk).enumerate() {
            let bytes = heapless::Vec::from_slice(part).unwrap();
            self.command(device, Task::TableChunk { offset: (index * chunk) as u32, bytes })?;
        }
        self.command(device, Task::TableCommit)?;
        assert_eq!(device.status().table, self.table[1]);
        self.table[0] = self.table[1];
        Ok(())
    }

    /// Takes what the device has to send; the bits of `received` say which receipts reach it.
    fn exchange(&mut self, device: &mut Device<Region>, received: u8) -> Result<(), Failure> {
        let mut buffer = [0; MAX_ENVELOPE_LEN];
        for turn in 0.. {
            let Some(bytes) = block_on(device.envelope(at(self.now_ms), &mut buffer))? else { break };
            let receipts = self.take(bytes);
            if received >> (turn % 8) & 1 == 1 {
                for receipt in receipts {
                    self.send(device, Downlink::Receipt(receipt))?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Vec<Receipt> {
        let envelope = Envelope::parse(bytes).unwrap();
        let boot = envelope.header.boot;
        let mut receipts = Vec::new();
        for entry in envelope.entries() {
            let body = (entry.kind, entry.body.to_vec());
            let earlier = self.got.insert((boot, entry.number), body.clone());
            let again = earlier.is_some();
            assert!(earlier.is_none_or(|earlier| earlier == body), "({boot}, {}) names two records", entry.number);
            // What comes again may be older than what came since.
            if !again && let Record::Counters(counters) = entry.record() {
                assert!(counters.distance_m >= self.counters.distance_m, "distance fell");
                assert!(counters.odometer_m >= self.counters.odometer_m, "odometer fell");
                assert!(counters.trips >= self.counters.trips, "trips fell");
                self.counters = counters;
            }
            let ranges = [Range { first: entry.number, last: entry.number }].into_iter().collect();
            receipts.push(Receipt { boot, ranges, now_ms: 0, credit: 16 });
        }
        receipts
    }

    /// Runs a series; where it says so the power goes after as many words.
    fn run(&mut self, series: &[(Operation, Option<u64>)]) {
        let mut device = self.start();
        for (operation, cut) in series {
            self.chip.power(cut.unwrap_or(u64::MAX));
            match self.carry_out(&mut device, operation) {
                Ok(()) => self.returned(&device),
                Err(error) => assert_eq!(self.chip.fuel(), 0, "{operation:?}: {error}"),
            }
            if self.chip.fuel() == 0 || matches!(operation, Operation::Restart) {
                drop(device);
                device = self.start();
            }
        }
        self.chip.power(u64::MAX);
        device.link_lost();
        self.carry_out(&mut device, &Operation::Park).unwrap();
        self.exchange(&mut device, u8::MAX).unwrap();
        self.returned(&device);
        self.exchange(&mut device, u8::MAX).unwrap();
        assert_eq!(device.waiting(), 0, "everything has its receipt");
        self.judge();
    }

    fn judge(&self) {
        let records: Vec<Record> =
            self.got.values().map(|(kind, body)| Record::decode_body(*kind, body).unwrap()).collect();
        let gaps: Vec<Gap> = records
            .iter()
            .filter_map(|record| match record {
                Record::Gap(gap) => Some(*gap),
                _ => None,
            })
            .collect();
        for (&boot, &created) in &self.created {
            for number in 0..created {
                let told = gaps
                    .iter()
                    .any(|gap| gap.boot == boot && (gap.first..gap.first.saturating_add(gap.count)).contains(&number));
                assert!(told || self.got.contains_key(&(boot, number)), "({boot}, {number}) of {created} is lost");
            }
        }
        let mut told = BTreeSet::new();
        for record in &records {
            let once = match record {
                Record::NoticeRaised(raised) => format!("raised {:?} {} {:?}", raised.item, raised.cycle, raised.level),
                Record::NoticeShown(shown) => format!("shown {:?}", shown.notice),
                Record::NoticeAnswered(answered) if answered.answer == Answer::Done => {
                    format!("answered {:?}", answered.notice)
                }
                Record::CommandResult(result) => format!("command {}", result.command),
                _ => continue,
            };
            // A notice whose place a more urgent one took is new when it comes again.
            assert!(told.insert(once.clone()) || once.starts_with("shown"), "twice: {once}");
        }
    }
}

fn plan(version: u32, limit_km: u32) -> ServicePlan {
    let margin = Margin { distance_m: 300, days: 10, ..Margin::default() };
    let anchor = Anchor { at_ms: EPOCH_MS, odometer_m: 10_000, ..Anchor::default() };
    oil_plan(version, limit_km * 1_000, margin, anchor)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn config() -> ProptestConfig {
    let cases = number("MILEPOST_CUT_CASES").unwrap_or(96) as u32;
    let seed = number("MILEPOST_CUT_SEED").unwrap_or_else(|| RandomState::new().hash_one(cases));
    eprintln!("MILEPOST_CUT_SEED={seed} makes the same {cases} series again");
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_operations_cut_anywhere_leave_the_cloud_with_everything_once(
        series in proptest::collection::vec((operation(), proptest::option::weighted(0.4, 0_u64..600)), 1..40),
    ) {
        Model::new().run(&series);
    }
}

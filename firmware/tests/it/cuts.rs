//! The power goes after any number of flash words, again and again: nothing acknowledged is lost, nothing is told twice under
//! two names, numbers have no holes, counters never fall, and configuration is old or new.

use std::collections::{BTreeMap, BTreeSet};

use milepost_firmware::{Device, Settings};
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{DAY_MS, ItemId, Limits, Margin, PlanItem, Recurrence, Rule, SafetyClass, ServicePlan};
use milepost_protocol::record::Counters;
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record};
use proptest::prelude::*;

use crate::car::{Car, at, information};
use crate::flash::{Chip, Flaw, PowerCut, Region, block_on};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What the cloud has seen.
#[derive(Default)]
struct Cloud {
    /// Every record by its identity.
    records: BTreeMap<(u32, u32), (u16, Vec<u8>)>,
    /// The highest counters.
    counters: Counters,
}

impl Cloud {
    /// Takes an envelope and answers the receipt for it.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        use milepost_protocol::downlink::{Range, Receipt};
        let envelope = Envelope::parse(bytes).unwrap();
        let boot = envelope.header.boot;
        let mut ranges = heapless::Vec::<Range, 8>::new();
        for entry in envelope.entries() {
            let identity = (boot, entry.number);
            let body = (entry.kind, entry.body.to_vec());
            let earlier = self.records.insert(identity, body.clone());
            assert!(earlier.is_none_or(|earlier| earlier == body), "{identity:?} names two records");
            if let Record::Counters(counters) = entry.record() {
                assert!(counters.distance_m >= self.counters.distance_m, "distance fell");
                assert!(counters.odometer_m >= self.counters.odometer_m, "odometer fell");
                assert!(counters.trips >= self.counters.trips, "trips fell");
                self.counters = counters;
            }
            if let Some(range) = ranges.last_mut().filter(|range| range.last + 1 == entry.number) {
                range.last = entry.number;
            } else if ranges.push(Range { first: entry.number, last: entry.number }).is_err() {
                // What this receipt cannot name will come again.
                break;
            }
        }
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        let receipt = Receipt { boot, ranges, now_ms: 0, credit: 16 };
        Downlink::encode(&[Downlink::Receipt(receipt)], &mut buffer).unwrap().to_vec()
    }
}

fn plan() -> ServicePlan {
    let limits = Limits { distance_m: Some(2_000), ..Limits::default() };
    let rule = Rule {
        item: ItemId::ENGINE_OIL,
        first: limits,
        repeat: limits,
        lead: Margin { distance_m: 500, days: 10, ..Margin::default() },
        grace: Margin { distance_m: 500, days: 10, ..Margin::default() },
        recurrence: Recurrence::Floating,
        safety: SafetyClass::Wear,
        condition: None,
    };
    let anchor =
        milepost_protocol::plan::Anchor { at_ms: crate::car::EPOCH_MS, odometer_m: 10_000, ..Default::default() };
    ServicePlan { version: 3, items: [PlanItem { rule, anchor }].into_iter().collect() }
}

/// One life of the device: it starts, gets its plan and a notice, drives, answers, sends; until the power goes.
fn live(chip: &Chip, cloud: &mut Cloud, life: u64) -> Outcome {
    let mut now_ms = life * DAY_MS;
    let car = Car::default();
    let settings = Settings { ledger_every_ms: 5_000, ..Settings::default() };
    let mut device = block_on(Device::start(chip.handles(), settings, at(now_ms)))?;
    let status = device.status();
    assert!(status.counters.distance_m >= cloud.counters.distance_m, "counters fell across the cut");
    assert!(status.counters.trips >= cloud.counters.trips);
    assert!([0, 3].contains(&status.plan_version), "the plan is old or new");
    let both = Purposes::FUNCTION.and(Purposes::OFFERS);
    assert!([Purposes::FUNCTION, both].contains(&status.consent.purposes), "consent is old or new");

    let messages = [
        Downlink::Plan(plan()),
        Downlink::Consent(Consent { version: 2, purposes: both }),
        Downlink::Notice(information(life as u32)),
    ];
    let mut buffer = [0; MAX_DOWNLINK_LEN];
    let bytes = Downlink::encode(&messages, &mut buffer).unwrap();
    block_on(device.downlink(at(now_ms), bytes))?;
    let odometer_m = 11_000.0 + life as f64 * 700.0;
    for second in 0..30 {
        now_ms += 1000;
        for frame in [
            car.ignition(2.0),
            car.motion(20.0, 1800.0),
            car.odometer(odometer_m + 20.0 * second as f64),
            car.conditions(14.0, 4.0, 60.0 + second as f64),
        ] {
            block_on(device.frame(at(now_ms), &frame))?;
        }
    }
    send_all(&mut device, cloud, now_ms)?;
    for frame in [car.motion(0.0, 0.0), car.ignition(0.0)] {
        block_on(device.frame(at(now_ms), &frame))?;
    }
    if let Some(id) = device.display(at(now_ms)).map(|notice| notice.id) {
        block_on(device.answer(at(now_ms), id, Answer::Done))?;
    }
    for _ in 0..70 {
        now_ms += 1000;
        block_on(device.tick(at(now_ms)))?;
    }
    send_all(&mut device, cloud, now_ms)?;
    Ok(())
}

fn send_all(device: &mut Device<Region>, cloud: &mut Cloud, now_ms: u64) -> Outcome {
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    loop {
        let Some(bytes) = block_on(device.envelope(at(now_ms), &mut buffer))? else { return Ok(()) };
        let receipt = cloud.take(bytes);
        block_on(device.downlink(at(now_ms), &receipt))?;
    }
}

/// Runs lives whose power goes after as many words as `cuts` says, then one whole life, and checks what the cloud has.
fn endure(cuts: &[u64]) {
    endure_on(Flaw::None, cuts);
}

fn endure_on(flaw: Flaw, cuts: &[u64]) {
    // Small regions, so that pages are erased and reused within a test.
    let chip = Chip::flawed(flaw, 2, 3);
    let mut cloud = Cloud::default();
    for (life, words) in cuts.iter().enumerate() {
        chip.power(*words);
        let ended = live(&chip, &mut cloud, life as u64 + 1);
        assert!(ended.is_ok() || chip.fuel() == 0, "{ended:?}");
    }
    chip.power(u64::MAX);
    live(&chip, &mut cloud, cuts.len() as u64 + 1).unwrap();

    let boots: BTreeSet<u32> = cloud.records.keys().map(|(boot, _)| *boot).collect();
    for boot in boots {
        let numbers: Vec<u32> =
            cloud.records.range((boot, 0)..=(boot, u32::MAX)).map(|((_, number), _)| *number).collect();
        let whole: Vec<u32> = (0..numbers.len() as u32).collect();
        assert_eq!(numbers, whole, "boot {boot} has holes");
    }
    let (mut raised, mut shown, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    let mut trips = (0, 0);
    for (kind, body) in cloud.records.values() {
        match Record::decode_body(*kind, body).unwrap() {
            Record::NoticeRaised(notice) => raised.push((notice.item, notice.cycle, notice.level)),
            Record::NoticeShown(notice) => shown.push(notice.notice),
            Record::NoticeAnswered(notice) => answered.push(notice.notice),
            Record::TripStarted(_) => trips.0 += 1,
            Record::TripEnded(_) => trips.1 += 1,
            _ => {}
        }
    }
    for ids in [&shown, &answered] {
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "told twice: {ids:?}");
    }
    let unique: BTreeSet<_> = raised.iter().collect();
    assert_eq!(unique.len(), raised.len(), "raised twice: {raised:?}");
    assert_eq!(trips.0, trips.1, "every trip that began has ended");
    assert!(!raised.is_empty() && !answered.is_empty());
}

#[test]
fn a_life_without_cuts_tells_everything_once() {
    endure(&[]);
}

#[test]
fn a_cut_at_every_stage_of_a_life_loses_nothing_that_was_told() {
    let chip = Chip::new(4, 8);
    let plenty = 1_000_000;
    chip.power(plenty);
    live(&chip, &mut Cloud::default(), 1).unwrap();
    let life = plenty - chip.fuel();
    for words in 0..life {
        // The second life is cut at another stage than the first.
        endure(&[words, life - words]);
    }
}

#[test]
fn a_chip_that_acknowledges_too_early_or_erases_too_early_is_noticed() {
    for flaw in [Flaw::AcknowledgesFirst, Flaw::ErasesFirst] {
        assert!(std::panic::catch_unwind(|| endure_on(flaw, &[])).is_ok(), "{flaw:?}: without a cut nobody can tell");
        let noticed = (0..1_500_u64)
            .step_by(7)
            .any(|words| std::panic::catch_unwind(|| endure_on(flaw, &[words, 1_500 - words])).is_err());
        assert!(noticed, "{flaw:?} passes every check");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_series_of_cuts_loses_nothing_that_was_told(cuts in proptest::collection::vec(0_u64..1_000, 1..24)) {
        endure(&cuts);
    }
}

#[test]
fn a_cut_is_an_error_and_not_a_panic() {
    let chip = Chip::new(2, 2);
    chip.power(0);
    let started = block_on(Device::start(chip.handles(), Settings::default(), at(0)));
    assert!(matches!(started, Err(milepost_firmware::Error::Flash { source: PowerCut, .. })));
}

//! Series of signals as a plan asks for them: what the core reads is sampled, gathered, and put into blocks.
//!
//! Only hosts with room for it have one; a core without a [`Collector`] neither reads plans nor links any of this.
//! Invariant: a sample is taken only while its row's trigger holds and the owner allows one of its purposes, and never closer to the last
//! than the row says; each sample is in exactly one block, or counted.

use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::collection::{CollectionPlan, CollectionRow, MAX_BLOCK_LEN, MAX_ROWS};
use milepost_protocol::downlink::Consent;
use milepost_protocol::record::SeriesBlock;
use milepost_protocol::series::{Encoder, PushError, Sample};

use crate::signal::table::Reading;

/// The most samples that wait for their block.
pub const MAX_WAITING: usize = 768;

/// So many make a block, before there is no room for more.
const MANY: usize = MAX_WAITING / 4 * 3;

/// A block is made of what has waited this long, in milliseconds.
pub const BLOCK_EVERY_MS: u64 = 60_000;

/// What is known of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    /// The last sample: when, and how many steps.
    last: Option<(u64, i64)>,
    /// Until when the trigger holds, as uptime in milliseconds.
    until_ms: u64,
}

#[derive(Debug, Clone, Copy)]
struct Taken {
    row: u8,
    at_ms: u64,
    raw: i64,
}

/// Samples signals under a plan.
#[derive(Debug)]
pub struct Collector {
    plan: CollectionPlan,
    kept: [Kept; MAX_ROWS],
    waiting: Vec<Taken, MAX_WAITING>,
    encoder: Encoder<MAX_ROWS>,
    lost: u32,
}

impl Default for Collector {
    fn default() -> Self {
        Self::new(CollectionPlan::default())
    }
}

impl Collector {
    /// A collector under a plan that was checked.
    pub fn new(plan: CollectionPlan) -> Self {
        Self { plan, kept: [Kept::default(); MAX_ROWS], waiting: Vec::new(), encoder: Encoder::new(), lost: 0 }
    }

    /// The plan in force.
    pub fn plan(&self) -> &CollectionPlan {
        &self.plan
    }

    /// How many samples found no room.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Takes what the core has read.
    pub fn reading(&mut self, now_ms: u64, consent: Consent, reading: Reading) {
        let (signal, value) = match reading {
            Reading::Value(signal, value) => (signal, f64::from(value)),
            Reading::Odometer(metres) => (SignalId::ODOMETER, f64::from(metres)),
            Reading::Invalid(_) => return,
        };
        for (row, kept) in self.plan.rows.iter().zip(&mut self.kept) {
            if let Some(trigger) =
                row.trigger.filter(|trigger| trigger.signal == signal && trigger.is_met_by(value as f32))
            {
                kept.until_ms = now_ms.saturating_add(u64::from(trigger.hold_s) * 1000);
            }
        }
        let Some(index) = self.plan.rows.iter().position(|row| row.signal == signal) else { return };
        let (Some(row), Some(kept)) = (self.plan.rows.get(index), self.kept.get_mut(index)) else { return };
        let raw = steps(row, value);
        if consent.purposes.0 & row.purposes.0 == 0 || !wants(row, kept, now_ms, raw) {
            return;
        }
        kept.last = Some((now_ms, raw));
        if self.waiting.push(Taken { row: index as u8, at_ms: now_ms, raw }).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Whether a block should be made now.
    pub fn is_due(&self, now_ms: u64) -> bool {
        let oldest = self.waiting.first().is_some_and(|oldest| now_ms.saturating_sub(oldest.at_ms) >= BLOCK_EVERY_MS);
        oldest || self.waiting.len() >= MANY
    }

    /// A block of what waits, of the oldest sample's purposes; `None` once nothing waits any more.
    ///
    /// Its samples wait no more: the caller puts it where it is durable.
    pub fn block(&mut self, now_ms: u64) -> Option<SeriesBlock> {
        let Self { plan, waiting, encoder, .. } = self;
        let first = *waiting.first()?;
        let purposes = of(plan, first)?.purposes;
        let mut buffer = [0; MAX_BLOCK_LEN];
        let mut writer = encoder.alone(&mut buffer, first.at_ms);
        let mut full = false;
        let mut taken = |sample: &Taken| {
            let Some(row) = of(plan, *sample).filter(|row| row.purposes == purposes && !full) else { return false };
            let CollectionRow { signal, resolution, .. } = *row;
            match writer.push(&Sample { signal, resolution, at_ms: sample.at_ms, raw: sample.raw }) {
                Ok(()) => true,
                Err(PushError::Full | PushError::TooManyColumns) => {
                    full = true;
                    false
                }
            }
        };
        waiting.retain(|sample| !taken(sample));
        let block = Vec::from_slice(writer.finish()).ok()?;
        Some(SeriesBlock { plan: plan.version, purposes, uptime_ms: now_ms, block })
    }
}

fn of(plan: &CollectionPlan, sample: Taken) -> Option<&CollectionRow> {
    plan.rows.get(usize::from(sample.row))
}

/// A value in steps of the row's resolution, to the nearest.
fn steps(row: &CollectionRow, value: f64) -> i64 {
    let steps = value * f64::from(row.resolution.denominator) / f64::from(row.resolution.numerator);
    // Casts saturate, and make nought of what is no number.
    (if steps < 0.0 { steps - 0.5 } else { steps + 0.5 }) as i64
}

fn wants(row: &CollectionRow, kept: &Kept, now_ms: u64, raw: i64) -> bool {
    if row.trigger.is_some() && now_ms >= kept.until_ms {
        return false;
    }
    kept.last.is_none_or(|(last_ms, last)| {
        now_ms.saturating_sub(last_ms) >= u64::from(row.every_ms) && last.abs_diff(raw) >= u64::from(row.change)
    })
}

#[cfg(test)]
mod tests {
    use milepost_protocol::collection::Trigger;
    use milepost_protocol::downlink::Purposes;
    use milepost_protocol::series::{Decoder, Resolution};
    use proptest::prelude::*;
    use std::vec::Vec as List;

    use super::*;

    const ALL: Consent = Consent { version: 1, purposes: Purposes(u8::MAX) };

    fn row(signal: SignalId, every_ms: u32, change: u32) -> CollectionRow {
        let resolution = Resolution { numerator: 1, denominator: 10 };
        CollectionRow { signal, resolution, every_ms, change, trigger: None, purposes: Purposes::FUNCTION }
    }

    fn collector(rows: &[CollectionRow]) -> Collector {
        Collector::new(CollectionPlan { version: 3, rows: Vec::from_slice(rows).unwrap() })
    }

    fn samples(collector: &mut Collector, now_ms: u64) -> List<(SignalId, u64, i64)> {
        let mut found = List::new();
        while let Some(series) = collector.block(now_ms) {
            assert_eq!(series.plan, 3);
            let mut decoder = Decoder::<MAX_ROWS>::new();
            decoder.decode(&series.block, |sample| found.push((sample.signal, sample.at_ms, sample.raw))).unwrap();
        }
        found
    }

    #[test]
    fn samples_keep_their_distance_in_time_and_in_value() {
        let mut collector = collector(&[row(SignalId::SPEED, 1_000, 5)]);
        for (at_ms, speed) in [(0, 10.0), (500, 20.0), (1_000, 10.4), (1_500, 10.5), (2_600, 10.5), (3_600, 11.1)] {
            collector.reading(at_ms, ALL, Reading::Value(SignalId::SPEED, speed));
        }
        let expected = [(SignalId::SPEED, 0, 100), (SignalId::SPEED, 1_500, 105), (SignalId::SPEED, 3_600, 111)];
        assert_eq!(samples(&mut collector, 4_000), expected);
    }

    #[test]
    fn a_trigger_opens_its_row_and_holds_it_open() {
        let trigger = Trigger { signal: SignalId::SPEED, above: true, limit: 30.0, hold_s: 10 };
        let hot = CollectionRow { trigger: Some(trigger), ..row(SignalId::COOLANT_TEMPERATURE, 1_000, 0) };
        let mut collector = collector(&[hot]);
        let mut tell = |at_ms, speed| {
            collector.reading(at_ms, ALL, Reading::Value(SignalId::SPEED, speed));
            collector.reading(at_ms, ALL, Reading::Value(SignalId::COOLANT_TEMPERATURE, 90.0));
        };
        for (at_s, speed) in [(0, 20.0), (5, 31.0), (14, 20.0), (15, 20.0)] {
            tell(at_s * 1000, speed);
        }
        let times: List<u64> = samples(&mut collector, 20_000).iter().map(|sample| sample.1).collect();
        assert_eq!(times, [5_000, 14_000]);
    }

    #[test]
    fn what_the_owner_has_not_allowed_is_not_sampled_and_purposes_do_not_share_a_block() {
        let research = CollectionRow { purposes: Purposes::RESEARCH, ..row(SignalId::ODOMETER, 1_000, 0) };
        let mut collector = collector(&[row(SignalId::SPEED, 1_000, 0), research]);
        let function = Consent { version: 1, purposes: Purposes::FUNCTION };
        collector.reading(0, function, Reading::Odometer(5));
        assert!(collector.block(0).is_none());
        collector.reading(1_000, ALL, Reading::Odometer(5));
        collector.reading(1_000, ALL, Reading::Value(SignalId::SPEED, 1.0));
        let purposes = [collector.block(0), collector.block(0)].map(|block| block.unwrap().purposes);
        assert_eq!(purposes, [Purposes::RESEARCH, Purposes::FUNCTION]);
        assert!(collector.block(0).is_none());
    }

    #[test]
    fn a_block_is_due_after_a_minute_or_when_much_waits() {
        let mut collector = collector(&[row(SignalId::SPEED, 10, 0)]);
        collector.reading(0, ALL, Reading::Value(SignalId::SPEED, 1.0));
        assert!(!collector.is_due(BLOCK_EVERY_MS - 1) && collector.is_due(BLOCK_EVERY_MS));
        for at in 1..=2 * MAX_WAITING as u64 {
            collector.reading(at * 10, ALL, Reading::Value(SignalId::SPEED, at as f32));
        }
        assert!(collector.is_due(0));
        assert_eq!(collector.lost(), MAX_WAITING as u32 + 1);
        assert_eq!(samples(&mut collector, 0).len(), MAX_WAITING);
    }

    proptest! {
        #[test]
        fn every_sample_is_in_exactly_one_block_as_it_was_taken(
            readings in proptest::collection::vec((0_u64..5_000, 0_usize..3, -1e9_f32..1e9), 0..700),
        ) {
            let signals = [SignalId::SPEED, SignalId::COOLANT_TEMPERATURE, SignalId::ENGINE_LOAD];
            let rows = signals.map(|signal| row(signal, 10, 0));
            let mut collector = collector(&rows);
            let mut now_ms = 0;
            let mut expected = List::new();
            for (later_ms, which, value) in readings {
                now_ms += 10 + later_ms;
                collector.reading(now_ms, ALL, Reading::Value(signals[which], value));
                expected.push((signals[which], now_ms, steps(&rows[which], f64::from(value))));
            }
            prop_assert_eq!(collector.lost(), 0);
            prop_assert_eq!(samples(&mut collector, now_ms), expected);
        }
    }
}

//! Series of signals out of the history: blocks decoded, their times put on the clock of their records.
//!
//! Invariant: a block stands alone, so that one that does not decode costs itself; it is counted and passed over.

use milepost_protocol::collection::MAX_ROWS;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::record::SeriesBlock;
use milepost_protocol::series::{Decoder, Sample};
use milepost_protocol::{DeviceId, Envelope, Record, RecordId, SignalId};

use crate::service::Service;
use crate::store::{History, StoreError};

/// How many rows of history one part looks through.
const ROWS: usize = 200;

/// Samples of one signal, taken for the same purposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// The signal.
    pub signal: SignalId,
    /// The purposes.
    pub purposes: Purposes,
    /// Milliseconds of Unix time, and value in the catalogue's unit.
    pub samples: Vec<(u64, f64)>,
}

/// A part of what was collected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// By signal and purposes.
    pub series: Vec<Samples>,
    /// Where the next part begins; nothing at the end.
    pub next: Option<RecordId>,
}

/// A place in the history as the API writes it.
pub fn written(place: RecordId) -> String {
    format!("{}-{}", place.boot, place.number)
}

/// Reads what [`written`] wrote.
pub fn place(text: &str) -> Option<RecordId> {
    let (boot, number) = text.split_once('-')?;
    Some(RecordId { boot: boot.parse().ok()?, number: number.parse().ok()? })
}

/// What was collected of a device from a place on, for one of `purposes`.
pub async fn read(
    service: &Service,
    device: &DeviceId,
    from: Option<RecordId>,
    wanted: Option<SignalId>,
    purposes: Purposes,
) -> Result<Part, StoreError> {
    let rows = service.history(History::ascending(device.clone(), from, ROWS)).await?;
    let mut part = Part::default();
    if let Some(last) = rows.last().filter(|_| rows.len() == ROWS) {
        // Rows are told apart by their first record.
        part.next = Some(RecordId { number: last.first.number.saturating_add(1), ..last.first });
    }
    for row in &rows {
        let Ok(envelope) = Envelope::parse(&row.bytes) else { continue };
        for entry in envelope.entries() {
            let Record::SeriesBlock(series) = entry.record() else { continue };
            if series.purposes.0 & purposes.0 != 0 {
                part.add(&series, entry.at_ms, wanted);
            }
        }
    }
    Ok(part)
}

impl Part {
    /// Adds a block whose record has this time.
    fn add(&mut self, block: &SeriesBlock, at_ms: u64, wanted: Option<SignalId>) {
        let mut decoder = Decoder::<MAX_ROWS>::new();
        let mut found = Vec::new();
        let decoded = decoder.decode(&block.block, |sample| found.push(sample));
        if let Err(error) = decoded {
            tracing::warn!(%error, "series block does not decode");
            return;
        }
        for Sample { signal, resolution, at_ms: uptime_ms, raw } in found {
            if wanted.is_some_and(|wanted| wanted != signal) {
                continue;
            }
            let Some(value) = resolution.value(raw) else { continue };
            let when_ms = at_ms.saturating_add(uptime_ms).saturating_sub(block.uptime_ms);
            let known = self
                .series
                .iter()
                .position(|one| (one.signal, one.purposes) == (signal, block.purposes))
                .unwrap_or_else(|| {
                    self.series.push(Samples { signal, purposes: block.purposes, samples: Vec::new() });
                    self.series.len() - 1
                });
            if let Some(one) = self.series.get_mut(known) {
                one.samples.push((when_ms, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::series::{Encoder, Resolution};

    use super::*;

    #[test]
    fn samples_are_told_on_the_clock_of_their_record() {
        let mut buffer = [0; 600];
        let mut encoder = Encoder::<2>::new();
        let mut writer = encoder.alone(&mut buffer, 0);
        let resolution = Resolution { numerator: 1, denominator: 10 };
        for (signal, at_ms, raw) in
            [(SignalId::SPEED, 4_000, 125), (SignalId::ODOMETER, 5_000, 70), (SignalId::SPEED, 6_000, 130)]
        {
            writer.push(&Sample { signal, resolution, at_ms, raw }).unwrap();
        }
        let block = heapless::Vec::from_slice(writer.finish()).unwrap();
        let block = SeriesBlock { plan: 1, purposes: Purposes::WORKSHOP, uptime_ms: 6_500, block };
        let mut part = Part::default();
        part.add(&block, 1_000_000, Some(SignalId::SPEED));
        let samples = vec![(997_500, 12.5), (999_500, 13.0)];
        assert_eq!(part.series, [Samples { signal: SignalId::SPEED, purposes: Purposes::WORKSHOP, samples }]);
        part.add(&SeriesBlock { block: heapless::Vec::from_slice(&[0xFF; 20]).unwrap(), ..block }, 0, None);
        assert_eq!(part.series.len(), 1);
    }

    #[test]
    fn a_place_reads_as_it_was_written() {
        let at = RecordId { boot: 7, number: 1_200 };
        assert_eq!(place(&written(at)), Some(at));
        assert_eq!(place("7"), None);
    }
}

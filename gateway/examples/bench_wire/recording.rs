//! The samples of a recording: every answer of a diagnostic link, or what changed on a bus.
//!
//! Invariant: samples stand in the order of the log, at its own times to the nearest millisecond, as whole numbers at the signal's own resolution.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use milepost_firmware::frame::raw;
use milepost_firmware::obd::is_response;
use milepost_firmware::obd::service::Answer;
use milepost_gateway::decode::{Decoder, Raw, load};
use milepost_gateway::diagnostics::isotp::{self, Heard, Outcome};
use milepost_gateway::log::{LogError, Payload, Reader};
use milepost_gateway::parameters::{ROWS, Row, data_len};
use milepost_protocol::SignalId;
use milepost_protocol::series::{Resolution, Sample};

use crate::resolution::Whole;

/// Logs that count from zero are moved to 2026-03-01 07:00 UTC, as absolute times are what everybody sends.
const BEGIN_MS: u64 = 1_772_348_400_000;

/// A signal on a bus is sampled no more often than this, and only when it has changed.
const MIN_GAP_MS: u64 = 1_000;

/// Where samples come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Answers of service 01, each one a sample.
    Diagnostics,
    /// Frames decoded by a DBC file, thinned.
    Bus,
}

/// A recording as samples.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) samples: Vec<Sample>,
    names: BTreeMap<SignalId, String>,
}

impl Recording {
    /// Every value of every answer.
    pub(crate) fn of_diagnostics(path: &Path) -> Result<Self> {
        let mut recording = Self::empty(path, Kind::Diagnostics);
        let take = |heard: Heard<'_>| -> Result<(), LogError> {
            if let Heard { at_us, id, outcome: Outcome::Message { payload, .. }, .. } = heard
                && is_response(id)
                && let Some(Answer::Current(parameters)) = Answer::parse(payload)
            {
                recording.answer(at_us, parameters);
            }
            Ok(())
        };
        isotp::listen(path, take).with_context(|| format!("cannot read {}", path.display()))?;
        recording.checked(path)
    }

    /// Every signal of every frame, once a second at most and only if it has changed.
    pub(crate) fn of_bus(path: &Path) -> Result<Self> {
        let folder = path.parent().context("a log stands in a folder")?;
        let (matrix, _) = load(&[matrix(folder)?])?;
        // A signal's number is its place in the file.
        let mut numbers = BTreeMap::new();
        for message in &matrix.messages {
            for signal in &message.signals {
                let number = u16::try_from(numbers.len()).context("more signals than numbers")?;
                numbers.entry((message.name.clone(), signal.name.clone())).or_insert(SignalId(number));
            }
        }
        let decoder = Decoder::new(matrix, false);
        let mut log = Reader::open(path)?;
        let mut recording = Self::empty(path, Kind::Bus);
        let mut last: BTreeMap<SignalId, (u64, i64)> = BTreeMap::new();
        let mut found = Vec::new();
        while let Some(entry) = log.next_entry()? {
            let Payload::Data(data) = entry.payload else { continue };
            decoder.values(raw(entry.id), &data, &mut found);
            let at_ms = at_ms(entry.at_us);
            for found in &found {
                let key = (found.message.to_owned(), found.signal.name.clone());
                let Some(&signal) = numbers.get(&key) else { continue };
                let whole = Whole::of(found.signal.scale, found.signal.offset);
                let (raw, resolution) = match found.raw {
                    Raw::Integer(raw) => {
                        let raw = i64::try_from(raw).ok().and_then(|raw| whole.raw(raw));
                        (raw.with_context(|| format!("{} has no room", found.signal.name))?, whole.resolution)
                    }
                    Raw::Float(number) => (number.to_bits().cast_signed(), Resolution::ONE),
                };
                if last.get(&signal).is_some_and(|&(then, value)| value == raw || at_ms < then + MIN_GAP_MS) {
                    continue;
                }
                last.insert(signal, (at_ms, raw));
                recording.names.entry(signal).or_insert_with(|| format!("{}.{}", key.0, key.1));
                recording.samples.push(Sample { signal, resolution, at_ms, raw });
            }
        }
        recording.checked(path)
    }

    fn empty(path: &Path, kind: Kind) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.trim_end_matches(".gz").trim_end_matches(".log").to_owned();
        Self { name, kind, samples: Vec::new(), names: BTreeMap::new() }
    }

    fn checked(self, path: &Path) -> Result<Self> {
        ensure!(!self.samples.is_empty(), "{} holds no samples", path.display());
        Ok(self)
    }

    /// Takes the parameters of one answer, up to one of unknown length.
    fn answer(&mut self, at_us: u64, mut rest: &[u8]) {
        while let Some((&pid, tail)) = rest.split_first() {
            let Some((data, behind)) = data_len(pid).and_then(|len| tail.split_at_checked(len)) else { break };
            for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.pid == pid) {
                if let Some((raw, resolution)) = integer(row, data) {
                    let signal = SignalId(number as u16);
                    self.names.entry(signal).or_insert_with(|| row.name.to_lowercase());
                    self.samples.push(Sample { signal, resolution, at_ms: at_ms(at_us), raw });
                }
            }
            rest = behind;
        }
    }

    /// What a signal is called.
    pub(crate) fn name(&self, signal: SignalId) -> &str {
        self.names.get(&signal).map_or("unknown", String::as_str)
    }

    /// Every signal that has a sample.
    pub(crate) fn signals(&self) -> impl Iterator<Item = SignalId> + '_ {
        self.names.keys().copied()
    }

    /// From the first sample to the last.
    pub(crate) fn hours(&self) -> f64 {
        let at_ms = |sample: Option<&Sample>| sample.map_or(0, |sample| sample.at_ms);
        let between = at_ms(self.samples.last()).saturating_sub(at_ms(self.samples.first()));
        between.max(1) as f64 / 3_600_000.0
    }

    /// The samples in batches that begin every so many milliseconds from the first on.
    pub(crate) fn batches(&self, every_ms: u64) -> Vec<&[Sample]> {
        let first = self.samples.first().map_or(0, |sample| sample.at_ms);
        let of = |sample: &Sample| sample.at_ms.saturating_sub(first) / every_ms;
        self.samples.chunk_by(|one, other| of(one) == of(other)).collect()
    }
}

fn at_ms(at_us: u64) -> u64 {
    let at_ms = (at_us + 500) / 1_000;
    if at_ms < BEGIN_MS / 2 { BEGIN_MS + at_ms } else { at_ms }
}

/// The integer of a row, if its data are there.
fn integer(row: &Row, data: &[u8]) -> Option<(i64, Resolution)> {
    if row.unit == "code" || row.if_bit.is_some_and(|bit| data.first().is_none_or(|a| a >> bit & 1 == 0)) {
        return None;
    }
    let start = usize::from(row.byte);
    let bytes = data.get(start..start + usize::from(row.bytes))?;
    let mut raw = bytes.iter().fold(0_i64, |number, &byte| number << 8 | i64::from(byte));
    if let Some((lowest, bits)) = row.bits {
        raw = raw >> lowest & ((1 << bits) - 1);
    }
    let sign = 1_i64 << (u32::from(row.bytes) * 8 - 1);
    if row.signed && raw & sign != 0 {
        raw -= 2 * sign;
    }
    let whole = Whole::of(row.multiplier / row.divisor, row.offset);
    Some((whole.raw(raw)?, whole.resolution))
}

/// The DBC file beside a log; a cleaned one if there is any.
fn matrix(folder: &Path) -> Result<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "dbc") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (!path.to_string_lossy().ends_with(".clean.dbc"), path.clone()));
    files.into_iter().next().with_context(|| format!("{} holds no DBC file", folder.display()))
}

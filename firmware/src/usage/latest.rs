//! The newest value of every signal.
//!
//! Invariant: a value is never older than the one it replaced, and its age is always known.

use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::signal::CATALOGUE;

use crate::status::LastSignal;

/// As many signals as the catalogue names.
pub const MAX_SIGNALS: usize = CATALOGUE.len();

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// In the catalogue's unit.
    pub value: f64,
    /// When, as uptime in milliseconds.
    pub uptime_ms: u64,
}

/// The newest sample of each signal.
#[derive(Debug, Clone)]
pub struct Latest {
    samples: [Option<Sample>; MAX_SIGNALS],
}

impl Default for Latest {
    fn default() -> Self {
        Self { samples: [None; MAX_SIGNALS] }
    }
}

impl Latest {
    /// Takes a value; a signal that the catalogue does not name is not kept.
    pub fn set(&mut self, signal: SignalId, value: f64, uptime_ms: u64) {
        if let Some(slot) = index(signal).and_then(|index| self.samples.get_mut(index)) {
            *slot = Some(Sample { value, uptime_ms });
        }
    }

    /// The newest sample, of any age.
    pub fn get(&self, signal: SignalId) -> Option<Sample> {
        self.samples.get(index(signal)?).copied().flatten()
    }

    /// The newest value, if it is at most `max_age_ms` old.
    pub fn fresh(&self, signal: SignalId, uptime_ms: u64, max_age_ms: u64) -> Option<f64> {
        self.get(signal).filter(|sample| uptime_ms.saturating_sub(sample.uptime_ms) <= max_age_ms).map(|s| s.value)
    }

    /// Forgets every signal that `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(SignalId) -> bool) {
        for (entry, sample) in CATALOGUE.iter().zip(&mut self.samples) {
            if !keep(entry.id) {
                *sample = None;
            }
        }
    }

    /// Every value that is known.
    pub fn all(&self) -> Vec<LastSignal, MAX_SIGNALS> {
        let known = CATALOGUE.iter().zip(&self.samples);
        known
            .filter_map(|(entry, sample)| {
                let sample = (*sample)?;
                Some(LastSignal { signal: entry.id, value: sample.value as f32, uptime_ms: sample.uptime_ms })
            })
            .collect()
    }
}

fn index(signal: SignalId) -> Option<usize> {
    CATALOGUE.binary_search_by_key(&signal, |entry| entry.id).ok()
}

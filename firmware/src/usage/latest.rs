//! The newest value of every signal.
//!
//! Invariant: a value is never older than the one it replaced, and its age is always known.

use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::signal::IDS;

/// As many signals as the catalogue has the newest value kept of.
pub const MAX_SIGNALS: usize = IDS.len();

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// In the catalogue's unit.
    pub value: f32,
    /// When, as uptime in milliseconds.
    pub uptime_ms: u64,
}

/// A signal's newest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastSignal {
    /// The signal.
    pub signal: SignalId,
    /// Its value, in the catalogue's unit.
    pub value: f32,
    /// When it was measured, as uptime in milliseconds.
    pub uptime_ms: u64,
}

/// An uptime that no sample has.
const NEVER: u64 = u64::MAX;

/// The newest sample of each signal.
#[derive(Debug, Clone)]
pub struct Latest {
    values: [f32; MAX_SIGNALS],
    /// [`NEVER`] where there is no value.
    uptimes_ms: [u64; MAX_SIGNALS],
}

impl Default for Latest {
    fn default() -> Self {
        Self { values: [0.0; MAX_SIGNALS], uptimes_ms: [NEVER; MAX_SIGNALS] }
    }
}

impl Latest {
    /// Takes a value; a signal that the catalogue does not have kept is passed over.
    pub fn set(&mut self, signal: SignalId, value: f32, uptime_ms: u64) {
        let Some(index) = index(signal) else { return };
        if let (Some(place), Some(when)) = (self.values.get_mut(index), self.uptimes_ms.get_mut(index)) {
            (*place, *when) = (value, uptime_ms);
        }
    }

    /// The newest sample, of any age.
    pub fn get(&self, signal: SignalId) -> Option<Sample> {
        self.at(index(signal)?)
    }

    /// The newest value, if it is at most `max_age_ms` old.
    pub fn fresh(&self, signal: SignalId, uptime_ms: u64, max_age_ms: u64) -> Option<f32> {
        self.get(signal).filter(|sample| uptime_ms.saturating_sub(sample.uptime_ms) <= max_age_ms).map(|s| s.value)
    }

    /// Forgets every signal that `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(SignalId) -> bool) {
        for (id, uptime_ms) in IDS.iter().zip(&mut self.uptimes_ms) {
            if !keep(*id) {
                *uptime_ms = NEVER;
            }
        }
    }

    /// Every value that is known.
    pub fn all(&self) -> Vec<LastSignal, MAX_SIGNALS> {
        (0..MAX_SIGNALS).filter_map(|index| self.last(index)).collect()
    }

    /// The value at a place of the catalogue, if it is known.
    pub(crate) fn last(&self, index: usize) -> Option<LastSignal> {
        let Sample { value, uptime_ms } = self.at(index)?;
        Some(LastSignal { signal: *IDS.get(index)?, value, uptime_ms })
    }

    fn at(&self, index: usize) -> Option<Sample> {
        let (&value, &uptime_ms) = self.values.get(index).zip(self.uptimes_ms.get(index))?;
        (uptime_ms != NEVER).then_some(Sample { value, uptime_ms })
    }
}

/// A temperature in tenths of a degree.
pub(super) fn tenths(celsius: f32) -> i16 {
    let half = if celsius < 0.0 { -0.5 } else { 0.5 };
    (celsius * 10.0 + half) as i16
}

fn index(signal: SignalId) -> Option<usize> {
    IDS.binary_search(&signal).ok()
}

//! What a device collects besides what its core tells by itself: which signals, how finely, when, and for which purposes.
//!
//! A plan travels whole, as bytes that only those devices read which collect at all; a device tells back which version is in force.
//! Invariant: a plan that [`CollectionPlan::parse`] answered keeps every rule of [`RowFault`].

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::downlink::Purposes;
use crate::series::Resolution;
use crate::signal::{CATALOGUE, SignalId};

/// The most signals of a plan.
pub const MAX_ROWS: usize = 16;

/// The most bytes of an encoded plan.
pub const MAX_PLAN_LEN: usize = 480;

/// The longest block of one record, in bytes.
pub const MAX_BLOCK_LEN: usize = 600;

/// The least time between two samples of a signal, in milliseconds.
pub const MIN_EVERY_MS: u32 = 10;

/// A signal is collected only while another is beyond a limit, and a while longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The signal that is watched.
    pub signal: SignalId,
    /// Whether the limit is passed upwards; downwards otherwise.
    pub above: bool,
    /// The limit, in the catalogue's unit.
    pub limit: f32,
    /// How much longer to collect once the signal is back, in seconds.
    pub hold_s: u16,
}

impl Trigger {
    /// Whether a value of the watched signal is beyond the limit.
    pub fn is_met_by(&self, value: f32) -> bool {
        if self.above { value > self.limit } else { value < self.limit }
    }
}

/// One signal of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CollectionRow {
    /// The signal.
    pub signal: SignalId,
    /// What a sample's smallest step is worth, in the catalogue's unit.
    pub resolution: Resolution,
    /// The least time between two samples, in milliseconds.
    pub every_ms: u32,
    /// By how many steps a value has to differ from the last sample; nought takes every one that `every_ms` allows.
    pub change: u32,
    /// When; always, if there is none.
    pub trigger: Option<Trigger>,
    /// The owner must have allowed one of these.
    pub purposes: Purposes,
}

/// What is collected.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CollectionPlan {
    /// Rises with each change.
    pub version: u32,
    /// The signals.
    pub rows: Vec<CollectionRow, MAX_ROWS>,
}

/// A plan as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedPlan {
    /// A [`CollectionPlan`], encoded.
    pub bytes: Vec<u8, MAX_PLAN_LEN>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFault {
    /// The catalogue does not name the signal.
    UnknownSignal,
    /// An earlier row has the same signal.
    Repeated,
    /// The resolution is nought, or divides by it.
    Resolution,
    /// Samples would follow on each other faster than [`MIN_EVERY_MS`].
    TooOften,
    /// Nobody could allow it.
    NoPurpose,
    /// The trigger watches no signal of the catalogue, or its limit is no number.
    Trigger,
}

impl RowFault {
    /// The fault in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::UnknownSignal => "the signal is not in the catalogue",
            Self::Repeated => "the signal has a row already",
            Self::Resolution => "the resolution is nought",
            Self::TooOften => "samples closer than 10 ms",
            Self::NoPurpose => "no purpose that an owner could allow",
            Self::Trigger => "the trigger watches an unknown signal, or has no limit",
        }
    }
}

/// Why bytes are no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFault {
    /// The bytes are cut short, too long, or no plan at all.
    Malformed,
    /// A row breaks a rule: its index, and which.
    Row(usize, RowFault),
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("collection plan is cut short or malformed"),
            Self::Row(row, fault) => write!(f, "collection plan row {row}: {}", fault.text()),
        }
    }
}

impl core::error::Error for PlanFault {}

impl CollectionPlan {
    /// Reads and checks an encoded plan.
    pub fn parse(plan: &EncodedPlan) -> Result<Self, PlanFault> {
        let plan: Self = codec::read(&plan.bytes).ok_or(PlanFault::Malformed)?;
        plan.check()?;
        Ok(plan)
    }

    /// The plan as it travels; `None` if it is too long.
    pub fn encode(&self) -> Option<EncodedPlan> {
        let mut bytes = [0; MAX_PLAN_LEN];
        let len = codec::write(self, &mut bytes)?;
        Vec::from_slice(bytes.get(..len)?).ok().map(|bytes| EncodedPlan { bytes })
    }

    /// Whether every row keeps every rule.
    pub fn check(&self) -> Result<(), PlanFault> {
        for (index, row) in self.rows.iter().enumerate() {
            let known = |signal: SignalId| CATALOGUE.iter().any(|entry| entry.id == signal);
            let earlier = self.rows.get(..index).unwrap_or_default();
            let fault = if !known(row.signal) {
                RowFault::UnknownSignal
            } else if earlier.iter().any(|other| other.signal == row.signal) {
                RowFault::Repeated
            } else if row.resolution.numerator == 0 || row.resolution.denominator == 0 {
                RowFault::Resolution
            } else if row.every_ms < MIN_EVERY_MS {
                RowFault::TooOften
            } else if row.purposes.0 == 0 {
                RowFault::NoPurpose
            } else if row.trigger.is_some_and(|trigger| !known(trigger.signal) || !trigger.limit.is_finite()) {
                RowFault::Trigger
            } else {
                continue;
            };
            return Err(PlanFault::Row(index, fault));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(signal: SignalId) -> CollectionRow {
        CollectionRow {
            signal,
            resolution: Resolution { numerator: 1, denominator: 100 },
            every_ms: 1_000,
            change: 0,
            trigger: None,
            purposes: Purposes::WORKSHOP,
        }
    }

    #[test]
    fn a_plan_of_as_many_rows_as_there_may_be_fits_its_message() {
        let trigger =
            Some(Trigger { signal: SignalId::COOLANT_TEMPERATURE, above: true, limit: -40.5, hold_s: u16::MAX });
        let widest = CollectionRow {
            resolution: Resolution { numerator: u32::MAX, denominator: u32::MAX },
            every_ms: u32::MAX,
            change: u32::MAX,
            trigger,
            ..row(SignalId::SPEED)
        };
        let rows = CATALOGUE.iter().take(MAX_ROWS).map(|entry| CollectionRow { signal: entry.id, ..widest });
        let plan = CollectionPlan { version: 7, rows: rows.collect() };
        let narrow = CollectionPlan {
            rows: plan.rows.iter().map(|row| CollectionRow { every_ms: 60_000, change: 100, ..*row }).collect(),
            ..plan
        };
        assert_eq!(CollectionPlan::parse(&narrow.encode().unwrap()), Ok(narrow));
    }

    #[test]
    fn each_broken_rule_is_named_with_its_row() {
        let good = row(SignalId::SPEED);
        let of = |broken: CollectionRow| {
            let rows = Vec::from_slice(&[row(SignalId::ODOMETER), broken]).unwrap();
            CollectionPlan { version: 1, rows }.check()
        };
        assert_eq!(of(good), Ok(()));
        let trigger = Trigger { signal: SignalId::SPEED, above: true, limit: f32::NAN, hold_s: 0 };
        for (broken, fault) in [
            (CollectionRow { signal: SignalId(u16::MAX), ..good }, RowFault::UnknownSignal),
            (CollectionRow { signal: SignalId::ODOMETER, ..good }, RowFault::Repeated),
            (CollectionRow { resolution: Resolution { numerator: 1, denominator: 0 }, ..good }, RowFault::Resolution),
            (CollectionRow { every_ms: 9, ..good }, RowFault::TooOften),
            (CollectionRow { purposes: Purposes(0), ..good }, RowFault::NoPurpose),
            (CollectionRow { trigger: Some(trigger), ..good }, RowFault::Trigger),
        ] {
            assert_eq!(of(broken), Err(PlanFault::Row(1, fault)));
        }
        assert_eq!(
            CollectionPlan::parse(&EncodedPlan { bytes: Vec::from_slice(&[1, 40]).unwrap() }),
            Err(PlanFault::Malformed)
        );
    }
}

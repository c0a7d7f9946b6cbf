//! What the counters stood at from day to day: what dates are foretold from, and what a completion of then stood at.
//!
//! Invariant: moments rise strictly and no counter falls; the last two months are kept by the day and three years before
//! them by the week, so that the history stays small whatever a car sends.

use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

/// So many days before the newest are kept one by one.
const BY_THE_DAY: u64 = 60;

/// The most readings that are kept.
const MAX_READINGS: usize = 216;

/// Counters at the end of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct DayReading {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer in metres.
    pub odometer_m: u32,
    /// Engine running time in seconds.
    pub engine_s: u32,
    /// Fuel burnt in millilitres.
    pub fuel_ml: u32,
    /// Full charges of the traction battery, in thousandths.
    pub charges_milli: u32,
}

/// Figures without their names: a document holds two hundred of them.
#[derive(Debug, Serialize, Deserialize)]
struct Row(u64, u32, u32, u32, u32);

impl From<Row> for DayReading {
    fn from(Row(at_ms, odometer_m, engine_s, fuel_ml, charges_milli): Row) -> Self {
        Self { at_ms, odometer_m, engine_s, fuel_ml, charges_milli }
    }
}

impl From<DayReading> for Row {
    fn from(reading: DayReading) -> Self {
        Self(reading.at_ms, reading.odometer_m, reading.engine_s, reading.fuel_ml, reading.charges_milli)
    }
}

/// A vehicle's use from day to day, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days {
    readings: Vec<DayReading>,
}

impl Days {
    /// Takes in counters as they were last believed; what is older than the newest reading tells nothing new.
    pub(super) fn note(&mut self, reading: DayReading) {
        let Some(last) = self.readings.last_mut() else {
            self.readings.push(reading);
            return;
        };
        if reading.at_ms <= last.at_ms {
            return;
        }
        let rising = DayReading {
            engine_s: reading.engine_s.max(last.engine_s),
            fuel_ml: reading.fuel_ml.max(last.fuel_ml),
            charges_milli: reading.charges_milli.max(last.charges_milli),
            ..reading
        };
        if reading.at_ms / DAY_MS == last.at_ms / DAY_MS {
            *last = rising;
            return;
        }
        self.readings.push(rising);
        self.thin();
    }

    /// Leaves one reading of each week beyond the last days, and the newest of all.
    fn thin(&mut self) {
        let Some(newest) = self.readings.last().map(|reading| reading.at_ms / DAY_MS) else { return };
        let by_the_day_from = newest.saturating_sub(BY_THE_DAY);
        let mut week_before = None;
        self.readings.retain(|reading| {
            let day = reading.at_ms / DAY_MS;
            let kept = day >= by_the_day_from || week_before != Some(day / 7);
            week_before = Some(day / 7);
            kept
        });
        let excess = self.readings.len().saturating_sub(MAX_READINGS);
        self.readings.drain(..excess);
    }

    /// All readings, oldest first.
    pub fn readings(&self) -> &[DayReading] {
        &self.readings
    }

    /// The counters at a moment: between two readings in a straight line, before the first those of the first.
    ///
    /// `None` without any reading. Behind the newest reading that one stands: what was driven since is not known.
    pub fn at(&self, at_ms: u64) -> Option<DayReading> {
        let behind = self.readings.partition_point(|reading| reading.at_ms <= at_ms);
        let Some(before) = behind.checked_sub(1).map(|at| self.readings[at]) else {
            return self.readings.first().copied();
        };
        let Some(after) = self.readings.get(behind) else { return Some(before) };
        let share = (at_ms - before.at_ms) as f64 / (after.at_ms - before.at_ms) as f64;
        let between = |one: u32, other: u32| one.saturating_add((f64::from(other.saturating_sub(one)) * share) as u32);
        Some(DayReading {
            at_ms,
            odometer_m: between(before.odometer_m, after.odometer_m),
            engine_s: between(before.engine_s, after.engine_s),
            fuel_ml: between(before.fuel_ml, after.fuel_ml),
            charges_milli: between(before.charges_milli, after.charges_milli),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(day: u64, km: u32) -> DayReading {
        DayReading { at_ms: day * DAY_MS, odometer_m: km * 1_000, engine_s: km * 60, ..DayReading::default() }
    }

    #[test]
    fn two_months_stay_by_the_day_and_the_past_by_the_week() {
        let mut days = Days::default();
        for day in 0..2_000 {
            days.note(reading(20_000 + day, 10_000 + day as u32 * 40));
        }
        let kept = days.readings();
        assert!(kept.len() <= MAX_READINGS, "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        let recent = kept.iter().filter(|reading| reading.at_ms >= (21_999 - BY_THE_DAY) * DAY_MS).count();
        assert_eq!(recent as u64, BY_THE_DAY + 1);
        let span_days = (kept[kept.len() - 1].at_ms - kept[0].at_ms) / DAY_MS;
        assert!(span_days > 1_000, "three years and two months: {span_days}");
    }

    #[test]
    fn a_moment_between_two_readings_lies_on_the_line_between_them() {
        let mut days = Days::default();
        days.note(reading(100, 10_000));
        days.note(reading(110, 10_400));
        days.note(reading(105, 99_000));
        assert_eq!(days.at(105 * DAY_MS).map(|found| found.odometer_m), Some(10_200_000));
        assert_eq!(days.at(90 * DAY_MS).map(|found| found.odometer_m), Some(10_000_000));
        assert_eq!(days.at(111 * DAY_MS).map(|found| found.odometer_m), Some(10_400_000));
        assert_eq!(Days::default().at(5), None);
    }

    #[test]
    fn a_document_holds_figures_and_no_names() {
        let mut days = Days::default();
        days.note(reading(100, 10_000));
        let text = serde_json::to_string(&days).expect("plain data");
        assert_eq!(text, "[[8640000000,10000000,600000,0,0]]");
        assert_eq!(serde_json::from_str::<Days>(&text).expect("the same"), days);
    }
}

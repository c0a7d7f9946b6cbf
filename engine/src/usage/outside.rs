//! The outside temperature, day by day.
//!
//! Invariant: days ascend, and only the newest are kept; a reading beyond any weather is not taken in.

use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

/// How many days are kept.
const MAX_DAYS: usize = 21;

/// One day's weighted mean.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayMean {
    /// Days since 1 January 1970, UTC.
    pub day: u32,
    /// The mean in degrees Celsius.
    pub mean_c: f32,
    /// What the mean stands for, in seconds of measurement.
    pub weight_s: u32,
}

/// Daily means, ascending.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Outside {
    days: Vec<DayMean>,
}

/// The day of a moment in milliseconds of Unix time.
pub(super) fn day_of(at_ms: u64) -> u32 {
    u32::try_from(at_ms / DAY_MS).unwrap_or(u32::MAX)
}

impl Outside {
    /// Takes in a reading; `false` if no weather explains it. `finished` is told of a day that the reading closes.
    pub(crate) fn note(&mut self, at_ms: u64, celsius: f32, weight_s: u32, finished: impl FnOnce(DayMean)) -> bool {
        if !(-60.0..=60.0).contains(&celsius) {
            return false;
        }
        let (day, weight_s) = (day_of(at_ms), weight_s.max(1));
        let at = self.days.partition_point(|known| known.day < day);
        if let Some(known) = self.days.get_mut(at).filter(|known| known.day == day) {
            let whole = known.weight_s.saturating_add(weight_s);
            known.mean_c += (celsius - known.mean_c) * (weight_s as f32 / whole as f32);
            known.weight_s = whole;
            return true;
        }
        if let Some(&last) = self.days.last().filter(|_| at == self.days.len()) {
            finished(last);
        }
        self.days.insert(at, DayMean { day, mean_c: celsius, weight_s });
        if self.days.len() > MAX_DAYS {
            self.days.remove(0);
        }
        true
    }

    /// The mean of the daily means over the `days` days that end with the day of `now_ms`, and how many of them have one.
    pub fn mean(&self, now_ms: u64, days: u32) -> Option<(f32, u32)> {
        let today = day_of(now_ms);
        let window = |known: &&DayMean| known.day <= today && today - known.day < days;
        let (sum, count) =
            self.days.iter().filter(window).fold((0.0, 0u32), |(sum, count), known| (sum + known.mean_c, count + 1));
        (count > 0).then(|| (sum / count as f32, count))
    }

    /// The days that are known, ascending.
    pub fn days(&self) -> &[DayMean] {
        &self.days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_weighs_its_readings_by_how_long_they_stand_for() {
        let mut outside = Outside::default();
        outside.note(10, 10.0, 60, |_| ());
        outside.note(20, 20.0, 180, |_| ());
        let (mean, days) = outside.mean(30, 7).expect("a day is known");
        assert!((mean - 17.5).abs() < 1e-4 && days == 1, "{mean}");
    }

    #[test]
    fn only_the_days_asked_for_count() {
        let mut outside = Outside::default();
        for day in 0..30u64 {
            outside.note(day * DAY_MS, day as f32, 60, |_| ());
        }
        assert_eq!(outside.days().len(), MAX_DAYS);
        assert_eq!(outside.mean(29 * DAY_MS, 7), Some((26.0, 7)));
        assert_eq!(outside.mean(60 * DAY_MS, 7), None);
    }

    #[test]
    fn a_day_is_finished_when_a_newer_one_begins_and_not_by_a_late_reading() {
        let mut outside = Outside::default();
        let mut finished = Vec::new();
        for (day, celsius) in [(5, 16.0), (5, 18.0), (3, 1.0), (6, 4.0)] {
            outside.note(day * DAY_MS, celsius, 60, |day| finished.push((day.day, day.mean_c)));
        }
        assert_eq!(finished, [(5, 17.0)]);
    }

    #[test]
    fn what_no_weather_explains_is_refused() {
        let mut outside = Outside::default();
        for celsius in [f32::NAN, f32::INFINITY, -61.0, 215.0] {
            assert!(!outside.note(0, celsius, 60, |_| ()), "{celsius}");
        }
        assert!(outside.days().is_empty());
    }
}

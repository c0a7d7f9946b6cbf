//! A signal over a trip: least, mean, greatest.

use milepost_protocol::SignalId;
use milepost_protocol::record::SignalSummary;

/// Signals that every trip sums up.
pub(super) const SUMMED: [SignalId; 2] = [SignalId::OUTSIDE_TEMPERATURE, SignalId::BATTERY_12V];

/// An accumulator of one signal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    count: u32,
    min: f32,
    max: f32,
    /// In thousandths of the unit: single precision would lose the small ones of a long trip.
    sum_milli: i64,
}

impl Summary {
    /// Takes a value.
    pub(super) fn add(&mut self, value: f32) {
        // Every value is a number: comparing takes less code than what `min` and `max` do about those that are none.
        if self.count == 0 || value < self.min {
            self.min = value;
        }
        if self.count == 0 || value > self.max {
            self.max = value;
        }
        self.sum_milli = self.sum_milli.saturating_add(i64::from((value * 1000.0) as i32));
        self.count = self.count.saturating_add(1);
    }

    /// The record over a span, if there was any value.
    pub(super) fn finish(&mut self, signal: SignalId, span_ms: u64) -> Option<SignalSummary> {
        let Self { count, min, max, sum_milli } = core::mem::take(self);
        let span_s = u32::try_from(span_ms / 1000).unwrap_or(u32::MAX);
        let mean = (sum_milli / i64::from(count.max(1))) as i32 as f32 / 1000.0;
        (count > 0).then_some(SignalSummary { signal, span_s, count, min, mean, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_holds_the_extremes_and_the_mean_and_starts_anew() {
        let mut summary = Summary::default();
        for value in [4.0, -2.0, 7.0] {
            summary.add(value);
        }
        let told = summary.finish(SignalId::OUTSIDE_TEMPERATURE, 90_500).unwrap();
        assert_eq!((told.count, told.span_s), (3, 90));
        assert_eq!((told.min, told.mean, told.max), (-2.0, 3.0, 7.0));
        assert_eq!(summary.finish(SignalId::OUTSIDE_TEMPERATURE, 1), None);
    }
}

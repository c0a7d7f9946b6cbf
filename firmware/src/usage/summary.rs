//! A signal over a trip: least, mean, greatest.

use milepost_protocol::SignalId;
use milepost_protocol::record::SignalSummary;

/// Signals that every trip sums up.
pub(super) const SUMMED: [SignalId; 2] = [SignalId::OUTSIDE_TEMPERATURE, SignalId::BATTERY_12V];

/// An accumulator of one signal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    count: u32,
    min: f64,
    max: f64,
    sum: f64,
}

impl Summary {
    /// Takes a value.
    pub(super) fn add(&mut self, value: f64) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    /// The record over a span, if there was any value.
    pub(super) fn finish(&mut self, signal: SignalId, span_ms: u64) -> Option<SignalSummary> {
        let Self { count, min, max, sum } = core::mem::take(self);
        let span_s = u32::try_from(span_ms / 1000).unwrap_or(u32::MAX);
        let mean = sum / f64::from(count.max(1));
        (count > 0).then_some(SignalSummary {
            signal,
            span_s,
            count,
            min: min as f32,
            mean: mean as f32,
            max: max as f32,
        })
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

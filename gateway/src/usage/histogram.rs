//! For how long a signal stood where: time by bands of its value.
//!
//! Invariant: the bands hold all the time during which the signal was known, and none beyond.

use serde::Serialize;

/// How long a value counts without a new one, in milliseconds.
const FRESH_MS: u64 = 10_000;

/// One band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// Its lower bound, which is in it; none for the lowest band.
    pub from: Option<f64>,
    /// Its upper bound, which is not; none for the highest band.
    pub to: Option<f64>,
    /// Seconds.
    pub s: f64,
}

/// Time by bands.
#[derive(Debug)]
pub(super) struct Histogram {
    bounds: &'static [f64],
    spent_ms: Vec<u64>,
    /// The newest value's band, and up to when it was counted.
    last: Option<(usize, u64)>,
}

impl Histogram {
    /// Bands between rising bounds, and one beyond either end.
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, spent_ms: vec![0; bounds.len() + 1], last: None }
    }

    /// The signal had this value at this moment, in milliseconds.
    pub(super) fn add(&mut self, at_ms: u64, value: f64) {
        if let Some((band, since_ms)) = self.last {
            self.spent_ms[band] += at_ms.saturating_sub(since_ms).min(FRESH_MS);
        }
        self.last = Some((self.bounds.partition_point(|bound| *bound <= value), at_ms));
    }

    /// The bands from the first to the last that hold any time.
    pub(super) fn bands(&self) -> Vec<Band> {
        let bound = |at: usize| self.bounds.get(at).copied();
        let used = |band: &usize| self.spent_ms[*band] > 0;
        let (Some(first), Some(last)) = ((0..self.spent_ms.len()).find(used), (0..self.spent_ms.len()).rfind(used))
        else {
            return Vec::new();
        };
        let band = |at: usize| Band {
            from: at.checked_sub(1).and_then(bound),
            to: bound(at),
            s: self.spent_ms[at] as f64 / 1_000.0,
        };
        (first..=last).map(band).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_goes_to_the_band_of_the_value_that_stood() {
        let mut histogram = Histogram::new(&[0.0, 50.0, 100.0]);
        for (at_ms, value) in [(0, 10.0), (2_000, 50.0), (5_000, 120.0), (65_000, 120.0)] {
            histogram.add(at_ms, value);
        }
        let band = |from, to, s| Band { from, to, s };
        // A value that was not renewed counts ten seconds.
        assert_eq!(
            histogram.bands(),
            [band(Some(0.0), Some(50.0), 2.0), band(Some(50.0), Some(100.0), 3.0), band(Some(100.0), None, 10.0)]
        );
        assert!(Histogram::new(&[0.0]).bands().is_empty());
    }

    proptest! {
        #[test]
        fn all_bands_together_hold_the_time_that_passed(steps in proptest::collection::vec((0_u64..10_000, -1e3..1e3_f64), 1..60)) {
            let mut histogram = Histogram::new(&[-40.0, 0.0, 20.0, 90.0]);
            let mut at_ms = 0;
            histogram.add(at_ms, 0.0);
            for (step_ms, value) in steps {
                at_ms += step_ms;
                histogram.add(at_ms, value);
            }
            let total: f64 = histogram.bands().iter().map(|band| band.s).sum();
            prop_assert!((total - at_ms as f64 / 1_000.0).abs() < 1e-6);
        }
    }
}

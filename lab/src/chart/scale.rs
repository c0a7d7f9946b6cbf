//! Round numbers for axes.
//!
//! Invariant: a scale is never empty, whatever the numbers, and every tick lies within it.

/// A span of values laid out over a span of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    step: f64,
}

impl Scale {
    /// A scale over all finite values, widened to round ends.
    pub(super) fn over(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (mut low, mut high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-12 * high.abs().max(1e-12) {
            let half = if high == 0.0 { 1.0 } else { 0.5 * high.abs() };
            (low, high) = (low - half, high + half);
        }
        let step = step(high - low);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, from, to, step }
    }

    /// Where a value lies in the picture; values beyond the ends lie at them.
    pub(super) fn at(self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// The values to be written on the axis, with their texts.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round() as i32;
        let decimals = (-self.step.log10().floor()).clamp(0.0, 9.0) as usize;
        (0..=count)
            .map(|at| {
                let value = self.low + f64::from(at) * self.step;
                let text = format!("{value:.decimals$}");
                let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') { "0" } else { &text };
                (value, text.replace('-', "−"))
            })
            .collect()
    }

    pub(super) fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// One, two or five times a power of ten, so that there are four to ten steps.
fn step(width: f64) -> f64 {
    let power = 10f64.powf((width / 5.0).log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| width / (factor * power) <= 7.0).unwrap_or(10.0);
    factor * power
}

/// A number as a person reads it: four digits that count, or a dash where there is none.
pub(crate) fn say(value: f64) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let size = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = if value == 0.0 { 0 } else { (3.0 - size).clamp(0.0, 9.0) as usize };
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_scale() {
        let scale = Scale::over([0.013, 0.087], 0.0, 100.0);
        let texts: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0", "0.02", "0.04", "0.06", "0.08", "0.10"]);
        assert!((scale.at(0.05) - 50.0).abs() < 1e-9 && (scale.at(9.0) - 100.0).abs() < 1e-9);
        let below = Scale::over([-3.0, 2.0], 0.0, 1.0).ticks();
        assert!(below.iter().any(|(_, text)| text == "0") && below[0].1.starts_with('−'), "{below:?}");
    }

    #[test]
    fn no_numbers_and_equal_numbers_still_make_a_scale() {
        for values in [vec![], vec![0.0], vec![7.0, 7.0], vec![f64::NAN, f64::INFINITY]] {
            let scale = Scale::over(values, 0.0, 1.0);
            assert!((2..=12).contains(&scale.ticks().len()) && scale.at(7.0).is_finite(), "{scale:?}");
        }
    }

    #[test]
    fn numbers_are_said_with_the_digits_that_count() {
        let said = [0.0, 0.004_553, -12.3456, 1234.5, f64::NAN].map(say);
        assert_eq!(said, ["0", "0.004553", "−12.35", "1234", "—"]);
    }
}

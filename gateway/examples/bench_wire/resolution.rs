//! Scales and offsets of tables as exact fractions, so that a value is a whole number of them.

use milepost_protocol::series::Resolution;

/// How a table's raw number becomes ours: `raw * times + plus` units of `resolution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole {
    times: i64,
    plus: i64,
    pub(crate) resolution: Resolution,
}

impl Whole {
    /// Of value = raw × scale + offset; numbers as they are, if no fraction of 32 bits tells both.
    pub(crate) fn of(scale: f64, offset: f64) -> Self {
        let as_it_is = Self { times: 1, plus: 0, resolution: Resolution::ONE };
        let Some((numerator, denominator)) = fraction(scale.abs()) else { return as_it_is };
        // Where the offset is no whole number of steps, some part of a step divides both.
        for part in 1..=1_000_u32 {
            let Some(denominator) = denominator.checked_mul(part) else { break };
            let plus = (offset * f64::from(denominator) / f64::from(numerator)).round();
            let back = plus * f64::from(numerator) / f64::from(denominator);
            if (back - offset).abs() <= offset.abs() * 1e-12 && plus.abs() < 1e15 {
                let times = if scale < 0.0 { -i64::from(part) } else { i64::from(part) };
                return Self { times, plus: plus as i64, resolution: Resolution { numerator, denominator } };
            }
        }
        as_it_is
    }

    /// The number on our side; `None` if it has no room.
    pub(crate) fn raw(self, raw: i64) -> Option<i64> {
        raw.checked_mul(self.times)?.checked_add(self.plus)
    }
}

/// The smallest fraction that is this number, by its continued fraction.
fn fraction(number: f64) -> Option<(u32, u32)> {
    let (mut before, mut last) = ((0_u64, 1_u64), (1_u64, 0_u64));
    let mut rest = number;
    for _ in 0..40 {
        if !rest.is_finite() || rest > f64::from(u32::MAX) {
            return None;
        }
        let whole = rest.floor() as u64;
        let next = (whole * last.0 + before.0, whole * last.1 + before.1);
        let (numerator, denominator) = (u32::try_from(next.0).ok()?, u32::try_from(next.1).ok()?);
        if (f64::from(numerator) / f64::from(denominator) - number).abs() <= number * 1e-12 {
            return (numerator > 0).then_some((numerator, denominator));
        }
        (before, last) = (last, next);
        rest = 1.0 / (rest - whole as f64);
    }
    None
}

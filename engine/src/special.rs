//! The special functions that distributions are made of.
//!
//! Invariant: relative errors stay near 1e-12 for shapes up to some ten thousands; a probability is within 0 to 1.

#![expect(clippy::many_single_char_names, reason = "the letters are those of the sources")]

use libm::{erfc, exp, fabs, lgamma, log, pow, sqrt};

/// Where series and continued fractions stop.
const PRECISION: f64 = 1e-15;
const STEPS: usize = 20_000;
/// In place of zero in a denominator of Lentz's method.
const TINY: f64 = 1e-300;

/// The standard normal distribution function.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / core::f64::consts::SQRT_2)
}

/// The standard normal quantile of a probability strictly within 0 to 1.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    bisect(-40.0, 40.0, |x| normal_cdf(x) - probability)
}

/// The root of a rising or falling function between two places where its signs differ.
pub(crate) fn bisect(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> f64 {
    let rises = function(high) > 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if (function(middle) > 0.0) == rises {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// The place of the least value of a function with one valley, by golden sections.
pub(crate) fn minimum(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> f64 {
    let section = 0.5 * (sqrt(5.0) - 1.0);
    let (mut left, mut right) = (high - section * (high - low), low + section * (high - low));
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..80 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - section * (high - low);
            at_left = function(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + section * (high - low);
            at_right = function(right);
        }
    }
    0.5 * (low + high)
}

/// The regularised lower and upper incomplete gamma functions P and Q of shape `a` at `x`.
///
/// The series of DLMF 8.11.4 below `a + 1`, the continued fraction of DLMF 8.9.2 above.
fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let scale = exp(a * log(x) - x - lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut shape) = (1.0 / a, 1.0 / a, a);
        for _ in 0..STEPS {
            shape += 1.0;
            term *= x / shape;
            sum += term;
            if term < sum * PRECISION {
                break;
            }
        }
        let lower = (sum * scale).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let mut b = x + 1.0 - a;
        let mut c = 1.0 / TINY;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for step in 1..STEPS {
            let n = step as f64;
            let an = -n * (n - a);
            b += 2.0;
            d = 1.0 / away_from_zero(an * d + b);
            c = away_from_zero(b + an / c);
            fraction *= d * c;
            if fabs(d * c - 1.0) < PRECISION {
                break;
            }
        }
        let upper = (scale * fraction).min(1.0);
        (1.0 - upper, upper)
    }
}

fn away_from_zero(value: f64) -> f64 {
    if fabs(value) < TINY { TINY } else { value }
}

/// The regularised lower incomplete gamma function.
pub(crate) fn gamma_p(a: f64, x: f64) -> f64 {
    incomplete_gamma(a, x).0
}

/// The regularised upper incomplete gamma function.
pub(crate) fn gamma_q(a: f64, x: f64) -> f64 {
    incomplete_gamma(a, x).1
}

/// The probability that chi-squared with `df` degrees of freedom exceeds `value`.
pub(crate) fn chi_squared_tail(value: f64, df: f64) -> f64 {
    if df <= 0.0 { 1.0 } else { gamma_q(0.5 * df, 0.5 * value) }
}

/// The logarithm of the beta function.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    lgamma(a) + lgamma(b) - lgamma(a + b)
}

/// The regularised incomplete beta function, by the continued fraction of DLMF 8.17.22.
pub(crate) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = exp(a * log(x) + b * log(1.0 - x) - ln_beta(a, b)) / a;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= d * c;
        if fabs(d * c - 1.0) < PRECISION {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

/// Riemann's zeta function above 1, by the Euler–Maclaurin formula (DLMF 25.2.9).
pub(crate) fn zeta(s: f64) -> f64 {
    let n = 20.0;
    let head: f64 = (1..20).map(|k| pow(f64::from(k), -s)).sum();
    head + pow(n, 1.0 - s) / (s - 1.0) + 0.5 * pow(n, -s) + s * pow(n, -s - 1.0) / 12.0
        - s * (s + 1.0) * (s + 2.0) * pow(n, -s - 3.0) / 720.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1.0), "{found}, not {expected}");
    }

    #[test]
    fn tables_are_met() {
        near(normal_cdf(1.96), 0.975_002_104_851_779_5);
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(zeta(2.0), core::f64::consts::PI * core::f64::consts::PI / 6.0);
        near(chi_squared_tail(5.991_464_547_107_979, 2.0), 0.05);
        near(chi_squared_tail(0.2025, 2.0), (-0.101_25f64).exp());
        near(ln_beta(2.0, 3.0), (1.0f64 / 12.0).ln());
    }

    #[test]
    fn both_incomplete_gammas_meet_closed_forms_on_both_sides_of_the_switch() {
        for x in [0.1, 1.0, 2.5, 8.0] {
            near(gamma_p(1.0, x), 1.0 - (-x).exp());
            near(gamma_q(2.0, x), (1.0 + x) * (-x).exp());
            near(gamma_p(0.5, x), 1.0 - erfc(sqrt(x)));
        }
    }

    #[test]
    fn the_incomplete_beta_meets_closed_forms_on_both_sides_of_the_switch() {
        for x in [0.05, 0.3, 0.7, 0.95] {
            near(incomplete_beta(1.0, 3.0, x), 1.0 - (1.0 - x) * (1.0 - x) * (1.0 - x));
            near(incomplete_beta(2.0, 2.0, x), x * x * (3.0 - 2.0 * x));
        }
    }
}

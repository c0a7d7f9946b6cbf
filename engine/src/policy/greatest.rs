//! The probability that each of several independent normal draws is the greatest.
//!
//! It is `∫ Π_{j≠i} Φ_j dΦ_i`, taken by the trapezoid rule over one grid for all arms. The greatest draw lies hardly ever
//! below `L`, the highest of all low ends, so that what an arm of deviation `s` can still win lies within some `8 s` above
//! `L`: a grid whose steps grow in proportion to the distance from `L` resolves narrow and wide arms alike.
//! Invariant: the probabilities sum to one and lie within 0.01 of the integral, also where deviations differ ten thousandfold.

use alloc::vec::Vec;

/// Places of the grid.
const PLACES: usize = 64;
/// How many deviations from its mean a draw is looked for.
const REACH: f64 = 4.5;
/// The bound on `x` in `erf(x)`, beyond which single precision knows only one.
const LARGEST: f32 = 4.0;

/// What is known of one arm: its draw is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// The draw's mean.
    pub mean: f64,
    /// Its standard deviation, above 0.
    pub deviation: f64,
}

impl Belief {
    /// The end below which its draw hardly ever lies.
    pub fn low(self) -> f64 {
        self.mean - REACH * self.deviation
    }

    /// The end above which its draw hardly ever lies.
    pub fn high(self) -> f64 {
        self.mean + REACH * self.deviation
    }
}

/// For each belief the probability that its draw is the greatest; even shares where a belief is no number.
pub fn probabilities(beliefs: &[Belief]) -> Vec<f64> {
    let count = beliefs.len();
    let even = || alloc::vec![1.0 / count.max(1) as f64; count];
    if beliefs.iter().any(|one| !one.mean.is_finite() || !one.deviation.is_finite() || one.deviation <= 0.0) {
        return even();
    }
    let low = beliefs.iter().map(|one| one.low()).fold(f64::NEG_INFINITY, f64::max);
    let high = beliefs.iter().map(|one| one.high()).fold(f64::NEG_INFINITY, f64::max);
    // An arm whose high end lies below the low end of another cannot win.
    let runs = |one: &Belief| one.high() > low;
    let finest = beliefs.iter().filter(|one| runs(one)).map(|one| one.deviation).fold(f64::INFINITY, f64::min);
    let grid = grid(finest, high - low);

    let curves: Vec<[f32; PLACES]> = beliefs
        .iter()
        .filter(|one| runs(one))
        .map(|one| {
            let (mean, scale) = ((one.mean - low) as f32, (1.0 / one.deviation) as f32);
            grid.map(|place| normal_below((place - mean) * scale))
        })
        .collect();
    let won: Vec<f64> = shares_of(&curves).into_iter().map(f64::from).collect();
    let total: f64 = won.iter().sum();
    if !(total.is_finite() && total > 0.0) {
        return even();
    }
    let mut won = won.into_iter();
    let mut share = |one: &Belief| if runs(one) { won.next().unwrap_or(0.0) / total } else { 0.0 };
    beliefs.iter().map(&mut share).collect()
}

/// Distances from the low end: `finest · (ratio^k − 1)`, up to `width`.
fn grid(finest: f64, width: f64) -> [f32; PLACES] {
    let ratio = libm::exp(libm::log(1.0 + width / finest) / (PLACES - 1) as f64);
    let mut grown = 1.0;
    core::array::from_fn(|_| {
        let place = finest * (grown - 1.0);
        grown *= ratio;
        place as f32
    })
}

/// For each distribution function the trapezoid sum of the product of all others over its own rise.
fn shares_of(curves: &[[f32; PLACES]]) -> Vec<f32> {
    // The product of all curves behind each one, from the last to the first.
    let mut behind: Vec<[f32; PLACES]> = Vec::with_capacity(curves.len());
    let mut product = [1.0f32; PLACES];
    for curve in curves.iter().rev() {
        behind.push(product);
        multiply(&mut product, curve);
    }
    let mut before = [1.0f32; PLACES];
    let mut shares = Vec::with_capacity(curves.len());
    for (curve, behind) in curves.iter().zip(behind.iter().rev()) {
        let mut others = before;
        multiply(&mut others, behind);
        let mut terms = [0.0f32; PLACES];
        for at in 1..PLACES {
            terms[at] = (curve[at] - curve[at - 1]) * (others[at] + others[at - 1]);
        }
        let (fours, _) = terms.as_chunks::<4>();
        let mut sums = [0.0f32; 4];
        for four in fours {
            for (sum, term) in sums.iter_mut().zip(four) {
                *sum += term;
            }
        }
        shares.push(0.5 * ((sums[0] + sums[1]) + (sums[2] + sums[3])));
        multiply(&mut before, curve);
    }
    shares
}

fn multiply(product: &mut [f32; PLACES], by: &[f32; PLACES]) {
    for (cell, factor) in product.iter_mut().zip(by) {
        *cell *= factor;
    }
}

/// The standard normal distribution function in single precision, by the rational approximation of the error function that
/// Eigen and XLA use; absolute error below 1e-6, and without a branch, so that a processor computes several at once.
fn normal_below(z: f32) -> f32 {
    let x = (z * core::f32::consts::FRAC_1_SQRT_2).clamp(-LARGEST, LARGEST);
    let square = x * x;
    let mut numerator = -2.726_142_3e-10 * square + 2.770_681_4e-8;
    for coefficient in [-2.101_024e-6, -5.692_506_4e-5, -7.349_906e-4, -2.954_6e-3, -1.609_603_3e-2] {
        numerator = numerator * square + coefficient;
    }
    let mut denominator = -1.456_607_2e-5 * square - 2.133_740_6e-4;
    for coefficient in [-1.682_827e-3, -7.373_329_3e-3, -1.426_473_9e-2] {
        denominator = denominator * square + coefficient;
    }
    0.5 + 0.5 * (x * numerator / denominator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::special::normal_cdf;

    /// The same integral by 20,000 steps of each arm's own draw, in double precision.
    fn reference(beliefs: &[Belief]) -> Vec<f64> {
        let steps = 20_000;
        let density = |z: f64| libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * core::f64::consts::PI);
        let one = |arm: usize| {
            let step = 16.0 / f64::from(steps);
            let at = |step_number: i32| {
                let z = -8.0 + (f64::from(step_number) + 0.5) * step;
                let drawn = beliefs[arm].mean + beliefs[arm].deviation * z;
                let others = beliefs.iter().enumerate().filter(|(other, _)| *other != arm);
                density(z) * others.map(|(_, b)| normal_cdf((drawn - b.mean) / b.deviation)).product::<f64>() * step
            };
            (0..steps).map(at).sum()
        };
        (0..beliefs.len()).map(one).collect()
    }

    fn beliefs(list: &[(f64, f64)]) -> Vec<Belief> {
        list.iter().map(|&(mean, deviation)| Belief { mean, deviation }).collect()
    }

    #[test]
    fn the_fast_distribution_function_stays_within_a_millionth() {
        for at in -8000..=8000 {
            let z = f64::from(at) / 1000.0;
            let found = f64::from(normal_below(z as f32));
            assert!((found - normal_cdf(z)).abs() < 1e-6, "{z}: {found}");
        }
    }

    #[test]
    fn alike_arms_share_evenly_and_a_clear_winner_takes_all() {
        for share in probabilities(&beliefs(&[(0.3, 0.1); 7])) {
            assert!((share - 1.0 / 7.0).abs() < 1e-6);
        }
        assert_eq!(probabilities(&beliefs(&[(0.0, 0.01), (1.0, 0.01), (0.1, 0.01)])), [0.0, 1.0, 0.0]);
        assert_eq!(probabilities(&beliefs(&[(0.4, 0.1)])), [1.0]);
        assert_eq!(probabilities(&beliefs(&[(f64::NAN, 1.0), (0.0, 1.0)])), [0.5, 0.5]);
        assert!(probabilities(&[]).is_empty());
    }

    #[test]
    fn narrow_arms_beside_a_wide_one_are_resolved() {
        for wide in [1.0, 10.0, 100.0] {
            let beliefs = beliefs(&[(0.0, 0.01), (0.002, 0.01), (-0.004, 0.012), (-0.3, wide)]);
            for (found, expected) in probabilities(&beliefs).iter().zip(reference(&beliefs)) {
                assert!((found - expected).abs() < 0.01, "{wide}: {found}, not {expected}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_integral_agrees_with_fine_steps(list in prop::collection::vec((-1.0f64..1.0, -2.5f64..1.0), 1..11)) {
            let list: Vec<(f64, f64)> = list.into_iter().map(|(mean, power)| (mean, libm::pow(10.0, power))).collect();
            let beliefs = beliefs(&list);
            let found = probabilities(&beliefs);
            prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (found, expected) in found.iter().zip(reference(&beliefs)) {
                prop_assert!((found - expected).abs() < 0.005, "{} not {}", found, expected);
            }
        }
    }
}

//! Bayesian linear regression of rewards on a context, one model for each arm.
//!
//! Invariant: the covariance is the inverse of prior precision plus what was observed, kept by the formula of Sherman and
//! Morrison (Annals of Mathematical Statistics 21, 1950), so that an update costs no inversion.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// One arm's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// The prior's precision, a diagonal, in units of the noise's precision.
    prior: Vec<f64>,
    /// Row by row.
    covariance: Vec<f64>,
    /// The sum of its diagonal, which no eigenvalue exceeds.
    trace: f64,
    response: Vec<f64>,
    /// `covariance · response`.
    coefficients: Vec<f64>,
}

/// The inner product of two vectors of one length, in four sums side by side, which a processor adds at once.
#[inline]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    let [mut first, mut second, mut third, mut fourth] = [0.0; 4];
    for ([a0, a1, a2, a3], [b0, b1, b2, b3]) in a_fours.iter().zip(b_fours) {
        first += a0 * b0;
        second += a1 * b1;
        third += a2 * b2;
        fourth += a3 * b3;
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        first += a * b;
    }
    (first + second) + (third + fourth)
}

impl Ridge {
    /// Nothing observed, with a positive prior precision for each coefficient.
    pub fn new(prior: &[f64]) -> Self {
        let d = prior.len();
        let mut covariance = alloc::vec![0.0; d * d];
        for (at, precision) in prior.iter().enumerate() {
            covariance[at * d + at] = 1.0 / precision;
        }
        let trace = prior.iter().map(|precision| 1.0 / precision).sum();
        Self {
            prior: prior.into(),
            covariance,
            trace,
            response: alloc::vec![0.0; d],
            coefficients: alloc::vec![0.0; d],
        }
    }

    /// Nothing observed, with the same prior as this model.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self::new(&self.prior)
    }

    /// `covariance · x`.
    fn spread(&self, x: &[f64]) -> Vec<f64> {
        self.covariance.chunks_exact(self.prior.len().max(1)).map(|row| dot(row, x)).collect()
    }

    /// Takes in one reward; a context of another length, or with what is no number, is not taken in: `false`.
    pub fn update(&mut self, x: &[f64], reward: f64) -> bool {
        if x.len() != self.prior.len() || !reward.is_finite() || x.iter().any(|value| !value.is_finite()) {
            return false;
        }
        let spread = self.spread(x);
        let scale = 1.0 / (1.0 + dot(x, &spread));
        let surprise = reward - dot(&self.coefficients, x);
        self.trace -= scale * dot(&spread, &spread);
        for (row, &left) in self.covariance.chunks_exact_mut(x.len().max(1)).zip(&spread) {
            for (cell, &right) in row.iter_mut().zip(&spread) {
                *cell -= scale * left * right;
            }
        }
        for ((response, coefficient), (value, &spread)) in
            self.response.iter_mut().zip(&mut self.coefficients).zip(x.iter().zip(&spread))
        {
            *response += reward * value;
            *coefficient += scale * surprise * spread;
        }
        true
    }

    /// The expected reward, with a prior mean of zero for every coefficient.
    pub fn mean(&self, x: &[f64]) -> f64 {
        dot(&self.coefficients, x)
    }

    /// How much the expected reward rises for each unit of prior mean of coefficient `at`.
    pub fn pull(&self, x: &[f64], at: usize) -> f64 {
        // The covariance is symmetric, so the row is the column.
        let d = self.prior.len();
        self.prior[at] * dot(&self.covariance[at * d..(at + 1) * d], x)
    }

    /// `x' · covariance · x`, the variance of the expected reward in units of the noise's.
    pub fn variance(&self, x: &[f64]) -> f64 {
        let d = self.prior.len().max(1);
        self.covariance.chunks_exact(d).zip(x).map(|(row, value)| value * dot(row, x)).sum::<f64>().max(0.0)
    }

    /// A bound that the variance does not exceed, at the price of one product: the trace by the square of the context's length.
    pub fn variance_bound(&self, x: &[f64]) -> f64 {
        // What rounding may have taken from the trace is far less than this factor gives back.
        1.001 * self.trace.max(0.0) * dot(x, x)
    }

    /// Forgets a share of what was observed, as under drift: what was seen counts `keep` (0 to 1) of what it did.
    pub fn discount(&mut self, keep: f64) {
        let keep = keep.clamp(0.0, 1.0);
        let d = self.prior.len();
        let mut precision = inverse(&self.covariance, d);
        for cell in &mut precision {
            *cell *= keep;
        }
        for (at, prior) in self.prior.iter().enumerate() {
            precision[at * d + at] += (1.0 - keep) * prior;
        }
        self.covariance = inverse(&precision, d);
        self.trace = (0..d).map(|at| self.covariance[at * d + at]).sum();
        for response in &mut self.response {
            *response *= keep;
        }
        self.coefficients = self.spread(&self.response);
    }
}

/// The inverse of a symmetric positive definite matrix, by elimination without pivots, which such a matrix never needs.
fn inverse(matrix: &[f64], d: usize) -> Vec<f64> {
    let mut left: Vec<f64> = matrix.into();
    let mut right = alloc::vec![0.0; d * d];
    for at in 0..d {
        right[at * d + at] = 1.0;
    }
    for pivot in 0..d {
        let scale = 1.0 / left[pivot * d + pivot];
        for column in 0..d {
            left[pivot * d + column] *= scale;
            right[pivot * d + column] *= scale;
        }
        for row in (0..d).filter(|&row| row != pivot) {
            let factor = left[row * d + pivot];
            for column in 0..d {
                left[row * d + column] -= factor * left[pivot * d + column];
                right[row * d + column] -= factor * right[pivot * d + column];
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed() -> Ridge {
        let mut ridge = Ridge::new(&[1.0, 2.0, 0.5]);
        for at in 0..40u32 {
            let x = [1.0, f64::from(at % 3), f64::from(at % 5) - 2.0];
            assert!(ridge.update(&x, 0.5 + x[1] - 0.25 * x[2]));
        }
        ridge
    }

    #[test]
    fn it_learns_a_line() {
        let mean = observed().mean(&[1.0, 2.0, 1.0]);
        assert!((mean - 2.25).abs() < 0.1, "{mean}");
    }

    #[test]
    fn keeping_all_changes_nothing_and_keeping_none_returns_to_the_prior() {
        let x = [1.0, 1.0, 1.0];
        let mut kept = observed();
        kept.discount(1.0);
        assert!((kept.mean(&x) - observed().mean(&x)).abs() < 1e-9);
        assert!((kept.variance(&x) - observed().variance(&x)).abs() < 1e-9);
        let mut forgotten = observed();
        forgotten.discount(0.0);
        assert!((forgotten.variance(&x) - (1.0 + 0.5 + 2.0)).abs() < 1e-9 && forgotten.mean(&x).abs() < 1e-12);
        assert!((forgotten.pull(&x, 0) - 1.0).abs() < 1e-9, "where nothing is known the prior mean is all");
    }

    #[test]
    fn the_bound_is_never_below_the_variance() {
        let mut ridge = observed();
        for at in 0..200u32 {
            let x = [1.0, f64::from(at % 7) - 3.0, f64::from(at % 11)];
            assert!(ridge.variance(&x) <= ridge.variance_bound(&x), "{at}");
            ridge.update(&x, 1.0);
            if at % 50 == 0 {
                ridge.discount(0.9);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_not_taken_in() {
        let mut ridge = observed();
        let before = ridge.clone();
        assert!(!ridge.update(&[1.0, f64::NAN, 0.0], 1.0) && !ridge.update(&[1.0, 0.0, 0.0], f64::INFINITY));
        assert!(!ridge.update(&[1.0], 1.0));
        assert_eq!(ridge, before);
    }
}

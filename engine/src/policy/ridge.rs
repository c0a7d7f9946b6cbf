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

    /// The same model over other columns: each is one of this model's, none of them twice, or new with a prior precision of
    /// `fresh`.
    ///
    /// What goes is integrated out, so that what is believed of the others stays exactly what it was, as the marginal of a
    /// normal distribution is its part of mean and covariance; what is new is independent of them and knows nothing.
    #[must_use]
    pub fn over(&self, columns: &[Option<usize>], fresh: f64) -> Self {
        let (before, d) = (self.prior.len(), columns.len());
        let columns: Vec<Option<usize>> = columns.iter().map(|column| column.filter(|at| *at < before)).collect();
        let of = |values: &[f64], new: f64| -> Vec<f64> {
            columns.iter().map(|column| column.and_then(|at| values.get(at).copied()).unwrap_or(new)).collect()
        };
        let mut covariance = alloc::vec![0.0; d * d];
        for (row, left) in columns.iter().enumerate() {
            for (column, right) in columns.iter().enumerate() {
                covariance[row * d + column] = match (left, right) {
                    (Some(left), Some(right)) => self.covariance[left * before + right],
                    _ if row == column => 1.0 / fresh,
                    _ => 0.0,
                };
            }
        }
        let trace = (0..d).map(|at| covariance[at * d + at]).sum();
        let coefficients = of(&self.coefficients, 0.0);
        let precision = inverse(&covariance, d);
        let response = precision.chunks_exact(d.max(1)).map(|row| dot(row, &coefficients)).collect();
        Self { prior: of(&self.prior, fresh), covariance, trace, response, coefficients }
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

    /// Moves a reward that was taken in with this context by `delta`, without counting it again; `false` as in [`Self::update`].
    pub fn correct(&mut self, x: &[f64], delta: f64) -> bool {
        if x.len() != self.prior.len() || !delta.is_finite() || x.iter().any(|value| !value.is_finite()) {
            return false;
        }
        let spread = self.spread(x);
        for ((response, coefficient), (value, &spread)) in
            self.response.iter_mut().zip(&mut self.coefficients).zip(x.iter().zip(&spread))
        {
            *response += delta * value;
            *coefficient += delta * spread;
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
    fn other_columns_leave_what_is_believed_of_the_rest_and_a_new_one_begins_with_its_prior() {
        let ridge = observed();
        let over = ridge.over(&[Some(0), None, Some(2)], 4.0);
        for (before, after) in [([1.0, 0.0, 1.5], [1.0, 0.0, 1.5]), ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0])] {
            assert!((ridge.mean(&before) - over.mean(&after)).abs() < 1e-12);
            assert!((ridge.variance(&before) - over.variance(&after)).abs() < 1e-12);
            assert!((ridge.pull(&before, 0) - over.pull(&after, 0)).abs() < 1e-12);
        }
        let (without, with) = ([1.0, 0.0, 1.0], [1.0, 1.0, 1.0]);
        assert!((over.mean(&with) - over.mean(&without)).abs() < 1e-12, "it knows nothing of its own");
        assert!((over.variance(&with) - over.variance(&without) - 0.25).abs() < 1e-12);
        // What comes later is learnt as if the model had always been this one.
        let (mut kept, mut same) = (observed(), observed().over(&[Some(0), Some(1), Some(2)], 1.0));
        for model in [&mut kept, &mut same] {
            assert!(model.update(&[1.0, 1.0, 0.5], 3.0) && model.correct(&[1.0, 1.0, 0.5], -1.0));
            model.discount(0.9);
        }
        assert!((kept.mean(&with) - same.mean(&with)).abs() < 1e-9);
        assert!((kept.variance(&with) - same.variance(&with)).abs() < 1e-9);
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

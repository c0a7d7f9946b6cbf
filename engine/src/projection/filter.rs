//! One model of how a rate of use moves, filtered over the blocks of a history.
//!
//! The square root of a block's rate is a mean that stays, plus a departure that fades with its own time constant, plus
//! noise that shrinks with the block's length. The square root makes the noise of few and many journeys alike (Anscombe's
//! transform for counts) and bears blocks in which nothing was driven.
//! It is a Kalman filter with two states whose scale is unknown and integrated out, so that little history means Student's
//! wide tails (West and Harrison, Bayesian Forecasting and Dynamic Models, chapters 4.5 and 10).
//!
//! Invariant: all variances are in units of the noise of one block.

use super::blocks::BLOCK_DAYS;

/// How many blocks the noise's prior counts for.
const PRIOR_BLOCKS: f64 = 4.0;

/// The variance of the noise beforehand: with 60 % of a block's rate as its spread, the square root spreads by 30 % of the mean's.
pub(super) const PRIOR_VARIANCE: f64 = 0.1;

/// A model and what it has learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    /// How long a departure lasts, in days.
    lasts_days: f64,
    /// The departures' variance.
    departs: f64,
    mean: [f64; 2],
    covariance: [f64; 3],
    at_day: f64,
    log_determinants: f64,
    squares: f64,
    count: f64,
}

/// What a model says about the mean of the square root of the rate over a horizon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foresight {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// What the mean rate lies above the square of the mean, as rates vary within the horizon.
    pub(super) within: f64,
    pub(super) degrees: f64,
}

impl Filter {
    /// Before the first block: the mean is `expected` with the given variance.
    pub(super) fn new(lasts_days: f64, departs: f64, expected: f64, variance: f64) -> Self {
        Self {
            lasts_days,
            departs,
            mean: [expected, 0.0],
            covariance: [variance, 0.0, departs],
            at_day: f64::NEG_INFINITY,
            log_determinants: 0.0,
            squares: 0.0,
            count: 0.0,
        }
    }

    /// Lets departures fade until `day`.
    pub(super) fn forward(&mut self, day: f64) {
        if self.at_day > f64::NEG_INFINITY {
            let fades = libm::exp(-(day - self.at_day).max(0.0) / self.lasts_days);
            self.mean[1] *= fades;
            self.covariance[1] *= fades;
            self.covariance[2] = self.covariance[2] * fades * fades + self.departs * (1.0 - fades * fades);
        }
        self.at_day = day;
    }

    /// Learns the square root of the rate of a block of `weight` average days around `day`.
    pub(super) fn learn(&mut self, day: f64, weight: f64, root: f64) {
        self.forward(day);
        let [level, both, departure] = self.covariance;
        let spread = level + 2.0 * both + departure + (BLOCK_DAYS / weight).min(8.0);
        let error = root - self.mean[0] - self.mean[1];
        let (with_level, with_departure) = (level + both, both + departure);
        self.mean[0] += with_level / spread * error;
        self.mean[1] += with_departure / spread * error;
        self.covariance[0] -= with_level * with_level / spread;
        self.covariance[1] -= with_level * with_departure / spread;
        self.covariance[2] -= with_departure * with_departure / spread;
        self.log_determinants += libm::log(spread);
        self.squares += error * error / spread;
        self.count += 1.0;
    }

    fn scale(&self) -> (f64, f64) {
        let shape = f64::midpoint(PRIOR_BLOCKS, self.count);
        let rate = f64::midpoint(PRIOR_BLOCKS * PRIOR_VARIANCE, self.squares);
        (shape, rate)
    }

    /// How well it has foretold what it was shown; a logarithm, up to a constant that all models share.
    pub(super) fn evidence(&self) -> f64 {
        let (shape, rate) = self.scale();
        -shape * libm::log(rate) - self.log_determinants / 2.0
    }

    /// The mean over the next `days` calendar days, which stand for `weight` average days.
    pub(super) fn foresee(&self, days: f64, weight: f64) -> Foresight {
        let times = (days / self.lasts_days).max(1e-4);
        let carries = (1.0 - libm::exp(-times)) / times;
        let wanders = self.departs * (2.0 / times * (1.0 - carries) - carries * carries).max(0.0);
        let [level, both, departure] = self.covariance;
        let (shape, rate) = self.scale();
        let noise = BLOCK_DAYS / weight.max(0.1);
        let relative = level + 2.0 * carries * both + carries * carries * departure + wanders + noise;
        let varies = self.departs * (1.0 - carries * carries) - wanders + (1.0 - noise).max(0.0);
        let scale = rate / shape;
        Foresight {
            mean: self.mean[0] + carries * self.mean[1],
            variance: relative * scale,
            within: (varies * scale).max(0.0),
            degrees: 2.0 * shape,
        }
    }
}

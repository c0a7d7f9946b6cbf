//! Many models side by side, each with the weight that it has earned.
//!
//! Invariant: weights sum to 1.

use alloc::vec::Vec;

use super::blocks::{Block, weight};
use super::calendar::{Daily, Profile};
use super::filter::{Filter, PRIOR_VARIANCE};
use super::quantiles::student_below;

/// How long departures may last, in days: a holiday, a season, a year, and so long that they never come back.
const LASTS_DAYS: [f64; 4] = [45.0, 120.0, 400.0, 1_500.0];

/// How large they may be, in variances of one block's noise.
const DEPARTS: [f64; 3] = [0.3, 1.0, 3.0];

/// How much less likely it is beforehand that use never changes.
const NEVER_CHANGES: f64 = 0.1;

/// What a car drives a day as long as nothing is known of it, in metres (Germany: 12,300 km a year, KBA; United States: 13,500 miles, FHWA; Europe between them).
pub(super) const USUAL_M_A_DAY: f64 = 36_000.0;

/// How much cars differ in the square root of that, as a variance relative to its square: a spread of 80 % in the rate.
const CARS_DIFFER: f64 = 0.15;

/// Models over one calendar.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    filters: Vec<(f64, Filter)>,
    /// The rate that counts as 1, in metres per average day.
    pub(super) unit_m: f64,
    seasonal: bool,
    log_units: f64,
}

impl Mixture {
    /// Models that have seen nothing; the unit is the rate of the whole history, pulled towards what cars usually do.
    pub(super) fn new(metres: f64, days: f64, seasonal: bool) -> Self {
        let unit_m = ((metres + 7.0 * USUAL_M_A_DAY) / (days + 7.0)).max(1.0);
        let usual = libm::sqrt(USUAL_M_A_DAY / unit_m).clamp(0.3, 3.0);
        // In units of the noise whose prior stands in the filter.
        let differs = (CARS_DIFFER * usual * usual / PRIOR_VARIANCE).clamp(0.3, 10.0);
        let mut filters = Vec::new();
        filters.push((libm::log(NEVER_CHANGES), Filter::new(LASTS_DAYS[0], 0.0, usual, differs)));
        for lasts in LASTS_DAYS {
            for departs in DEPARTS {
                filters.push((-libm::log(LASTS_DAYS.len() as f64), Filter::new(lasts, departs, usual, differs)));
            }
        }
        Self { filters, unit_m, seasonal, log_units: 0.0 }
    }

    /// The profile that counts for a block or a future as it can be known on `day`.
    pub(super) fn profile(&self, daily: &Daily, day: f64) -> Profile {
        let profile = daily.profile(day);
        if self.seasonal { profile } else { profile.without_season() }
    }

    /// Learns a block.
    pub(super) fn learn(&mut self, block: &Block, daily: &Daily) {
        let weight = weight(block, &self.profile(daily, block.from));
        let root = libm::sqrt((block.metres / weight / self.unit_m).max(0.0));
        for (_, filter) in &mut self.filters {
            filter.learn(block.middle(), weight, root);
        }
        // What the square root does to densities; it decides between calendars.
        self.log_units -= libm::log(weight) / 2.0;
    }

    pub(super) fn forward(&mut self, day: f64) {
        for (_, filter) in &mut self.filters {
            filter.forward(day);
        }
    }

    /// The logarithm of the evidence of all models together.
    pub(super) fn evidence(&self) -> f64 {
        let most = self.filters.iter().map(|(prior, filter)| prior + filter.evidence()).fold(f64::MIN, f64::max);
        let sum: f64 = self.filters.iter().map(|(prior, filter)| libm::exp(prior + filter.evidence() - most)).sum();
        most + libm::log(sum) + self.log_units
    }

    fn weighted(&self) -> impl Iterator<Item = (f64, &Filter)> {
        let all = self.evidence() - self.log_units;
        self.filters.iter().map(move |(prior, filter)| (libm::exp(prior + filter.evidence() - all), filter))
    }

    /// The probability that `metres` are driven within the next `days` calendar days, which stand for `average` days; `widened` multiplies the spread.
    pub(super) fn reaches(&self, metres: f64, days: f64, average: f64, widened: f64) -> f64 {
        let needed = metres / average.max(1e-6) / self.unit_m;
        let below = self.weighted().map(|(weight, filter)| {
            let seen = filter.foresee(days, average);
            let root = libm::sqrt((needed - seen.within).max(0.0));
            weight * student_below((root - seen.mean) / (libm::sqrt(seen.variance) * widened), seen.degrees)
        });
        1.0 - below.sum::<f64>()
    }

    /// How many spreads the rate of a stretch that came afterwards lies off.
    pub(super) fn surprise(&self, metres: f64, days: f64, average: f64) -> f64 {
        let rate = metres / average.max(0.5) / self.unit_m;
        let (mut mean, mut square, mut within) = (0.0, 0.0, 0.0);
        for (weight, filter) in self.weighted() {
            let seen = filter.foresee(days, average);
            mean += weight * seen.mean;
            square += weight * (seen.variance + seen.mean * seen.mean);
            within += weight * seen.within;
        }
        let variance = (square - mean * mean).max(1e-9);
        (libm::sqrt((rate - within).max(0.0)) - mean) / libm::sqrt(variance)
    }
}

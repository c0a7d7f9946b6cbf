//! From a history to a date with its band.
//!
//! Invariant: 10 % of dates lie before the early end of the band and 10 % behind its late end, as far as the car's past can
//! tell; early ≤ median ≤ late.

use serde::{Deserialize, Serialize};

use super::basis::{Basis, Method};
use super::blocks::{Block, blocks, laid_up_since};
use super::calendar::{Daily, Profile, SEASON_AFTER_DAYS};
use super::history::History;
use super::mixture::Mixture;
use super::quantiles::reaching;

/// No date beyond it means anything, in days: twenty years.
const FARTHEST_DAYS: f64 = 7_305.0;

/// Below so many days the history is thin.
const THIN_DAYS: f64 = 90.0;

/// How much wider than the models say the band is before there is a past to judge it by: people change jobs, homes and cars more than their last months show.
const WIDENED_AT_FIRST: f64 = 1.5;

/// How many horizons of the past that assumption counts for.
const COUNTS_AS_HORIZONS: f64 = 2.0;

/// The days of history before a stretch of the past is foretold to judge the band.
const JUDGED_AFTER_BLOCKS: usize = 4;

/// A date on which a distance will have been driven.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// As likely before as after, in milliseconds of Unix time.
    pub median_ms: u64,
    /// One time in ten it is before this.
    pub p10_ms: u64,
    /// One time in ten it is after this.
    pub p90_ms: u64,
    /// Whether the late end lies beyond twenty years, where it is cut off.
    pub open_end: bool,
    /// What it rests on.
    pub basis: Basis,
}

/// When `distance_m` more than the last believed reading will have been driven.
///
/// Without any reading the distance counts from `at_ms`, and the band is as wide as cars differ.
pub fn project(history: &History, distance_m: f64, at_ms: u64) -> Projection {
    let distance_m = distance_m.max(0.0);
    let points = &history.points;
    let daily = Daily::new(history);
    let stand = laid_up_since(points, &daily);
    let driven = stand.map_or(&points[..], |since| &points[..=since]);
    let now = points.last().map_or_else(|| history.day_of(at_ms), |point| point.day);
    let stretches = blocks(driven);
    let metres: f64 = stretches.iter().map(|block| block.metres).sum();
    let days: f64 = stretches.iter().map(|block| block.to - block.from).sum();

    let mut plain = Mixture::new(metres, days, false);
    let mut seasonal = Mixture::new(metres, days, true);
    let plain_z = learn(&mut plain, &stretches, &daily, distance_m);
    let seasonal_z = learn(&mut seasonal, &stretches, &daily, distance_m);
    plain.forward(now);
    seasonal.forward(now);
    let odds = libm::exp((seasonal.evidence() - plain.evidence()).clamp(-50.0, 50.0));
    let season = if history.days() < SEASON_AFTER_DAYS as f64 { 0.0 } else { odds / (1.0 + odds) };
    let widened = libm::sqrt((1.0 - season) * plain_z + season * seasonal_z);

    let (even, bent) = (plain.profile(&daily, now), seasonal.profile(&daily, now));
    let stood = stand.map(|since| (now - points[since].day).max(0.0));
    let reaches = |days: f64| -> f64 {
        delays(stood)
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(delay, share)| {
                let begins = now + delay;
                let one = |mixture: &Mixture, profile: &Profile| {
                    let average = profile.between(begins, now + days);
                    if average > 0.0 { mixture.reaches(distance_m, days - delay, average, widened) } else { 0.0 }
                };
                let mut sum = 0.0;
                if season < 1.0 {
                    sum += (1.0 - season) * one(&plain, &even);
                }
                if season > 0.0 {
                    sum += season * one(&seasonal, &bent);
                }
                share * sum
            })
            .sum()
    };
    let at = |share: f64| reaching(share, FARTHEST_DAYS, reaches);
    let (p10, median, p90) = if distance_m > 0.0 { (at(0.1), at(0.5), at(0.9)) } else { (0.0, 0.0, 0.0) };
    let last = history.last();
    let basis = Basis {
        method: method(history, season, !stretches.is_empty()),
        history_days: history.days() as u32,
        readings: history.len() as u32,
        refused: history.refused,
        read_at_ms: last.map_or(0, |last| last.at_ms),
        read_odometer_m: last.map_or(0, |last| last.odometer_m),
        target_m: last.map_or(0, |last| u64::from(last.odometer_m)) + distance_m as u64,
        per_day_m: distance_m / median.max(0.01),
        season,
        widened,
        laid_up_since_ms: stand.map(|since| history.ms_of(points[since].day)),
    };
    let ms = |days: f64| history.ms_of(now + days);
    Projection { median_ms: ms(median), p10_ms: ms(p10), p90_ms: ms(p90), open_end: p90 >= FARTHEST_DAYS, basis }
}

fn method(history: &History, season: f64, has_use: bool) -> Method {
    if !has_use {
        Method::UsualUse
    } else if history.days() < THIN_DAYS {
        Method::ThinHistory
    } else if season > 0.5 {
        Method::OwnSeasons
    } else {
        Method::OwnUse
    }
}

/// For how long a car that is laid up stays so: nobody knows, but as long again as it stands already is as likely as not.
fn delays(stood: Option<f64>) -> [(f64, f64); 3] {
    match stood {
        None => [(0.0, 1.0), (0.0, 0.0), (0.0, 0.0)],
        Some(days) => [(0.0, 0.4), (days, 0.4), (2.0 * days, 0.2)],
    }
}

/// Learns the blocks in turn; answers by how much the variance has to be multiplied for the band to have held on the way.
fn learn(mixture: &mut Mixture, blocks: &[Block], daily: &Daily, distance_m: f64) -> f64 {
    let rate = mixture.unit_m;
    let span: f64 = blocks.last().map_or(0.0, |last| last.to - blocks[0].from);
    // The horizon that is asked for, or the longest that has room in the history more than once.
    let horizon = (distance_m / rate).min(span / 3.0).max(28.0);
    let (mut squares, mut count, mut covered) = (0.0, 0.0, 0.0);
    for (at, block) in blocks.iter().enumerate() {
        mixture.learn(block, daily);
        if at + 1 < JUDGED_AFTER_BLOCKS {
            continue;
        }
        let Some(end) = blocks[at + 1..].iter().position(|later| later.to - block.to >= horizon) else { continue };
        let ahead = &blocks[at + 1..=at + 1 + end];
        let mut then = mixture.clone();
        then.forward(block.to);
        let to = ahead[ahead.len() - 1].to;
        let average = then.profile(daily, block.to).between(block.to, to);
        let surprise = then.surprise(ahead.iter().map(|block| block.metres).sum(), to - block.to, average);
        squares += (surprise * surprise).min(9.0);
        count += 1.0;
        covered = to - blocks[JUDGED_AFTER_BLOCKS - 1].to;
    }
    let first = WIDENED_AT_FIRST * WIDENED_AT_FIRST;
    if count == 0.0 {
        return first;
    }
    // Stretches overlap; they tell no more than as many as would lie side by side.
    let horizons = (covered / horizon).max(1.0);
    (COUNTS_AS_HORIZONS * first + horizons * squares / count) / (COUNTS_AS_HORIZONS + horizons)
}

//! How use is spread over the week and the year.
//!
//! Invariant: a profile's factors average to 1 over the year and over the week, none is 0, and each is pulled towards 1 as
//! far as there is little to know it from.

use alloc::vec;
use alloc::vec::Vec;

use super::history::{History, Point};

/// How many parts the year has.
const PARTS: usize = 12;

/// How many years without any season each part of the year is averaged with.
const YEARS_WITHOUT: f64 = 1.0;

/// How many weeks without any pattern the weekdays are averaged with.
const WEEKS_WITHOUT: f64 = 6.0;

/// The longest distance between two readings that tells which weekday was driven, in days.
const TELLS_WEEKDAY_DAYS: f64 = 1.6;

/// The least factor: what was never driven may be.
const LEAST: f64 = 0.03;

/// Days of history before a season is looked for.
pub(super) const SEASON_AFTER_DAYS: usize = 400;

/// The most days of history that are looked at.
const MOST_DAYS: i64 = 12 * 366;

const YEAR_DAYS: f64 = 365.2425;

/// How many average days each day stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Profile {
    year: [f64; PARTS],
    week: [f64; 7],
}

impl Profile {
    /// Every day like every other.
    pub(super) const EVEN: Self = Self { year: [1.0; PARTS], week: [1.0; 7] };

    /// The average days between two moments in days.
    pub(super) fn between(&self, from: f64, to: f64) -> f64 {
        if to <= from {
            return 0.0;
        }
        if *self == Self::EVEN {
            return to - from;
        }
        let (first, last) = (libm::floor(from) as i64, libm::floor(to) as i64);
        let whole: f64 = (first..last).map(|day| self.of(day)).sum();
        whole + (to - last as f64) * self.of(last) - (from - first as f64) * self.of(first)
    }

    fn of(&self, day: i64) -> f64 {
        self.year[part_of(day)] * self.week[weekday_of(day)]
    }

    /// The same week, without any season.
    pub(super) fn without_season(self) -> Self {
        Self { year: [1.0; PARTS], ..self }
    }
}

fn part_of(day: i64) -> usize {
    let share = day as f64 / YEAR_DAYS;
    (((share - libm::floor(share)) * PARTS as f64) as usize).min(PARTS - 1)
}

fn weekday_of(day: i64) -> usize {
    // 1 January 1970 was a Thursday; Monday is 0.
    (day + 3).rem_euclid(7) as usize
}

/// The distance of each day of a history, and what can be read from them at any point of it.
#[derive(Debug)]
pub(super) struct Daily {
    first: i64,
    metres: Vec<f64>,
    sums: Vec<f64>,
    week: [f64; 7],
}

impl Daily {
    /// Spreads what lies between two readings evenly over its days.
    pub(super) fn new(history: &History) -> Self {
        let points = &history.points;
        let last = points.last().map_or(0, |point| libm::ceil(point.day) as i64);
        let first = points.first().map_or(last, |point| libm::floor(point.day) as i64).max(last - MOST_DAYS);
        let mut metres = vec![0.0; (last - first) as usize];
        for pair in points.windows(2) {
            spread(&mut metres, first, pair[0], pair[1]);
        }
        let mut sums = vec![0.0; metres.len() + 1];
        for (at, day) in metres.iter().enumerate() {
            sums[at + 1] = sums[at] + day;
        }
        let week = week(points);
        Self { first, metres, sums, week }
    }

    /// The profile as it could be known on `day`.
    pub(super) fn profile(&self, day: f64) -> Profile {
        let known = ((libm::floor(day) as i64 - self.first).max(0) as usize).min(self.metres.len());
        let mut profile = Profile { week: self.week, ..Profile::EVEN };
        if known < SEASON_AFTER_DAYS {
            return profile;
        }
        let (mut sum, mut days) = ([0.0; PARTS], [0.0; PARTS]);
        for (at, day) in (0..known).zip(self.first..) {
            // Against the year around it, so that a trend is no season.
            let to = (at.saturating_sub(182) + 365).min(known);
            let from = to - 365;
            let mean = (self.sums[to] - self.sums[from]) / 365.0;
            if mean > 0.0 {
                let part = part_of(day);
                sum[part] += self.metres[at] / mean;
                days[part] += 1.0;
            }
        }
        let without = YEARS_WITHOUT * YEAR_DAYS / PARTS as f64;
        let raw: [f64; PARTS] = core::array::from_fn(|part| (sum[part] + without) / (days[part] + without));
        // Months run into each other.
        let smooth: [f64; PARTS] = core::array::from_fn(|part| {
            (raw[(part + PARTS - 1) % PARTS] + 4.0 * raw[part] + raw[(part + 1) % PARTS]) / 6.0
        });
        profile.year = averaging_to_one(smooth);
        profile
    }
}

fn spread(metres: &mut [f64], first: i64, from: Point, to: Point) {
    let driven = to.metres - from.metres;
    let (begin, end) = (from.day, to.day);
    let (mut day, last) = ((libm::floor(begin) as i64).max(first), libm::ceil(end) as i64);
    while day < last {
        let share = (end.min((day + 1) as f64) - begin.max(day as f64)).max(0.0) / (end - begin);
        if let Some(sum) = metres.get_mut((day - first) as usize) {
            *sum += driven * share;
        }
        day += 1;
    }
}

/// Weekdays, from readings that stand close enough to tell them.
fn week(points: &[Point]) -> [f64; 7] {
    let (mut metres, mut days) = ([0.0; 7], [0.0; 7]);
    for pair in points.windows(2) {
        let length = pair[1].day - pair[0].day;
        if length <= TELLS_WEEKDAY_DAYS {
            let weekday = weekday_of(libm::floor(f64::midpoint(pair[0].day, pair[1].day)) as i64);
            metres[weekday] += pair[1].metres - pair[0].metres;
            days[weekday] += length;
        }
    }
    let mean = metres.iter().sum::<f64>() / days.iter().sum::<f64>().max(1.0);
    if mean <= 0.0 {
        return [1.0; 7];
    }
    averaging_to_one(core::array::from_fn(|at| (metres[at] / mean + WEEKS_WITHOUT) / (days[at] + WEEKS_WITHOUT)))
}

fn averaging_to_one<const N: usize>(factors: [f64; N]) -> [f64; N] {
    let mean = factors.iter().sum::<f64>() / N as f64;
    factors.map(|factor| (factor / mean).max(LEAST))
}

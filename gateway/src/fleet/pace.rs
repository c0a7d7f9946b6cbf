//! How densely a drive is told, so that the core can count by what it is told.
//!
//! The core joins two values only across [`MAX_GAP_MS`]: on a real car a longer silence is a gap, over which nothing is known and nothing
//! may be invented. So however fast time runs, no two moments of a drive lie further apart than that; below, the spacing is
//! 100 ms · √speed, from 100 ms in real time to 10 s at 10,000 times real time and above.
//! Flows are told as their mean since the last moment, as meters do that send rarely. The core joins neighbours by a trapezoid, and over
//! moments that are evenly spaced the sum of trapezoids is the sum of those means, up to its two ends.
//! Hence the spacing changes only where little else does: from well before the car changes its speed until it holds the new one, steps are
//! of two seconds. The first step out of standing is shorter still, so that the core learns when the car stopped standing.
//! Invariant: a step lasts at most [`MAX_SPACING_MS`], never longer than what the core joins.

use milepost_firmware::usage::distance::MAX_GAP_MS;

use super::matrix::Detail;
use super::vehicle::Ramp;

/// The moments of a drive lie this far apart at most, in milliseconds.
pub const MAX_SPACING_MS: u64 = MAX_GAP_MS;

/// The spacing while the speed changes, at most, in milliseconds.
const RAMP_MS: u64 = 2_000;

/// The first step out of standing, at most, in milliseconds.
const PULL_AWAY_MS: u64 = 500;

/// A brisk start and an ordinary stop, in metres a second squared.
const BRISK: f64 = 2.5;

/// Beyond this the speed changes, in metres a second squared; traffic alone stays mostly below.
const GENTLE: f64 = 0.5;

/// The first half minute is told densely at any speed of time, as it decides how the trip begins.
const BEGINNING_S: f64 = 30.0;

/// The tyres are told this often at most, in milliseconds.
const TYRES_MS: u64 = 300_000;

/// How far the moments of a drive lie apart at a speed of time, in milliseconds.
pub fn spacing_ms(speed: f64) -> u64 {
    (100.0 * speed.max(1.0).sqrt()).min(MAX_SPACING_MS as f64) as u64
}

/// A step of a drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// How long it lasts, in milliseconds.
    pub ms: u64,
    /// What the speed does meanwhile.
    pub ramp: Ramp,
}

impl Step {
    fn new(ms: u64, from_mps: f64, to_mps: f64) -> Self {
        Self { ms, ramp: Ramp { from_mps, to_mps, seconds: ms as f64 / 1_000.0 } }
    }
}

/// The pace of one drive.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    spacing_ms: u64,
    /// The last step changed the speed.
    ramped: bool,
    usual_ms: u64,
    whole_ms: u64,
}

impl Pace {
    /// The pace at the start of a drive, at a speed of time.
    pub fn at(speed: f64) -> Self {
        Self { spacing_ms: spacing_ms(speed), ramped: false, usual_ms: 0, whole_ms: 0 }
    }

    /// The next step of a drive at `speed_mps`, whose road allows `wanted_mps` so many seconds from now.
    pub fn step(&mut self, elapsed_s: f64, speed_mps: f64, wanted_mps: impl Fn(f64) -> f64) -> Step {
        let ms = self.step_ms(elapsed_s, speed_mps, &wanted_mps);
        let seconds = ms as f64 / 1_000.0;
        let reach_mps = BRISK * seconds;
        let to_mps = wanted_mps(seconds).clamp((speed_mps - reach_mps).max(0.0), speed_mps + reach_mps);
        self.ramped = (to_mps - speed_mps).abs() > GENTLE * seconds;
        Step::new(ms, speed_mps, to_mps)
    }

    /// The next step towards standing.
    pub fn brake(&self, speed_mps: f64) -> Step {
        let ms = self.spacing_ms.min(RAMP_MS);
        Step::new(ms, speed_mps, (speed_mps - BRISK * ms as f64 / 1_000.0).max(0.0))
    }

    /// How much is told at a moment of the drive.
    pub fn detail(&mut self, at_ms: u64) -> Detail {
        let detail = match at_ms {
            now if now >= self.whole_ms => Detail::Whole,
            now if now >= self.usual_ms => Detail::Usual,
            _ => Detail::Motion,
        };
        if detail >= Detail::Usual {
            self.usual_ms = at_ms + self.spacing_ms.max(1_000);
        }
        if detail == Detail::Whole {
            self.whole_ms = at_ms + TYRES_MS;
        }
        detail
    }

    fn step_ms(&self, elapsed_s: f64, speed_mps: f64, wanted_mps: impl Fn(f64) -> f64) -> u64 {
        let ramp_ms = self.spacing_ms.min(RAMP_MS);
        if speed_mps <= 0.0 && wanted_mps(ramp_ms as f64 / 1_000.0) > 0.0 {
            return self.spacing_ms.min(PULL_AWAY_MS);
        }
        let far_s = self.spacing_ms as f64 / 1_000.0;
        let changes = (wanted_mps(far_s) - speed_mps).abs() > GENTLE * far_s;
        if elapsed_s < BEGINNING_S || self.ramped || changes { ramp_ms } else { self.spacing_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spacing_grows_with_the_speed_of_time_up_to_what_the_core_joins() {
        for (speed, expected) in [(0.5, 100), (1.0, 100), (100.0, 1_000), (10_000.0, 10_000), (525_600.0, 10_000)] {
            assert_eq!(spacing_ms(speed), expected);
        }
        assert!((0..9).all(|digits| spacing_ms(10_f64.powi(digits)) <= MAX_GAP_MS));
    }

    #[test]
    fn steps_are_short_from_before_a_stop_until_after_it_and_long_between() {
        // Cruises, stands from 100 s to 160 s, cruises again.
        let road = |at_s: f64| if (100.0..160.0).contains(&at_s) { 0.0 } else { 12.0 };
        let mut pace = Pace::at(525_600.0);
        let (mut at_ms, mut speed, mut told) = (40_000, 12.0, Vec::new());
        while at_ms < 220_000 {
            let at_s = at_ms as f64 / 1_000.0;
            let step = pace.step(at_s, speed, |after_s| road(at_s + after_s));
            assert!(step.ms <= MAX_SPACING_MS);
            assert!((step.ramp.to_mps - speed).abs() <= BRISK * step.ramp.seconds + 1e-9);
            at_ms += step.ms;
            speed = step.ramp.to_mps;
            told.push((at_ms, step));
        }
        let ramps = told.windows(2).filter(|pair| (pair[0].1.ramp.to_mps - pair[0].1.ramp.from_mps).abs() > 1.0);
        assert!(ramps.clone().count() > 4);
        assert!(ramps.into_iter().all(|pair| pair[0].1.ms <= RAMP_MS && pair[1].1.ms <= RAMP_MS));
        let standing_ms: u64 = told.iter().filter(|(_, step)| step.ramp.stands()).map(|(_, step)| step.ms).sum();
        assert!((50_000..=60_000).contains(&standing_ms), "{standing_ms}");
        assert!(told.len() < 45, "{}", told.len());
    }

    #[test]
    fn tyres_are_told_rarely_and_the_rest_about_once_a_second_or_at_each_moment() {
        let count = |speed: f64, wanted: Detail| {
            let mut pace = Pace::at(speed);
            (0..600_000).step_by(spacing_ms(speed) as usize).filter(|&at_ms| pace.detail(at_ms) == wanted).count()
        };
        assert_eq!((count(1.0, Detail::Whole), count(1.0, Detail::Usual), count(1.0, Detail::Motion)), (2, 598, 5_400));
        assert_eq!((count(1e6, Detail::Whole), count(1e6, Detail::Usual), count(1e6, Detail::Motion)), (2, 58, 0));
    }
}

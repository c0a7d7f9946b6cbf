//! How far the car came: by its odometer where that counts finely enough, else by the integral of its speed.
//!
//! The speed that a car reports is not the speed over ground.
//! It is a count of wheel revolutions times a circumference that the maker fixed once.
//! UN ECE R39 lets the indicated speed never fall below the true one, for any tyre that is approved for the car;
//! so the fixed circumference is that of a new tyre, and not of the smallest one.
//! A tyre in use is smaller: tread falls from 8 mm to the 3 mm at which it is commonly changed, on a rolling radius of about 310 mm,
//! so over its life the mean tyre is 2.5 mm, or 0.8 %, smaller than a new one; loads and the tolerances of ETRTO (circumference +1.5 % to −2.5 %, in the middle −0.5 %)
//! add to it in the same direction.
//! The speed in SAE J1979 PID 0D is this internal value in whole km/h, without the extra lead of the needle on the dashboard, which may be up to 10 % + 4 km/h.
//! Hence [`Calibration::default`] believes 99 % of a reported speed: the middle of a band from 98 % to 100 %, so that a car anywhere in the band is known within about 1 %.
//! Where the car's own odometer is on a bus, the factor is learnt from it and the default no longer counts.
//!
//! Invariant: a gap in the speed is never integrated over; what was not measured is not invented.

use milepost_protocol::record::DistanceSource;
use serde::{Deserialize, Serialize};

/// Two speeds further apart than this are not joined, in milliseconds.
pub const MAX_GAP_MS: u64 = 10_000;

/// The share of a reported speed that is believed until an odometer teaches better, in millionths.
const DEFAULT_PPM: u32 = 990_000;

/// A factor outside these bounds is no tyre but a mistake, in millionths.
const PLAUSIBLE_PPM: core::ops::RangeInclusive<u64> = 880_000..=1_040_000;

/// The distance over which the factor is learnt, in metres, and at least in steps of the odometer.
const LEARN_M: u32 = 10_000;
const LEARN_STEPS: u32 = 100;

/// An odometer counts as the distance of a trip if the trip is this many of its steps long: an error below 2 %.
const TRIP_STEPS: u32 = 50;

/// An odometer that changed this recently, in milliseconds, counts finely enough to be believed as it is.
const MOVING_MS: u64 = 3_000;

/// How many readings in a row confirm one that looks like a leap.
const CONFIRMATIONS: u8 = 3;

/// A trapezoid integral over time of a rate in any unit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Integral {
    last: Option<(u64, i64)>,
}

impl Integral {
    /// Takes a rate and answers what it adds, in the rate's unit times milliseconds; nothing over a gap.
    pub fn add(&mut self, uptime_ms: u64, rate: i64) -> i64 {
        let last = self.last.replace((uptime_ms, rate));
        let Some((since_ms, before)) = last else { return 0 };
        let span_ms = uptime_ms.saturating_sub(since_ms);
        if span_ms > MAX_GAP_MS {
            return 0;
        }
        before.saturating_add(rate).saturating_mul(span_ms.cast_signed()) / 2
    }

    /// Whether the newest rate is recent at `uptime_ms`.
    pub fn is_live(&self, uptime_ms: u64) -> bool {
        self.last.is_some_and(|(since_ms, _)| uptime_ms.saturating_sub(since_ms) <= MAX_GAP_MS)
    }
}

/// How far the reported speed is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    ppm: u32,
    learnt: bool,
    window: Option<Window>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    odometer_m: u32,
    raw_um: u64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { ppm: DEFAULT_PPM, learnt: false, window: None }
    }
}

impl Calibration {
    /// What a raw speed integral stands for; any unit.
    pub fn apply(&self, raw: u64) -> u64 {
        // Whole millions and the rest apart: the product of both as they are could overflow.
        let ppm = u64::from(self.ppm);
        (raw / 1_000_000).saturating_mul(ppm).saturating_add(raw % 1_000_000 * ppm / 1_000_000)
    }

    /// The share of a reported speed that is believed, in millionths.
    pub fn ppm(&self) -> u32 {
        self.ppm
    }

    /// Takes a piece of the raw speed integral, in micrometres.
    pub fn driven(&mut self, raw_um: u64) {
        if let Some(window) = &mut self.window {
            window.raw_um = window.raw_um.saturating_add(raw_um);
        }
    }

    /// The speed was not seen for a while: what the odometer counted meanwhile teaches nothing.
    pub fn interrupted(&mut self) {
        self.window = None;
    }

    /// The odometer just took a step, so that its reading is exact at this moment.
    pub fn stepped(&mut self, odometer_m: u32, step_m: u32) {
        let Some(window) = self.window else {
            self.window = Some(Window { odometer_m, raw_um: 0 });
            return;
        };
        let metres = odometer_m.saturating_sub(window.odometer_m);
        if metres < LEARN_M.max(step_m.saturating_mul(LEARN_STEPS)) {
            return;
        }
        self.window = Some(Window { odometer_m, raw_um: 0 });
        // Beyond 18,000 km at once it is a leap that teaches nothing.
        let ppm = u64::from(metres).checked_mul(1_000_000_000_000).map(|scaled| scaled / window.raw_um.max(1));
        let Some(ppm) = ppm.filter(|ppm| PLAUSIBLE_PPM.contains(ppm)) else { return };
        let known = u64::from(self.ppm);
        self.ppm = if self.learnt { (known * 3 + ppm) / 4 } else { ppm } as u32;
        self.learnt = true;
    }
}

/// The car's own odometer as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The newest reading, in metres.
    pub metres: u32,
    /// The smallest step ever seen, in metres: how finely it counts.
    pub step_m: Option<u32>,
    /// Where it comes from.
    pub source: DistanceSource,
}

/// What became of an odometer reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It is taken.
    Taken,
    /// It is a leap that needs to be seen again.
    Doubted,
    /// It is no reading: zero, all ones, or below an earlier one.
    Invalid,
}

/// Judges the car's odometer readings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odometer {
    doubted: Option<(u32, u8)>,
    /// Driven since the newest reading changed, in micrometres, to interpolate between steps.
    since_um: u64,
    taken_ms: Option<u64>,
    changed_ms: Option<u64>,
    /// What was driven beyond whole metres while there is no reading at all, in micrometres.
    rest_um: u64,
}

impl Odometer {
    /// Takes a piece of calibrated distance and answers the whole metres that it completes.
    pub fn whole_metres(&mut self, um: u64) -> u32 {
        let um = self.rest_um.saturating_add(um);
        self.rest_um = um % 1_000_000;
        u32::try_from(um / 1_000_000).unwrap_or(u32::MAX)
    }

    /// Takes a reading and, if it is good, moves `reading` to it.
    pub fn read(
        &mut self,
        reading: &mut Option<Reading>,
        metres: u32,
        source: DistanceSource,
        uptime_ms: u64,
    ) -> Judged {
        if metres == 0 || metres == u32::MAX {
            return Judged::Invalid;
        }
        let Some(known) = reading else {
            *reading = Some(Reading { metres, step_m: None, source });
            self.take(uptime_ms);
            return Judged::Taken;
        };
        if source == DistanceSource::ObdOdometer && known.source == DistanceSource::Odometer {
            // The bus odometer counts finer; the other one would only make it look coarse.
            return Judged::Taken;
        }
        if source == known.source && metres < known.metres {
            return Judged::Invalid;
        }
        let step_m = metres.abs_diff(known.metres);
        // 300 km/h since the newest reading, and a margin for what was driven while nobody listened.
        let elapsed_ms = self.taken_ms.map_or(0, |taken_ms| uptime_ms.saturating_sub(taken_ms));
        let reach_m = 2_000 + elapsed_ms / 12;
        if u64::from(step_m) > reach_m && !self.confirmed(metres, reach_m) {
            return Judged::Doubted;
        }
        let leapt = u64::from(step_m) > reach_m;
        if source != known.source {
            *known = Reading { metres: known.metres.max(metres), step_m: None, source };
        } else if step_m > 0 {
            if !leapt {
                known.step_m = Some(known.step_m.map_or(step_m, |known| known.min(step_m)));
            }
            known.metres = metres;
            self.since_um = 0;
            self.changed_ms = Some(uptime_ms);
        }
        self.take(uptime_ms);
        Judged::Taken
    }

    /// Takes a piece of calibrated distance, in micrometres.
    pub fn driven(&mut self, um: u64) {
        self.since_um = self.since_um.saturating_add(um);
    }

    /// The odometer between two steps of `reading`, in metres; beyond one step only while no reading comes.
    pub fn interpolated(&self, reading: &Reading, uptime_ms: u64) -> u32 {
        let since_m = u32::try_from(self.since_um / 1_000_000).unwrap_or(u32::MAX);
        let live = self.taken_ms.is_some_and(|taken_ms| uptime_ms.saturating_sub(taken_ms) < 60_000);
        // An odometer that moves by itself needs no help.
        if self.changed_ms.is_some_and(|changed_ms| uptime_ms.saturating_sub(changed_ms) < MOVING_MS) {
            return reading.metres;
        }
        let ahead_m = if live { since_m.min(reading.step_m.unwrap_or(0).saturating_sub(1)) } else { since_m };
        reading.metres.saturating_add(ahead_m)
    }

    fn take(&mut self, uptime_ms: u64) {
        self.taken_ms = Some(uptime_ms);
        self.doubted = None;
    }

    fn confirmed(&mut self, metres: u32, reach_m: u64) -> bool {
        let count = match self.doubted {
            Some((earlier, count)) if metres >= earlier && u64::from(metres - earlier) <= reach_m => {
                count.saturating_add(1)
            }
            _ => 1,
        };
        self.doubted = Some((metres, count));
        count >= CONFIRMATIONS
    }
}

/// A trip's distance in metres with its source, from the odometer's two readings and the calibrated integral.
pub fn of_trip(
    start_m: Option<u32>,
    end_m: Option<u32>,
    reading: Option<&Reading>,
    integral_m: Option<u32>,
) -> (u32, DistanceSource) {
    let counted = start_m.zip(end_m).map(|(start_m, end_m)| end_m.saturating_sub(start_m));
    match (counted, reading, integral_m) {
        (Some(counted_m), Some(Reading { step_m: Some(step_m), source, .. }), _)
            if counted_m >= step_m.saturating_mul(TRIP_STEPS) =>
        {
            (counted_m, *source)
        }
        (_, _, Some(integral_m)) => (integral_m, DistanceSource::SpeedIntegral),
        (Some(counted_m), Some(reading), None) => (counted_m, reading.source),
        _ => (0, DistanceSource::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAR: DistanceSource = DistanceSource::Odometer;

    #[test]
    fn an_integral_joins_neighbours_by_a_trapezoid_and_leaves_gaps_out() {
        let mut integral = Integral::default();
        assert_eq!(integral.add(0, 10_000), 0);
        assert_eq!(integral.add(500, 20_000), 7_500_000);
        assert_eq!(integral.add(500 + MAX_GAP_MS + 1, 20_000), 0);
        assert_eq!(integral.add(1_500 + MAX_GAP_MS + 1, 20_000), 20_000_000);
    }

    #[test]
    fn the_odometer_teaches_how_far_the_speed_is_believed() {
        let mut calibration = Calibration::default();
        let mut odometer_m = 1_000;
        calibration.stepped(odometer_m, 1);
        // The car reports 4 % too much.
        for _ in 0..LEARN_M / 10 {
            calibration.driven(10_400_000);
            odometer_m += 10;
            calibration.stepped(odometer_m, 10);
        }
        assert!(calibration.ppm().abs_diff(961_538) < 200, "{}", calibration.ppm());
    }

    #[test]
    fn zero_all_ones_and_falling_readings_never_move_the_odometer() {
        let mut odometer = Odometer::default();
        let mut reading = None;
        assert_eq!(odometer.read(&mut reading, 50_000, CAR, 0), Judged::Taken);
        for bad in [0, u32::MAX, 49_999, 1] {
            assert_eq!(odometer.read(&mut reading, bad, CAR, 1000), Judged::Invalid, "{bad}");
        }
        assert_eq!(reading.map(|reading| reading.metres), Some(50_000));
    }

    #[test]
    fn a_leap_counts_only_when_it_is_seen_again() {
        let mut odometer = Odometer::default();
        let mut reading = None;
        odometer.read(&mut reading, 50_000, CAR, 0);
        assert_eq!(odometer.read(&mut reading, 900_000, CAR, 1000), Judged::Doubted);
        assert_eq!(odometer.read(&mut reading, 50_010, CAR, 2000), Judged::Taken);
        assert_eq!(odometer.read(&mut reading, 80_000, CAR, 3000), Judged::Doubted);
        assert_eq!(odometer.read(&mut reading, 80_010, CAR, 4000), Judged::Doubted);
        assert_eq!(odometer.read(&mut reading, 80_020, CAR, 5000), Judged::Taken);
        assert_eq!(reading.map(|reading| reading.metres), Some(80_020));
    }

    #[test]
    fn a_coarse_odometer_does_not_measure_a_short_trip() {
        let coarse = Reading { metres: 12_000, step_m: Some(1_000), source: CAR };
        let fine = Reading { step_m: Some(1), ..coarse };
        let speed = DistanceSource::SpeedIntegral;
        assert_eq!(of_trip(Some(10_000), Some(12_000), Some(&coarse), Some(1_400)), (1_400, speed));
        assert_eq!(of_trip(Some(10_000), Some(11_380), Some(&fine), Some(1_400)), (1_380, CAR));
        assert_eq!(of_trip(Some(10_000), Some(12_000), Some(&coarse), None), (2_000, CAR));
        assert_eq!(of_trip(None, None, None, None), (0, DistanceSource::Unknown));
    }

    proptest! {
        #[test]
        fn arbitrary_readings_never_lower_the_odometer(readings in proptest::collection::vec(any::<u32>(), 0..50)) {
            let mut odometer = Odometer::default();
            let mut reading: Option<Reading> = None;
            for (index, metres) in readings.iter().enumerate() {
                let before = reading.map_or(0, |reading| reading.metres);
                odometer.read(&mut reading, *metres, CAR, index as u64 * 1000);
                prop_assert!(reading.map_or(0, |reading| reading.metres) >= before);
            }
        }
    }
}

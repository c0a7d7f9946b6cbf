//! Lifetime counters as the cloud believes them.
//!
//! Invariant: they only rise; readings that are absent, falling or impossible are counted and change nothing else.

use milepost_protocol::record::Counters;
use serde::{Deserialize, Serialize};

use super::times::Times;
use crate::maintenance::is_plausible;

/// No road car gets beyond this odometer, in metres: 4 million kilometres.
const FARTHEST_M: u32 = 4_000_000_000;

/// The fastest that an odometer can rise over any time, in metres per second.
const FASTEST_MPS: u64 = 70;

/// How far an odometer may rise at once beyond what speed explains, in metres: a clock that lags costs this much.
const SLACK_M: u64 = 10_000;

/// How many readings in a row that agree with each other make an impossible rise believable.
const PERSISTENT: u8 = 3;

/// Readings that were not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rejected {
    /// Readings that mean "not available", or lie outside what can be measured.
    pub absent: u32,
    /// Odometer readings below an earlier one.
    pub falling: u32,
    /// Odometer readings that rise faster than a car drives.
    pub jumping: u32,
    /// Values that are no finite number.
    pub not_finite: u32,
    /// Signals beyond the number that is kept for one vehicle.
    pub too_many: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Suspect {
    odometer_m: u32,
    times: u8,
}

/// Lifetime counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// The car's own odometer in metres, where known.
    pub odometer_m: Option<u32>,
    /// When it was measured, in milliseconds of Unix time.
    pub odometer_at_ms: u64,
    /// Distance that the device itself has seen, in metres.
    pub distance_m: u32,
    /// Engine running time in seconds.
    pub engine_s: u32,
    /// Time with the engine or drive on and the car standing, in seconds.
    pub idle_s: u32,
    /// Fuel burnt in millilitres.
    pub fuel_ml: u32,
    /// Electric energy drawn, in watt-hours.
    pub energy_wh: u32,
    /// Trips ended.
    pub trips: u32,
    /// Starts with cold coolant.
    pub cold_starts: u32,
    /// Trips below 8 km.
    pub short_trips: u32,
    /// Readings that were not believed.
    pub rejected: Rejected,
    odometer_received_ms: u64,
    suspect: Option<Suspect>,
}

impl Totals {
    /// Takes in a device's counters.
    pub(super) fn counters(&mut self, read: &Counters, times: Times) {
        if read.odometer_anchored {
            self.odometer(read.odometer_m, times);
        }
        for (known, read) in [
            (&mut self.distance_m, read.distance_m),
            (&mut self.engine_s, read.engine_s),
            (&mut self.idle_s, read.idle_s),
            (&mut self.fuel_ml, read.fuel_ml),
            (&mut self.energy_wh, read.energy_wh),
            (&mut self.trips, read.trips),
            (&mut self.cold_starts, read.cold_starts),
            (&mut self.short_trips, read.short_trips),
        ] {
            if read == u32::MAX {
                self.rejected.absent += 1;
            } else {
                *known = (*known).max(read);
            }
        }
    }

    /// Takes in an odometer reading in metres.
    pub(super) fn odometer(&mut self, read_m: u32, times: Times) {
        if !is_plausible(read_m) || read_m > FARTHEST_M {
            self.rejected.absent += 1;
            return;
        }
        let at_ms = times.when_ms();
        if let Some(known_m) = self.odometer_m {
            if read_m < known_m {
                // A late record rightly reads lower; only a newer one that does is wrong.
                self.rejected.falling += u32::from(at_ms > self.odometer_at_ms);
                return;
            }
            let elapsed_ms = at_ms
                .saturating_sub(self.odometer_at_ms)
                .max(times.received_at_ms.saturating_sub(self.odometer_received_ms));
            let reach_m = (elapsed_ms / 1000).saturating_mul(FASTEST_MPS).saturating_add(SLACK_M);
            if u64::from(read_m - known_m) > reach_m && !self.persists(read_m) {
                self.rejected.jumping += 1;
                return;
            }
        }
        self.set_odometer(read_m, times);
    }

    /// Takes a reading as the truth, lower or not: a person corrected it, or the instrument cluster was replaced.
    pub(super) fn set_odometer(&mut self, odometer_m: u32, times: Times) {
        self.suspect = None;
        self.odometer_m = Some(odometer_m);
        self.odometer_at_ms = self.odometer_at_ms.max(times.when_ms());
        self.odometer_received_ms = self.odometer_received_ms.max(times.received_at_ms);
    }

    fn persists(&mut self, read_m: u32) -> bool {
        let agrees =
            |suspect: &Suspect| read_m >= suspect.odometer_m && u64::from(read_m - suspect.odometer_m) <= SLACK_M;
        let times = self.suspect.filter(agrees).map_or(1, |suspect| suspect.times.saturating_add(1));
        self.suspect = Some(Suspect { odometer_m: read_m, times });
        times >= PERSISTENT
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn at(hours: u64) -> Times {
        Times { measured_at_ms: hours * HOUR_MS, received_at_ms: hours * HOUR_MS }
    }

    #[test]
    fn an_odometer_that_falls_or_is_absent_is_counted_and_passed_over() {
        let mut totals = Totals::default();
        totals.odometer(80_000_000, at(1));
        for (hour, read) in [(2, 0), (3, u32::MAX), (4, u32::MAX - 1), (5, 79_999_000)] {
            totals.odometer(read, at(hour));
        }
        assert_eq!(totals.odometer_m, Some(80_000_000));
        assert_eq!((totals.rejected.absent, totals.rejected.falling), (3, 1));
    }

    #[test]
    fn a_late_record_with_a_lower_odometer_is_no_fault() {
        let mut totals = Totals::default();
        totals.odometer(80_000_000, at(9));
        totals.odometer(79_000_000, Times { measured_at_ms: 5 * HOUR_MS, received_at_ms: 10 * HOUR_MS });
        assert_eq!((totals.odometer_m, totals.rejected.falling), (Some(80_000_000), 0));
    }

    #[test]
    fn one_impossible_leap_is_passed_over_but_a_new_cluster_that_keeps_saying_so_is_believed() {
        let mut totals = Totals::default();
        totals.odometer(80_000_000, at(1));
        totals.odometer(3_000_000_000, at(2));
        totals.odometer(80_050_000, at(2));
        assert_eq!((totals.odometer_m, totals.rejected.jumping), (Some(80_050_000), 1));
        for hour in 3..6 {
            totals.odometer(120_000_000 + hour as u32, at(hour));
        }
        assert_eq!((totals.odometer_m, totals.rejected.jumping), (Some(120_000_005), 3));
    }

    #[test]
    fn months_without_contact_explain_a_long_way() {
        let mut totals = Totals::default();
        totals.odometer(80_000_000, at(1));
        totals.odometer(88_000_000, at(90 * 24));
        assert_eq!(totals.odometer_m, Some(88_000_000));
    }

    #[test]
    fn the_devices_own_integral_is_never_taken_for_the_odometer() {
        let mut totals = Totals::default();
        totals.counters(&Counters { odometer_m: 700, distance_m: 700, ..Counters::default() }, at(1));
        assert_eq!((totals.odometer_m, totals.distance_m), (None, 700));
        totals.counters(&Counters { odometer_m: 90_000_000, odometer_anchored: true, ..Counters::default() }, at(1));
        assert_eq!(totals.odometer_m, Some(90_000_000));
    }

    proptest! {
        #[test]
        fn counters_never_fall(reads in prop::collection::vec((any::<u32>(), any::<u32>(), any::<bool>(), 0u64..500, 0u64..500), 1..40)) {
            let mut totals = Totals::default();
            for (odometer_m, engine_s, odometer_anchored, measured, received) in reads {
                let before = totals;
                let times = Times { measured_at_ms: measured * HOUR_MS, received_at_ms: received * HOUR_MS };
                totals.counters(&Counters { odometer_m, odometer_anchored, engine_s, ..Counters::default() }, times);
                prop_assert!(totals.odometer_m >= before.odometer_m && totals.engine_s >= before.engine_s);
                prop_assert!(totals.odometer_m.is_none_or(is_plausible));
            }
        }
    }
}

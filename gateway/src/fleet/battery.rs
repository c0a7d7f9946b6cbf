//! The 12 V battery: it ages, it suffers in the cold, and one day it cranks badly.
//!
//! Invariant: voltages follow from the car, its age and the moment; nothing is stored.

use milepost_protocol::plan::DAY_MS;

use super::noise::Seed;

/// A car's 12 V battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battery {
    /// Its health on the day `since_ms`, 1 for new.
    health: f64,
    /// What a year takes from it.
    fade: f64,
    since_ms: u64,
    scatter: Seed,
}

impl Battery {
    /// The battery of a car; some are weak from the start, and some fail within the year.
    pub fn new(car: Seed, since_ms: u64) -> Self {
        let seed = car.named("battery");
        let weak = seed.branch(1).chance(0.2);
        Self {
            health: if weak { seed.branch(2).between(0.35, 0.6) } else { seed.branch(2).between(0.7, 1.0) },
            fade: if weak { 0.3 } else { seed.branch(3).between(0.04, 0.12) },
            since_ms,
            scatter: seed.branch(4),
        }
    }

    /// The health at a moment, 1 for new, never below 0.1.
    pub fn health(&self, at_ms: u64) -> f64 {
        let years = at_ms.saturating_sub(self.since_ms) as f64 / (365.25 * DAY_MS as f64);
        (self.health - self.fade * years).max(0.1)
    }

    /// The voltage at rest, in volts: a full lead-acid battery rests at 12.75 V, a worn one never gets full,
    /// and standing takes a hundredth of a volt a day.
    pub fn rest_v(&self, at_ms: u64, rested_s: f64) -> f64 {
        let surface = 0.25 * (-rested_s / 5_400.0).exp();
        let worn = 0.75 * (1.0 - self.health(at_ms)).powf(1.3);
        12.75 - worn + surface - 0.01 * (rested_s / 86_400.0).min(40.0)
            + self.scatter.wander(at_ms as f64 / DAY_MS as f64) * 0.02
    }

    /// The lowest voltage while cranking, in volts: the inner resistance grows with wear and cold.
    pub fn cranking_v(&self, at_ms: u64, rested_s: f64, outside_c: f64) -> f64 {
        let cold = ((20.0 - outside_c) / 40.0).clamp(0.0, 1.5);
        let sag = 1.6 + 0.9 * cold + (1.0 - self.health(at_ms)) * (1.4 + 1.2 * cold);
        self.rest_v(at_ms, rested_s) - sag
    }

    /// The voltage while the alternator or the converter charges, in volts: more when it is cold.
    pub fn charging_v(&self, at_ms: u64, outside_c: f64) -> f64 {
        14.2 + 0.012 * (15.0 - outside_c) + self.scatter.branch(1).wander(at_ms as f64 / 60_000.0) * 0.05
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS_8: f64 = 8.0 * 3600.0;

    #[test]
    fn a_good_battery_rests_high_and_cranks_well_even_in_the_cold() {
        let battery = Battery { health: 0.95, fade: 0.05, since_ms: 0, scatter: Seed(1) };
        assert!((12.55..12.85).contains(&battery.rest_v(0, HOURS_8)));
        assert!(battery.cranking_v(0, HOURS_8, -15.0) > 9.6);
    }

    #[test]
    fn a_worn_battery_sags_and_the_more_so_in_the_cold() {
        let battery = Battery { health: 0.35, fade: 0.3, since_ms: 0, scatter: Seed(1) };
        assert!(battery.rest_v(0, HOURS_8) < 12.4);
        let (warm, cold) = (battery.cranking_v(0, HOURS_8, 20.0), battery.cranking_v(0, HOURS_8, -10.0));
        assert!(cold < warm && cold < 9.0 && cold > 6.0, "{warm} {cold}");
    }

    #[test]
    fn health_only_falls() {
        let battery = Battery::new(Seed(9), 0);
        for day in 0..2_000 {
            assert!(battery.health((day + 1) * DAY_MS) <= battery.health(day * DAY_MS));
        }
    }
}

//! Tyres, and the sets of wheels that a car wears in turn.
//!
//! Invariant: a set is recognised by its sensors' ids alone, so a swap between the axles is no new set and a seasonal
//! change is.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use milepost_protocol::record::{TyreSample, Wheel};
use serde::{Deserialize, Serialize};

use super::outside::{DayMean, day_of};

/// How many sensors are remembered: four sets.
const MAX_SENSORS: usize = 16;

/// A tyre as last sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tyre {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The pressure relative to the surroundings, in pascals.
    pub pressure_pa: u32,
    /// The air inside, in tenths of a degree Celsius.
    pub air_decicelsius: Option<i16>,
    /// The outside temperature, in tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
    /// The sensor's id.
    pub sensor: Option<u32>,
}

/// What is known of one sensor, and so of its wheel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SensorHistory {
    /// The id.
    pub sensor: u32,
    /// When it was first seen, in milliseconds of Unix time.
    pub first_ms: u64,
    /// When it was last seen.
    pub last_ms: u64,
    /// The highest daily mean outside temperature at which it was driven, in degrees Celsius.
    pub warmest_day_c: Option<f32>,
    /// The lowest.
    pub coldest_day_c: Option<f32>,
}

/// The set of wheels that the car wears now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MountedSet {
    /// When the set was first seen, in milliseconds of Unix time.
    pub first_ms: u64,
    /// When it was last seen.
    pub last_ms: u64,
    /// The highest daily mean outside temperature at which it was driven, in degrees Celsius.
    pub warmest_day_c: Option<f32>,
}

/// All wheels of a car.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wheels {
    /// The tyre at each place.
    pub mounted: BTreeMap<Wheel, Tyre>,
    /// Every sensor seen, oldest sight first given up.
    pub sensors: Vec<SensorHistory>,
}

impl Wheels {
    /// Takes in a sample.
    pub(super) fn sample(&mut self, at_ms: u64, sample: &TyreSample) {
        let tyre = Tyre {
            at_ms,
            pressure_pa: sample.pressure_pa,
            air_decicelsius: sample.air_decicelsius,
            outside_decicelsius: sample.outside_decicelsius,
            sensor: sample.sensor,
        };
        let known = self.mounted.entry(sample.wheel).or_default();
        if at_ms >= known.at_ms {
            // A sample without an id does not unmount a wheel that had one.
            *known = Tyre { sensor: tyre.sensor.or(known.sensor), ..tyre };
        }
        if let Some(sensor) = sample.sensor {
            self.see(sensor, at_ms);
        }
    }

    /// Takes in a day that has ended: the wheels now mounted were driven at its temperature.
    pub(super) fn driven_on(&mut self, day: DayMean) {
        let Self { mounted, sensors } = self;
        for known in sensors {
            let is_mounted = mounted.values().any(|tyre| tyre.sensor == Some(known.sensor));
            if is_mounted && day_of(known.first_ms) <= day.day {
                known.warmest_day_c = Some(known.warmest_day_c.map_or(day.mean_c, |warmest| warmest.max(day.mean_c)));
                known.coldest_day_c = Some(known.coldest_day_c.map_or(day.mean_c, |coldest| coldest.min(day.mean_c)));
            }
        }
    }

    /// The set that the car wears now; `None` while no sensor has told its id.
    pub fn mounted_set(&self) -> Option<MountedSet> {
        let is_mounted = |known: &&SensorHistory| self.mounted.values().any(|tyre| tyre.sensor == Some(known.sensor));
        self.sensors.iter().filter(is_mounted).fold(None, |set: Option<MountedSet>, known| {
            let set = set.unwrap_or(MountedSet { first_ms: known.first_ms, last_ms: 0, warmest_day_c: None });
            let warmest = set.warmest_day_c.into_iter().chain(known.warmest_day_c).reduce(f32::max);
            Some(MountedSet {
                first_ms: set.first_ms.min(known.first_ms),
                last_ms: set.last_ms.max(known.last_ms),
                warmest_day_c: warmest,
            })
        })
    }

    fn see(&mut self, sensor: u32, at_ms: u64) {
        if let Some(known) = self.sensors.iter_mut().find(|known| known.sensor == sensor) {
            known.first_ms = known.first_ms.min(at_ms);
            known.last_ms = known.last_ms.max(at_ms);
            return;
        }
        if self.sensors.len() >= MAX_SENSORS {
            let oldest = (0..self.sensors.len()).min_by_key(|&at| self.sensors[at].last_ms);
            self.sensors.swap_remove(oldest.unwrap_or(0));
        }
        self.sensors.push(SensorHistory { sensor, first_ms: at_ms, last_ms: at_ms, ..SensorHistory::default() });
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::DAY_MS;

    use super::*;

    const WHEELS: [Wheel; 4] = [Wheel::FrontLeft, Wheel::FrontRight, Wheel::RearLeft, Wheel::RearRight];

    fn mount(wheels: &mut Wheels, day: u64, sensors: [u32; 4]) {
        for (wheel, sensor) in WHEELS.into_iter().zip(sensors) {
            let sample = TyreSample {
                wheel,
                pressure_pa: 250_000,
                air_decicelsius: None,
                outside_decicelsius: None,
                sensor: Some(sensor),
            };
            wheels.sample(day * DAY_MS, &sample);
        }
    }

    fn day(day: u32, mean_c: f32) -> DayMean {
        DayMean { day, mean_c, weight_s: 60 }
    }

    #[test]
    fn a_seasonal_change_is_another_set_with_its_own_history() {
        let mut wheels = Wheels::default();
        mount(&mut wheels, 1, [1, 2, 3, 4]);
        wheels.driven_on(day(2, 19.0));
        assert_eq!(wheels.mounted_set().and_then(|set| set.warmest_day_c), Some(19.0));
        mount(&mut wheels, 10, [5, 6, 7, 8]);
        assert_eq!(wheels.mounted_set().and_then(|set| set.warmest_day_c), None);
        wheels.driven_on(day(9, 18.0));
        assert_eq!(wheels.mounted_set().and_then(|set| set.warmest_day_c), None, "the day was before the change");
        mount(&mut wheels, 20, [1, 2, 3, 4]);
        assert_eq!(wheels.mounted_set().and_then(|set| set.warmest_day_c), Some(19.0), "the old set is recognised");
    }

    #[test]
    fn a_swap_between_the_axles_is_no_new_set() {
        let mut wheels = Wheels::default();
        mount(&mut wheels, 1, [1, 2, 3, 4]);
        let before = wheels.mounted_set().map(|set| set.first_ms);
        mount(&mut wheels, 5, [3, 4, 1, 2]);
        assert_eq!(wheels.mounted_set().map(|set| set.first_ms), before);
        assert_eq!(wheels.sensors.len(), 4);
    }

    #[test]
    fn a_late_sample_of_the_old_set_does_not_put_it_back_on() {
        let mut wheels = Wheels::default();
        mount(&mut wheels, 10, [5, 6, 7, 8]);
        mount(&mut wheels, 3, [1, 2, 3, 4]);
        assert_eq!(wheels.mounted[&Wheel::FrontLeft].sensor, Some(5));
    }

    #[test]
    fn foreign_sensors_do_not_grow_the_list_without_end() {
        let mut wheels = Wheels::default();
        for at in 0..100 {
            mount(&mut wheels, at, [at as u32 * 4, at as u32 * 4 + 1, at as u32 * 4 + 2, at as u32 * 4 + 3]);
        }
        assert_eq!(wheels.sensors.len(), MAX_SENSORS);
        assert!(wheels.mounted_set().is_some());
    }
}

//! Tyres: pressures that follow the temperature, wheels that change with the season, slow leaks.
//!
//! Invariant: pressure and sensor follow from the car and the moment; a set of wheels keeps its four sensor ids for ever.

use milepost_protocol::plan::DAY_MS;

use super::noise::Seed;

const ATMOSPHERE_PA: f64 = 101_300.0;

/// One wheel at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tyre {
    /// Pressure relative to the surroundings, in pascals.
    pub pressure_pa: f64,
    /// The air inside, in degrees Celsius.
    pub air_c: f64,
    /// The sensor's id, 24 bits, never 0.
    pub sensor: u32,
}

/// A car's two sets of wheels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tyres {
    seed: Seed,
    /// What they are filled to at 20 °C, in pascals.
    filled_pa: f64,
    /// The wheel that leaks, when it begins in days after the epoch, and how much it loses a day.
    leak: Option<(usize, f64, f64)>,
    since_ms: u64,
}

impl Tyres {
    /// The wheels of a car; one car in four picks up a nail within the first year.
    pub fn new(car: Seed, since_ms: u64) -> Self {
        let seed = car.named("tyres");
        let leak = seed.branch(1).chance(0.25).then(|| {
            let wheel = (seed.branch(2).unit() * 4.0) as usize;
            (wheel, seed.branch(3).between(10.0, 330.0), seed.branch(4).between(800.0, 3_000.0))
        });
        Self { seed, filled_pa: seed.branch(5).between(225_000.0, 270_000.0), leak, since_ms }
    }

    /// The four wheels, front left first. `warmth_c` is how much driving has warmed the air inside.
    pub fn at(&self, at_ms: u64, winter: bool, outside_c: f64, warmth_c: f64) -> [Tyre; 4] {
        let days = at_ms.saturating_sub(self.since_ms) as f64 / DAY_MS as f64;
        let set = self.seed.named(if winter { "winter" } else { "summer" });
        std::array::from_fn(|wheel| {
            let own = set.branch(wheel as u64);
            let scatter = own.branch(1).between(-4_000.0, 4_000.0);
            // Air seeps through rubber; drivers top it up about every hundred days.
            let seeped = 120.0 * (days + own.branch(2).between(0.0, 100.0)).rem_euclid(100.0);
            let leaked = match self.leak {
                // A tyre that has lost half a bar is noticed and repaired.
                Some((leaking, from, daily)) if leaking == wheel && days > from && (days - from) * daily < 50_000.0 => {
                    (days - from) * daily
                }
                _ => 0.0,
            };
            let at_20_c = self.filled_pa + scatter - seeped - leaked;
            let air_c = outside_c + warmth_c;
            let pressure_pa = (at_20_c + ATMOSPHERE_PA) * (air_c + 273.15) / 293.15 - ATMOSPHERE_PA;
            Tyre { pressure_pa, air_c, sensor: (own.branch(3).0 as u32 & 0xFF_FFFF).max(1) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_rises_with_temperature_by_about_a_tenth_of_a_bar_in_ten_degrees() {
        let tyres = Tyres::new(Seed(5), 0);
        let (cold, warm) = (tyres.at(0, false, 0.0, 0.0), tyres.at(0, false, 10.0, 0.0));
        for wheel in 0..4 {
            let rise = warm[wheel].pressure_pa - cold[wheel].pressure_pa;
            assert!((9_000.0..15_000.0).contains(&rise), "{rise}");
        }
    }

    #[test]
    fn each_set_of_wheels_has_four_sensors_of_its_own() {
        let tyres = Tyres::new(Seed(5), 0);
        let mut ids: Vec<_> =
            [false, true].iter().flat_map(|&winter| tyres.at(0, winter, 10.0, 0.0)).map(|tyre| tyre.sensor).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 8);
        assert_eq!(tyres.at(0, true, 10.0, 0.0)[0].sensor, tyres.at(300 * DAY_MS, true, 0.0, 9.0)[0].sensor);
    }

    #[test]
    fn a_leaking_tyre_falls_behind_the_others_until_it_is_repaired() {
        let tyres = Tyres { leak: Some((2, 10.0, 2_000.0)), ..Tyres::new(Seed(5), 0) };
        let lag = |day: u64| {
            let now = tyres.at(day * DAY_MS, false, 20.0, 0.0);
            now[0].pressure_pa - now[2].pressure_pa
        };
        assert!(lag(30) - lag(9) > 25_000.0);
        assert!(lag(60) - lag(9) < 25_000.0);
    }
}

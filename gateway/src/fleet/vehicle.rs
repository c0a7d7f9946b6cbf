//! What kind of car it is, and the physics of one: engine, fuel, traction battery.
//!
//! Invariant: stored quantities move only through [`Vehicle::advance`] and [`Vehicle::rest`], and stay within their bounds.

use super::noise::Seed;

/// A kind of car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A small combustion car.
    Small,
    /// A large combustion car.
    Large,
    /// A battery-electric car.
    Electric,
}

impl Class {
    /// The kind of a device of whose past nothing is told. An id that ends in a number tells it: every fifth car is electric, every third of the others large.
    pub fn of(device: &str) -> Self {
        let prefix = device.trim_end_matches(|character: char| character.is_ascii_digit());
        let number = device[prefix.len()..].parse().unwrap_or_else(|_| Seed(0).named(device).0);
        match number % 15 {
            n if n % 5 == 4 => Self::Electric,
            n if n % 3 == 2 => Self::Large,
            _ => Self::Small,
        }
    }

    /// Whether there is a combustion engine.
    pub fn burns(self) -> bool {
        self != Self::Electric
    }

    fn params(self) -> Params {
        match self {
            Self::Small => Params { mass_kg: 1_250.0, drag: 0.38, store: 42_000.0, rpm_per_mps: 75.0, warmth: 1.0 },
            Self::Large => Params { mass_kg: 1_900.0, drag: 0.48, store: 65_000.0, rpm_per_mps: 58.0, warmth: 0.8 },
            Self::Electric => Params { mass_kg: 1_800.0, drag: 0.36, store: 60_000.0, rpm_per_mps: 0.0, warmth: 0.0 },
        }
    }

    /// The tank in millilitres, or the usable traction battery in watt-hours.
    pub fn store(self) -> f64 {
        self.params().store
    }
}

/// Figures of a class.
#[derive(Debug, Clone, Copy)]
struct Params {
    mass_kg: f64,
    /// Half the air density times drag area, in newtons per (m/s)².
    drag: f64,
    store: f64,
    rpm_per_mps: f64,
    /// How fast the engine warms, relative to the small car.
    warmth: f64,
}

/// A stretch of time in which the speed changes evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// The speed at its start, in metres a second.
    pub from_mps: f64,
    /// The speed at its end, in metres a second.
    pub to_mps: f64,
    /// How long it lasts; more than nothing.
    pub seconds: f64,
}

impl Ramp {
    /// A stretch at one speed.
    pub fn steady(mps: f64, seconds: f64) -> Self {
        Self { from_mps: mps, to_mps: mps, seconds }
    }

    /// How far it goes, in metres.
    pub fn distance_m(&self) -> f64 {
        f64::midpoint(self.from_mps, self.to_mps) * self.seconds
    }

    /// Whether the car stands throughout.
    pub fn stands(&self) -> bool {
        self.from_mps <= 0.0 && self.to_mps <= 0.0
    }

    /// The mean of the cubes of the speed, in m³/s³.
    fn mean_cube(&self) -> f64 {
        (self.from_mps + self.to_mps) * (self.from_mps * self.from_mps + self.to_mps * self.to_mps) / 4.0
    }
}

/// What the drive train does over a [`Ramp`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Drive {
    /// Engine speed at its end, in revolutions per minute.
    pub rpm: f64,
    /// Mean load, 0 to 1.
    pub load: f64,
    /// Mean fuel rate, in millilitres a second.
    pub fuel_mlps: f64,
    /// Mean power out of the traction battery, in watts; negative while it regains.
    pub power_w: f64,
}

/// What one drive amounted to: the truth that the core is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Driven {
    /// How far the wheels rolled, in metres.
    pub distance_m: f64,
    /// How long the ignition was on, in seconds.
    pub seconds: f64,
    /// How much of that the car stood, in seconds.
    pub standing_s: f64,
    /// How long the engine ran, in seconds.
    pub engine_s: f64,
    /// Fuel burnt, in millilitres.
    pub fuel_ml: f64,
    /// Energy out of the traction battery less what was regained, in watt-hours.
    pub energy_wh: f64,
    /// The highest speed, in metres a second.
    pub highest_mps: f64,
}

impl Driven {
    /// Adds a stretch.
    pub fn add(&mut self, ramp: Ramp, drive: Drive) {
        self.distance_m += ramp.distance_m();
        self.seconds += ramp.seconds;
        self.standing_s += if ramp.stands() { ramp.seconds } else { 0.0 };
        self.engine_s += if drive.rpm > 0.0 { ramp.seconds } else { 0.0 };
        self.fuel_ml += drive.fuel_mlps * ramp.seconds;
        self.energy_wh += drive.power_w * ramp.seconds / 3_600.0;
        self.highest_mps = self.highest_mps.max(ramp.to_mps);
    }
}

/// The physical state that the past leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Vehicle {
    /// The odometer, in metres.
    pub odometer_m: f64,
    /// The share of the tank or of the traction battery that is left.
    pub level: f64,
    /// The engine coolant, in degrees Celsius.
    pub coolant_c: f64,
}

const IDLE_RPM: f64 = 820.0;
const COLD_IDLE_RPM: f64 = 1_150.0;
const THERMOSTAT_C: f64 = 90.0;
/// The energy of petrol that reaches the wheels: 8.9 kWh a litre at 24 %, in joules a millilitre.
const JOULES_PER_ML: f64 = 7_700.0;

impl Vehicle {
    /// A car with that odometer, or else somewhere in its first years.
    pub fn new(car: Seed, odometer_m: Option<u32>, outside_c: f64) -> Self {
        let seed = car.named("vehicle");
        Self {
            odometer_m: odometer_m.map_or_else(|| seed.branch(1).between(4_000_000.0, 90_000_000.0), f64::from),
            level: seed.branch(2).between(0.4, 0.95),
            coolant_c: outside_c,
        }
    }

    /// What the drive train does over a stretch.
    ///
    /// The power is the mean over the stretch, with the kinetic energy of its two ends, so that what a drive takes does not depend on
    /// how finely it is cut.
    pub fn drive(&self, class: Class, ramp: Ramp, outside_c: f64) -> Drive {
        let params = class.params();
        let speed_mps = ramp.to_mps;
        let acceleration = (ramp.to_mps - ramp.from_mps) / ramp.seconds;
        let wheels_w = params.mass_kg * (9.81 * 0.011 + acceleration) * f64::midpoint(ramp.from_mps, ramp.to_mps)
            + params.drag * ramp.mean_cube();
        if !class.burns() {
            // Heating or cooling of the cabin grows with the distance from 20 °C; 0.9 is the way through motor and converter.
            let cabin_w = 300.0 + 60.0 * (outside_c - 20.0).abs();
            let power_w = if wheels_w > 0.0 { wheels_w / 0.9 } else { wheels_w * 0.65 } + cabin_w;
            return Drive { rpm: 0.0, load: (power_w / 120_000.0).clamp(0.0, 1.0), fuel_mlps: 0.0, power_w };
        }
        let cold = ((60.0 - self.coolant_c) / 60.0).clamp(0.0, 1.0);
        let idle = IDLE_RPM + (COLD_IDLE_RPM - IDLE_RPM) * cold;
        // Gears keep the engine between 1,300 and about 2,900 revolutions.
        let rpm = if speed_mps < 2.0 {
            idle
        } else {
            let mut rpm = params.rpm_per_mps * speed_mps;
            while rpm < 1_300.0 {
                rpm *= 1.45;
            }
            rpm.max(idle)
        };
        let idle_mlps = 0.22 * (1.0 + 0.8 * cold) * params.mass_kg / 1_250.0;
        let fuel_mlps = (wheels_w.max(0.0) / JOULES_PER_ML) * (1.0 + 0.35 * cold) + idle_mlps;
        Drive { rpm, load: (wheels_w / 70_000.0 + 0.18).clamp(0.1, 1.0), fuel_mlps, power_w: 0.0 }
    }

    /// Lets the car drive over a stretch.
    pub fn advance(&mut self, class: Class, drive: Drive, ramp: Ramp, outside_c: f64) {
        let seconds = ramp.seconds;
        self.odometer_m += ramp.distance_m().max(0.0);
        let store = class.store();
        let used = if class.burns() { drive.fuel_mlps * seconds } else { drive.power_w * seconds / 3_600.0 };
        self.level = (self.level - used / store).clamp(0.02, 1.0);
        if class.burns() {
            // First order towards the thermostat; a cold day and a low load both slow it.
            let params = class.params();
            let rate = params.warmth * (0.0028 + 0.004 * drive.load) * (1.0 + outside_c / 60.0).clamp(0.5, 1.5);
            let target = THERMOSTAT_C + 4.0 * drive.load;
            self.coolant_c += (target - self.coolant_c) * (1.0 - (-rate * seconds).exp());
        }
    }

    /// Lets the car stand for a while: the coolant approaches the outside with a time constant of two and a half hours.
    pub fn rest(&mut self, seconds: f64, outside_c: f64) {
        self.coolant_c = outside_c + (self.coolant_c - outside_c) * (-seconds / 9_000.0).exp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_steady(class: Class, speed_mps: f64) -> (Drive, Vehicle) {
        let vehicle = Vehicle { odometer_m: 0.0, level: 0.5, coolant_c: 90.0 };
        (vehicle.drive(class, Ramp::steady(speed_mps, 1.0), 15.0), vehicle)
    }

    #[test]
    fn consumption_is_that_of_real_cars() {
        for (class, low, high) in [(Class::Small, 4.0, 8.0), (Class::Large, 5.5, 11.0)] {
            let (drive, _) = at_steady(class, 27.8);
            let litres_per_100_km = drive.fuel_mlps / 27.8 * 100.0;
            assert!((low..high).contains(&litres_per_100_km), "{class:?}: {litres_per_100_km}");
        }
        let (drive, _) = at_steady(Class::Electric, 27.8);
        let wh_per_km = drive.power_w / 27.8 / 3.6;
        assert!((120.0..230.0).contains(&wh_per_km), "{wh_per_km}");
    }

    #[test]
    fn what_a_drive_takes_does_not_depend_on_how_finely_it_is_cut() {
        for class in [Class::Small, Class::Large, Class::Electric] {
            let vehicle = at_steady(class, 0.0).1;
            let used = |pieces: u32| {
                let seconds = 8.0 / f64::from(pieces);
                let mut driven = Driven::default();
                for piece in 0..pieces {
                    let speed = |piece: u32| 2.5 * seconds * f64::from(piece);
                    let ramp = Ramp { from_mps: speed(piece), to_mps: speed(piece + 1), seconds };
                    driven.add(ramp, vehicle.drive(class, ramp, 15.0));
                }
                (driven.fuel_ml + driven.energy_wh, driven.distance_m)
            };
            let ((coarse, coarse_m), (fine, fine_m)) = (used(1), used(800));
            assert!((coarse / fine - 1.0).abs() < 1e-6, "{class:?}: {coarse} {fine}");
            assert!((coarse_m - 80.0).abs() < 1e-6 && (fine_m - 80.0).abs() < 1e-6, "{coarse_m} {fine_m}");
        }
    }

    #[test]
    fn engines_warm_up_within_minutes_and_cool_down_over_hours() {
        let mut vehicle = Vehicle { odometer_m: 0.0, level: 0.5, coolant_c: 0.0 };
        let mut seconds = 0;
        while vehicle.coolant_c < 70.0 {
            let ramp = Ramp::steady(14.0, 1.0);
            let drive = vehicle.drive(Class::Small, ramp, 0.0);
            vehicle.advance(Class::Small, drive, ramp, 0.0);
            seconds += 1;
        }
        assert!((180..900).contains(&seconds), "{seconds}");
        vehicle.rest(3_600.0, 0.0);
        assert!((30.0..65.0).contains(&vehicle.coolant_c));
        vehicle.rest(36_000.0, 0.0);
        assert!(vehicle.coolant_c < 5.0);
    }

    #[test]
    fn a_fleet_has_all_classes_and_a_device_keeps_its_own() {
        let classes: Vec<_> = (1..=15).map(|number| Class::of(&format!("car-{number:04}"))).collect();
        for class in [Class::Small, Class::Large, Class::Electric] {
            assert!(classes.contains(&class), "{class:?}");
        }
        assert_eq!(classes.iter().filter(|&&class| class == Class::Electric).count(), 3);
        assert_eq!(Class::of("no-number"), Class::of("no-number"));
    }
}

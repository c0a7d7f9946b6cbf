//! One car's life as a sequence of moments: wake, crank, drive, park, and the hours between.
//!
//! How dense the moments of a drive are follows from the speed of time and from what the car does: see [`super::pace`].
//! Around an engine start they are dense at any speed, because the core measures there. Parked time passes in ticks of an hour.
//! Invariant: the sequence follows from (seed, device, epoch, speed) and the position it starts from; times rise strictly and
//! the odometer never falls.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::battery::Battery;
use super::calendar::{HOUR_MS, day};
use super::driver::{Driver, Errand};
use super::ecu::Readings;
use super::faults::{Code, Faults};
use super::matrix::{Detail, Engine, State, Traction};
use super::noise::Seed;
use super::pace::Pace;
use super::past::Past;
use super::place::Place;
use super::route::Route;
use super::tyres::Tyres;
use super::vehicle::{Class, Drive, Driven, Ramp, Vehicle};

/// No starter turns an engine faster, in revolutions a minute.
const CRANKING_RPM: f64 = 300.0;

/// Where a car's life stands: everything that does not follow from the seed and the time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Virtual Unix time, in milliseconds.
    pub at_ms: u64,
    /// When the car last stopped, in milliseconds of virtual Unix time.
    pub stopped_ms: u64,
    /// The physics.
    pub vehicle: Vehicle,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// A drive is about to begin. The position is the one after it: it is to be kept before the first moment of the drive,
    /// so that a life that is cut during the drive goes on after it.
    Departure {
        /// After the drive.
        after: Position,
        /// What it amounts to.
        driven: Driven,
    },
    /// The car's units tell their state.
    Told {
        /// Virtual Unix time, in milliseconds.
        at_ms: u64,
        /// The state.
        state: State,
        /// How much of it.
        detail: Detail,
    },
    /// Time passes while the bus sleeps.
    Tick {
        /// Virtual Unix time, in milliseconds.
        at_ms: u64,
    },
}

impl Moment {
    /// When it happens; a departure has no time of its own.
    pub fn at_ms(&self) -> Option<u64> {
        match self {
            Self::Departure { .. } => None,
            Self::Told { at_ms, .. } | Self::Tick { at_ms } => Some(*at_ms),
        }
    }
}

/// A car and its life.
#[derive(Debug)]
pub struct Generator {
    class: Class,
    place: Place,
    driver: Driver,
    battery: Battery,
    tyres: Tyres,
    faults: Faults,
    pace: Pace,
    health: f64,
    position: Position,
    driven: Driven,
    queue: VecDeque<Moment>,
    errands: VecDeque<Errand>,
    planned_to_day: u64,
}

impl Generator {
    /// The life of `device` in the fleet of `seed` from `epoch_ms` on, continued from `position` if there is one.
    /// What is told of its past holds; the rest is drawn.
    pub fn new(
        seed: u64,
        device: &str,
        past: Option<Past>,
        epoch_ms: u64,
        speed: f64,
        position: Option<Position>,
    ) -> Self {
        let fleet = Seed(seed);
        let car = fleet.named(device);
        let class = past.map_or_else(|| Class::of(device), |past| past.class);
        let place = Place::choose(fleet, car.named("place").unit());
        let position = position.unwrap_or_else(|| Position {
            at_ms: epoch_ms,
            stopped_ms: epoch_ms.saturating_sub(10 * HOUR_MS),
            vehicle: Vehicle::new(car, past.map(|past| past.odometer_m), place.outside_c(epoch_ms)),
        });
        Self {
            class,
            place,
            driver: Driver::new(car),
            battery: Battery::new(car, epoch_ms),
            tyres: Tyres::new(car, epoch_ms),
            faults: Faults::new(car, class, epoch_ms),
            pace: Pace::at(speed),
            health: car.named("traction").between(0.82, 1.0),
            position,
            driven: Driven::default(),
            queue: VecDeque::new(),
            errands: VecDeque::new(),
            planned_to_day: day(position.at_ms),
        }
    }

    /// The driver.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The kind of car.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Where the life stands: after the last moment that was planned.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The trouble codes that stand at a moment.
    pub fn codes(&self, at_ms: u64) -> Vec<Code> {
        self.faults.codes(at_ms).collect()
    }

    /// What the engine control unit has counted.
    pub fn readings(&self) -> Readings {
        let km = (self.position.vehicle.odometer_m / 1_000.0) as u64;
        Readings { lamp_distance_km: 0, warm_ups: (km / 12 % 250) as u8, since_clear_km: (km % 60_000) as u16 }
    }

    /// The next moment, if it happens by `until_ms`.
    pub fn next(&mut self, until_ms: u64) -> Option<Moment> {
        loop {
            match self.queue.front() {
                Some(moment) if moment.at_ms().is_none_or(|at_ms| at_ms <= until_ms) => return self.queue.pop_front(),
                Some(_) => return None,
                None => {}
            }
            // Never plan a drive before its time: until then a restart may plan it anew.
            let start_ms = self.next_errand_ms();
            let tick_ms = self.position.at_ms + HOUR_MS;
            if start_ms <= tick_ms {
                if start_ms > until_ms {
                    return None;
                }
                let errand = self.errands.pop_front().expect("the errand was just looked at");
                self.plan_drive(errand);
            } else if tick_ms <= until_ms {
                self.plan_hour(tick_ms);
            } else {
                return None;
            }
        }
    }

    /// When the next drive begins; days are planned until there is one.
    fn next_errand_ms(&mut self) -> u64 {
        loop {
            let earliest_ms = self.position.at_ms + 5_000;
            while let Some(errand) = self.errands.front() {
                if errand.start_ms + 20 * 60_000 < earliest_ms {
                    // The car was still under way; the errand is dropped, not squeezed in.
                    self.errands.pop_front();
                } else {
                    return errand.start_ms.max(earliest_ms);
                }
            }
            self.errands.extend(self.driver.day(self.planned_to_day));
            self.planned_to_day += 1;
        }
    }

    fn plan_hour(&mut self, at_ms: u64) {
        self.position.at_ms = at_ms;
        if self.class == Class::Electric
            && self.position.vehicle.level < 0.8
            && at_ms > self.position.stopped_ms + HOUR_MS / 2
        {
            // Eleven kilowatts; told at each hour while it charges and once when it ends.
            let store_wh = self.class.store() * self.health;
            self.position.vehicle.level = (self.position.vehicle.level + 11_000.0 / store_wh).min(0.8);
            let charging = self.position.vehicle.level < 0.8;
            let mut state = self.state(at_ms, 0, 0.0, Drive::default(), 0.0);
            state.charging = charging;
            state.battery_v = self.battery.charging_v(at_ms, state.outside_c);
            if let Some(traction) = &mut state.traction {
                traction.power_w = if charging { 11_000.0 } else { 0.0 };
            }
            self.queue.push_back(Moment::Told { at_ms, state, detail: Detail::Usual });
        } else {
            self.queue.push_back(Moment::Tick { at_ms });
        }
    }

    fn plan_drive(&mut self, errand: Errand) {
        let start_ms = errand.start_ms.max(self.position.at_ms + 5_000);
        self.refuel();
        let outside_c = self.place.outside_c(start_ms);
        let rested_s = start_ms.saturating_sub(self.position.stopped_ms) as f64 / 1_000.0;
        self.position.vehicle.rest(rested_s, outside_c);
        self.driven = Driven::default();

        // A departure goes in front of its moments, but what it says is known only behind them.
        let first = self.queue.len();
        let mut at_ms = self.plan_start(start_ms, rested_s);
        at_ms = self.plan_road(at_ms, errand);
        self.plan_stop(at_ms);
        self.queue.insert(first, Moment::Departure { after: self.position, driven: self.driven });
    }

    /// Ignition on, a look at the resting battery, and the crank.
    fn plan_start(&mut self, start_ms: u64, rested_s: f64) -> u64 {
        let outside_c = self.place.outside_c(start_ms);
        let rest_v = self.battery.rest_v(start_ms, rested_s);
        let mut at_ms = start_ms;
        let mut before = (0, Drive::default());
        let mut tell = |this: &mut Self, after_ms: u64, ignition, volts, rpm, detail| {
            at_ms += after_ms;
            let drive = Drive { rpm, ..Drive::default() };
            if before.0 >= 2 {
                let firing = if before.1.rpm > CRANKING_RPM { before.1 } else { Drive::default() };
                this.driven.add(Ramp::steady(0.0, after_ms as f64 / 1_000.0), firing);
            }
            before = (ignition, drive);
            let mut state = this.state(at_ms, ignition, 0.0, drive, 0.0);
            state.battery_v = volts;
            this.queue.push_back(Moment::Told { at_ms, state, detail });
        };
        tell(self, 0, 0, rest_v, 0.0, Detail::Usual);
        tell(self, 400, 2, rest_v - 0.08, 0.0, Detail::Whole);
        if self.class.burns() {
            let lowest_v = self.battery.cranking_v(start_ms, rested_s, outside_c);
            tell(self, 1_500, 3, rest_v - 0.1, 0.0, Detail::Usual);
            tell(self, 60, 3, lowest_v, 60.0, Detail::Usual);
            tell(self, 100, 3, lowest_v + 0.5, 190.0, Detail::Usual);
            tell(self, 400, 3, lowest_v + 0.8, 230.0, Detail::Usual);
            tell(self, 150, 2, lowest_v + 2.2, 1_150.0, Detail::Usual);
        }
        let charging_v = self.battery.charging_v(start_ms, outside_c);
        tell(self, 900, 2, charging_v, if self.class.burns() { 1_100.0 } else { 0.0 }, Detail::Usual);
        at_ms
    }

    fn plan_road(&mut self, started_ms: u64, errand: Errand) -> u64 {
        let route = Route::new(errand.seed, errand.distance_m);
        let (mut at_ms, mut along_m, mut speed) = (started_ms, 0.0, 0.0);
        let mut warmth_c = 0.0_f64;
        let mut pace = self.pace;
        while along_m < route.distance_m && self.position.vehicle.level > 0.03 {
            let elapsed_s = (at_ms - started_ms) as f64 / 1_000.0;
            let wanted = |after_s: f64| route.speed_mps(elapsed_s + after_s, along_m);
            let step = pace.step(elapsed_s, speed, wanted);
            at_ms += step.ms;
            let drive = self.roll(step.ramp, at_ms);
            along_m += step.ramp.distance_m();
            speed = step.ramp.to_mps;
            warmth_c += (18.0 * (speed / 30.0).min(1.0) - warmth_c) * (1.0 - (-step.ramp.seconds / 900.0).exp());
            let state = self.state(at_ms, 2, speed, drive, warmth_c);
            self.queue.push_back(Moment::Told { at_ms, state, detail: pace.detail(at_ms) });
        }
        while speed > 0.0 {
            let step = pace.brake(speed);
            at_ms += step.ms;
            let drive = self.roll(step.ramp, at_ms);
            speed = step.ramp.to_mps;
            let state = self.state(at_ms, 2, speed, drive, warmth_c);
            self.queue.push_back(Moment::Told { at_ms, state, detail: Detail::Usual });
        }
        at_ms
    }

    /// Lets the car drive over a stretch that ends at `at_ms`.
    fn roll(&mut self, ramp: Ramp, at_ms: u64) -> Drive {
        let outside_c = self.place.outside_c(at_ms);
        let drive = self.position.vehicle.drive(self.class, ramp, outside_c);
        self.position.vehicle.advance(self.class, drive, ramp, outside_c);
        self.driven.add(ramp, drive);
        drive
    }

    /// Standing, ignition off, and the silence in which the core closes the trip.
    fn plan_stop(&mut self, arrived_ms: u64) {
        let mut at_ms = arrived_ms + 2_000;
        let idle = self.roll(Ramp::steady(0.0, 2.0), at_ms);
        let state = State { parked: true, ..self.state(at_ms, 2, 0.0, idle, 15.0) };
        self.queue.push_back(Moment::Told { at_ms, state, detail: Detail::Usual });
        self.roll(Ramp::steady(0.0, 1.0), at_ms + 1_000);
        self.position.stopped_ms = at_ms;
        for after_ms in [1_000, 3_000] {
            at_ms += after_ms;
            let state = self.state(at_ms, 0, 0.0, Drive::default(), 15.0);
            let detail = if after_ms == 1_000 { Detail::Whole } else { Detail::Usual };
            self.queue.push_back(Moment::Told { at_ms, state, detail });
        }
        for after_ms in [10_000, 30_000, 40_000, 90_000, 300_000] {
            at_ms += after_ms;
            self.queue.push_back(Moment::Tick { at_ms });
        }
        self.position.at_ms = at_ms;
    }

    /// Drivers fill up with a quarter of the tank left, some earlier. It happens unseen, between two drives.
    fn refuel(&mut self) {
        if self.class.burns() && self.position.vehicle.level < 0.22 {
            self.position.vehicle.level = 0.97;
        } else if self.class == Class::Electric && self.position.vehicle.level < 0.15 {
            self.position.vehicle.level = 0.8;
        }
    }

    fn state(&self, at_ms: u64, ignition: u8, speed_mps: f64, drive: Drive, warmth_c: f64) -> State {
        let outside_c = self.place.outside_c(at_ms);
        let vehicle = &self.position.vehicle;
        let on = ignition >= 2;
        let battery_v = if on {
            self.battery.charging_v(at_ms, outside_c)
        } else {
            self.battery.rest_v(at_ms, at_ms.saturating_sub(self.position.stopped_ms) as f64 / 1_000.0)
        };
        State {
            ignition,
            speed_mps,
            odometer_m: vehicle.odometer_m,
            battery_v,
            outside_c,
            parked: !on,
            charging: false,
            engine: self.class.burns().then_some(Engine {
                rpm: drive.rpm,
                coolant_c: vehicle.coolant_c,
                fuel: vehicle.level,
                fuel_mlps: drive.fuel_mlps,
            }),
            traction: (!self.class.burns()).then_some(Traction {
                charge: vehicle.level,
                health: self.health,
                power_w: -drive.power_w,
            }),
            tyres: self.tyres.at(at_ms, self.driver.on_winter_wheels(at_ms), outside_c, warmth_c),
        }
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::DAY_MS;

    use super::*;

    const EPOCH_MS: u64 = 20_454 * DAY_MS;

    fn life(device: &str, days: u64, speed: f64) -> Vec<Moment> {
        let mut generator = Generator::new(7, device, None, EPOCH_MS, speed, None);
        std::iter::from_fn(|| generator.next(EPOCH_MS + days * DAY_MS)).collect()
    }

    #[test]
    fn a_seed_lives_the_same_life_again() {
        assert_eq!(life("car-0003", 20, 10_000.0), life("car-0003", 20, 10_000.0));
        assert_ne!(life("car-0003", 20, 10_000.0), life("car-0006", 20, 10_000.0));
    }

    #[test]
    fn how_often_a_life_is_looked_at_does_not_change_it() {
        let mut generator = Generator::new(7, "car-0003", None, EPOCH_MS, 10_000.0, None);
        let mut looked = Vec::new();
        for hour in 0..20 * 24 {
            looked.extend(std::iter::from_fn(|| generator.next(EPOCH_MS + (hour + 1) * HOUR_MS)));
        }
        assert_eq!(looked, life("car-0003", 20, 10_000.0));
    }

    #[test]
    fn times_rise_and_odometers_never_fall_for_every_class() {
        for device in ["car-0001", "car-0002", "car-0004"] {
            let (mut last_ms, mut odometer_m) = (0, 0.0);
            for moment in life(device, 60, 100_000.0) {
                if let Some(at_ms) = moment.at_ms() {
                    assert!(at_ms > last_ms, "{device} at {at_ms}");
                    last_ms = at_ms;
                }
                if let Moment::Told { state, .. } = moment {
                    assert!(state.odometer_m >= odometer_m, "{device}");
                    odometer_m = state.odometer_m;
                }
            }
        }
    }

    #[test]
    fn a_life_continued_from_its_position_goes_on_without_falling_back() {
        let moments = life("car-0001", 30, 100_000.0);
        let departures: Vec<_> = moments
            .iter()
            .filter_map(|moment| match moment {
                Moment::Departure { after, .. } => Some(*after),
                _ => None,
            })
            .collect();
        let position = departures[departures.len() / 2];
        let mut resumed = Generator::new(7, "car-0001", None, EPOCH_MS, 100_000.0, Some(position));
        let first = std::iter::from_fn(|| resumed.next(EPOCH_MS + 40 * DAY_MS))
            .find_map(|moment| match moment {
                Moment::Told { at_ms, state, .. } => Some((at_ms, state.odometer_m)),
                _ => None,
            })
            .unwrap();
        assert!(first.0 > position.at_ms);
        assert!(first.1 >= position.vehicle.odometer_m);
    }

    #[test]
    fn drives_are_told_more_sparsely_the_faster_time_runs() {
        let told = |speed| life("car-0001", 10, speed).len();
        assert!(told(1.0) > 5 * told(100.0));
        assert!(told(100.0) > 3 * told(100_000.0));
    }

    #[test]
    fn a_departure_foretells_the_drive() {
        let moments = life("car-0001", 20, 100_000.0);
        let mut odometers_m = Vec::new();
        let (mut foretold_m, mut level_before) = (0.0, None);
        for moment in &moments {
            match moment {
                Moment::Departure { after, driven } => {
                    assert!(driven.seconds > driven.standing_s, "{driven:?}");
                    let level = after.vehicle.level;
                    let burnt_ml = Class::of("car-0001").store() * (level_before.unwrap_or(level) - level);
                    // A fall is what was burnt; a rise is a filled tank.
                    let filled = level_before.is_none_or(|before| level > before);
                    assert!(filled || (burnt_ml - driven.fuel_ml).abs() < 1e-6, "{burnt_ml} {driven:?}");
                    level_before = Some(level);
                    foretold_m += driven.distance_m;
                }
                Moment::Told { state, .. } => odometers_m.push(state.odometer_m),
                Moment::Tick { .. } => {}
            }
        }
        let rolled_m = odometers_m.last().unwrap() - odometers_m.first().unwrap();
        assert!(rolled_m > 100_000.0 && (rolled_m - foretold_m).abs() < 1.0, "{rolled_m} {foretold_m}");
    }

    #[test]
    fn the_odometer_is_the_integral_of_the_speed() {
        let (mut integral_m, mut last): (f64, Option<(u64, f64)>) = (0.0, None);
        let (mut first_m, mut last_m) = (None, 0.0);
        for moment in life("car-0001", 20, 100_000.0) {
            if let Moment::Told { at_ms, state, .. } = moment {
                if let Some((then_ms, then)) = last {
                    integral_m += f64::midpoint(then, state.speed_mps) * (at_ms - then_ms) as f64 / 1_000.0;
                }
                last = Some((at_ms, state.speed_mps));
                first_m.get_or_insert(state.odometer_m);
                last_m = state.odometer_m;
            }
        }
        let driven_m = last_m - first_m.unwrap();
        assert!(driven_m > 100_000.0);
        assert!((integral_m - driven_m).abs() < driven_m * 1e-6, "{integral_m} {driven_m}");
    }

    #[test]
    fn winter_shows_in_the_temperatures_and_engines_start_cold() {
        let coldest = life("car-0001", 30, 100_000.0)
            .iter()
            .filter_map(|moment| match moment {
                Moment::Told { state, .. } => state.engine.map(|engine| engine.coolant_c),
                _ => None,
            })
            .fold(f64::MAX, f64::min);
        assert!(coldest < 15.0, "{coldest}");
    }
}

//! Who drives: when, where to, and how the reminders are answered.
//!
//! Invariant: the trips of a day follow from the driver and the day alone, in order and without overlap.

use milepost_protocol::notice::Answer;
use milepost_protocol::plan::DAY_MS;
use rand::Rng;

use super::calendar::{HOUR_MS, share_of, weekday, year_share};
use super::noise::Seed;

/// A driver's habits.
#[derive(Debug, Clone)]
pub struct Driver {
    seed: Seed,
    /// When the way to work begins, in hours of the day.
    leaves_h: f64,
    /// How long the work takes, in hours.
    works_h: f64,
    /// The way to work, in metres; none for those who do not commute.
    commute_m: Option<f64>,
    /// The share of working days at home.
    at_home: f64,
    /// Errands a day, on average.
    errands: f64,
    /// When the holidays begin, as shares of the year, and their days.
    holidays: [(f64, u64); 2],
    /// How far the holidays are, in metres.
    holiday_m: f64,
    /// Whether the wheels are changed with the season, and when: as shares of the year.
    winter_wheels: Option<(f64, f64)>,
    temper: Temper,
}

/// How a driver takes notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    Tidy,
    Later,
    Deaf,
}

/// A trip that a driver intends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errand {
    /// When it begins, in milliseconds of virtual Unix time.
    pub start_ms: u64,
    /// How far it goes, in metres.
    pub distance_m: f64,
    /// What makes this trip's route its own.
    pub seed: Seed,
}

impl Driver {
    /// The driver of the car with this seed.
    pub fn new(car: Seed) -> Self {
        let seed = car.named("driver");
        let mut random = seed.random();
        let commutes = random.random_bool(0.75);
        let summer = share_of(6, 20) + random.random_range(0.0..0.2);
        Self {
            seed,
            leaves_h: random.random_range(6.2..8.6),
            works_h: random.random_range(7.5..9.5),
            commute_m: commutes.then(|| 3_000.0 * f64::exp(random.random_range(0.0..2.6))),
            at_home: random.random_range(0.0..0.4),
            errands: random.random_range(0.4..1.4),
            holidays: [(summer, random.random_range(8..20)), (share_of(12, 22), random.random_range(4..10))],
            holiday_m: random.random_range(120_000.0..700_000.0),
            winter_wheels: random.random_bool(0.6).then(|| {
                (share_of(10, 5) + random.random_range(0.0..0.12), share_of(3, 20) + random.random_range(0.0..0.1))
            }),
            temper: match random.random::<f64>() {
                x if x < 0.5 => Temper::Tidy,
                x if x < 0.85 => Temper::Later,
                _ => Temper::Deaf,
            },
        }
    }

    /// Whether the winter wheels are mounted.
    pub fn on_winter_wheels(&self, unix_ms: u64) -> bool {
        let share = year_share(unix_ms);
        self.winter_wheels.is_some_and(|(autumn, spring)| share >= autumn || share < spring)
    }

    /// The trips that begin on a day.
    pub fn day(&self, day: u64) -> Vec<Errand> {
        let mut random = self.seed.branch(day).random();
        let mut plan =
            DayPlan { day, free_from_h: 0.0, errands: Vec::new(), seed: self.seed.named("route").branch(day) };
        match self.holiday_day(day) {
            Some((0, _)) => plan.add(random.random_range(7.0..10.0), self.holiday_m),
            Some((at, days)) if at + 1 == days => plan.add(random.random_range(9.0..13.0), self.holiday_m),
            Some(_) => {
                if random.random_bool(0.5) {
                    let distance_m = random.random_range(4_000.0..60_000.0);
                    plan.add(random.random_range(10.0..12.0), distance_m);
                    plan.add(random.random_range(16.0..19.0), distance_m);
                }
            }
            None if weekday(day) < 5 => {
                if let Some(commute_m) = self.commute_m
                    && !random.random_bool(self.at_home)
                {
                    let leaves_h = self.leaves_h + random.random_range(-0.3..0.3);
                    plan.add(leaves_h, commute_m);
                    plan.add(leaves_h + self.works_h + random.random_range(-0.5..1.0), commute_m);
                }
                run_errands(&mut plan, &mut random, 17.5..20.5, self.errands * 0.6);
            }
            None => run_errands(&mut plan, &mut random, 9.5..18.0, self.errands),
        }
        plan.errands
    }

    /// What the driver answers to a notice shown at `at_ms`, and after how long; `None` for a notice that is ignored.
    ///
    /// The answer follows from the driver and the notice, so that a second showing after a snooze gets a fresh thought by its serial.
    pub fn answers(&self, notice: u64, offer: bool, showing: u32) -> Option<(u64, Answer)> {
        let thought = self.seed.named("answer").branch(notice).branch(u64::from(showing));
        let mood = thought.unit();
        let answer = match (self.temper, offer) {
            (Temper::Tidy, false) if mood < 0.45 => Answer::Book,
            (Temper::Tidy, false) if mood < 0.75 => Answer::Done,
            (Temper::Tidy, false) if mood < 0.95 => Answer::Snooze { days: 7 },
            (Temper::Later, false) if mood < 0.55 => Answer::Snooze { days: 14 },
            (Temper::Later, false) if mood < 0.7 => Answer::Book,
            (Temper::Later, false) if mood < 0.85 => Answer::Done,
            (Temper::Deaf, false) if mood < 0.15 => Answer::Done,
            (Temper::Tidy, true) if mood < 0.35 => Answer::Book,
            (Temper::Tidy | Temper::Later, true) if mood < 0.65 => Answer::Refuse,
            (Temper::Later, true) if mood < 0.8 => Answer::Snooze { days: 7 },
            (Temper::Deaf, true) if mood < 0.2 => Answer::Refuse,
            _ => return None,
        };
        let after_ms = thought.branch(1).between(60_000.0, 900_000.0) as u64;
        Some((after_ms, answer))
    }

    fn holiday_day(&self, day: u64) -> Option<(u64, u64)> {
        self.holidays.iter().find_map(|&(start, days)| {
            let into_year = year_share(day * DAY_MS + DAY_MS / 2) * 365.25;
            let into = into_year - (start * 365.25).floor();
            let into = if into < 0.0 { into + 365.25 } else { into };
            ((into as u64) < days).then_some((into as u64, days))
        })
    }
}

fn run_errands(plan: &mut DayPlan, random: &mut impl Rng, hours: std::ops::Range<f64>, expected: f64) {
    let mut left = expected;
    while left > 0.0 {
        if random.random_bool(left.min(1.0)) {
            let distance_m = 1_500.0 * f64::exp(random.random_range(0.0..3.4));
            let leaves_h = random.random_range(hours.clone());
            plan.add(leaves_h, distance_m);
            plan.add(leaves_h + random.random_range(0.4..2.5), distance_m);
        }
        left -= 1.0;
    }
}

struct DayPlan {
    day: u64,
    free_from_h: f64,
    errands: Vec<Errand>,
    seed: Seed,
}

impl DayPlan {
    /// Adds a trip, later if the car is still under way, or not at all if the day is over.
    fn add(&mut self, start_h: f64, distance_m: f64) {
        let start_h = start_h.max(self.free_from_h);
        // Ten metres a second is slower than any mix of roads here, so that trips never overlap.
        let until_h = start_h + distance_m / 10.0 / 3600.0 + 0.25;
        if start_h >= 23.0 {
            return;
        }
        self.free_from_h = until_h;
        let seed = self.seed.branch(self.errands.len() as u64);
        self.errands.push(Errand { start_ms: self.day * DAY_MS + (start_h * HOUR_MS as f64) as u64, distance_m, seed });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_of_a_year_come_in_order_and_amount_to_a_plausible_year() {
        for car in 0..40 {
            let driver = Driver::new(Seed(car));
            let mut last_ms = 0;
            let mut distance_m = 0.0;
            for day in 20_000..20_365 {
                for errand in driver.day(day) {
                    assert!(errand.start_ms >= last_ms, "car {car}, day {day}");
                    last_ms = errand.start_ms;
                    distance_m += errand.distance_m;
                }
            }
            assert!((1_500_000.0..60_000_000.0).contains(&distance_m), "car {car} drives {distance_m} m a year");
        }
    }

    #[test]
    fn some_drivers_change_their_wheels_in_winter_and_some_never_do() {
        let january = 20_465 * DAY_MS;
        let july = 20_650 * DAY_MS;
        let drivers: Vec<_> = (0..40).map(|car| Driver::new(Seed(car))).collect();
        let changed = drivers.iter().filter(|driver| driver.on_winter_wheels(january)).count();
        assert!((10..35).contains(&changed), "{changed} of 40 on winter wheels in January");
        assert!(drivers.iter().all(|driver| !driver.on_winter_wheels(july)));
    }
}

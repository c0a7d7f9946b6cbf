//! The road of one trip: what share of it is urban, rural and motorway, and how fast a car goes on it at a moment.
//!
//! Invariant: a profile ends, after at most twice the time that its slowest road would take.

use super::noise::Seed;

/// What a road allows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Road {
    /// Usual speed, in metres a second.
    usual_mps: f64,
    /// How far traffic moves it.
    spread_mps: f64,
    /// The share of time spent standing.
    standing: f64,
}

const URBAN: Road = Road { usual_mps: 11.5, spread_mps: 3.5, standing: 0.14 };
const RURAL: Road = Road { usual_mps: 21.5, spread_mps: 5.0, standing: 0.02 };
const MOTORWAY: Road = Road { usual_mps: 32.0, spread_mps: 5.0, standing: 0.004 };

/// A trip's road.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    seed: Seed,
    /// The length, in metres.
    pub distance_m: f64,
    /// Where the town ends and where the motorway begins and ends, in metres from the start.
    bounds_m: [f64; 4],
}

impl Route {
    /// The road of a trip: towns at both ends, a motorway in the middle of a long one.
    pub fn new(seed: Seed, distance_m: f64) -> Self {
        let town_m = seed.branch(1).between(1_200.0, 4_000.0).min(distance_m * 0.4);
        let open_m = distance_m - 2.0 * town_m;
        let motorway_m = if open_m > 12_000.0 { open_m * seed.branch(2).between(0.4, 0.9) } else { 0.0 };
        let rural_m = (open_m - motorway_m) / 2.0;
        let bounds_m = [town_m, town_m + rural_m, town_m + rural_m + motorway_m, distance_m - town_m];
        Self { seed, distance_m, bounds_m }
    }

    /// The speed at `elapsed_s` into the trip and `at_m` along it, in metres a second.
    pub fn speed_mps(&self, elapsed_s: f64, at_m: f64) -> f64 {
        let road = match at_m {
            x if x < self.bounds_m[0] || x >= self.bounds_m[3] => URBAN,
            x if x >= self.bounds_m[1] && x < self.bounds_m[2] => MOTORWAY,
            _ => RURAL,
        };
        // Standing comes in spells of half a minute, as lights and queues do.
        let spell = (elapsed_s / 30.0) as u64;
        if elapsed_s > 5.0 && self.seed.named("stop").branch(spell).chance(road.standing) {
            return 0.0;
        }
        let pull_away = (elapsed_s / 8.0).min(1.0);
        (road.usual_mps + self.seed.wander(elapsed_s / 25.0) * road.spread_mps).max(1.5) * pull_away
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(route: &Route) -> (f64, f64) {
        let (mut at_m, mut elapsed_s, mut highest) = (0.0, 0.0, 0.0_f64);
        while at_m < route.distance_m {
            let speed = route.speed_mps(elapsed_s, at_m);
            highest = highest.max(speed);
            at_m += speed;
            elapsed_s += 1.0;
            assert!(elapsed_s < 100_000.0, "the trip never ends");
        }
        (route.distance_m / elapsed_s, highest)
    }

    #[test]
    fn short_trips_are_slow_and_long_ones_see_the_motorway() {
        for seed in 0..20 {
            let (mean, highest) = drive(&Route::new(Seed(seed), 4_000.0));
            assert!(mean < 20.0 && highest < 28.0, "{mean} {highest}");
            let (mean, highest) = drive(&Route::new(Seed(seed), 90_000.0));
            assert!(mean > 18.0 && highest > 30.0 && highest < 42.0, "{mean} {highest}");
        }
    }

    #[test]
    fn no_route_is_slower_than_the_driver_reckons() {
        for seed in 0..50 {
            let (mean, _) = drive(&Route::new(Seed(seed), 2_000.0 + 700.0 * seed as f64));
            assert!(mean * 1.0 > 7.0, "{mean}");
        }
    }
}

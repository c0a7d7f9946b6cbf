//! Where a car lives: its climate and, from that, the outside temperature at any moment.
//!
//! Invariant: two cars of one place feel the same weather.

use std::f64::consts::TAU;

use super::calendar::{day, hour, year_share};
use super::noise::Seed;

/// A place with its climate, in degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its name, for people.
    pub name: &'static str,
    /// The mean of the year.
    mean_c: f64,
    /// From the mean to the mean of the warmest month.
    season_c: f64,
    /// From a day's mean to its warmest hour.
    day_c: f64,
    /// How far weather moves the mean of a day.
    weather_c: f64,
    weather: Seed,
}

/// Monthly means after the climate normals 1991–2020 of Hamburg, Munich, Östersund and Valencia, rounded.
const PLACES: [(&str, f64, f64, f64, f64); 4] = [
    ("coast", 10.0, 8.5, 3.5, 4.5),
    ("foothills", 9.7, 9.8, 5.0, 5.0),
    ("north", 3.8, 11.5, 4.0, 6.0),
    ("south", 18.6, 7.3, 4.5, 3.0),
];

impl Place {
    /// One of the places; three of four cars live in the first two.
    pub fn choose(fleet: Seed, choice: f64) -> Self {
        let index = match choice {
            x if x < 0.4 => 0,
            x if x < 0.75 => 1,
            x if x < 0.9 => 2,
            _ => 3,
        };
        let (name, mean_c, season_c, day_c, weather_c) = PLACES[index];
        Self { name, mean_c, season_c, day_c, weather_c, weather: fleet.named("weather").branch(index as u64) }
    }

    /// The outside temperature at a moment, in degrees Celsius.
    pub fn outside_c(&self, unix_ms: u64) -> f64 {
        // The coldest day is about 20 January, the coldest hour about 5.
        let season = -(TAU * (year_share(unix_ms) - 0.055)).cos() * self.season_c;
        let days = day(unix_ms) as f64 + hour(unix_ms) / 24.0;
        let diurnal = -(TAU * (hour(unix_ms) - 4.0) / 24.0).cos() * self.day_c;
        let weather =
            (self.weather.wander(days / 3.0) * 0.7 + self.weather.branch(1).wander(days / 11.0) * 0.5) * self.weather_c;
        self.mean_c + season + diurnal + weather
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::DAY_MS;

    use super::*;
    use crate::fleet::calendar::HOUR_MS;

    fn mean(place: &Place, first_day: u64) -> f64 {
        (0..30 * 24).map(|hour| place.outside_c(first_day * DAY_MS + hour * HOUR_MS)).sum::<f64>() / 720.0
    }

    #[test]
    fn winters_are_cold_summers_are_warm_and_nights_are_cooler_than_days() {
        for choice in [0.1, 0.5, 0.8, 0.95] {
            let place = Place::choose(Seed(1), choice);
            // Days 20,454 and 20,635 are 1 January and 1 July 2026.
            let (winter, summer) = (mean(&place, 20_454), mean(&place, 20_635));
            assert!(summer > winter + 10.0, "{}: {winter} to {summer}", place.name);
            assert!(place.outside_c(20_635 * DAY_MS + 15 * HOUR_MS) > place.outside_c(20_635 * DAY_MS + 4 * HOUR_MS));
        }
    }
}

//! Trips: the latest on the home page, all of them by day on their own.

use milepost_engine::usage::Trip;

use crate::domain::Vehicle;
use crate::i18n::Format;

/// How many trips the home page shows.
const RECENT: usize = 4;

/// One trip.
#[derive(Debug, Clone)]
pub(crate) struct TripRow {
    pub(crate) distance: String,
    pub(crate) duration: String,
    pub(crate) when: String,
    pub(crate) span: String,
    pub(crate) machine: String,
    pub(crate) used: Option<String>,
}

/// The trips of one day.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) date: String,
    pub(crate) total: String,
    pub(crate) trips: Vec<TripRow>,
}

/// The latest trips, newest first.
pub(crate) fn recent(vehicle: &Vehicle, format: &Format) -> Vec<TripRow> {
    newest_first(vehicle).into_iter().take(RECENT).map(|trip| row(trip, format)).collect()
}

/// All trips by the day they began, newest first.
pub(crate) fn days(vehicle: &Vehicle, format: &Format) -> Vec<Day> {
    let trips = newest_first(vehicle);
    let by_day = trips.chunk_by(|a, b| format.date_field(a.started_ms) == format.date_field(b.started_ms));
    by_day
        .map(|trips| {
            let metres: u64 = trips.iter().map(|trip| u64::from(trip.distance_m)).sum();
            let count = trips.len() as u64;
            Day {
                date: trips.first().map(|trip| format.date(trip.started_ms)).unwrap_or_default(),
                total: format
                    .localizer
                    .with("trips-day-total", [("n", count.into()), ("distance", format.distance(metres).into())]),
                trips: trips.iter().map(|trip| row(trip, format)).collect(),
            }
        })
        .collect()
}

fn newest_first(vehicle: &Vehicle) -> Vec<&Trip> {
    let mut trips: Vec<&Trip> = vehicle.state.trips.ended.iter().collect();
    trips.sort_by_key(|trip| std::cmp::Reverse(trip.started_ms));
    trips
}

fn row(trip: &Trip, format: &Format) -> TripRow {
    let localizer = format.localizer;
    let span = [("from", format.time(trip.started_ms).into()), ("to", format.time(trip.ended_ms).into())];
    let used = if trip.fuel_ml > 0 {
        Some(localizer.with("trip-fuel", [("litres", format.decimal(f64::from(trip.fuel_ml) / 1000.0, 1).into())]))
    } else if trip.energy_wh > 0 {
        Some(localizer.with("trip-energy", [("kwh", format.decimal(f64::from(trip.energy_wh) / 1000.0, 1).into())]))
    } else {
        None
    };
    TripRow {
        distance: format.distance(trip.distance_m.into()),
        duration: format.duration(trip.ended_ms.saturating_sub(trip.started_ms)),
        when: format.date_time(trip.started_ms),
        span: localizer.with("trip-span", span),
        machine: format.machine(trip.started_ms),
        used,
    }
}

//! Trips: the one under way and the latest that ended.
//!
//! Invariant: a trip's end closes the trip that it belongs to, also across a power cut, and a start that comes after its end opens nothing.

use alloc::collections::VecDeque;

use milepost_protocol::record::{DistanceSource, TripEnd, TripEnded, TripStarted};
use serde::{Deserialize, Serialize};

use super::recent::push_recent;

/// How many trips are kept.
const MAX_TRIPS: usize = 200;

/// A trip under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenTrip {
    /// The boot that started it.
    pub boot: u32,
    /// Its number within that boot.
    pub trip: u32,
    /// When, in milliseconds of Unix time.
    pub started_ms: u64,
    /// The odometer then, in metres.
    pub odometer_m: Option<u32>,
}

/// A trip that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trip {
    /// The boot that started it, or that told of its end if the start was never heard of.
    pub boot: u32,
    /// Its number within the boot that started it.
    pub trip: u32,
    /// In milliseconds of Unix time.
    pub started_ms: u64,
    /// In milliseconds of Unix time.
    pub ended_ms: u64,
    /// In metres.
    pub distance_m: u32,
    /// Where the distance comes from; `None` in older documents.
    pub source: Option<DistanceSource>,
    /// In centimetres per second.
    pub max_speed_cmps: u16,
    /// Standing with the engine or drive on, in seconds.
    pub idle_s: u32,
    /// With the engine running, in seconds.
    pub engine_s: u32,
    /// In millilitres.
    pub fuel_ml: u32,
    /// In watt-hours.
    pub energy_wh: u32,
    /// Degrees Celsius.
    pub coolant_start_c: Option<i16>,
    /// Seconds until 70 °C.
    pub warmup_s: Option<u32>,
    /// At the end, in metres.
    pub odometer_m: Option<u32>,
    /// How the end was noticed; `None` in older documents.
    pub end: Option<TripEnd>,
}

/// The trips of a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trips {
    /// The trip under way.
    pub open: Option<OpenTrip>,
    /// The latest that ended, in the order in which they were told.
    pub ended: VecDeque<Trip>,
}

impl Trips {
    pub(super) fn started(&mut self, boot: u32, at_ms: u64, start: &TripStarted) {
        let has_ended = self.ended.iter().any(|trip| (trip.boot, trip.trip) == (boot, start.trip));
        let is_older = self.open.is_some_and(|open| (open.boot, open.trip) > (boot, start.trip));
        if !has_ended && !is_older {
            self.open = Some(OpenTrip { boot, trip: start.trip, started_ms: at_ms, odometer_m: start.odometer_m });
        }
    }

    pub(super) fn ended(&mut self, boot: u32, at_ms: u64, end: &TripEnded) {
        // After a power cut the next boot tells of the end; otherwise a trip ends in the boot that started it.
        let closes = |open: &OpenTrip| {
            open.trip == end.trip && (open.boot == boot || (open.boot < boot && end.end == TripEnd::PowerCut))
        };
        let started = self.open.filter(closes);
        if started.is_some() {
            self.open = None;
        }
        let trip = Trip {
            boot: started.map_or(boot, |open| open.boot),
            trip: end.trip,
            started_ms: at_ms.saturating_sub(end.duration_ms),
            ended_ms: at_ms,
            distance_m: end.distance_m,
            source: Some(end.source),
            max_speed_cmps: end.max_speed_cmps,
            idle_s: end.idle_s,
            engine_s: end.engine_s,
            fuel_ml: end.fuel_ml,
            energy_wh: end.energy_wh,
            coolant_start_c: end.coolant_start_c,
            warmup_s: end.warmup_s,
            odometer_m: end.odometer_m,
            end: Some(end.end),
        };
        push_recent(&mut self.ended, trip, MAX_TRIPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(trip: u32) -> TripStarted {
        TripStarted { trip, odometer_m: None, outside_decicelsius: None }
    }

    fn end(trip: u32, end: TripEnd) -> TripEnded {
        TripEnded {
            trip,
            duration_ms: 500,
            distance_m: 1_000,
            source: DistanceSource::Odometer,
            max_speed_cmps: 0,
            idle_s: 0,
            engine_s: 0,
            fuel_ml: 0,
            energy_wh: 0,
            coolant_start_c: None,
            warmup_s: None,
            odometer_m: None,
            end,
        }
    }

    #[test]
    fn a_power_cut_ends_the_trip_of_the_boot_before() {
        let mut trips = Trips::default();
        trips.started(4, 1_000, &start(9));
        trips.ended(5, 2_000, &end(9, TripEnd::PowerCut));
        assert_eq!(trips.open, None);
        assert_eq!((trips.ended[0].boot, trips.ended[0].started_ms), (4, 1_500));
    }

    #[test]
    fn an_end_of_another_boot_with_the_same_number_closes_nothing() {
        let mut trips = Trips::default();
        trips.started(5, 1_000, &start(1));
        trips.ended(4, 900, &end(1, TripEnd::Off));
        trips.ended(6, 1_900, &end(1, TripEnd::Off));
        assert!(trips.open.is_some());
        assert_eq!((trips.ended[0].boot, trips.ended[1].boot), (4, 6));
    }

    #[test]
    fn a_start_that_comes_after_its_end_opens_nothing() {
        let mut trips = Trips::default();
        trips.ended(4, 2_000, &end(1, TripEnd::Off));
        trips.started(4, 1_500, &start(1));
        assert_eq!(trips.open, None);
    }

    #[test]
    fn two_hundred_trips_are_kept() {
        let mut trips = Trips::default();
        for trip in 0..250 {
            trips.ended(1, 2_000, &end(trip, TripEnd::Off));
        }
        assert_eq!((trips.ended.len(), trips.ended[0].trip), (MAX_TRIPS, 50));
    }
}

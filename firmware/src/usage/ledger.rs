//! What of the usage survives a restart: one value in flash, so that the counters and a trip's end are never apart.
//!
//! Invariant: the totals never fall. They are kept finer than they are told, so that rounding does not add up.

use milepost_engine::battery::Window;
use milepost_protocol::record::Counters;
use serde::{Deserialize, Serialize};

use super::distance::Calibration;
pub use super::distance::Reading;

/// Lifetime totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Distance seen, in micrometres.
    pub distance_um: u64,
    /// Engine running time, in milliseconds.
    pub engine_ms: u64,
    /// Time with the engine or drive on and the car standing, in milliseconds.
    pub idle_ms: u64,
    /// Fuel burnt, in nanolitres.
    pub fuel_nl: u64,
    /// Energy drawn from the traction battery, in millijoules.
    pub energy_mj: u64,
    /// Trips ended.
    pub trips: u32,
    /// Engine starts with the coolant below 40 °C.
    pub cold_starts: u32,
    /// Trips below 8 km.
    pub short_trips: u32,
}

/// A trip under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trip {
    /// Its number within the boot that started it.
    pub number: u32,
    /// How long it lasts so far, in milliseconds.
    pub duration_ms: u64,
    /// The calibrated speed integral, in micrometres.
    pub distance_um: u64,
    /// Whether any speed was integrated.
    pub has_speed: bool,
    /// The odometer reading at the start, in metres.
    pub odometer_start_m: Option<u32>,
    /// The newest odometer reading, in metres.
    pub odometer_m: Option<u32>,
    /// The total distance before the trip, in micrometres.
    pub total_before_um: u64,
    /// The highest speed, in centimetres per second.
    pub max_speed_cmps: u16,
    /// Standing with the engine or drive on, in milliseconds.
    pub idle_ms: u64,
    /// Engine running, in milliseconds.
    pub engine_ms: u64,
    /// Fuel burnt, in nanolitres.
    pub fuel_nl: u64,
    /// Net energy drawn from the traction battery, in millijoules; negative after much recuperation.
    pub energy_mj: i64,
    /// When the engine first ran, in milliseconds after the trip's start.
    pub engine_start_ms: Option<u64>,
    /// The coolant at the start, in degrees Celsius.
    pub coolant_start_c: Option<i16>,
    /// Whether this engine start was judged cold or warm.
    pub start_judged: bool,
    /// From the engine's start until the coolant was warm, in seconds.
    pub warmup_s: Option<u32>,
    /// The fuel level at the start, in thousandths.
    pub fuel_level_start: Option<u16>,
    /// The newest moment, in milliseconds of Unix time if that is known.
    pub newest_unix_ms: Option<u64>,
}

/// What was last told of slowly changing things, so that only changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// The malfunction indicator.
    pub mil: Option<bool>,
    /// Charging.
    pub charging: Option<bool>,
    /// State of health, in thousandths.
    pub state_of_health: Option<u16>,
    /// Fuel level at a trip's end, in thousandths.
    pub fuel_level: Option<u16>,
    /// State of charge at a trip's end, in thousandths.
    pub state_of_charge: Option<u16>,
    /// The ids of the tyre pressure sensors, in the order of [`super::tyres::WHEELS`].
    pub tyre_sensors: [Option<u32>; 4],
}

/// Everything of the usage that survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Lifetime totals.
    pub totals: Totals,
    /// The odometer that is told, in metres; it never falls.
    pub odometer_m: u32,
    /// The car's own odometer.
    pub reading: Option<Reading>,
    /// Whether somebody set the odometer by hand.
    pub anchored: bool,
    /// How far the speed is believed.
    pub calibration: Calibration,
    /// The trip under way.
    pub trip: Option<Trip>,
    /// The newest Unix time that the device knew, in milliseconds.
    pub unix_ms: Option<u64>,
    /// When the last trip ended, in milliseconds of Unix time.
    pub parked_unix_ms: Option<u64>,
    /// The 12 V battery's latest samples.
    pub battery: Window,
    /// The newest rest voltage, in millivolts.
    pub rest_mv: Option<u16>,
    /// The newest cranking minimum, in millivolts.
    pub cranking_mv: Option<u16>,
    /// What was told.
    pub told: Told,
}

impl Ledger {
    /// The counters as records tell them.
    pub fn counters(&self) -> Counters {
        let totals = &self.totals;
        Counters {
            odometer_m: self.odometer_m,
            odometer_anchored: self.anchored || self.reading.is_some(),
            distance_m: whole(totals.distance_um, 1_000_000),
            engine_s: whole(totals.engine_ms, 1000),
            idle_s: whole(totals.idle_ms, 1000),
            fuel_ml: whole(totals.fuel_nl, 1_000_000),
            energy_wh: whole(totals.energy_mj, 3_600_000),
            trips: totals.trips,
            cold_starts: totals.cold_starts,
            short_trips: totals.short_trips,
        }
    }

    /// The odometer, where the car's own is known or was set by hand.
    pub fn odometer(&self) -> Option<u32> {
        (self.anchored || self.reading.is_some()).then_some(self.odometer_m)
    }
}

/// A fine total in coarser units, rounded down.
pub(super) fn whole(total: u64, per_unit: u64) -> u32 {
    u32::try_from(total / per_unit.max(1)).unwrap_or(u32::MAX)
}

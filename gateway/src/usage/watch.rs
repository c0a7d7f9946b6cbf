//! What is looked at while a recording passes: its pauses, its first and last readings, and where signals stood.
//!
//! Invariant: nothing here changes what the core is told.

use std::collections::BTreeMap;

use milepost_firmware::Status;
use milepost_protocol::SignalId;

use super::Gap;
use super::histogram::{Band, Histogram};

/// A pause of the bus that is reported as a gap.
const GAP_US: u64 = 30_000_000;

/// Signals whose time by bands tells how a car is used, their names with the unit, the bands, and the factor to that unit.
const BANDS: &[(SignalId, &str, &[f64], f64)] = &[
    (SignalId::ENGINE_LOAD, "load_percent", &[20.0, 40.0, 60.0, 80.0], 100.0),
    (SignalId::ENGINE_SPEED, "engine_rpm", &[300.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0], 1.0),
    (SignalId::COOLANT_TEMPERATURE, "coolant_c", &[0.0, 40.0, 70.0, 100.0, 110.0], 1.0),
    (SignalId::OUTSIDE_TEMPERATURE, "outside_c", &[-20.0, -10.0, 0.0, 10.0, 20.0, 30.0], 1.0),
    (SignalId::SPEED, "speed_kmh", &[1.0, 30.0, 60.0, 90.0, 120.0], 3.6),
];

/// What is looked at while the recording passes.
#[derive(Debug, Default)]
pub(super) struct Watch {
    heard_us: Option<u64>,
    /// When the last gap ended, and the odometer before it.
    gap_open: Option<(u64, u32)>,
    pub(super) gaps: Vec<Gap>,
    /// The first reading and the last, in metres.
    pub(super) odometer_m: Option<(u32, u32)>,
    /// The highest voltage before the engine first ran.
    pub(super) rest_v: Option<f64>,
    engine_ran: bool,
    /// Of each signal of [`BANDS`]: when it was last looked at, and its time by bands.
    spent: BTreeMap<&'static str, (u64, Histogram)>,
}

impl Watch {
    pub(super) fn before(&mut self, at_us: u64) {
        if let Some(heard_us) = self.heard_us
            && at_us - heard_us > GAP_US
        {
            self.gaps.push(Gap { from: seconds(heard_us), to: seconds(at_us), distance_m: None });
            self.gap_open = self.odometer_m.map(|(_, last)| (at_us, last));
        }
        self.heard_us = Some(at_us);
    }

    pub(super) fn after(&mut self, status: &Status) {
        let value = |signal| status.signals.iter().find(|last| last.signal == signal).map(|last| f64::from(last.value));
        if let Some(odometer) = status.signals.iter().find(|last| last.signal == SignalId::ODOMETER) {
            let metres = odometer.value as u32;
            let first = self.odometer_m.map_or(metres, |(first, _)| first);
            self.odometer_m = Some((first, metres));
            if let Some((to_us, before)) = self.gap_open
                && odometer.uptime_ms >= to_us / 1_000
            {
                self.gap_open = None;
                if let Some(gap) = self.gaps.last_mut() {
                    gap.distance_m = metres.checked_sub(before);
                }
            }
        }
        for &(signal, name, bounds, factor) in BANDS {
            let Some(last) = status.signals.iter().find(|last| last.signal == signal) else { continue };
            let (seen_ms, histogram) = self.spent.entry(name).or_insert_with(|| (u64::MAX, Histogram::new(bounds)));
            if *seen_ms != last.uptime_ms {
                *seen_ms = last.uptime_ms;
                histogram.add(last.uptime_ms, f64::from(last.value) * factor);
            }
        }
        let rpm = value(SignalId::ENGINE_SPEED);
        self.engine_ran |= rpm.is_some_and(|rpm| rpm > 0.0);
        // Loads only lower a voltage, so the highest before the start is nearest to rest.
        // It counts only once the engine is known to stand, or else it is not known what charges.
        if !self.engine_ran
            && rpm.is_some()
            && let Some(volts) = value(SignalId::BATTERY_12V)
        {
            self.rest_v = Some(self.rest_v.map_or(volts, |highest| highest.max(volts)));
        }
    }

    /// Time by bands of every signal that was heard.
    pub(super) fn histograms(&self) -> BTreeMap<&'static str, Vec<Band>> {
        let heard = self.spent.iter().map(|(name, (_, histogram))| (*name, histogram.bands()));
        heard.filter(|(_, bands)| !bands.is_empty()).collect()
    }
}

fn seconds(at_us: u64) -> f64 {
    at_us as f64 / 1e6
}

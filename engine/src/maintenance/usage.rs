//! What has been used of a vehicle, as far as maintenance asks.
//!
//! Invariant: [`Usage::advance`] never lets a figure fall and never takes over a reading that means "not available".

use milepost_protocol::record::Counters;
use serde::{Deserialize, Serialize};

/// An anchor's odometer that is not known yet; the distance bound does not count until [`super::settle`] fills it in.
pub const UNKNOWN_ODOMETER_M: u32 = u32::MAX;

/// Whether a counter reading means anything: control units send 0 before they know it and all ones when they never will.
pub fn is_plausible(reading: u32) -> bool {
    reading != 0 && reading != u32::MAX
}

/// The 12 V battery's voltages as [`crate::battery`] judges them, in millivolts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BatteryHealth {
    /// At rest.
    pub rest_mv: Option<u16>,
    /// Lowest while cranking, as at 21 °C.
    pub cranking_mv: Option<u16>,
}

/// What has been used since the vehicle was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// The odometer in metres, where the car's own is known.
    pub odometer_m: Option<u32>,
    /// Engine running time in seconds.
    pub engine_s: u32,
    /// Fuel burnt in millilitres.
    pub fuel_ml: u32,
    /// The 12 V battery.
    pub battery: BatteryHealth,
}

impl Usage {
    /// The usage that a device's counters stand for.
    ///
    /// An odometer that is only the device's own integral is left out:
    /// once it is anchored it jumps, and every distance bound would be past due at a stroke.
    pub fn from_counters(counters: &Counters, battery: BatteryHealth) -> Self {
        let odometer_m = Some(counters.odometer_m).filter(|&m| counters.odometer_anchored && is_plausible(m));
        Self { odometer_m, engine_s: counters.engine_s, fuel_ml: counters.fuel_ml, battery }
    }

    /// Takes over what `reading` knows better; counters only rise, and voltages are those last measured.
    pub fn advance(&mut self, reading: &Self) {
        let odometer_m = reading.odometer_m.filter(|&m| is_plausible(m));
        self.odometer_m = self.odometer_m.max(odometer_m);
        for (known, read) in [(&mut self.engine_s, reading.engine_s), (&mut self.fuel_ml, reading.fuel_ml)] {
            if is_plausible(read) {
                *known = (*known).max(read);
            }
        }
        self.battery.rest_mv = reading.battery.rest_mv.or(self.battery.rest_mv);
        self.battery.cranking_mv = reading.battery.cranking_mv.or(self.battery.cranking_mv);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odometer_that_is_only_an_integral_is_no_odometer() {
        let counters = Counters { odometer_m: 5_000, engine_s: 60, ..Counters::default() };
        assert_eq!(Usage::from_counters(&counters, BatteryHealth::default()).odometer_m, None);
        let anchored = Counters { odometer_anchored: true, ..counters };
        assert_eq!(Usage::from_counters(&anchored, BatteryHealth::default()).odometer_m, Some(5_000));
        let absent = Counters { odometer_m: u32::MAX, ..anchored };
        assert_eq!(Usage::from_counters(&absent, BatteryHealth::default()).odometer_m, None);
    }

    #[test]
    fn readings_that_are_invalid_or_fall_never_move_usage() {
        let known = Usage { odometer_m: Some(80_000_000), engine_s: 9_000, fuel_ml: 700, ..Usage::default() };
        for reading in [0, 1, 79_999_999, u32::MAX] {
            let mut usage = known;
            usage.advance(&Usage { odometer_m: Some(reading), engine_s: reading.min(1), ..Usage::default() });
            assert_eq!(usage, known, "{reading}");
        }
        let mut usage = known;
        usage.advance(&Usage { engine_s: u32::MAX, fuel_ml: u32::MAX, ..Usage::default() });
        assert_eq!(usage, known);
    }
}

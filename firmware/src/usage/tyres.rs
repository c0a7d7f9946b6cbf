//! Tyre samples: one a wheel and trip, and at once when another set of wheels is mounted.
//!
//! Invariant: a wheel is told at most once a trip, unless its sensor changes.

use milepost_protocol::SignalId;
use milepost_protocol::record::{TyreSample, Wheel};

use super::latest::{Latest, tenths};

/// A sample waits this long for the rest of the wheel's values, in milliseconds.
const WAIT_MS: u64 = 60_000;

/// A wheel with its signals: pressure, temperature, sensor.
pub(super) const WHEELS: [(Wheel, SignalId, SignalId, SignalId); 4] = [
    (
        Wheel::FrontLeft,
        SignalId::TYRE_PRESSURE_FRONT_LEFT,
        SignalId::TYRE_TEMPERATURE_FRONT_LEFT,
        SignalId::TYRE_SENSOR_FRONT_LEFT,
    ),
    (
        Wheel::FrontRight,
        SignalId::TYRE_PRESSURE_FRONT_RIGHT,
        SignalId::TYRE_TEMPERATURE_FRONT_RIGHT,
        SignalId::TYRE_SENSOR_FRONT_RIGHT,
    ),
    (
        Wheel::RearLeft,
        SignalId::TYRE_PRESSURE_REAR_LEFT,
        SignalId::TYRE_TEMPERATURE_REAR_LEFT,
        SignalId::TYRE_SENSOR_REAR_LEFT,
    ),
    (
        Wheel::RearRight,
        SignalId::TYRE_PRESSURE_REAR_RIGHT,
        SignalId::TYRE_TEMPERATURE_REAR_RIGHT,
        SignalId::TYRE_SENSOR_REAR_RIGHT,
    ),
];

/// Which wheels were told in this trip.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tyres {
    told: [bool; 4],
    pressure_since_ms: [Option<u64>; 4],
}

impl Tyres {
    /// A trip begins.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// A tyre signal came in a trip; answers what is now worth telling of its wheel, and remembers its sensor in `sensors`.
    pub(super) fn signal(
        &mut self,
        signal: SignalId,
        trip_since_ms: u64,
        uptime_ms: u64,
        latest: &Latest,
        sensors: &mut [Option<u32>; 4],
        outside_decicelsius: Option<i16>,
    ) -> Option<TyreSample> {
        let place = WHEELS.iter().position(|&(_, pressure, temperature, sensor)| {
            signal == pressure || signal == temperature || signal == sensor
        })?;
        let (wheel, pressure, temperature, sensor) = *WHEELS.get(place)?;
        let max_age_ms = uptime_ms.saturating_sub(trip_since_ms);
        let pressure = latest.fresh(pressure, uptime_ms, max_age_ms)?;
        let since_ms = *self.pressure_since_ms.get_mut(place)?.get_or_insert(uptime_ms);
        let air = latest.fresh(temperature, uptime_ms, max_age_ms);
        let sensor = latest.fresh(sensor, uptime_ms, max_age_ms).map(|id| id as u32);
        let known = sensors.get_mut(place)?;
        let changed = sensor.is_some() && *known != sensor;
        let complete = (air.is_some() && sensor.is_some()) || uptime_ms.saturating_sub(since_ms) >= WAIT_MS;
        let told = self.told.get_mut(place)?;
        if !(changed || (complete && !*told)) {
            return None;
        }
        *told = true;
        *known = sensor.or(*known);
        let air_decicelsius = air.map(tenths);
        Some(TyreSample { wheel, pressure_pa: pressure as u32, air_decicelsius, outside_decicelsius, sensor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_told_once_a_trip_and_again_when_its_sensor_changes() {
        let (mut tyres, mut latest, mut sensors) = (Tyres::default(), Latest::default(), [None; 4]);
        let mut told = 0;
        for second in 0..100_u64 {
            let uptime_ms = second * 1000;
            let sensor = if second < 50 { 7.0 } else { 9.0 };
            for (signal, value) in [
                (SignalId::TYRE_PRESSURE_REAR_LEFT, 250_000.0),
                (SignalId::TYRE_TEMPERATURE_REAR_LEFT, 12.5),
                (SignalId::TYRE_SENSOR_REAR_LEFT, sensor),
            ] {
                latest.set(signal, value, uptime_ms);
                if let Some(sample) = tyres.signal(signal, 0, uptime_ms, &latest, &mut sensors, None) {
                    assert_eq!((sample.pressure_pa, sample.air_decicelsius), (250_000, Some(125)));
                    assert_eq!(sample.sensor, Some(sensor as u32));
                    told += 1;
                }
            }
        }
        assert_eq!(told, 2);
        assert_eq!(sensors, [None, None, Some(9), None]);
    }

    #[test]
    fn a_car_without_sensor_ids_is_told_after_a_wait() {
        let (mut tyres, mut latest, mut sensors) = (Tyres::default(), Latest::default(), [None; 4]);
        let mut told = std::vec::Vec::new();
        for second in 0..=90 {
            latest.set(SignalId::TYRE_PRESSURE_FRONT_LEFT, 230_000.0, second * 1000);
            let signal = SignalId::TYRE_PRESSURE_FRONT_LEFT;
            told.extend(tyres.signal(signal, 0, second * 1000, &latest, &mut sensors, None).map(|_| second));
        }
        assert_eq!(told, [60]);
    }
}

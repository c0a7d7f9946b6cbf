//! The car's present values, each with its age.

use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::Wheel;
use milepost_protocol::signal::SignalId;

use super::Reading;
use crate::domain::{Powertrain, Vehicle};
use crate::i18n::Format;

/// From when on a value may be out of date: a parked car reports little.
const STALE_AFTER_MS: u64 = 3 * DAY_MS;

/// One value.
#[derive(Debug, Clone)]
pub(crate) struct TileView {
    pub(crate) icon: &'static str,
    pub(crate) label: String,
    pub(crate) reading: Option<Reading>,
}

/// One tyre by its place.
#[derive(Debug, Clone)]
pub(crate) struct TyreView {
    pub(crate) side: &'static str,
    pub(crate) label: String,
    pub(crate) reading: Option<Reading>,
}

/// Odometer, energy, 12 V battery, outside temperature.
pub(crate) fn tiles(vehicle: &Vehicle, format: &Format) -> Vec<TileView> {
    let state = &vehicle.state;
    let signal = |id: SignalId, text: &dyn Fn(f64) -> String| {
        let value = state.signals.get(&id)?;
        Some(Reading::new(format, text(value.value.into()), value.measured_at_ms, STALE_AFTER_MS))
    };
    let tile = |icon, key: &str, reading| TileView { icon, label: format.localizer.text(key), reading };

    let odometer = state.totals.odometer_m.map(|metres| {
        Reading::new(format, format.odometer(metres.into()), state.totals.odometer_at_ms, STALE_AFTER_MS)
    });
    let rest = state.rests.back();
    let rest = rest.map(|rest| Reading::new(format, format.volts(rest.millivolts.into()), rest.at_ms, STALE_AFTER_MS));
    let battery = rest.or_else(|| signal(SignalId::BATTERY_12V, &|volts| format.volts(volts * 1000.0)));
    let percent = |share: f64| format.percent(share);

    let mut tiles = vec![tile("gauge", "tile-odometer", odometer)];
    if vehicle.profile.powertrain != Powertrain::Electric {
        tiles.push(tile("fuel", "tile-fuel", signal(SignalId::FUEL_LEVEL, &percent)));
    }
    if vehicle.profile.powertrain != Powertrain::Combustion {
        tiles.push(tile("charge", "tile-charge", signal(SignalId::STATE_OF_CHARGE, &percent)));
    }
    tiles.push(tile("battery", "tile-battery", battery));
    let outside = signal(SignalId::OUTSIDE_TEMPERATURE, &|celsius| format.celsius(celsius));
    tiles.push(tile("thermometer", "tile-outside", outside));
    tiles
}

/// The tyres in reading order, or none if no tyre was ever sampled.
pub(crate) fn tyres(vehicle: &Vehicle, format: &Format) -> Vec<TyreView> {
    let mounted = &vehicle.state.wheels.mounted;
    if mounted.is_empty() {
        return Vec::new();
    }
    [
        (Wheel::FrontLeft, "left", "wheel-front-left"),
        (Wheel::FrontRight, "right", "wheel-front-right"),
        (Wheel::RearLeft, "left", "wheel-rear-left"),
        (Wheel::RearRight, "right", "wheel-rear-right"),
    ]
    .map(|(wheel, side, key)| {
        let reading = mounted
            .get(&wheel)
            .map(|tyre| Reading::new(format, format.pressure(tyre.pressure_pa.into()), tyre.at_ms, STALE_AFTER_MS));
        TyreView { side, label: format.localizer.text(key), reading }
    })
    .into()
}

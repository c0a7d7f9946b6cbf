//! Fuel and traction energy: how much flows, and how much came in while the car stood.
//!
//! Fuel comes from the engine's own rate (PID 5E, or 9D by mass) where there is one; else from the mass of air at the stoichiometric ratio, for
//! petrol only: a diesel runs lean, so its air says nothing about its fuel.
//! Invariant: only one source counts at a time, so that the same fuel is never counted twice.

use milepost_protocol::SignalId;
use milepost_protocol::record::Refuelled;

use super::distance::{Integral, MAX_GAP_MS};
use super::latest::Latest;

/// J1979 fuel type: diesel. Types 19, 21 and 22 are its hybrids.
const DIESEL: [i32; 4] = [4, 19, 21, 22];

/// Density of diesel, in kilograms per cubic metre (EN 590: 820 to 845).
const DIESEL_DENSITY: f32 = 835.0;

/// Density of petrol (EN 228: 720 to 775) and what a share of ethanol (789) adds.
const PETROL_DENSITY: f32 = 745.0;
const ETHANOL_DENSITY: f32 = 789.0;

/// Mass of air that burns one of petrol, and one of ethanol.
const PETROL_AIR: f32 = 14.7;
const ETHANOL_AIR: f32 = 9.0;

/// A level that rose by this much while the car stood was filled: beyond slosh and slopes.
const REFUEL_RISE: f32 = 0.08;

/// The same for a traction battery, beyond its recovery at rest.
const CHARGE_RISE: f32 = 0.03;

/// How many samples of a level are averaged before it is believed.
const LEVEL_SAMPLES: u32 = 5;

/// The density of the fuel in the tank, in kilograms per cubic metre.
pub(super) fn density(latest: &Latest) -> f32 {
    if is_diesel(latest) {
        return DIESEL_DENSITY;
    }
    let ethanol = ethanol(latest);
    PETROL_DENSITY + (ETHANOL_DENSITY - PETROL_DENSITY) * ethanol
}

fn is_diesel(latest: &Latest) -> bool {
    latest.get(SignalId::FUEL_TYPE).is_some_and(|sample| DIESEL.contains(&(sample.value as i32)))
}

fn ethanol(latest: &Latest) -> f32 {
    latest.get(SignalId::ETHANOL).map_or(0.0, |sample| sample.value.clamp(0.0, 1.0))
}

/// Integrates the flows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flows {
    rate: Integral,
    air: Integral,
    power: Integral,
}

impl Flows {
    /// Takes a fuel rate in cubic metres per second; answers nanolitres burnt.
    pub(super) fn fuel_rate(&mut self, uptime_ms: u64, cubic_metres_per_s: f32) -> u64 {
        // 1e-12 m³ are a nanolitre; times milliseconds, hence the thousand.
        let burnt = self.rate.add(uptime_ms, i64::from((cubic_metres_per_s * 1e12) as i32)) / 1000;
        burnt.max(0).cast_unsigned()
    }

    /// Takes a mass air flow in kilograms per second; answers nanolitres burnt, nothing where a rate is known or for diesel.
    pub(super) fn air(&mut self, uptime_ms: u64, kg_per_s: f32, latest: &Latest) -> u64 {
        if self.rate.is_live(uptime_ms) || is_diesel(latest) {
            return 0;
        }
        let ratio = PETROL_AIR + (ETHANOL_AIR - PETROL_AIR) * ethanol(latest);
        let cubic_metres_per_s = kg_per_s / ratio / density(latest);
        let burnt = self.air.add(uptime_ms, i64::from((cubic_metres_per_s * 1e12) as i32)) / 1000;
        burnt.max(0).cast_unsigned()
    }

    /// Takes the traction power in watts, positive into the battery; answers millijoules drawn, negative for recuperation.
    pub(super) fn power(&mut self, uptime_ms: u64, watts: f32) -> i64 {
        -self.power.add(uptime_ms, i64::from(watts as i32))
    }
}

/// Watches one level, of the tank or of the traction battery, across the time that the car stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Level {
    sum: f32,
    count: u32,
    since_ms: Option<u64>,
    judged: bool,
    smooth: Option<f32>,
}

impl Level {
    /// A trip begins: what comes next is compared with what was told last.
    pub(super) fn begin(&mut self) {
        *self = Self { smooth: self.smooth, ..Self::default() };
    }

    /// Takes a sample of a trip; answers the rise since `parked` (in thousandths) once it is believed.
    pub(super) fn sample(
        &mut self,
        uptime_ms: u64,
        level: f32,
        parked: Option<u16>,
        electric: bool,
    ) -> Option<Refuelled> {
        self.smooth = Some(self.smooth.map_or(level, |smooth| smooth + (level - smooth) * 0.1));
        if self.judged {
            return None;
        }
        let since_ms = *self.since_ms.get_or_insert(uptime_ms);
        self.sum += level;
        self.count += 1;
        // Control units that know the level exactly send it often; gauges slosh and are asked rarely.
        let enough = self.count >= LEVEL_SAMPLES || uptime_ms.saturating_sub(since_ms) >= MAX_GAP_MS * 6;
        if !enough {
            return None;
        }
        self.judged = true;
        let after = self.sum / self.count as f32;
        self.smooth = Some(after);
        let before = f32::from(parked?) / 1000.0;
        let rise = if electric { CHARGE_RISE } else { REFUEL_RISE };
        (after - before >= rise).then_some(Refuelled { before, after, electric })
    }

    /// The smoothed level, in thousandths.
    pub(super) fn thousandths(&self) -> Option<u16> {
        self.smooth.map(|level| (level.clamp(0.0, 1.0) * 1000.0 + 0.5) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_litres_an_hour_are_a_hundred_millilitres_a_minute() {
        let mut flows = Flows::default();
        let rate = 6e-3 / 3600.0;
        let burnt: u64 = (0..=60).map(|second| flows.fuel_rate(second * 1000, rate)).sum();
        assert!(burnt.abs_diff(100_000_000) < 1_000, "{burnt} nl");
    }

    #[test]
    fn air_stands_in_for_petrol_without_a_rate_but_never_for_diesel() {
        let mut latest = Latest::default();
        let mut flows = Flows::default();
        let burnt: u64 = (0..=100).map(|tenth| flows.air(tenth * 100, 0.0147, &latest)).sum();
        // 14.7 g/s of air burn 1 g/s of petrol: 10 g in ten seconds are 13.4 ml.
        assert!(burnt.abs_diff(13_422_818) < 100_000, "{burnt} nl");
        latest.set(SignalId::FUEL_TYPE, 4.0, 0);
        assert_eq!(flows.air(20_000, 0.0147, &latest), 0);
    }

    #[test]
    fn a_tank_filled_while_parked_is_told_once_and_slosh_is_not() {
        let mut level = Level::default();
        let told: std::vec::Vec<_> =
            (0..20).filter_map(|second| level.sample(second * 1000, 0.9, Some(300), false)).collect();
        assert_eq!(told, [Refuelled { before: 0.3, after: 0.9, electric: false }]);
        level.begin();
        assert!((0..20).all(|second| level.sample(second * 1000, 0.35, Some(300), false).is_none()));
    }
}

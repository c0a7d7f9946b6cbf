//! The 12 V battery: rest voltage, cranking voltage and age, the worst of which decides.
//!
//! Sources: state of charge by rest voltage and the load test's 9.6 V at 21 °C are the Battery Council International's
//! tables, as in [`crate::battery`], which judges single samples; five years is a usual life of a starter battery.

use super::wear::{Confidence, Quantity, Wear, of_limit, worst};
use crate::maintenance::BatteryHealth;

/// What is known of a starter battery.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StarterBattery {
    /// Its voltages as [`crate::battery::Window`] judges them.
    pub health: BatteryHealth,
    /// Days since it was fitted, where known.
    pub age_days: Option<f64>,
}

/// The share of its life: 12.7 V at rest is none and 12.2 V all of it, 11.0 V while cranking none and 9.6 V all, five years all.
pub fn starter_battery(battery: &StarterBattery) -> Option<Wear> {
    let sagged = |quantity, millivolts: Option<u16>, sound: f64, spent: f64| {
        millivolts.filter(|&mv| mv != 0 && mv != u16::MAX).map(|mv| {
            let volts = f64::from(mv) / 1_000.0;
            let mut input = of_limit(quantity, sound - volts, sound - spent);
            input.value = volts;
            (input, Confidence::High)
        })
    };
    let inputs = [
        sagged(Quantity::RestVolts, battery.health.rest_mv, 12.7, 12.2),
        sagged(Quantity::CrankingVolts, battery.health.cranking_mv, 11.0, 9.6),
        battery.age_days.map(|days| (of_limit(Quantity::Days, days, 1_826.0), Confidence::Low)),
    ];
    worst(&inputs.into_iter().flatten().collect::<alloc::vec::Vec<_>>())
}

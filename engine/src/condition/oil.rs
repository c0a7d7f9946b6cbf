//! Engine oil: a budget of revolutions that cold and heat spend faster, or one of fuel, each with caps by distance and time.
//!
//! Sources: General Motors' oil life system (US patent 6,327,900 and its descriptions) counts revolutions times a penalty
//! for temperature under a yearly cap; BMW's condition based service counts fuel burnt up to 30,000 km or 24 months.

use super::wear::{Confidence, Input, Quantity, Wear, of_limit, worst};

/// Revolutions at one temperature of the oil, or of the coolant where the oil's is not measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RevolutionBin {
    /// Degrees Celsius.
    pub celsius: f64,
    /// Revolutions.
    pub revolutions: f64,
}

/// Distance and time since the change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OilUse {
    /// Kilometres.
    pub km: f64,
    /// Days.
    pub days: f64,
}

/// Bounds that hold whatever the model says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OilCaps {
    /// Kilometres.
    pub km: f64,
    /// Days.
    pub days: f64,
}

/// How much faster oil ages at a temperature (°C) than warm: 1 from 80 to 110, 3 at 0 and below for fuel and water that stay in it, doubling every 15 degrees above 110 for oxidation (Arrhenius).
pub fn oil_penalty(celsius: f64) -> f64 {
    if celsius < 80.0 {
        1.0 + 2.0 * ((80.0 - celsius) / 80.0).clamp(0.0, 1.0)
    } else if celsius <= 110.0 {
        1.0
    } else {
        libm::exp2(((celsius - 110.0) / 15.0).min(6.0))
    }
}

/// Oil life by revolutions: `budget` revolutions of warm oil are one life; oil above 127 °C (260 °F) is at its end at once, as in the patent.
pub fn oil_by_revolutions(bins: &[RevolutionBin], budget: f64, use_: OilUse, caps: OilCaps) -> Option<Wear> {
    let bins = || bins.iter().filter(|bin| bin.celsius.is_finite() && bin.revolutions > 0.0);
    let weighted: f64 = bins().map(|bin| bin.revolutions * oil_penalty(bin.celsius)).sum();
    let plain: f64 = bins().map(|bin| bin.revolutions).sum();
    let cooked = bins().any(|bin| bin.celsius > 127.0);
    let mut inputs = capped(use_, caps).to_vec();
    if plain > 0.0 {
        let mut by_budget = of_limit(Quantity::WeightedRevolutions, weighted, budget);
        if cooked {
            by_budget.used = by_budget.used.map(|used| used.max(1.0));
        }
        inputs.push((by_budget, Confidence::Medium));
        inputs.push((Input { quantity: Quantity::Revolutions, value: plain, used: None }, Confidence::Medium));
    }
    worst(&inputs)
}

/// Oil life by fuel: `budget_l` litres are one life.
pub fn oil_by_fuel(fuel_l: f64, budget_l: f64, use_: OilUse, caps: OilCaps) -> Option<Wear> {
    let mut inputs = capped(use_, caps).to_vec();
    if fuel_l > 0.0 {
        inputs.push((of_limit(Quantity::FuelLitres, fuel_l, budget_l), Confidence::Medium));
    }
    worst(&inputs)
}

/// Oil life by the car's own monitor, `left` being what it shows from 0 to 1: it takes the place of what was modelled, which stays among the inputs.
pub fn oil_by_monitor(left: f64, modelled: Option<Wear>) -> Option<Wear> {
    let used = (0.0..=1.0).contains(&left).then_some(1.0 - left)?;
    let shown = Input { quantity: Quantity::OilLifePercent, value: left * 100.0, used: Some(used) };
    let others = modelled.into_iter().flat_map(|wear| wear.inputs);
    Some(Wear { used, inputs: core::iter::once(shown).chain(others).collect(), confidence: Confidence::High })
}

fn capped(use_: OilUse, caps: OilCaps) -> [(Input, Confidence); 2] {
    [
        (of_limit(Quantity::Kilometres, use_.km, caps.km), Confidence::Low),
        (of_limit(Quantity::Days, use_.days, caps.days), Confidence::Low),
    ]
}

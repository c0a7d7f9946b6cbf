//! A diesel's particulate filter: ash that stays for good, and regenerations that come ever more often.
//!
//! Source: soot is burnt off every 300 to 900 km, ash never; a filter holds some 60 g of ash, at about 10 g for each
//! 30,000 km (service data of common-rail cars); a spacing below 150 km is taken for its end by workshops.

use alloc::vec::Vec;

use super::wear::{Confidence, Input, Quantity, Wear, of_limit, worst};

/// What is known of a filter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FilterLoad {
    /// Kilometres since it was fitted.
    pub km: f64,
    /// Its soot load in per cent, where the control unit tells.
    pub soot_percent: Option<f64>,
    /// Its ash load in grams, where the control unit tells.
    pub ash_g: Option<f64>,
    /// The odometers in kilometres at which regenerations ended.
    pub regenerations_km: Vec<f64>,
}

/// How far it is filled. Soot is shown, and is no wear: it burns.
pub fn particulate_filter(load: &FilterLoad) -> Option<Wear> {
    let mut inputs = Vec::new();
    match load.ash_g {
        Some(grams) => inputs.push((of_limit(Quantity::AshGrams, grams, 60.0), Confidence::High)),
        None => inputs.push((of_limit(Quantity::Kilometres, load.km, 180_000.0), Confidence::Low)),
    }
    let mut ends = load.regenerations_km.clone();
    ends.sort_by(f64::total_cmp);
    let mut spacings: Vec<_> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The latest five: one that was broken off by a short trip is no spacing.
    let mut latest = spacings.split_off(spacings.len().saturating_sub(5));
    latest.sort_by(f64::total_cmp);
    if latest.len() >= 3 {
        let spacing = latest[latest.len() / 2].max(1.0);
        let used = ((500.0 - spacing) / 350.0).max(0.0);
        let input = Input { quantity: Quantity::KilometresBetweenRegenerations, value: spacing, used: Some(used) };
        inputs.push((input, Confidence::Medium));
    }
    if let Some(percent) = load.soot_percent {
        inputs.push((Input { quantity: Quantity::SootPercent, value: percent, used: None }, Confidence::High));
    }
    worst(&inputs)
}

//! Filters: hours of air drawn through, dust, and age.
//!
//! Source: service booklets give 60,000 km or 48 months for an engine's air filter and 30,000 km or 24 months for the
//! cabin's, and a third to a half of that in dust; hours stand for the distance at 37 km/h, as in [`crate::plan`].

use super::wear::{Confidence, Input, Quantity, Wear, of_limit, worst};

/// Use since the filter was changed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FilterUse {
    /// Hours of the engine or the fan running.
    pub hours: f64,
    /// Days.
    pub days: f64,
    /// The share of that use on dusty roads, from 0 to 1, where it was measured.
    pub dust: Option<f64>,
}

/// An hour in dust fills an engine's filter as three do elsewhere.
pub fn air_filter(used: &FilterUse) -> Option<Wear> {
    filter(used, 1_600.0, 1_461.0, 3.0)
}

/// An hour in dust fills the cabin's filter as two do elsewhere.
pub fn cabin_filter(used: &FilterUse) -> Option<Wear> {
    filter(used, 800.0, 730.0, 2.0)
}

fn filter(used: &FilterUse, life_h: f64, life_days: f64, in_dust: f64) -> Option<Wear> {
    let dust = used.dust.filter(|dust| dust.is_finite()).map(|dust| dust.clamp(0.0, 1.0));
    let weighted = used.hours * (1.0 + dust.unwrap_or(0.0) * (in_dust - 1.0));
    let mut by_hours = of_limit(Quantity::Hours, weighted, life_h);
    by_hours.value = used.hours;
    // Without a measure of dust, hours say little more than the calendar does.
    let trust = if dust.is_some() { Confidence::Medium } else { Confidence::Low };
    let shown = Input { quantity: Quantity::DustPercent, value: dust.unwrap_or(0.0) * 100.0, used: None };
    let by_days = of_limit(Quantity::Days, used.days, life_days);
    let inputs = [(by_hours, trust), (by_days, Confidence::Low), (shown, trust)];
    worst(if dust.is_some() { &inputs } else { &inputs[..2] })
}

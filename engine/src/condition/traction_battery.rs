//! The traction battery: state of health over charge throughput.
//!
//! Source: makers' warranties end at 70 % of the capacity; lithium cells lose it in a line over full cycles after a short
//! settling (for one, the CALCE CS2 cells).

use alloc::vec::Vec;

use super::wear::{Confidence, Input, Quantity, Wear, line};

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthReading {
    /// The odometer in kilometres.
    pub km: f64,
    /// State of health in per cent of the new capacity.
    pub health_percent: f64,
}

/// The share of life at `now_km`: 100 % health is none of it, 70 % all.
pub fn traction_battery(readings: &[HealthReading], now_km: f64) -> Option<Wear> {
    let points: Vec<_> = readings
        .iter()
        .filter(|reading| (1.0..=110.0).contains(&reading.health_percent))
        .map(|reading| (reading.km, reading.health_percent))
        .collect();
    let last = points.iter().copied().max_by(|one, other| one.0.total_cmp(&other.0))?;
    let span_km = last.0 - points.iter().map(|point| point.0).fold(f64::MAX, f64::min);
    let (health, confidence) = match line(&points, now_km.max(last.0)) {
        // Single readings scatter by a point or two; a line over little distance would run away with that.
        Some((_, health)) if span_km >= 5_000.0 => (health, Confidence::High),
        _ => (last.1, Confidence::Medium),
    };
    let inputs = [
        Input { quantity: Quantity::HealthPercent, value: health, used: Some((100.0 - health).max(0.0) / 30.0) },
        Input { quantity: Quantity::Kilometres, value: span_km, used: None },
    ];
    Some(Wear { used: (100.0 - health).max(0.0) / 30.0, inputs: inputs.to_vec(), confidence })
}

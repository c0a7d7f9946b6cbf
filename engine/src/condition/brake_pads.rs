//! Brake pads: a line through wear over distance.
//!
//! Source: the VSS signal `Brake.PadWear` (0 new, 100 worn); that wear is straight over distance for one driver is what
//! makers' own pad displays assume.

use alloc::vec::Vec;

use super::wear::{Confidence, Input, Quantity, Wear, line};

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PadReading {
    /// The odometer in kilometres.
    pub km: f64,
    /// Wear in per cent, 0 new and 100 worn.
    pub wear_percent: f64,
}

/// The wear of a pad of which there are too few readings for a line: what its sensor showed last.
pub fn worn_pad(wear_percent: f64) -> Option<Wear> {
    let used = (0.0..=100.0).contains(&wear_percent).then_some(wear_percent / 100.0)?;
    let shown = Input { quantity: Quantity::WearPercent, value: wear_percent, used: Some(used) };
    Some(Wear { used, inputs: [shown].to_vec(), confidence: Confidence::High })
}

/// The wear at `now_km`, from the readings since the pads were new; three at least. Wear that falls by more than 20 points means new pads, and readings before are left out.
pub fn brake_pads(readings: &[PadReading], now_km: f64) -> Option<Wear> {
    let mut readings: Vec<_> =
        readings.iter().filter(|reading| (0.0..=100.0).contains(&reading.wear_percent)).copied().collect();
    readings.sort_by(|one, other| one.km.total_cmp(&other.km));
    let renewed = readings.windows(2).rposition(|pair| pair[1].wear_percent < pair[0].wear_percent - 20.0);
    let since = &readings[renewed.map_or(0, |at| at + 1)..];
    let points: Vec<_> = since.iter().map(|reading| (reading.km, reading.wear_percent)).collect();
    let last = since.last()?;
    let (slope, now) = line(&points, now_km.max(last.km))?;
    // Pads do not grow; and a line never makes them better than they were last seen.
    let (slope, now) = (slope.max(0.0), now.max(last.wear_percent));
    let span_km = last.km - since[0].km;
    let confidence = if since.len() >= 6 && span_km >= 5_000.0 { Confidence::High } else { Confidence::Medium };
    let inputs = [
        Input { quantity: Quantity::WearPercent, value: last.wear_percent, used: Some(last.wear_percent / 100.0) },
        Input { quantity: Quantity::WearPercentPerThousandKm, value: slope * 1_000.0, used: None },
        Input { quantity: Quantity::Kilometres, value: span_km, used: None },
    ];
    Some(Wear { used: now / 100.0, inputs: inputs.to_vec(), confidence })
}

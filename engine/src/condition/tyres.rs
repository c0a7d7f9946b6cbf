//! Tyres: tread by distance, age, and air that leaves slowly.
//!
//! Sources: 8 mm is a new tyre and 1.6 mm the legal end (UN Regulation 30; German road traffic licensing regulations, § 36), 4 mm what the German
//! automobile clubs ask of winter tyres; ten years is the tyre makers' own limit of age; pressure follows absolute
//! temperature at constant volume (Gay-Lussac).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::wear::{Confidence, Input, Quantity, Wear, line, of_limit, worst};

/// A new tyre's tread in millimetres.
const NEW_MM: f64 = 8.0;

/// Kilometres that a tyre lasts as long as nobody has measured it.
const LASTS_KM: f64 = 40_000.0;

/// Days that a tyre lasts at most: ten years.
const LASTS_DAYS: f64 = 3_652.0;

/// Air pressure at sea level in pascals: sensors tell the excess over it.
const OUTSIDE_PA: f64 = 101_325.0;

/// A measured tread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreadReading {
    /// The set's own odometer in kilometres, see [`crate::plans::PartOdometer`].
    pub km: f64,
    /// The least depth in millimetres.
    pub millimetres: f64,
}

/// Wear of a set at `now_km` of its own odometer; `winter` asks for 4 mm and otherwise 1.6.
pub fn tread(readings: &[TreadReading], now_km: f64, age_days: Option<f64>, winter: bool) -> Option<Wear> {
    let end_mm = if winter { 4.0 } else { 1.6 };
    let points: Vec<_> = readings.iter().map(|reading| (reading.km, reading.millimetres)).collect();
    let mut inputs = Vec::new();
    match (line(&points, now_km), readings.last()) {
        (Some((slope, depth)), Some(last)) if slope < 0.0 => {
            let depth = depth.min(last.millimetres);
            let mut input = of_limit(Quantity::TreadMillimetres, NEW_MM - depth, NEW_MM - end_mm);
            input.value = depth;
            inputs.push((input, Confidence::High));
        }
        _ => inputs.push((of_limit(Quantity::Kilometres, now_km, LASTS_KM), Confidence::Low)),
    }
    if let Some(days) = age_days {
        inputs.push((of_limit(Quantity::Days, days, LASTS_DAYS), Confidence::Low));
    }
    worst(&inputs)
}

/// A pressure with the temperature of the air inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PressureReading {
    /// When, in days.
    pub day: f64,
    /// Over the surroundings, in pascals.
    pub pascals: f64,
    /// Degrees Celsius.
    pub celsius: f64,
}

/// The pressure over the surroundings, in pascals, as it would be at 20 °C.
pub fn cold_pressure_pa(reading: &PressureReading) -> f64 {
    (reading.pascals + OUTSIDE_PA) * 293.15 / (reading.celsius + 273.15) - OUTSIDE_PA
}

/// Air that leaves slowly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowLeak {
    /// Kilopascals lost a day, brought to 20 °C.
    pub kpa_a_day: f64,
    /// Whether it is more than rubber lets through: 3 kPa a month, so that 0.4 a day is a leak beyond doubt.
    pub leaks: bool,
    /// Days until the pressure is a fifth below `wanted_pa`, at which warnings of tyre pressure monitors begin (UN Regulation 141).
    pub days_left: Option<f64>,
    /// What it follows from.
    pub inputs: Vec<Input>,
}

/// Judges a wheel by its readings since it was last filled up: a rise of more than 10 kPa is a pump, and readings before it are left out. Three readings over two days are needed.
pub fn slow_leak(readings: &[PressureReading], wanted_pa: f64) -> Option<SlowLeak> {
    let mut points: Vec<_> = readings
        .iter()
        .filter(|reading| reading.celsius > -60.0)
        .map(|reading| (reading.day, cold_pressure_pa(reading)))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    let filled = points.windows(2).rposition(|pair| pair[1].1 > pair[0].1 + 10_000.0);
    let since = &points[filled.map_or(0, |at| at + 1)..];
    let (first, last) = (since.first()?, since.last()?);
    if last.0 - first.0 < 2.0 {
        return None;
    }
    let (slope, now_pa) = line(since, last.0)?;
    let kpa_a_day = (-slope / 1_000.0).max(0.0);
    let left_pa = now_pa - 0.8 * wanted_pa;
    let inputs = [
        Input { quantity: Quantity::KilopascalsADay, value: kpa_a_day, used: None },
        Input { quantity: Quantity::Days, value: last.0 - first.0, used: None },
    ];
    let days_left = (kpa_a_day > 0.0).then(|| (left_pa / 1_000.0 / kpa_a_day).max(0.0));
    Some(SlowLeak { kpa_a_day, leaks: kpa_a_day >= 0.4, days_left, inputs: inputs.to_vec() })
}

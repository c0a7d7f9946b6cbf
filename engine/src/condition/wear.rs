//! What every model answers.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// What an input is; its unit is part of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quantity {
    /// Engine revolutions, weighted by temperature.
    WeightedRevolutions,
    /// Engine revolutions.
    Revolutions,
    /// Fuel burnt, in litres.
    FuelLitres,
    /// Distance in kilometres.
    Kilometres,
    /// Time in days.
    Days,
    /// Time in hours.
    Hours,
    /// Wear in per cent.
    WearPercent,
    /// Oil life that is left as the car's own monitor shows it, in per cent.
    OilLifePercent,
    /// Wear in per cent for each 1,000 km.
    WearPercentPerThousandKm,
    /// Rest voltage in volts.
    RestVolts,
    /// Lowest cranking voltage in volts, as at 21 °C.
    CrankingVolts,
    /// Tread depth in millimetres.
    TreadMillimetres,
    /// Pressure lost a day, in kilopascals.
    KilopascalsADay,
    /// State of health in per cent.
    HealthPercent,
    /// The share of use in dust, in per cent.
    DustPercent,
    /// Soot load in per cent.
    SootPercent,
    /// Ash load in grams.
    AshGrams,
    /// Distance between two regenerations, in kilometres.
    KilometresBetweenRegenerations,
}

/// One input and its value, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// What it is.
    pub quantity: Quantity,
    /// How much.
    pub value: f64,
    /// The share of life that it stands for by itself, where it does.
    pub used: Option<f64>,
}

/// How far an answer can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Confidence {
    /// A bound of time or distance decides, as nothing better was measured.
    Low,
    /// Modelled from measured use.
    Medium,
    /// The wear itself is measured, often enough.
    High,
}

/// How far a part is worn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wear {
    /// The share of life that is used; 1 at its end, above it behind.
    pub used: f64,
    /// What it follows from, the input that decides first.
    pub inputs: Vec<Input>,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// The input that is farthest decides; `confidences` belong to the inputs one by one. `None` if none stands for a share.
pub(super) fn worst(inputs: &[(Input, Confidence)]) -> Option<Wear> {
    let share = |input: &Input| input.used.filter(|used| used.is_finite()).map(|used| used.max(0.0));
    let mut sorted = inputs.to_vec();
    sorted.sort_by(|(one, _), (other, _)| share(other).unwrap_or(-1.0).total_cmp(&share(one).unwrap_or(-1.0)));
    let (first, confidence) = *sorted.first()?;
    let inputs = sorted.into_iter().map(|(input, _)| input).collect();
    Some(Wear { used: share(&first)?, inputs, confidence })
}

/// An input that stands for a share of its limit.
pub(super) fn of_limit(quantity: Quantity, value: f64, limit: f64) -> Input {
    Input { quantity, value, used: (limit > 0.0).then(|| value / limit) }
}

/// A straight line by least squares: (slope, value at `at`); `None` below three points or when they stand in one place.
pub(super) fn line(points: &[(f64, f64)], at: f64) -> Option<(f64, f64)> {
    let finite: Vec<_> = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    if finite.len() < 3 {
        return None;
    }
    let count = finite.len() as f64;
    let (x_mean, y_mean) =
        finite.iter().fold((0.0, 0.0), |(x_sum, y_sum), (x, y)| (x_sum + x / count, y_sum + y / count));
    let spread: f64 = finite.iter().map(|(x, _)| (x - x_mean) * (x - x_mean)).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = finite.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum::<f64>() / spread;
    Some((slope, y_mean + slope * (at - x_mean)))
}

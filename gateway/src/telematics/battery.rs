//! When a traction battery's cell will have lost a given part of its capacity, with an interval.
//!
//! Two opinions are weighed. The cell's own: its loss grows as a power of the cycles, near the first power over a life, since
//! the quick loss at first and the quick loss at last offset each other; more than a fifth of loss meets the knee, so the power
//! rises with the threshold. The other cells' of the same table: how many cycles they took, twice the weight, because a
//! single cell's loss so far says little about its knee. The interval is how far cells of one kind scatter around that.
//! Invariant: of the cell itself only cycles up to the given one are looked at.

use std::path::Path;

use serde::Serialize;

use super::table::{TableError, text_of};

/// How far p10 and p90 lie from the forecast, as a part of it; lives of cells of one type scatter by about 13 % (CALCE CS2).
const SPREAD: f64 = 0.17;

/// How many cycles' smoothed capacities the initial capacity is the median of.
const INITIAL_CYCLES: usize = 10;

/// How many cycles a capacity is smoothed over, by their median.
const SMOOTH_CYCLES: usize = 5;

/// A forecast, in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// The cycle at which the threshold is reached.
    pub eol_cycle: f64,
    /// With a probability of a tenth it is reached before.
    pub p10: f64,
    /// With a probability of nine tenths it is reached before.
    pub p90: f64,
}

/// Why there is no forecast.
#[derive(Debug, thiserror::Error)]
pub enum BatteryError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table has no such cell.
    #[error("no cell {cell}, {path}")]
    Cell {
        /// The cell.
        cell: String,
        /// The table.
        path: String,
    },
    /// There is too little to go by.
    #[error("{cycles} cycles of cell {cell} are too few or show no loss, {path}")]
    TooLittle {
        /// The cell.
        cell: String,
        /// How many cycles there are.
        cycles: usize,
        /// The table.
        path: String,
    },
}

/// A cell's capacities by cycle.
pub type Curve = Vec<(f64, f64)>;

/// Reads the cells of a table with the columns `cell`, `cycle_no` and `capacity`, in order.
pub fn read(path: &Path) -> Result<Vec<(String, Curve)>, TableError> {
    let text = text_of(path)?;
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let column = |names: &[&str], what| {
        let at = header.iter().position(|name| names.contains(name));
        at.ok_or_else(|| TableError::Column { path: path.to_owned(), what })
    };
    let cell = column(&["cell"], "cell")?;
    let cycle = column(&["cycle_no", "cycle", "discharge_no"], "cycle")?;
    let capacity = column(&["capacity", "capacity_ah"], "capacity")?;
    let mut cells: Vec<(String, Curve)> = Vec::new();
    for line in lines {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let number =
            |at: usize| fields.get(at)?.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        let (Some(&name), Some(cycle), Some(capacity)) = (fields.get(cell), number(cycle), number(capacity)) else {
            continue;
        };
        match cells.iter_mut().find(|(known, _)| known == name) {
            Some((_, curve)) => curve.push((cycle, capacity)),
            None => cells.push((name.to_owned(), vec![(cycle, capacity)])),
        }
    }
    for (_, curve) in &mut cells {
        curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(cells)
}

/// Forecasts a cell of a table from its cycles up to `until`.
pub fn of_table(path: &Path, cell: &str, until: f64, threshold: f64) -> Result<Forecast, BatteryError> {
    let cells = read(path)?;
    let place = || path.display().to_string();
    let (_, curve) = cells
        .iter()
        .find(|(name, _)| name == cell)
        .ok_or_else(|| BatteryError::Cell { cell: cell.to_owned(), path: place() })?;
    let seen: Curve = curve.iter().copied().filter(|(cycle, _)| *cycle <= until).collect();
    let others = cells.iter().filter(|(name, _)| name != cell);
    let lives: Vec<f64> = others.filter_map(|(_, curve)| end_of_life(curve, threshold)).collect();
    forecast(&seen, &lives, threshold).ok_or_else(|| BatteryError::TooLittle {
        cell: cell.to_owned(),
        cycles: seen.len(),
        path: place(),
    })
}

/// Forecasts from a cell's cycles so far and the lives of its like.
pub fn forecast(seen: &[(f64, f64)], lives: &[f64], threshold: f64) -> Option<Forecast> {
    if let Some(eol_cycle) = end_of_life(seen, threshold) {
        return Some(Forecast { eol_cycle, p10: eol_cycle, p90: eol_cycle });
    }
    let own = own_opinion(seen, threshold);
    let like = median(lives.to_vec());
    let (now, _) = *seen.last()?;
    let eol_cycle = match (own, like) {
        (Some(own), Some(like)) => (own * like * like).cbrt(),
        (opinion, other) => opinion.or(other)?,
    };
    let eol_cycle = eol_cycle.max(now);
    Some(Forecast {
        eol_cycle: eol_cycle.round(),
        p10: (eol_cycle * (1.0 - SPREAD)).max(now).round(),
        p90: (eol_cycle * (1.0 + SPREAD)).round(),
    })
}

/// The first cycle whose smoothed capacity is at or below the threshold.
pub fn end_of_life(curve: &[(f64, f64)], threshold: f64) -> Option<f64> {
    let limit = initial(curve)? * threshold;
    (0..curve.len()).find_map(|at| (smoothed(curve, at)? <= limit).then_some(curve[at].0))
}

fn initial(curve: &[(f64, f64)]) -> Option<f64> {
    if curve.len() < 2 * INITIAL_CYCLES {
        return None;
    }
    median((0..INITIAL_CYCLES).filter_map(|at| smoothed(curve, at)).collect())
}

/// The capacity at a cycle: the median of it and the ones before, as whoever follows a cell knows no later ones.
fn smoothed(curve: &[(f64, f64)], at: usize) -> Option<f64> {
    median(curve[(at + 1).saturating_sub(SMOOTH_CYCLES)..=at].iter().map(|(_, capacity)| *capacity).collect())
}

fn own_opinion(seen: &[(f64, f64)], threshold: f64) -> Option<f64> {
    if seen.len() < 2 * INITIAL_CYCLES {
        return None;
    }
    // A median of medians lies high while a cell loses fast, so the loss counts from the first cycles as they were measured.
    let first = median(seen[..INITIAL_CYCLES].iter().map(|(_, capacity)| *capacity).collect())?;
    // The level now: the line through the last quarter, by the median of all slopes (Theil and Sen).
    let tail = &seen[seen.len() - (seen.len() / 4).max(INITIAL_CYCLES)..];
    let (now, _) = *tail.last()?;
    // A hundred cycles decide as well as a thousand, and pairs grow with the square.
    let tail: Vec<_> = tail.iter().step_by(tail.len().div_ceil(200)).copied().collect();
    let slopes = tail
        .iter()
        .enumerate()
        .flat_map(|(at, a)| tail[at + 1..].iter().filter(move |b| b.0 > a.0).map(move |b| (b.1 - a.1) / (b.0 - a.0)));
    let slope = median(slopes.collect())?;
    let level = median(tail.iter().map(|(cycle, capacity)| capacity + slope * (now - cycle)).collect())?;
    let loss = 1.0 - level / first;
    // A loss within the noise of capacities says nothing yet.
    if loss < 0.005 {
        return None;
    }
    let allowed = 1.0 - threshold;
    let power = (1.12 + 5.0 * (allowed - 0.2)).clamp(0.8, 2.0);
    Some(now * (allowed / loss).powf(1.0 / power))
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    Some(if numbers.len().is_multiple_of(2) { f64::midpoint(numbers[half - 1], numbers[half]) } else { numbers[half] })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A cell that reaches a fifth of loss at `life` cycles.
    fn cell(life: f64, cycles: u32) -> Curve {
        (1..=cycles).map(|cycle| (f64::from(cycle), 1.1 * (1.0 - 0.2 * (f64::from(cycle) / life).powf(1.1)))).collect()
    }

    #[test]
    fn a_cell_alone_and_a_cell_among_its_like_are_forecast_from_the_first_part_of_their_lives() {
        for life in [300.0, 500.0, 900.0] {
            let seen = cell(life, (life * 0.6) as u32);
            for lives in [&[][..], &[life * 0.93, life * 1.06]] {
                let told = forecast(&seen, lives, 0.8).unwrap();
                assert!(told.p10 <= life && life <= told.p90, "{life}: {told:?}");
                assert!(told.p90 - told.p10 <= 0.4 * life, "{life}: {told:?}");
            }
        }
    }

    #[test]
    fn a_threshold_that_is_reached_already_is_no_forecast() {
        let told = forecast(&cell(300.0, 400), &[], 0.8).unwrap();
        assert!((told.eol_cycle - 302.0).abs() < 8.0 && (told.p10 - told.p90).abs() < 1e-9, "{told:?}");
    }

    #[test]
    fn too_little_is_no_ground_for_a_forecast() {
        assert_eq!(forecast(&cell(300.0, 5), &[], 0.8), None);
        assert_eq!(forecast(&[], &[400.0], 0.8), None);
        let flat: Curve = (1..100).map(|cycle| (f64::from(cycle), 1.1)).collect();
        assert_eq!(forecast(&flat, &[], 0.8), None);
    }

    proptest! {
        #[test]
        fn any_curve_has_an_ordered_forecast_or_none(
            capacities in proptest::collection::vec(0.01..3.0_f64, 0..80), threshold in 0.1..0.99_f64,
        ) {
            let curve: Curve = capacities.iter().enumerate().map(|(at, capacity)| (at as f64 + 1.0, *capacity)).collect();
            if let Some(told) = forecast(&curve, &[], threshold) {
                prop_assert!(told.p10 <= told.eol_cycle && told.eol_cycle <= told.p90);
            }
        }
    }
}

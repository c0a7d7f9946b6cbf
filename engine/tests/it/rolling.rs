//! Rolling origins, the way in which every projection is judged here.
//!
//! - An origin is a reading before which at least 180 days of history lie; all readings up to it are known, none after it.
//!   Readings of the same day as an origin count as known if they stand before it in the history.
//! - The truth is the moment at which the odometer has risen by the distance asked for since that origin, by a straight line between the two readings around it.
//! - An origin whose truth lies behind the end of the data is left out: there is nothing to compare with. This favours no method, as all are judged on the same origins.
//! - The truth is covered if it lies from the day of the early end of the band to the day of its late end, both included; days are rounded to the nearest.
//! - Origins overlap: many of them share most of their truth. They are a yardstick, no independent sample.

use milepost_engine::projection::{History, Reading, project};
use milepost_protocol::plan::DAY_MS;

use crate::peers;

const WARM_UP_DAYS: f64 = 180.0;

/// A history: days since 1970 and metres.
pub(crate) type Track = Vec<(f64, f64)>;

/// What came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) origins: usize,
    pub(crate) covered: usize,
    pub(crate) before: usize,
    pub(crate) behind: usize,
    pub(crate) widths: Vec<f64>,
    pub(crate) errors: Vec<f64>,
    pub(crate) peers: Vec<(&'static str, Vec<f64>)>,
}

impl Outcome {
    pub(crate) fn coverage(&self) -> f64 {
        self.covered as f64 / self.origins as f64
    }

    pub(crate) fn mean_width(&self) -> f64 {
        self.widths.iter().sum::<f64>() / self.widths.len() as f64
    }

    pub(crate) fn median_error(&self) -> f64 {
        median(&self.errors)
    }

    /// The best median error among the simple methods, with its name.
    pub(crate) fn best_peer(&self) -> (&'static str, f64) {
        let all = self.peers.iter().map(|(name, errors)| (*name, median(errors)));
        all.min_by(|one, other| one.1.total_cmp(&other.1)).expect("there are peers")
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.origins += other.origins;
        self.covered += other.covered;
        self.before += other.before;
        self.behind += other.behind;
        self.widths.extend(&other.widths);
        self.errors.extend(&other.errors);
        for (name, errors) in &other.peers {
            match self.peers.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.extend(errors),
                None => self.peers.push((name, errors.clone())),
            }
        }
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { f64::midpoint(values[middle - 1], values[middle]) } else { values[middle] }
}

pub(crate) fn history(track: &[(f64, f64)]) -> History {
    let reading = |&(day, metres): &(f64, f64)| Reading {
        at_ms: (day * DAY_MS as f64) as u64,
        odometer_m: metres as u32 + 1_000,
    };
    History::new(track.iter().map(reading), u64::MAX, 0)
}

/// Judges projections of `distance_m` from every `step`-th origin.
pub(crate) fn judge(track: &Track, distance_m: f64, step: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let first = track.iter().position(|(day, _)| day - track[0].0 >= WARM_UP_DAYS).unwrap_or(track.len());
    for origin in (first..track.len()).step_by(step) {
        let (day, metres) = track[origin];
        let Some(beyond) = track.iter().position(|&(_, later)| later >= metres + distance_m) else { break };
        let (one, other) = (track[beyond - 1], track[beyond]);
        let truth = one.0 + (other.0 - one.0) * (metres + distance_m - one.1) / (other.1 - one.1) - day;
        let known = &track[..=origin];
        let found = project(&history(known), distance_m, (day * DAY_MS as f64) as u64);
        let days = |ms: u64| (ms as f64 / DAY_MS as f64 - day).round();
        let (early, late) = (days(found.p10_ms), days(found.p90_ms));
        outcome.origins += 1;
        outcome.before += usize::from(truth.round() < early);
        outcome.behind += usize::from(truth.round() > late);
        outcome.covered += usize::from((early..=late).contains(&truth.round()));
        outcome.widths.push(late - early);
        outcome.errors.push((days(found.median_ms) - truth).abs());
        for (name, foretold) in peers::all(known, distance_m) {
            let error = (foretold - truth).abs();
            match outcome.peers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, errors)) => errors.push(error),
                None => outcome.peers.push((name, vec![error])),
            }
        }
    }
    outcome
}

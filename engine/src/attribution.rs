//! How conversions are credited to the contacts before them. A description, never a cause: only an experiment shows what a
//! contact brings.
//!
//! Sources: first, last and linear touch by their definitions; the removal effect of a first-order Markov chain by Anderl,
//! Becker, von Wangenheim and Schumann, "Mapping the customer journey", International Journal of Research in Marketing 33(3),
//! 2016. Invariant: each method credits all conversions of paths with a contact, no more and no less.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// How often a path of contacts ended with and without a conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The channels in their order.
    pub channels: Vec<String>,
    /// With.
    pub conversions: f64,
    /// Without.
    pub lost: f64,
}

/// Conversions credited to each channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attribution {
    /// All to the first contact.
    pub first: BTreeMap<String, f64>,
    /// All to the last.
    pub last: BTreeMap<String, f64>,
    /// In equal parts to every contact.
    pub linear: BTreeMap<String, f64>,
    /// In proportion to how many conversions the chain loses without the channel.
    pub markov: BTreeMap<String, f64>,
}

/// Credits all paths by every method; a path without contacts credits nobody.
pub fn attribute(paths: &[Path]) -> Attribution {
    let mut attribution = Attribution::default();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        for channel in &path.channels {
            let next = numbers.len();
            numbers.entry(channel).or_insert(next);
        }
        let share = path.conversions / path.channels.len() as f64;
        let mut credit = |credits: fn(&mut Attribution) -> &mut BTreeMap<String, f64>, channel: &String, amount| {
            *credits(&mut attribution).entry(channel.clone()).or_insert(0.0) += amount;
        };
        for (at, channel) in path.channels.iter().enumerate() {
            credit(|all| &mut all.linear, channel, share);
            let whole = |is: bool| if is { path.conversions } else { 0.0 };
            credit(|all| &mut all.first, channel, whole(at == 0));
            credit(|all| &mut all.last, channel, whole(at + 1 == path.channels.len()));
        }
    }
    attribution.markov = markov(paths, &numbers);
    attribution
}

/// Transitions out of each state: to every channel, and to a conversion; the rest is lost.
struct Chain {
    channels: usize,
    /// State 0 is the start, state i + 1 is channel i; the last column is a conversion.
    moves: Vec<Vec<f64>>,
}

impl Chain {
    fn new(paths: &[Path], numbers: &BTreeMap<&str, usize>) -> Self {
        let channels = numbers.len();
        let mut moves = alloc::vec![alloc::vec![0.0; channels + 1]; channels + 1];
        let mut totals = alloc::vec![0.0; channels + 1];
        for path in paths.iter().filter(|path| !path.channels.is_empty()) {
            let weight = path.conversions + path.lost;
            let mut state = 0;
            for channel in path.channels.iter().filter_map(|channel| numbers.get(channel.as_str())) {
                moves[state][*channel] += weight;
                totals[state] += weight;
                state = channel + 1;
            }
            moves[state][channels] += path.conversions;
            totals[state] += weight;
        }
        for (row, total) in moves.iter_mut().zip(&totals).filter(|(_, total)| **total > 0.0) {
            for cell in row {
                *cell /= total;
            }
        }
        Self { channels, moves }
    }

    /// The probability of a conversion from the start, where a removed channel only loses: (I − Q) v = r.
    fn conversion(&self, removed: Option<usize>) -> f64 {
        let n = self.channels;
        let mut system: Vec<Vec<f64>> = (0..n)
            .map(|channel| {
                let mut row = alloc::vec![0.0; n + 1];
                if removed != Some(channel) {
                    let moves = &self.moves[channel + 1];
                    for (cell, probability) in row.iter_mut().zip(&moves[..n]) {
                        *cell = -probability;
                    }
                    row[n] = moves[n];
                }
                row[channel] += 1.0;
                row
            })
            .collect();
        solve(&mut system);
        let start = &self.moves[0];
        start[n] + (0..n).map(|channel| start[channel] * system[channel][n]).sum::<f64>()
    }
}

/// Eliminates in place; the last column becomes the solution. A row without a pivot, a channel that only leads to itself,
/// never converts.
fn solve(system: &mut [Vec<f64>]) {
    let n = system.len();
    for pivot in 0..n {
        let best = (pivot..n)
            .max_by(|&a, &b| libm::fabs(system[a][pivot]).total_cmp(&libm::fabs(system[b][pivot])))
            .unwrap_or(pivot);
        system.swap(pivot, best);
        let scale = system[pivot][pivot];
        if libm::fabs(scale) < 1e-12 {
            system[pivot].fill(0.0);
            continue;
        }
        for cell in &mut system[pivot] {
            *cell /= scale;
        }
        let pivot_row = system[pivot].clone();
        for (at, row) in system.iter_mut().enumerate() {
            let factor = row[pivot];
            if at != pivot && factor != 0.0 {
                for (cell, pivot_cell) in row.iter_mut().zip(&pivot_row) {
                    *cell -= factor * pivot_cell;
                }
            }
        }
    }
}

fn markov(paths: &[Path], numbers: &BTreeMap<&str, usize>) -> BTreeMap<String, f64> {
    let chain = Chain::new(paths, numbers);
    let whole = chain.conversion(None);
    let conversions: f64 = paths.iter().filter(|path| !path.channels.is_empty()).map(|path| path.conversions).sum();
    let effect = |channel: usize| if whole > 0.0 { 1.0 - chain.conversion(Some(channel)) / whole } else { 0.0 };
    let effects: Vec<(&str, f64)> = numbers.iter().map(|(name, &channel)| (*name, effect(channel))).collect();
    let total: f64 = effects.iter().map(|(_, effect)| effect).sum();
    effects
        .into_iter()
        .map(|(name, effect)| (name.into(), if total > 0.0 { conversions * effect / total } else { 0.0 }))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::recorded::engagement;

    fn path(channels: &[&str], conversions: f64, lost: f64) -> Path {
        Path { channels: channels.iter().map(|&channel| channel.into()).collect(), conversions, lost }
    }

    #[test]
    fn the_reference_package_credits_alike() {
        let Some(text) = engagement("attribution/channelattribution_Data.csv") else { return };
        let Some(reference) = engagement("attribution/reference_heuristic.csv") else { return };
        let paths: Vec<Path> = text
            .lines()
            .skip(1)
            .map(|row| {
                let fields: Vec<&str> = row.split(';').collect();
                let channels: Vec<&str> = fields[0].split(" > ").collect();
                path(&channels, fields[1].parse().expect("a number"), fields[3].parse().expect("a number"))
            })
            .collect();
        let found = attribute(&paths);
        for row in reference.lines().skip(1) {
            let fields: Vec<&str> = row.split(',').collect();
            for (credits, at) in [(&found.first, 1), (&found.last, 3), (&found.linear, 5)] {
                let expected: f64 = fields[at].parse().expect("a number");
                assert!((credits[fields[0]] - expected).abs() < 1e-6, "{row}: {}", credits[fields[0]]);
            }
        }
        let total: f64 = found.markov.values().sum();
        assert!((total - 19_785.0).abs() < 1e-6, "{total}");
    }

    #[test]
    fn the_removal_effect_of_a_small_chain_is_as_by_hand() {
        // a → b converts 1 of 2, a alone 1 of 2: without a nothing is left, without b a quarter of the start's conversions go.
        let found = attribute(&[path(&["a", "b"], 1.0, 1.0), path(&["a"], 1.0, 1.0)]);
        // From a: half to b, a quarter converts; from b half converts: a half in all. Without b: a quarter.
        assert_eq!(found.markov, BTreeMap::from([("a".into(), 2.0 * 1.0 / 1.5), ("b".into(), 2.0 * 0.5 / 1.5)]));
    }

    proptest! {
        #[test]
        fn every_method_credits_all_conversions(
            walks in prop::collection::vec((prop::collection::vec(0usize..5, 1..8), 0u32..4, 0u32..4), 1..30),
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let paths: Vec<Path> = walks
                .iter()
                .map(|(walk, won, lost)| {
                    let channels: Vec<&str> = walk.iter().map(|&at| names[at]).collect();
                    path(&channels, f64::from(*won), f64::from(*lost))
                })
                .collect();
            let conversions: f64 = paths.iter().map(|path| path.conversions).sum();
            let found = attribute(&paths);
            for credits in [&found.first, &found.last, &found.linear, &found.markov] {
                prop_assert!((credits.values().sum::<f64>() - conversions).abs() < 1e-6, "{found:?}");
                prop_assert!(credits.values().all(|credit| *credit >= -1e-9));
            }
        }
    }
}

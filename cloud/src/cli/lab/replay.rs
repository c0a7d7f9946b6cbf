//! `milepost lab replay`: how Thompson sampling would have learnt on a log whose arms were drawn evenly.
//!
//! Invariant: the same file and number of seeds give the same figures.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use milepost_engine::evaluation::replay::{Logged, Replay, replay};
use milepost_engine::policy::linear_thompson::Prior;
use serde_json::json;

use super::csv::Table;
use super::experiment::{distinct, indices, segments_of};
use crate::cli::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArguments {
    /// The log: CSV, also gzip, with a header and one row for each decision; every arm was as likely as every other.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column that names the arm.
    #[arg(long, value_name = "COL")]
    arm: String,
    /// The column that holds the reward.
    #[arg(long, value_name = "COL")]
    reward: String,
    /// Columns whose values together name the segment.
    #[arg(long, value_name = "COL", num_args = 1.., value_delimiter = ',')]
    segment: Vec<String>,
    /// How many runs, each with another order and other draws.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &ReplayArguments) -> anyhow::Result<()> {
    let table = Table::read(&arguments.csv)?;
    let file = arguments.csv.display();
    let (arm_column, reward_column) = (table.column(&arguments.arm)?, table.column(&arguments.reward)?);
    let arm_names =
        (0..table.len()).map(|row| Ok(table.text(row, arm_column)?.to_owned())).collect::<anyhow::Result<Vec<_>>>()?;
    let arms = distinct(&arm_names);
    anyhow::ensure!((2..=200).contains(&arms.len()), "{file}, column {}: {} arms", arguments.arm, arms.len());
    let segment_names = segments_of(&table, &arguments.segment)?;
    let segments = distinct(&segment_names);
    anyhow::ensure!(segments.len() <= 200, "{file}: {} segments, and 200 at most", segments.len());
    let (arm_at, segment_at) = (indices(&arm_names, &arms), indices(&segment_names, &segments));
    let events = (0..table.len())
        .map(|row| Ok(Logged { segment: segment_at[row], arm: arm_at[row], reward: table.number(row, reward_column)? }))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let runs: Vec<Replay> =
        (0..arguments.seeds).map(|seed| replay(&events, arms.len(), segments.len(), &Prior::default(), seed)).collect();
    let n = runs.len() as f64;
    let mean_of = |value: fn(&Replay) -> f64| runs.iter().map(value).sum::<f64>() / n;
    let mean = mean_of(|run| run.mean_reward);
    anyhow::ensure!(mean.is_finite(), "{file}: no event was accepted");
    let squares: f64 = runs.iter().map(|run| (run.mean_reward - mean) * (run.mean_reward - mean)).sum();
    let spread = if runs.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
    let accepted = runs.iter().map(|run| run.accepted).sum::<u64>() / runs.len() as u64;
    let one = mean_of(|run| run.inverse_propensity_of_one);
    if arguments.json {
        let found = json!({ "mean_reward": mean, "sd_over_seeds": spread, "accepted": accepted, "ipw_one": one });
        return output::line(&found.to_string());
    }
    let even = events.iter().map(|event| event.reward).sum::<f64>() / events.len() as f64;
    output::line(&format!(
        "Learning brought {mean:.4} of {} per accepted event (standard deviation {spread:.4} over {} runs of about {accepted}); drawing evenly brought {even:.4}.",
        arguments.reward, arguments.seeds
    ))?;
    output::line(&format!("The inverse propensities of one average {one:.4}; 1 is right."))?;
    let last = runs.last().context("there is a run")?;
    let total: u64 = last.chosen.iter().sum();
    for (name, &count) in arms.iter().zip(&last.chosen) {
        output::line(&format!("{name}: {:.1} % of the last run's decisions", 100.0 * count as f64 / total as f64))?;
    }
    Ok(())
}

//! `milepost lab attribution`: conversions credited to the contacts before them, which describes and does not explain.
//!
//! Invariant: a path without contacts is an error, so that no conversion goes uncredited.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use milepost_engine::attribution::{Path, attribute};
use serde_json::json;

use super::csv::Table;
use crate::cli::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct AttributionArguments {
    /// The paths: CSV, also gzip, with `path` (contacts parted by `>`), `total_conversions` and, for Markov, `total_null`.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &AttributionArguments) -> anyhow::Result<()> {
    let table = Table::read(&arguments.csv)?;
    let (path_at, won_at) = (table.column("path")?, table.column("total_conversions")?);
    let lost_at = table.header().iter().position(|name| name == "total_null");
    let count = |row: usize, column: usize| {
        let count = table.number(row, column)?;
        if count < 0.0 { Err(table.wrong(row, column, &format!("{count} is below 0"))) } else { Ok(count) }
    };
    let mut paths = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        let channels: Vec<String> = table.text(row, path_at)?.split('>').map(|name| name.trim().to_owned()).collect();
        if channels.iter().any(String::is_empty) {
            return Err(table.wrong(row, path_at, "a contact without a name"));
        }
        let lost = lost_at.map_or(Ok(0.0), |column| count(row, column))?;
        paths.push(Path { channels, conversions: count(row, won_at)?, lost });
    }
    let found = attribute(&paths);
    if arguments.json {
        let all = json!({ "first": found.first, "last": found.last, "linear": found.linear, "markov": found.markov });
        return output::line(&all.to_string());
    }
    output::line("Not causal: this says who was there, not who made the difference. Only an experiment shows that.")?;
    if lost_at.is_none() {
        output::line(
            "The file has no column total_null, so the Markov chain knows of no path that ended without a conversion.",
        )?;
    }
    output::line("")?;
    output::line(&format!("{:<24}{:>12}{:>12}{:>12}{:>12}", "contact", "first", "last", "linear", "markov"))?;
    for channel in found.linear.keys() {
        let of = |credits: &BTreeMap<String, f64>| credits.get(channel).copied().unwrap_or(0.0);
        let credits = [&found.first, &found.last, &found.linear, &found.markov].map(of);
        let [first, last, linear, markov] = credits;
        output::line(&format!("{channel:<24}{first:>12.2}{last:>12.2}{linear:>12.2}{markov:>12.2}"))?;
    }
    Ok(())
}

//! `milepost lab attribution`: conversions credited to the contacts before them, which describes and does not explain.
//!
//! Invariant: a path without contacts is an error, so that no conversion goes uncredited.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use milepost_engine::attribution::{Attribution, Path, attribute};
use serde_json::json;

use crate::chart::{Bars, bars};
use crate::csv::Table;
use crate::output::Output;
use crate::page::Page;

#[derive(Debug, Args)]
pub struct AttributionArguments {
    /// The paths: CSV, also gzip, with `path` (contacts parted by `>`), `total_conversions` and, for Markov, `total_null`.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    #[command(flatten)]
    output: Output,
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
    let json = json!({ "first": found.first, "last": found.last, "linear": found.linear, "markov": found.markov });
    let mut lines = vec![
        "Not causal: this says who was there, not who made the difference. Only an experiment shows that.".to_owned(),
    ];
    if lost_at.is_none() {
        lines.push(
            "The file has no column total_null, so the Markov chain knows of no path that ended without a conversion."
                .to_owned(),
        );
    }
    let notes = lines.len();
    lines.push(String::new());
    lines.push(format!("{:<24}{:>12}{:>12}{:>12}{:>12}", "contact", "first", "last", "linear", "markov"));
    for (channel, [first, last, linear, markov]) in credits(&found) {
        lines.push(format!("{channel:<24}{first:>12.2}{last:>12.2}{linear:>12.2}{markov:>12.2}"));
    }
    arguments.output.give(&json, &lines, || page(&lines[..notes], &found))
}

/// Each contact with its credits by the four methods.
fn credits(found: &Attribution) -> Vec<(&String, [f64; 4])> {
    let of = |channel: &String| {
        let credit = |credits: &BTreeMap<String, f64>| credits.get(channel).copied().unwrap_or(0.0);
        [&found.first, &found.last, &found.linear, &found.markov].map(credit)
    };
    found.linear.keys().map(|channel| (channel, of(channel))).collect()
}

fn page(notes: &[String], found: &Attribution) -> Page {
    let mut page = Page::new("Conversions credited to contacts");
    page.paragraphs(notes);
    let credits = credits(found);
    let drawn = Bars {
        groups: credits.iter().map(|(channel, _)| (*channel).clone()).collect(),
        kinds: ["first", "last", "linear", "markov"].map(str::to_owned).to_vec(),
        values: credits.iter().map(|(_, credits)| credits.to_vec()).collect(),
        spans: Vec::new(),
    };
    page.picture(
        "Conversions credited to each contact by four methods that describe and do not explain; from top to bottom as below.",
        &bars("Credits by contact", "conversions", &drawn),
    );
    page
}

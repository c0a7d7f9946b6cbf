//! `milepost lab ope`: what a policy would have earned, from a log of another, or why that cannot be said.
//!
//! Invariant: a logged action that the policy does not list counts as one that it never takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use milepost_engine::evaluation::estimators::{Estimate, Evaluation, Event, Refusal, Target, evaluate};
use serde_json::{Value, json};

use super::csv::Table;
use crate::cli::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct OpeArguments {
    /// The log: CSV, also gzip, with `item_id`, `position`, `click` and `propensity_score`.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// The policy: CSV with `item_id` and a column of probabilities for each position, in order.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The column of the log that holds the reward.
    #[arg(long, value_name = "COL", default_value = "click")]
    reward: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Everything by name, for words.
struct Found {
    items: Vec<String>,
    evaluation: Evaluation,
    events: usize,
}

pub(super) fn run(arguments: &OpeArguments) -> anyhow::Result<()> {
    let found = find(arguments)?;
    if arguments.json {
        return output::line(&json_of(&found).to_string());
    }
    report(&found).iter().try_for_each(|line| output::line(line))
}

fn find(arguments: &OpeArguments) -> anyhow::Result<Found> {
    let policy = Table::read(&arguments.policy)?;
    let item_column = policy.column("item_id")?;
    let places: Vec<usize> =
        (0..policy.header().len()).filter(|&at| at != item_column && !policy.header()[at].is_empty()).collect();
    anyhow::ensure!(!places.is_empty(), "{}, row 1: no column of probabilities", arguments.policy.display());
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut items = Vec::new();
    let mut probabilities = vec![Vec::new(); places.len()];
    for row in 0..policy.len() {
        let item = policy.text(row, item_column)?;
        if numbers.insert(item.to_owned(), items.len()).is_some() {
            return Err(policy.wrong(row, item_column, &format!("item {item} stands here twice")));
        }
        items.push(item.to_owned());
        for (place, &column) in probabilities.iter_mut().zip(&places) {
            let probability = policy.number(row, column)?;
            if !(0.0..=1.0).contains(&probability) {
                return Err(policy.wrong(row, column, &format!("{probability} is no probability")));
            }
            place.push(probability);
        }
    }
    for (place, &column) in probabilities.iter().zip(&places) {
        let total: f64 = place.iter().sum();
        anyhow::ensure!(
            (total - 1.0).abs() < 0.01,
            "{}, column {}: the probabilities add to {total:.4}, not to 1",
            arguments.policy.display(),
            policy.header()[column]
        );
    }
    let log = Table::read(&arguments.log)?;
    let columns = ["item_id", "position", &arguments.reward, "propensity_score"];
    let [item_at, position_at, reward_at, propensity_at] = columns.map(|name| log.column(name));
    let (item_at, position_at, reward_at, propensity_at) = (item_at?, position_at?, reward_at?, propensity_at?);
    let mut events = Vec::with_capacity(log.len());
    for row in 0..log.len() {
        let item = log.text(row, item_at)?;
        let next = items.len();
        let action = *numbers.entry(item.to_owned()).or_insert(next);
        if action == next {
            items.push(item.to_owned());
        }
        let position = log.number(row, position_at)?;
        if position.fract() != 0.0 || position < 1.0 || position > places.len() as f64 {
            return Err(log.wrong(
                row,
                position_at,
                &format!("{position} is none of the policy's {} positions", places.len()),
            ));
        }
        let propensity = log.number(row, propensity_at)?;
        if !(propensity > 0.0 && propensity <= 1.0) {
            return Err(log.wrong(row, propensity_at, &format!("{propensity} is not above 0 and up to 1")));
        }
        events.push(Event { action, place: position as usize - 1, reward: log.number(row, reward_at)?, propensity });
    }
    let evaluation = evaluate(&events, &Target::new(&probabilities));
    Ok(Found { items, evaluation, events: events.len() })
}

fn reason(found: &Found, refusal: Refusal) -> String {
    match refusal {
        Refusal::Support { share, action, place } => {
            let place = place.map_or_else(String::new, |place| format!(" at position {}", place + 1));
            let item = &found.items[action];
            let share = share * 100.0;
            format!(
                "{share:.1} % of the policy's decisions are items that the log never showed, such as item {item}{place}"
            )
        }
        other => other.to_string(),
    }
}

/// The estimators by name; nothing where the log carries no value.
fn estimators(found: &Found) -> [(&'static str, Option<Estimate>); 6] {
    let of = |pick: fn(&milepost_engine::evaluation::estimators::Estimates) -> Estimate| {
        found.evaluation.estimates.as_ref().ok().map(pick)
    };
    [
        ("ipw", of(|all| all.ipw)),
        ("snipw", of(|all| all.snipw)),
        ("dm", of(|all| all.dm)),
        ("dr", of(|all| all.dr)),
        ("switch_dr", of(|all| all.switch_dr)),
        ("dros", of(|all| all.dros)),
    ]
}

fn json_of(found: &Found) -> Value {
    let Evaluation { estimates, effective_size, mean_weight, max_weight } = &found.evaluation;
    let named = estimators(found);
    let values: serde_json::Map<_, _> =
        named.iter().map(|(name, estimate)| ((*name).to_owned(), json!(estimate.map(|found| found.value)))).collect();
    let errors: serde_json::Map<_, _> = named
        .iter()
        .map(|(name, estimate)| ((*name).to_owned(), json!(estimate.map(|found| found.standard_error))))
        .collect();
    json!({
        "estimators": values,
        "standard_errors": errors,
        "ess": effective_size,
        "mean_weight": mean_weight,
        "max_weight": max_weight,
        "refused": estimates.as_ref().err().map(|refusal| reason(found, *refusal)),
    })
}

fn report(found: &Found) -> Vec<String> {
    let Evaluation { estimates, effective_size, mean_weight, max_weight } = &found.evaluation;
    let mut lines = vec![format!(
        "{} events weigh like {effective_size:.1}; the mean weight is {mean_weight:.4}, the largest {max_weight:.2}.",
        found.events
    )];
    if let Err(refusal) = estimates {
        lines.push(format!("No value can be given: {}.", reason(found, *refusal)));
        return lines;
    }
    for (name, estimate) in estimators(found) {
        if let Some(Estimate { value, standard_error }) = estimate {
            lines.push(format!("{name:>9}: {value:.6} (standard error {standard_error:.6})"));
        }
    }
    lines
}

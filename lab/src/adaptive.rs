//! `milepost lab adaptive`: what each arm brings on average, from a log whose propensities moved while it was learnt.
//!
//! Invariant: rows are read in the order of the file, which is the order of the decisions, and each row's propensities add
//! to one.

use std::path::PathBuf;

use clap::Args;
use milepost_engine::evaluation::adaptive::{ArmMean, Mean, difference};
use serde_json::{Value, json};

use crate::chart::{Mark, Row, intervals};
use crate::csv::Table;
use crate::experiment::{distinct, indices, segments_of};
use crate::output::{Output, number};
use crate::page::Page;

/// Half of an interval at 95 % for one look, in standard errors.
const HALF: f64 = 1.959_963_985;
/// How far a row's propensities may lie from one together.
const ROUNDING: f64 = 0.01;

/// What each arm brings, from a log that adapted.
#[derive(Debug, Args)]
pub struct AdaptiveArguments {
    /// The log: CSV, also gzip, with a header and one row for each decision, in their order.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column that names the arm that was taken.
    #[arg(long, value_name = "COL")]
    arm: String,
    /// The column that holds the reward.
    #[arg(long, value_name = "COL")]
    reward: String,
    /// What stands before an arm's name in the name of the column of its propensity.
    #[arg(long, value_name = "TEXT", default_value = "propensity_")]
    prefix: String,
    /// The arm that the others are compared with.
    #[arg(long, value_name = "VALUE")]
    control: Option<String>,
    /// Columns whose values together name the segment within which propensities follow from the past alone.
    #[arg(long, value_name = "COL", num_args = 1.., value_delimiter = ',')]
    by: Vec<String>,
    #[command(flatten)]
    output: Output,
}

/// One arm in one segment; no mean where it was taken less than twice.
struct One {
    segment: Option<String>,
    arm: String,
    mean: Option<Mean>,
    /// Against the control: effect and standard error.
    effect: Option<(f64, f64)>,
}

pub(super) fn run(arguments: &AdaptiveArguments) -> anyhow::Result<()> {
    let found = find(arguments)?;
    let lines = report(arguments, &found);
    arguments.output.give(&json_of(&found), &lines, || page(arguments, &found, &lines))
}

fn find(arguments: &AdaptiveArguments) -> anyhow::Result<Vec<One>> {
    let table = Table::read(&arguments.csv)?;
    let file = arguments.csv.display();
    let (arm_at, reward_at) = (table.column(&arguments.arm)?, table.column(&arguments.reward)?);
    let prefix = arguments.prefix.as_str();
    let columns: Vec<(usize, &str)> =
        table.header().iter().enumerate().filter_map(|(at, name)| Some((at, name.strip_prefix(prefix)?))).collect();
    anyhow::ensure!(columns.len() > 1, "{file}, row 1: fewer than two columns begin with {prefix:?}");
    if let Some(control) = &arguments.control {
        let is_there = columns.iter().any(|(_, arm)| arm == control);
        anyhow::ensure!(is_there, "--control: {file} has no column {prefix}{control}");
    }
    let segment_names = segments_of(&table, &arguments.by)?;
    let segments = distinct(&segment_names);
    let segment_of = indices(&segment_names, &segments);
    let mut means = vec![ArmMean::default(); segments.len() * columns.len()];
    for row in 0..table.len() {
        let (taken, reward) = (table.text(row, arm_at)?, table.number(row, reward_at)?);
        if !columns.iter().any(|(_, arm)| *arm == taken) {
            return Err(table.wrong(row, arm_at, &format!("there is no column {prefix}{taken}")));
        }
        let mut total = 0.0;
        for (at, &(column, arm)) in columns.iter().enumerate() {
            let propensity = table.number(row, column)?;
            total += propensity;
            let mean = &mut means[segment_of[row] * columns.len() + at];
            // An arm that could not be drawn, such as one that was halted, tells nothing in this row.
            if propensity == 0.0 && arm != taken {
                continue;
            }
            if !mean.observe(propensity, (arm == taken).then_some(reward)) {
                return Err(table.wrong(row, column, &format!("{propensity} is not above 0 and up to 1")));
            }
        }
        if (total - 1.0).abs() > ROUNDING {
            return Err(table.wrong(row, columns[0].0, &format!("the row's propensities add to {total:.4}, not to 1")));
        }
    }
    let control = columns.iter().position(|(_, arm)| Some(*arm) == arguments.control.as_deref());
    let mut found = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let mean = |arm: usize| means[at * columns.len() + arm].estimate();
        let base = control.and_then(mean);
        for (arm, &(_, name)) in columns.iter().enumerate() {
            let mean = mean(arm);
            let effect =
                if control == Some(arm) { None } else { base.zip(mean).map(|(base, mean)| difference(base, mean)) };
            let segment = (!arguments.by.is_empty()).then(|| segment.clone());
            found.push(One { segment, arm: name.to_owned(), mean, effect });
        }
    }
    Ok(found)
}

fn ci(value: f64, standard_error: f64) -> [f64; 2] {
    [value - HALF * standard_error, value + HALF * standard_error]
}

fn json_of(found: &[One]) -> Value {
    let arms = found.iter().map(|one| {
        let mean = one.mean.map(|mean| {
            json!({
                "value": number(mean.value),
                "standard_error": number(mean.standard_error),
                "ci": ci(mean.value, mean.standard_error).map(number),
                "plain": number(mean.plain),
                "taken": mean.taken as u64,
            })
        });
        let effect =
            one.effect.map(|(effect, error)| json!({ "effect": number(effect), "ci": ci(effect, error).map(number) }));
        json!({ "arm": one.arm, "segment": one.segment, "mean": mean, "against_control": effect })
    });
    json!({ "arms": arms.collect::<Vec<_>>() })
}

fn place(one: &One) -> String {
    one.segment.as_ref().map_or_else(|| one.arm.clone(), |segment| format!("{}, {segment}", one.arm))
}

fn report(arguments: &AdaptiveArguments, found: &[One]) -> Vec<String> {
    let mut lines: Vec<String> = found
        .iter()
        .map(|one| {
            let Some(mean) = one.mean else {
                return format!("{}: taken less than twice, nothing can be said", place(one));
            };
            let [low, high] = ci(mean.value, mean.standard_error);
            let against = one.effect.map_or_else(String::new, |(effect, error)| {
                let [low, high] = ci(effect, error);
                let control = arguments.control.as_deref().unwrap_or_default();
                format!("; against {control} {effect:+.4} ({low:+.4} to {high:+.4})")
            });
            format!(
                "{}: {:.4} ({low:.4} to {high:.4}; plain mean {:.4} of {} taken){against}",
                place(one),
                mean.value,
                mean.plain,
                mean.taken
            )
        })
        .collect();
    lines.push(String::new());
    lines.push("Intervals are at 95 % for this one look. Plain means of a log that adapted lean low: an arm is left after bad luck.".to_owned());
    lines
}

fn page(arguments: &AdaptiveArguments, found: &[One], said: &[String]) -> Page {
    let mut page = Page::new("What each arm brings");
    let rows: Vec<Row> = found
        .iter()
        .zip(said)
        .filter_map(|(one, said)| {
            let mean = one.mean?;
            let [low, high] = ci(mean.value, mean.standard_error);
            Some(Row { label: place(one), value: mean.value, low, high, mark: Mark::Open, said: said.clone() })
        })
        .collect();
    page.picture(
        "Means weighted for how the log adapted, with intervals for this one look.",
        &intervals("Means by arm", &format!("mean of {}", arguments.reward), &rows),
    );
    page.paragraphs(said);
    page
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use milepost_engine::random::Random;

    use super::*;

    fn with(text: &str) -> anyhow::Result<Vec<One>> {
        let folder = tempfile::tempdir().expect("a folder");
        let csv = folder.path().join("log.csv");
        std::fs::write(&csv, text).expect("the folder is ours");
        find(&AdaptiveArguments {
            csv,
            arm: "arm".into(),
            reward: "reward".into(),
            prefix: "p_".into(),
            control: Some("none".into()),
            by: Vec::new(),
            output: Output::default(),
        })
    }

    #[test]
    fn means_and_effects_of_a_log_that_adapted_hold_the_truth() {
        let mut random = Random::new(3);
        let mut text = "arm,reward,p_none,p_mail\n".to_owned();
        for at in 0..4000 {
            let share = if at < 1000 { 0.5 } else { 0.1 };
            let (arm, rate) = if random.uniform() < share { ("none", 0.2) } else { ("mail", 0.3) };
            let reward = u8::from(random.uniform() < rate);
            let _ = writeln!(text, "{arm},{reward},{share},{}", 1.0 - share);
        }
        let found = with(&text).expect("a log");
        for (one, truth) in found.iter().zip([0.2, 0.3]) {
            let mean = one.mean.expect("taken often");
            let [low, high] = ci(mean.value, mean.standard_error);
            assert!(low < truth && truth < high, "{}: {mean:?}", one.arm);
        }
        let (effect, error) = found[1].effect.expect("against none");
        assert!(found[0].effect.is_none() && (effect - 0.1).abs() < 3.0 * error && error < 0.05);
    }

    #[test]
    fn a_log_that_is_not_right_is_refused_where_it_is_not() {
        let refused = |text: &str| with(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused("arm,reward,p_none,p_mail\nnone,1,0.5,0.4\n").contains("row 2, column p_none: the row's"));
        assert!(refused("arm,reward,p_none,p_mail\ncall,1,0.5,0.5\n").contains("no column p_call"));
        assert!(refused("arm,reward,p_none,p_mail\nnone,1,0,1\n").contains("0 is not above 0"));
        assert!(refused("arm,reward,p_none\nnone,1,1\n").contains("fewer than two"));
        assert!(refused("arm,reward,p_a,p_b\na,1,0.5,0.5\n").contains("no column p_none"));
    }
}

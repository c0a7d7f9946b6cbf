//! `milepost lab experiment`: what an experiment in a CSV file shows, with intervals that hold at every look.
//!
//! Invariant: arms and segments are numbered in the order of their names, so the order of rows changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use milepost_engine::experiments::analysis::{Effect, Findings, Reading, Table as Sums, analyse};
use milepost_engine::experiments::sequential::Sequential;
use milepost_engine::experiments::verdict::Verdict;
use serde_json::{Map, Value, json};

use super::csv::Table;
use crate::cli::output;

/// More segments than this are no segments but identities.
const MOST_SEGMENTS: usize = 1000;
/// More arms than this are no arms.
const MOST_ARMS: usize = 200;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExperimentArguments {
    /// The outcomes: CSV, also gzip, with a header and one row for each unit.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column that names each unit's arm.
    #[arg(long, value_name = "COL")]
    arm: String,
    /// The arm that the others are compared with.
    #[arg(long, value_name = "VALUE")]
    control: String,
    /// Columns of outcomes, of which more is better.
    #[arg(long, value_name = "COL", required = true, num_args = 1.., value_delimiter = ',')]
    metric: Vec<String>,
    /// Columns whose values together name a unit's segment.
    #[arg(long, value_name = "COL", num_args = 1.., value_delimiter = ',')]
    by: Vec<String>,
    /// A column measured before the experiment, by which variance is taken away where it helps.
    #[arg(long, value_name = "COL")]
    covariate: Option<String>,
    /// The intended share of an arm, such as `A=0.8`; even, unless every arm has one.
    #[arg(long, value_name = "ARM=SHARE", value_parser = share)]
    share: Vec<(String, f64)>,
    /// Differences within this share of the control's mean do not matter.
    #[arg(long, default_value_t = 0.1)]
    indifference: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<(String, f64), String> {
    let (arm, share) = text.rsplit_once('=').ok_or("not ARM=SHARE")?;
    let share: f64 = share.parse().map_err(|_| "the share is no number")?;
    if (0.0..=1.0).contains(&share) { Ok((arm.to_owned(), share)) } else { Err("not within 0 to 1".to_owned()) }
}

/// What was read and found.
struct Found {
    arms: Vec<String>,
    segments: Vec<String>,
    sums: Sums,
    findings: Findings,
}

pub(super) fn run(arguments: &ExperimentArguments) -> anyhow::Result<()> {
    let found = find(arguments)?;
    if arguments.json {
        return output::line(&json_of(arguments, &found).to_string());
    }
    report(arguments, &found).iter().try_for_each(|line| output::line(line))
}

/// The sorted distinct names in a column.
pub(super) fn distinct(names: &[String]) -> Vec<String> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// For each row the values of the columns together, such as `mens=1,womens=0`.
pub(super) fn segments_of(table: &Table, columns: &[String]) -> anyhow::Result<Vec<String>> {
    let at = columns.iter().map(|name| Ok((name, table.column(name)?))).collect::<anyhow::Result<Vec<_>>>()?;
    (0..table.len())
        .map(|row| {
            let cells = at.iter().map(|(name, column)| Ok(format!("{name}={}", table.text(row, *column)?)));
            Ok(cells.collect::<anyhow::Result<Vec<_>>>()?.join(","))
        })
        .collect()
}

/// For each row the index of its name.
pub(super) fn indices(names: &[String], distinct: &[String]) -> Vec<usize> {
    let places: BTreeMap<&str, usize> = distinct.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    names.iter().map(|name| places.get(name.as_str()).copied().unwrap_or(0)).collect()
}

fn find(arguments: &ExperimentArguments) -> anyhow::Result<Found> {
    let table = Table::read(&arguments.csv)?;
    let file = arguments.csv.display();
    let arm_column = table.column(&arguments.arm)?;
    let metric_columns = arguments.metric.iter().map(|name| table.column(name)).collect::<anyhow::Result<Vec<_>>>()?;
    let before_column = arguments.covariate.as_deref().map(|name| table.column(name)).transpose()?;
    let arm_names =
        (0..table.len()).map(|row| Ok(table.text(row, arm_column)?.to_owned())).collect::<anyhow::Result<Vec<_>>>()?;
    let arms = distinct(&arm_names);
    let control = arms.iter().position(|arm| *arm == arguments.control);
    let Some(control) = control else {
        anyhow::bail!("{file}, column {}: no row has the control {:?}", arguments.arm, arguments.control);
    };
    anyhow::ensure!(arms.len() > 1, "{file}, column {}: there is no arm beside the control", arguments.arm);
    anyhow::ensure!(
        arms.len() <= MOST_ARMS,
        "{file}, column {}: {} arms, and {MOST_ARMS} at most",
        arguments.arm,
        arms.len()
    );
    let segment_names = segments_of(&table, &arguments.by)?;
    let segments = distinct(&segment_names);
    anyhow::ensure!(
        segments.len() <= MOST_SEGMENTS,
        "{file}: {} makes {} segments, and {MOST_SEGMENTS} at most",
        arguments.by.join(" with "),
        segments.len()
    );
    let mut sums = Sums::new(arms.len(), metric_columns.len());
    let mut outcomes = vec![0.0; metric_columns.len()];
    let (arm_at, segment_at) = (indices(&arm_names, &arms), indices(&segment_names, &segments));
    for row in 0..table.len() {
        for (outcome, column) in outcomes.iter_mut().zip(&metric_columns) {
            *outcome = table.number(row, *column)?;
        }
        let before = before_column.map_or(Ok(0.0), |column| table.number(row, column))?;
        sums.observe(segment_at[row], arm_at[row], &outcomes, before);
    }
    let reading = Reading {
        control,
        shares: shares(&arguments.share, &arms)?,
        sequential: Sequential::default(),
        indifference: arguments.indifference,
        covariate: before_column.is_some(),
    };
    let findings = analyse(&sums, &reading);
    Ok(Found { arms, segments, sums, findings })
}

fn shares(given: &[(String, f64)], arms: &[String]) -> anyhow::Result<Vec<f64>> {
    if given.is_empty() {
        return Ok(vec![1.0 / arms.len() as f64; arms.len()]);
    }
    if let Some((name, _)) = given.iter().find(|(name, _)| !arms.contains(name)) {
        anyhow::bail!("--share: no row has the arm {name:?}");
    }
    let of = |arm: &String| given.iter().find(|(name, _)| name == arm).map(|(_, share)| *share);
    let shares: Option<Vec<f64>> = arms.iter().map(of).collect();
    let Some(shares) = shares else { anyhow::bail!("--share: every arm needs one, or none") };
    let total: f64 = shares.iter().sum();
    anyhow::ensure!((total - 1.0).abs() < 1e-6, "--share: the shares add to {total}, not to 1");
    Ok(shares)
}

/// A number as JSON; what is none is null.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}

fn json_of(arguments: &ExperimentArguments, found: &Found) -> Value {
    let Found { arms, segments, sums, findings } = found;
    let metrics = &arguments.metric;
    let arm_values = arms.iter().enumerate().map(|(arm, name)| {
        let means = metrics
            .iter()
            .enumerate()
            .map(|(metric, name)| (name.clone(), json!({ "mean": number(sums.summary(None, arm, metric).mean) })));
        json!({ "arm": name, "n": sums.summary(None, arm, 0).n as u64, "metrics": means.collect::<Map<_, _>>() })
    });
    let effects = findings.effects.iter().map(|effect| {
        json!({
            "arm": arms[effect.arm],
            "metric": metrics[effect.metric],
            "segment": effect.segment.map(|segment| &segments[segment]),
            "effect": number(effect.effect),
            "ci": [number(effect.interval.low), number(effect.interval.high)],
            "p": effect.p,
            "n": [effect.units[0] as u64, effect.units[1] as u64],
            "verdict": effect.verdict,
        })
    });
    let cuped = metrics.iter().zip(&findings.adjustments).map(|(name, adjustment)| {
        let found = json!({ "variance_reduction": adjustment.variance_reduction, "gain": adjustment.gains() });
        (name.clone(), found)
    });
    let cuped: Map<_, _> = if arguments.covariate.is_some() { cuped.collect() } else { Map::new() };
    json!({
        "srm": { "chi2": number(findings.srm.chi2), "p": findings.srm.p, "ok": findings.srm.ok },
        "arms": arm_values.collect::<Vec<_>>(),
        "effects": effects.collect::<Vec<_>>(),
        "cuped": cuped,
    })
}

fn report(arguments: &ExperimentArguments, found: &Found) -> Vec<String> {
    let Found { arms, segments, sums, findings } = found;
    let srm = &findings.srm;
    let mut lines = vec![if srm.ok {
        format!("The arms' sizes are as intended (chi-squared {:.3}, p {:.4}).", srm.chi2, srm.p)
    } else {
        format!(
            "The arms' sizes are NOT as intended (chi-squared {:.3}, p {:.2e}): no result below may be used until it is known why.",
            srm.chi2, srm.p
        )
    }];
    lines.push(String::new());
    for (arm, name) in arms.iter().enumerate() {
        let means = arguments.metric.iter().enumerate();
        let means: Vec<_> =
            means.map(|(at, metric)| format!("{metric} {:.6}", sums.summary(None, arm, at).mean)).collect();
        let control = if *name == arguments.control { " (control)" } else { "" };
        lines.push(format!("{name}{control}: {} units, mean {}", sums.summary(None, arm, 0).n, means.join(", ")));
    }
    lines.push(String::new());
    lines.extend(findings.effects.iter().map(|effect| sentence(arguments, arms, segments, effect)));
    if let Some(covariate) = &arguments.covariate {
        lines.push(String::new());
        for (metric, adjustment) in arguments.metric.iter().zip(&findings.adjustments) {
            let percent = adjustment.variance_reduction * 100.0;
            lines.push(if adjustment.gains() {
                format!("{covariate} takes {percent:.2} % of the variance of {metric} away; its effects above are adjusted.")
            } else {
                format!("{covariate} brings no gain for {metric} ({percent:.2} % of its variance); its effects are plain differences.")
            });
        }
    }
    lines.push(String::new());
    lines.push(
        "Intervals hold at 95 % however often one looks; winners and losers also stand among all effects looked for."
            .to_owned(),
    );
    lines
}

fn sentence(arguments: &ExperimentArguments, arms: &[String], segments: &[String], effect: &Effect) -> String {
    let (arm, metric) = (&arms[effect.arm], &arguments.metric[effect.metric]);
    let place = effect.segment.map_or_else(|| "over all".to_owned(), |segment| format!("for {}", segments[segment]));
    let said = match effect.verdict {
        Verdict::Winner => format!("{arm} raises {metric} {place}"),
        Verdict::Loser => format!("{arm} lowers {metric} {place}"),
        Verdict::NoDifference => format!("{arm} makes no difference that matters to {metric} {place}"),
        Verdict::Learning => format!("whether {arm} moves {metric} {place} is not known yet"),
        Verdict::Invalid => format!("nothing can be said of {arm} and {metric} {place}"),
    };
    let interval = effect.interval;
    format!(
        "{said}: {:+.4} ({:+.4} to {:+.4}; {} against {} units)",
        effect.effect, interval.low, interval.high, effect.units[0], effect.units[1]
    )
}

//! `milepost lab uplift`: whom a treatment moves, by score and by segment, and who is better left alone.
//!
//! Invariant: scores are cross-fitted, and a group is called a sleeping dog only where its interval lies wholly below zero.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use milepost_engine::random::Random;
use milepost_engine::uplift::curve::{group, top};
use milepost_engine::uplift::{Curve, Group, Learner, Scored, Unit, cross_fitted, curve, groups};
use serde_json::{Value, json};

use crate::chart::{Bars, Mark, Row, Series, bars, intervals, lines, say};
use crate::csv::Table;
use crate::experiment::{distinct, indices, segments_of};
use crate::output::{Output, number};
use crate::page::Page;

/// Into how many groups the order of scores is cut.
const GROUPS: usize = 10;
/// Into how many folds units are parted.
const FOLDS: usize = 5;
/// A column of text with more values than this is no feature but an identity.
const MOST_VALUES: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// One model, in which the treatment meets every feature.
    S,
    /// Two models, one for the treated and one for the others.
    T,
}

/// Whom a treatment moves.
#[derive(Debug, Args)]
pub struct UpliftArguments {
    /// The outcomes: CSV, also gzip, with a header and one row for each unit of a randomised experiment.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column that names each unit's arm.
    #[arg(long, value_name = "COL")]
    arm: String,
    /// The arm without the treatment.
    #[arg(long, value_name = "VALUE")]
    control: String,
    /// The arm with it; rows of any other arm are left out.
    #[arg(long, value_name = "VALUE")]
    treatment: String,
    /// The column of outcomes, of which more is better.
    #[arg(long, value_name = "COL")]
    outcome: String,
    /// Columns known before the experiment; numbers as they are, texts by their values.
    #[arg(long, value_name = "COL", required = true, num_args = 1.., value_delimiter = ',')]
    feature: Vec<String>,
    /// Columns whose values together name a unit's segment.
    #[arg(long, value_name = "COL", num_args = 1.., value_delimiter = ',')]
    by: Vec<String>,
    /// The models behind the scores.
    #[arg(long, value_enum, default_value = "t")]
    learner: Method,
    /// What a unit of outcome is worth, for the net benefit.
    #[arg(long, default_value_t = 1.0)]
    value: f64,
    /// What treating one unit costs.
    #[arg(long, default_value_t = 0.0)]
    cost: f64,
    #[command(flatten)]
    output: Output,
}

struct Found {
    curve: Curve,
    groups: Vec<Group>,
    top: Group,
    all: Group,
    segments: Vec<(String, Group)>,
    /// The share to treat for the most net benefit, and that benefit for each unit of the whole.
    best: (f64, f64),
    left_out: usize,
    expected_harm: usize,
    units: usize,
}

pub(super) fn run(arguments: &UpliftArguments) -> anyhow::Result<()> {
    let found = find(arguments)?;
    let lines = report(arguments, &found);
    arguments.output.give(&json_of(&found), &lines, || page(arguments, &found, &lines))
}

fn find(arguments: &UpliftArguments) -> anyhow::Result<Found> {
    let table = Table::read(&arguments.csv)?;
    let file = arguments.csv.display();
    let (arm_at, outcome_at) = (table.column(&arguments.arm)?, table.column(&arguments.outcome)?);
    let mut kept = Vec::new();
    for row in 0..table.len() {
        let arm = table.text(row, arm_at)?;
        if arm == arguments.treatment || arm == arguments.control {
            kept.push((row, arm == arguments.treatment));
        }
    }
    for (treated, name) in [(true, &arguments.treatment), (false, &arguments.control)] {
        let count = kept.iter().filter(|(_, is)| *is == treated).count();
        anyhow::ensure!(count >= 2, "{file}, column {}: {count} rows have the arm {name:?}", arguments.arm);
    }
    let features = features(&table, &kept, &arguments.feature)?;
    let segment_names = segments_of(&table, &arguments.by)?;
    let mut units = Vec::with_capacity(kept.len());
    for ((row, treated), features) in kept.iter().zip(features) {
        let unit = Unit { features, treated: *treated, outcome: table.number(*row, outcome_at)? };
        units.push((unit, segment_names[*row].clone()));
    }
    // An order of the file's own must not decide who falls into which fold.
    Random::new(0).shuffle(&mut units);
    let (units, segment_names): (Vec<Unit>, Vec<String>) = units.into_iter().unzip();
    let learner = match arguments.learner {
        Method::S => Learner::Single,
        Method::T => Learner::Two,
    };
    let scores = cross_fitted(&units, learner, FOLDS);
    let scored: Vec<Scored> = units
        .iter()
        .zip(scores)
        .map(|(unit, score)| Scored { score, treated: unit.treated, outcome: unit.outcome })
        .collect();
    let names = distinct(&segment_names);
    let segment_of = indices(&segment_names, &names);
    let of_segment = |wanted: usize| -> Vec<Scored> {
        scored.iter().zip(&segment_of).filter(|(_, at)| **at == wanted).map(|(unit, _)| *unit).collect()
    };
    let segments = names.iter().enumerate().map(|(at, name)| (name.clone(), group(&of_segment(at))));
    let segments = if arguments.by.is_empty() { Vec::new() } else { segments.collect() };
    let curve = curve(&scored);
    let benefits = curve
        .share
        .iter()
        .zip(&curve.uplift)
        .map(|(share, uplift)| (*share, arguments.value * uplift - arguments.cost * share));
    let best = benefits.fold((0.0, 0.0), |best, one| if one.1 > best.1 { one } else { best });
    Ok(Found {
        groups: groups(&scored, GROUPS),
        top: top(&scored, 0.3),
        all: group(&scored),
        segments,
        best,
        left_out: table.len() - kept.len(),
        expected_harm: scored.iter().filter(|unit| unit.score < 0.0).count(),
        units: scored.len(),
        curve,
    })
}

/// The features of the kept rows: a column of numbers as it is, any other as one column for each value but the first.
fn features(table: &Table, kept: &[(usize, bool)], names: &[String]) -> anyhow::Result<Vec<Vec<f64>>> {
    let mut features = vec![Vec::new(); kept.len()];
    for name in names {
        let column = table.column(name)?;
        let texts = kept.iter().map(|(row, _)| table.text(*row, column)).collect::<anyhow::Result<Vec<_>>>()?;
        let numbers: Option<Vec<f64>> =
            texts.iter().map(|text| text.parse().ok().filter(|number: &f64| number.is_finite())).collect();
        if let Some(numbers) = numbers {
            for (unit, number) in features.iter_mut().zip(numbers) {
                unit.push(number);
            }
            continue;
        }
        let values: BTreeSet<&str> = texts.iter().copied().collect();
        anyhow::ensure!(
            values.len() <= MOST_VALUES,
            "--feature {name}: {} different texts, and {MOST_VALUES} at most",
            values.len()
        );
        for value in values.iter().skip(1) {
            for (unit, text) in features.iter_mut().zip(&texts) {
                unit.push(f64::from(u8::from(text == value)));
            }
        }
    }
    Ok(features)
}

fn group_json(group: &Group) -> Value {
    json!({
        "n": [group.treated as u64, group.untreated as u64],
        "scores": [number(group.scores.low), number(group.scores.high)],
        "uplift": number(group.effect),
        "ci": [number(group.interval.low), number(group.interval.high)],
        "sleeping_dog": group.is_sleeping_dog(),
    })
}

fn json_of(found: &Found) -> Value {
    let segments = found.segments.iter().map(|(name, group)| {
        let mut value = group_json(group);
        value["segment"] = json!(name);
        value
    });
    json!({
        "units": found.units,
        "left_out": found.left_out,
        "uplift": group_json(&found.all),
        "uplift_at_30_percent": group_json(&found.top),
        "qini_area": found.curve.qini_area,
        "qini_coefficient": found.curve.qini_coefficient,
        "auuc": found.curve.uplift_area,
        "deciles": found.groups.iter().map(group_json).collect::<Vec<_>>(),
        "segments": segments.collect::<Vec<_>>(),
        "expected_harm": found.expected_harm,
        "best_share": found.best.0,
        "net_benefit": found.best.1,
    })
}

fn told(group: &Group) -> String {
    format!("{:+.4} ({:+.4} to {:+.4})", group.effect, group.interval.low, group.interval.high)
}

fn report(arguments: &UpliftArguments, found: &Found) -> Vec<String> {
    let UpliftArguments { treatment, control, outcome, .. } = arguments;
    let mut lines = vec![
        format!(
            "{treatment} against {control}: {outcome} moves by {} over all; by {} among the best-scored 30 %.",
            told(&found.all),
            told(&found.top)
        ),
        format!(
            "Qini area {:.5}{}, area under the uplift curve {:.5}; scores are cross-fitted over {FOLDS} folds.",
            found.curve.qini_area,
            found.curve.qini_coefficient.map_or_else(String::new, |share| format!(" ({share:.4} of what is possible)")),
            found.curve.uplift_area
        ),
    ];
    if found.left_out > 0 {
        lines.push(format!("{} rows belong to other arms and are left out.", found.left_out));
    }
    lines.push(String::new());
    for (at, group) in found.groups.iter().enumerate() {
        lines.push(format!("tenth {:>2}: {}{}", at + 1, told(group), dog(group)));
    }
    lines.extend(found.segments.iter().map(|(name, group)| format!("{name}: {}{}", told(group), dog(group))));
    lines.push(String::new());
    let dogs = sleeping(found);
    lines.push(if dogs.is_empty() {
        "No group is shown to be driven away.".to_owned()
    } else {
        format!("Sleeping dogs, to be left alone: {}.", dogs.join(", "))
    });
    let (share, benefit) = found.best;
    lines.push(format!(
        "Most is earned by treating the best-scored {:.0} %: {benefit:+.4} for each unit of the whole, at {} for a unit of {outcome} and {} for treating one.",
        100.0 * share,
        arguments.value,
        arguments.cost
    ));
    lines.push("Intervals are at 95 % for this one look; the share that earns most is chosen on the same data and is a little too bright.".to_owned());
    lines
}

fn dog(group: &Group) -> &'static str {
    if group.is_sleeping_dog() { ", driven away" } else { "" }
}

/// The groups and segments that are shown to be driven away.
fn sleeping(found: &Found) -> Vec<String> {
    let tenths = found.groups.iter().enumerate().map(|(at, group)| (format!("tenth {}", at + 1), group));
    let segments = found.segments.iter().map(|(name, group)| (name.clone(), group));
    tenths.chain(segments).filter(|(_, group)| group.is_sleeping_dog()).map(|(name, _)| name).collect()
}

fn page(arguments: &UpliftArguments, found: &Found, said: &[String]) -> Page {
    let mut page = Page::new("Whom the treatment moves");
    page.paragraphs(&said[..2]);
    let Curve { share, qini, uplift, .. } = &found.curve;
    // A few hundred places are as many as a picture shows.
    let stride = share.len().div_ceil(400).max(1);
    let thinned = |values: &[f64]| -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = share.iter().copied().zip(values.iter().copied()).step_by(stride).collect();
        points.extend(share.last().copied().zip(values.last().copied()));
        points
    };
    let end = qini.last().copied().unwrap_or(0.0);
    let net: Vec<f64> =
        share.iter().zip(uplift).map(|(share, uplift)| arguments.value * uplift - arguments.cost * share).collect();
    let series = [
        Series { name: "by score".to_owned(), points: thinned(qini), band: Vec::new() },
        Series { name: "at random".to_owned(), points: vec![(0.0, 0.0), (1.0, end)], band: Vec::new() },
    ];
    page.heading("Qini curve");
    page.picture(
        "What treating the best-scored share of all units adds, for each unit of the whole.",
        &lines("Qini curve", "share treated", "added outcome", &series),
    );
    page.heading("Net benefit");
    let series = [Series { name: "net benefit".to_owned(), points: thinned(&net), band: Vec::new() }];
    page.picture(
        "The uplift's worth less what treating costs, for each unit of the whole.",
        &lines("Net benefit", "share treated", "net benefit", &series),
    );
    page.heading("By tenths of the score");
    let drawn = Bars {
        groups: (1..=found.groups.len()).map(|at| format!("tenth {at}")).collect(),
        kinds: vec!["uplift".to_owned()],
        values: found.groups.iter().map(|group| vec![group.effect]).collect(),
        spans: found.groups.iter().map(|group| vec![(group.interval.low, group.interval.high)]).collect(),
    };
    page.picture("From the best score to the worst.", &bars("Uplift by tenth", "uplift", &drawn));
    if !found.segments.is_empty() {
        page.heading("By segment");
        let row = |(name, group): &(String, Group)| {
            let (mark, said) = if group.is_sleeping_dog() {
                (Mark::Down, "driven away: leave alone")
            } else if group.interval.low > 0.0 {
                (Mark::Up, "moved")
            } else {
                (Mark::Open, "not known")
            };
            let Group { effect, interval, .. } = *group;
            Row {
                label: name.clone(),
                value: effect,
                low: interval.low,
                high: interval.high,
                mark,
                said: said.to_owned(),
            }
        };
        let rows: Vec<Row> = found.segments.iter().map(row).collect();
        page.picture("The difference of means in each segment.", &intervals("Uplift by segment", "uplift", &rows));
    }
    page.paragraphs(&said[said.len() - 3..]);
    let tenths =
        found.groups.iter().map(|group| vec![say(group.scores.high), say(group.scores.low), say(group.effect)]);
    page.table(&["best score", "worst score", "uplift"].map(str::to_owned), &tenths.collect::<Vec<_>>());
    page
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Old customers are moved, new ones are driven away; a third arm stands beside.
    fn file() -> String {
        let mut random = Random::new(9);
        let mut text = "arm,age,kind,booked\n".to_owned();
        for _ in 0..6000 {
            let (arm, age) = (["none", "mail", "other"][random.below(3)], random.uniform());
            let effect = if arm == "mail" { 0.6 * age - 0.3 } else { 0.0 };
            let booked = u8::from(random.uniform() < 0.4 + effect);
            let kind = if age > 0.5 { "old" } else { "new" };
            let _ = writeln!(text, "{arm},{age:.4},{kind},{booked}");
        }
        text
    }

    fn with(feature: &str) -> anyhow::Result<Found> {
        let folder = tempfile::tempdir().expect("a folder");
        let csv = folder.path().join("units.csv");
        std::fs::write(&csv, file()).expect("the folder is ours");
        find(&UpliftArguments {
            csv,
            arm: "arm".into(),
            control: "none".into(),
            treatment: "mail".into(),
            outcome: "booked".into(),
            feature: vec![feature.to_owned()],
            by: vec!["kind".into()],
            learner: Method::S,
            value: 10.0,
            cost: 0.5,
            output: Output::default(),
        })
    }

    #[test]
    fn the_moved_are_found_and_the_driven_away_are_named() {
        for feature in ["age", "kind"] {
            let found = with(feature).expect("an experiment");
            assert!(found.segments[0].1.is_sleeping_dog() && found.segments[0].0 == "kind=new", "{feature}");
            assert!(sleeping(&found).contains(&"kind=new".to_owned()) && found.segments[1].1.interval.low > 0.0);
            assert!((0.25..0.75).contains(&found.best.0), "{feature}: {:?}", found.best);
            assert!(found.curve.qini_area > 0.01 && (1800..2200).contains(&found.left_out), "{feature}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_an_error() {
        let error = with("colour").err().map(|error| error.to_string());
        assert!(error.is_some_and(|said| said.contains("no column \"colour\"")));
    }
}

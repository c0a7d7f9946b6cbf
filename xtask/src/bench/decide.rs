//! `cargo xtask bench decide`: the linear Thompson learner beside Vowpal Wabbit, and the analysis of an experiment beside gbstats.
//!
//! Ten arms, twenty features, one processor; files in, parsing included on both sides. The engine computes the whole vector
//! of propensities for each decision and draws from it, as Vowpal Wabbit does.
//! Invariant: both sides read the same rows in the same call, and the 48 results that both compute alike agree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::demo::target_folder;
use crate::run;

/// The orders in which the log is replayed.
const REPLAYS: &str = "10";
/// How far an effect or an end of its interval may lie from gbstats' own.
const AGREEMENT: f64 = 1e-9;
/// The share of a rate's width that its ends may lie apart.
const RATE_WIDTH: f64 = 5e-4;
/// Results of each segment and arm; the last is adjusted by each side in its own way.
const METRICS: usize = 4;

pub(super) fn run(root: &Path, json: bool) -> Result<()> {
    let data = std::env::var_os("MILEPOST_DATA").context("MILEPOST_DATA names no folder of recordings")?;
    let hillstrom = PathBuf::from(data).join("engagement/hillstrom/hillstrom.csv");
    let target = target_folder(root);
    run::quietly(run::cargo(root).args([
        "build",
        "--release",
        "--package",
        "milepost-engine",
        "--example",
        "bench_decide",
    ]))?;
    let folder = target.join("bench/decide");
    let python = python(&folder)?;
    let script = root.join("xtask/src/bench/peers_decide.py");
    // Peers first: they write the rows that the engine reads, too.
    let peers = one_processor(&python, |call| call.arg(script).arg(&folder).arg(&hillstrom).arg(REPLAYS))?;
    let ours = target.join("release/examples/bench_decide");
    let ours = one_processor(&ours, |call| call.arg(&folder).arg(&hillstrom).arg(REPLAYS))?;
    show(&compared(&ours, &peers)?, json)
}

/// Runs a program on one processor, and reads the JSON that it prints.
fn one_processor(program: &Path, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<Value> {
    let mut call = if run::which("taskset").is_some() {
        let mut call = Command::new("taskset");
        call.args(["-c", "0"]).arg(program);
        call
    } else {
        Command::new(program)
    };
    call.envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
    let printed = run::output(arguments(&mut call))?;
    let last = printed.lines().last().context("the measured program printed nothing")?;
    serde_json::from_str(last).context("the measured program printed no JSON")
}

/// A Python with the peers in a folder of its own.
fn python(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("venv/bin/python");
    if !run::works(Command::new(&python).args(["-c", "import vowpalwabbit, gbstats"])) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        run::quietly(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
        run::quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "vowpalwabbit", "gbstats"]))?;
    }
    Ok(python)
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("{value} is no number"))
}

/// The largest value of a map of numbers, with its name.
fn best(map: &Value) -> Result<(String, f64)> {
    let map = map.as_object().context("the peers' script printed too little")?;
    let mut best: Option<(String, f64)> = None;
    for (name, value) in map {
        let value = number(value)?;
        if best.as_ref().is_none_or(|(_, most)| value > *most) {
            best = Some((name.clone(), value));
        }
    }
    best.context("the peers' script printed no setting")
}

/// Both sides' figures with their ratios.
fn compared(ours: &Value, peers: &Value) -> Result<Value> {
    let native = &peers["speed"]["squarecb"];
    let (setting, reward) = best(&peers["quality"])?;
    let (seconds, their_seconds) = (number(&ours["experiment"]["seconds"])?, number(&peers["experiment"]["seconds"])?);
    let apart = apart(&ours["experiment"]["results"], &peers["experiment"]["results"])?;
    if apart > AGREEMENT {
        bail!("the results of both sides lie up to {apart:e} apart");
    }
    let ratio = |name: &str| Ok::<_, anyhow::Error>(number(&ours[name])? / number(&native[name])?);
    let our_reward = number(&ours["mean_reward"])?;
    Ok(json!({
        "decide": {
            "decisions_per_second": ours["decisions_per_second"],
            "in_memory": ours["decisions_per_second_in_memory"],
            "vw_squarecb": native["decisions_per_second"],
            "vw_bag_5": peers["speed"]["bag 5"]["decisions_per_second"],
            "vs": ratio("decisions_per_second")?,
        },
        "learn": {
            "learns_per_second": ours["learns_per_second"],
            "vw_squarecb": native["learns_per_second"],
            "vs": ratio("learns_per_second")?,
        },
        "replay": {
            "mean_reward": our_reward, "ipw_one": ours["ipw_one"],
            "vw": peers["quality"], "vw_best": setting, "vs": our_reward / reward,
        },
        "experiment": {
            "milliseconds": seconds * 1e3, "gbstats_milliseconds": their_seconds * 1e3,
            "apart": apart, "vs": seconds / their_seconds,
        },
    }))
}

/// How far the results lie apart that both sides compute alike: all but the adjusted ones.
fn apart(ours: &Value, theirs: &Value) -> Result<f64> {
    let rows = |value: &Value| value.as_array().cloned().context("a side printed no results");
    let (ours, theirs) = (rows(ours)?, rows(theirs)?);
    if ours.len() != 64 || theirs.len() != 64 {
        bail!("{} results against {}, where 64 are due", ours.len(), theirs.len());
    }
    let mut most = 0.0f64;
    for (at, (our, their)) in ours.iter().zip(&theirs).enumerate().filter(|(at, _)| at % METRICS != METRICS - 1) {
        // gbstats divides a rate's variance by n, as if it were known: the width differs by a part in 2 n.
        let width = number(&their[2])? - number(&their[1])?;
        let tolerance = if at % METRICS < 2 { RATE_WIDTH * width } else { 0.0 };
        for part in 0..3 {
            let (our, their) = (number(&our[part])?, number(&their[part])?);
            most = most.max((our - their).abs() - if part > 0 { tolerance } else { 0.0 });
        }
    }
    Ok(most)
}

fn show(found: &Value, json: bool) -> Result<()> {
    if json {
        println!("{found}");
        return Ok(());
    }
    let of = |part: &str, name: &str| number(&found[part][name]);
    println!("{:<34} {:>14} {:>14} {:>8}", "", "milepost", "peer", "vs");
    let row = |name: &str, ours: f64, theirs: f64, vs: f64, digits: usize| {
        println!("{name:<34} {ours:>14.digits$} {theirs:>14.digits$} {vs:>8.3}");
    };
    row(
        "decisions a second (VW squarecb)",
        of("decide", "decisions_per_second")?,
        of("decide", "vw_squarecb")?,
        of("decide", "vs")?,
        0,
    );
    row(
        "rewards learnt a second",
        of("learn", "learns_per_second")?,
        of("learn", "vw_squarecb")?,
        of("learn", "vs")?,
        0,
    );
    let best = found["replay"]["vw_best"].as_str().unwrap_or_default();
    row(
        &format!("visits on replay (VW {best})"),
        of("replay", "mean_reward")?,
        number(&found["replay"]["vw"][best])?,
        of("replay", "vs")?,
        4,
    );
    row(
        "64 results, ms (gbstats)",
        of("experiment", "milliseconds")?,
        of("experiment", "gbstats_milliseconds")?,
        of("experiment", "vs")?,
        2,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(last: f64) -> Value {
        json!(vec![vec![0.5, 0.4, last]; 64])
    }

    #[test]
    fn results_that_lie_apart_are_found_and_adjusted_ones_are_left_out() {
        assert!(apart(&results(0.6), &results(0.6)).unwrap() < 1e-12);
        assert!(apart(&results(0.6), &results(0.7)).unwrap() > 0.09);
        let mut adjusted = results(0.6);
        adjusted[3][2] = json!(9.0);
        assert!(apart(&adjusted, &results(0.6)).unwrap() < 1e-12);
        assert!(apart(&json!([]), &results(0.6)).is_err());
    }

    #[test]
    fn the_best_setting_is_the_one_with_the_largest_value() {
        assert_eq!(best(&json!({ "a": 0.1, "b": 0.3, "c": 0.2 })).unwrap(), ("b".to_owned(), 0.3));
        assert!(best(&json!({})).is_err());
    }
}

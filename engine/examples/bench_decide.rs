//! The engine's side of `cargo xtask bench decide`: `bench_decide FOLDER HILLSTROM REPLAYS` over the files that the peers'
//! script wrote; prints one JSON object.
//!
//! Invariant: what is timed ends in a value that is used, and parsing is timed where the peer's is.

#![expect(clippy::disallowed_methods, reason = "how long it takes is what is measured here")]

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use milepost_engine::evaluation::replay::{Logged, Replay, replay};
use milepost_engine::experiments::analysis::{Effect, Reading, Table, analyse};
use milepost_engine::experiments::sequential::Sequential;
use milepost_engine::policy::linear_thompson::{LinearThompson, Prior};
use milepost_engine::random::Random;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ARMS: usize = 10;
const FEATURES: usize = 20;
const HILLSTROM_ARMS: [&str; 3] = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"];

/// Reads the numbers of a line into `values`; how many there were.
fn numbers(line: &str, values: &mut [f64]) -> Outcome<usize> {
    let mut count = 0;
    for (value, cell) in values.iter_mut().zip(line.split(',')) {
        *value = cell.parse()?;
        count += 1;
    }
    Ok(count)
}

/// A learner after the training file, and how many rewards it took in a second, parsing included.
fn learnt(folder: &Path) -> Outcome<(LinearThompson, f64)> {
    let began = Instant::now();
    let text = std::fs::read_to_string(folder.join("train.csv"))?;
    let mut learner = LinearThompson::new(ARMS, 0, FEATURES - 1, &Prior::default());
    let (mut row, mut taken) = ([0.0; FEATURES + 2], 0u32);
    for line in text.lines() {
        if numbers(line, &mut row)? == row.len() {
            taken += u32::from(learner.update(row[FEATURES] as usize, &row[..FEATURES], row[FEATURES + 1]));
        }
    }
    Ok((learner, f64::from(taken) / began.elapsed().as_secs_f64()))
}

/// Decisions a second from the file, and from contexts in memory; the best of three passes each.
fn decided(folder: &Path, learner: &LinearThompson) -> Outcome<(f64, f64)> {
    let path = folder.join("decide.csv");
    let (mut from_file, mut in_memory) = (0.0f64, 0.0f64);
    for _ in 0..3 {
        let (mut random, mut row, mut count) = (Random::new(1), [0.0; FEATURES], 0u32);
        let began = Instant::now();
        let text = std::fs::read_to_string(&path)?;
        for line in text.lines() {
            numbers(line, &mut row)?;
            black_box(learner.decide(&row, random.uniform()));
            count += 1;
        }
        from_file = from_file.max(f64::from(count) / began.elapsed().as_secs_f64());
        let contexts = text.lines().map(|line| numbers(line, &mut row).map(|_| row)).collect::<Outcome<Vec<_>>>()?;
        let began = Instant::now();
        for context in &contexts {
            black_box(learner.decide(context, random.uniform()));
        }
        in_memory = in_memory.max(contexts.len() as f64 / began.elapsed().as_secs_f64());
    }
    Ok((from_file, in_memory))
}

fn replayed(hillstrom: &str, replays: u64) -> Outcome<(f64, f64)> {
    let text = std::fs::read_to_string(hillstrom)?;
    // From the right, because a column on the left holds commas.
    let event = |line: &str| {
        let cells: Vec<&str> = line.rsplit(',').collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let arm = HILLSTROM_ARMS.iter().position(|arm| *arm == cell(3)).ok_or("an unknown arm")?;
        let segment = usize::from(cell(8) == "1") + 2 * usize::from(cell(7) == "1");
        Ok(Logged { segment, arm, reward: cell(2).parse()? })
    };
    let events = text.lines().skip(1).map(event).collect::<Outcome<Vec<_>>>()?;
    let runs: Vec<Replay> = (0..replays).map(|seed| replay(&events, 3, 4, &Prior::default(), seed)).collect();
    let mean = |value: fn(&Replay) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
    Ok((mean(|run| run.mean_reward), mean(|run| run.inverse_propensity_of_one)))
}

/// Reads the experiment's table from rows in memory, and how long that took at best.
fn experiment(folder: &Path) -> Outcome<(f64, Vec<[f64; 3]>)> {
    let text = std::fs::read_to_string(folder.join("experiment.csv"))?;
    let row = |line: &str| {
        let (arm, rest) = line.split_once(',').ok_or("a row without an arm")?;
        let mut values = [0.0; 5];
        numbers(rest, &mut values)?;
        Ok((arm.to_owned(), values))
    };
    let rows = text.lines().map(row).collect::<Outcome<Vec<_>>>()?;
    let reading = Reading {
        control: 0,
        shares: vec![1.0 / 3.0; 3],
        sequential: Sequential::default(),
        indifference: 0.1,
        covariate: true,
    };
    let (mut seconds, mut effects) = (f64::INFINITY, Vec::new());
    for _ in 0..20 {
        let began = Instant::now();
        let arms: BTreeMap<&str, usize> = HILLSTROM_ARMS.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut table = Table::new(3, 4);
        for (arm, [group, visit, conversion, spend, history]) in &rows {
            let arm = arms.get(arm.as_str()).copied().ok_or("an unknown arm")?;
            table.observe(*group as usize, arm, &[*visit, *conversion, *spend, *spend], *history);
        }
        let findings = black_box(analyse(&table, &reading));
        seconds = seconds.min(began.elapsed().as_secs_f64());
        effects = findings.effects;
    }
    let one = |effect: &Effect| [effect.effect, effect.interval.low, effect.interval.high];
    Ok((seconds, effects.iter().filter(|effect| effect.segment.is_some()).map(one).collect()))
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(hillstrom), Some(replays)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: bench_decide FOLDER HILLSTROM REPLAYS".into());
    };
    let folder = Path::new(&folder);
    let (learner, learns) = learnt(folder)?;
    let (decisions, in_memory) = decided(folder, &learner)?;
    let (seconds, results) = experiment(folder)?;
    let (mean_reward, one) = replayed(&hillstrom, replays.parse()?)?;
    let found = serde_json::json!({
        "decisions_per_second": decisions,
        "decisions_per_second_in_memory": in_memory,
        "learns_per_second": learns,
        "mean_reward": mean_reward,
        "ipw_one": one,
        "experiment": { "seconds": seconds, "results": results },
    });
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}

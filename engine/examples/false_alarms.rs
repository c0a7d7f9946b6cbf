//! How often an experiment without any effect raises an alarm at any of 50 looks: `cargo run --release -p milepost-engine
//! --example false_alarms -- hillstrom.csv [PERMUTATIONS]`.
//!
//! Invariant: outcomes are permuted over the units, so that no arm has an effect whatever the file holds.

use std::error::Error;
use std::io::Write as _;

use milepost_engine::experiments::sequential::Sequential;
use milepost_engine::experiments::summary::{Summary, difference};
use milepost_engine::random::Random;

/// Control and men's e-mail, in the order of the file, with whether the customer visited.
fn units(text: &str) -> Result<Vec<(usize, f64)>, Box<dyn Error>> {
    // From the right, because a column on the left holds commas.
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().rsplit(',').collect();
    let column = |name: &str| header.iter().position(|at| *at == name).ok_or(format!("no column {name}"));
    let (arm_at, visit_at) = (column("segment")?, column("visit")?);
    let mut units = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.rsplit(',').collect();
        let cell = |at: usize| cells.get(at).copied().ok_or("a row is too short");
        let name = cell(arm_at)?;
        let arm = ["No E-Mail", "Mens E-Mail"].iter().position(|arm| *arm == name);
        if let Some(arm) = arm {
            units.push((arm, cell(visit_at)?.parse()?));
        }
    }
    Ok(units)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: false_alarms FILE [PERMUTATIONS]")?;
    let permutations: u64 = arguments.next().map_or(Ok(1000), |count| count.parse())?;
    let units = units(&std::fs::read_to_string(file)?)?;
    let mut outcomes: Vec<f64> = units.iter().map(|(_, outcome)| *outcome).collect();
    let look = units.len().div_ceil(50).max(1);
    let sequential = Sequential::default();
    let (mut valid, mut fixed, mut last) = (0, 0, 0);
    for seed in 0..permutations {
        Random::new(seed).shuffle(&mut outcomes);
        let mut arms = [Summary::default(); 2];
        let (mut valid_alarm, mut fixed_alarm, mut last_alarm) = (false, false, false);
        for (at, ((arm, _), outcome)) in units.iter().zip(&outcomes).enumerate() {
            arms[*arm].observe(*outcome, 0.0);
            if (at + 1) % look == 0 || at + 1 == units.len() {
                let found = difference(&arms[0], &arms[1]);
                valid_alarm |= sequential.p_value(found.effect, found.standard_error, found.n) < sequential.alpha;
                last_alarm = found.effect.abs() > 1.96 * found.standard_error;
                fixed_alarm |= last_alarm;
            }
        }
        valid += u32::from(valid_alarm);
        fixed += u32::from(fixed_alarm);
        last += u32::from(last_alarm);
    }
    let share = |count: u32| f64::from(count) / permutations as f64;
    writeln!(
        std::io::stdout(),
        "{} units, {permutations} permutations, 50 looks: alarms at any look {:.3} always-valid, {:.3} with fixed z; at the last look alone {:.3}",
        units.len(),
        share(valid),
        share(fixed),
        share(last)
    )?;
    Ok(())
}

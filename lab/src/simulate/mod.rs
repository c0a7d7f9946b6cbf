//! `milepost lab simulate`: years of a programme in markets whose truth is known, decided by the engine that decides outside.
//!
//! Invariant: the same seed gives the same figures on any number of threads.

mod market;
mod report;
mod score;
mod year;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use clap::Args;

use crate::output::Output;
use score::{Scored, score};
use year::{Settings, run as live};

/// Years of a programme in markets whose truth is known.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// Owners in each year.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(200..=1_000_000))]
    owners: u32,
    /// How many years, each with another market.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// The share of accounts whose arms are always drawn evenly, for verdicts and forecasts.
    #[arg(long, default_value_t = 0.2, value_parser = share)]
    even_share: f64,
    /// The first year's seed; the others count on from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; as many as there are processors, unless said.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    output: Output,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=1.0).contains(&share) { Ok(share) } else { Err("not within 0.01 to 1".to_owned()) }
}

pub(super) fn run(arguments: &SimulateArguments) -> anyhow::Result<()> {
    let years = years(arguments)?;
    let found = report::Found::new(arguments, &years);
    arguments.output.give(&found.json(), &found.lines(), || found.page())
}

fn years(arguments: &SimulateArguments) -> anyhow::Result<Vec<Scored>> {
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let runs = arguments.runs as usize;
    let next = AtomicUsize::new(0);
    let years: Mutex<Vec<Option<Scored>>> = Mutex::new((0..runs).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(runs) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= runs {
                        break;
                    }
                    let settings = Settings {
                        owners: arguments.owners as usize,
                        even_share: arguments.even_share,
                        seed: arguments.seed.wrapping_add(at as u64),
                    };
                    let scored = score(live(settings));
                    if let Ok(mut years) = years.lock() {
                        years[at] = Some(scored);
                    }
                }
            });
        }
    });
    let years = years.into_inner().map_err(|_| anyhow::anyhow!("a simulated year broke off"))?;
    years.into_iter().collect::<Option<Vec<_>>>().context("a simulated year broke off")
}

#[cfg(test)]
mod tests {
    use super::score::Conclusion;
    use super::*;

    fn arguments(threads: usize) -> SimulateArguments {
        SimulateArguments {
            owners: 6_000,
            runs: 3,
            even_share: 0.3,
            seed: 11,
            threads: NonZeroUsize::new(threads),
            output: Output::default(),
        }
    }

    #[test]
    fn a_year_learns_halts_what_annoys_and_is_the_same_on_any_number_of_threads() {
        let years = years(&arguments(1)).expect("three years");
        for year in &years {
            let early: f64 = year.regret[..4].iter().map(|week| week[0]).sum();
            let late: f64 = year.regret[48..].iter().map(|week| week[0]).sum();
            assert!(late < 0.5 * early, "regret falls: {early} to {late}");
            let (day, complaints, contacts) = year.halted.expect("three per cent complain where one may");
            assert!(day < 60 && complaints > 0.01 * contacts, "{day}");
            assert_eq!(year.harmless_halted, 0);
            assert!(year.sizes_ok && year.conclusions.iter().all(|one| *one != Conclusion::Wrong), "{year:?}");
        }
        let again = super::years(&arguments(3)).expect("three years");
        for (one, other) in years.iter().zip(&again) {
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }
}

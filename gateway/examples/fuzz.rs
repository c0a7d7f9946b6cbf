//! Feeds damaged inputs to everything that reads what others send, as many as one likes; `cargo xtask fuzz` builds and calls it.
#![expect(clippy::print_stdout, reason = "a program that looks for faults says what it found")]
#![expect(clippy::print_stderr, reason = "and complains on standard error")]

#[path = "../tests/it/fuzz/mod.rs"]
mod fuzz;

use std::process::ExitCode;

use clap::Parser;
use milepost_gateway::diagnostics::log::hex;

/// Damaged inputs for everything that reads what others send.
#[derive(Debug, Parser)]
struct Arguments {
    /// The target; all of them without it.
    target: Option<String>,
    /// How many cases each.
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// What they follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first case.
    #[arg(long, default_value_t = 0)]
    first: u64,
}

fn main() -> ExitCode {
    let Arguments { target: wanted, cases, seed, first } = Arguments::parse();
    let chosen = |target: &&fuzz::Target| wanted.as_ref().is_none_or(|wanted| wanted == target.name);
    let targets: Vec<&fuzz::Target> = fuzz::TARGETS.iter().filter(chosen).collect();
    if targets.is_empty() {
        let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
        eprintln!("error: no such target; there are {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut code = ExitCode::SUCCESS;
    for target in targets {
        match fuzz::run(target, seed, first..first.saturating_add(cases)) {
            Ok(taken) => println!("{}: {cases} cases of seed {seed}, {taken} taken, no panic", target.name),
            Err(fuzz::Failure { case, input }) => {
                let name = target.name;
                eprintln!("error: {name} panics: cargo xtask fuzz {name} --seed {seed} --first {case} --cases 1");
                eprintln!("input, {} bytes: {}", input.len(), hex(&input));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

//! The lab's commands without the service: `cargo run --release -p milepost-lab --example lab -- COMMAND`.
//!
//! Invariant: the same commands, flags and exit codes as `milepost lab`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use milepost_lab::LabCommand;

/// The engine's methods on files of one's own.
#[derive(Debug, Parser)]
struct Call {
    #[command(subcommand)]
    command: LabCommand,
}

fn main() -> ExitCode {
    match milepost_lab::run(Call::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error there is nobody left to tell.
            let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
            ExitCode::from(1)
        }
    }
}

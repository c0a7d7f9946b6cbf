//! `milepost lab`: the engine's methods on files of one's own, without the service.
//!
//! Invariant: a file that cannot be read right is refused with its name, row and column; nothing in it is guessed.

mod due;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum LabCommand {
    /// When a car will have driven a distance, from any odometer history.
    Due(due::DueArguments),
}

pub(super) fn run(command: LabCommand) -> anyhow::Result<()> {
    match command {
        LabCommand::Due(arguments) => due::run(&arguments),
    }
}

//! `milepost lab`: the engine's methods on files of one's own, without the service.
//!
//! Invariant: a file that cannot be read right is refused with its name, row and column; nothing in it is guessed.

mod attribution;
mod csv;
mod due;
mod experiment;
mod ope;
mod replay;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum LabCommand {
    /// When a car will have driven a distance, from any odometer history.
    Due(due::DueArguments),
    /// What an experiment shows, by arm and segment, however often one looks.
    Experiment(experiment::ExperimentArguments),
    /// What a policy would have earned, from a log of another.
    Ope(ope::OpeArguments),
    /// How Thompson sampling would have learnt on a log of evenly drawn arms.
    Replay(replay::ReplayArguments),
    /// Conversions credited to contacts: first, last, linear, Markov; not causal.
    Attribution(attribution::AttributionArguments),
}

pub(super) fn run(command: LabCommand) -> anyhow::Result<()> {
    match command {
        LabCommand::Due(arguments) => due::run(&arguments),
        LabCommand::Experiment(arguments) => experiment::run(&arguments),
        LabCommand::Ope(arguments) => ope::run(&arguments),
        LabCommand::Replay(arguments) => replay::run(&arguments),
        LabCommand::Attribution(arguments) => attribution::run(&arguments),
    }
}

//! The engine's methods on files of one's own, without the service: what `milepost lab` runs.
//!
//! Invariant: a file that cannot be read right is refused with its name, row and column; nothing in it is guessed.

mod adaptive;
mod attribution;
pub mod cells;
mod chart;
mod csv;
mod due;
mod experiment;
mod ope;
mod output;
mod page;
mod plan;
mod replay;
mod simulate;
mod uplift;

use clap::Subcommand;

/// What the lab can be asked.
#[derive(Debug, Subcommand)]
pub enum LabCommand {
    /// When a car will have driven a distance, from any odometer history.
    Due(due::DueArguments),
    /// What an experiment shows, by arm and segment, however often one looks.
    Experiment(experiment::ExperimentArguments),
    /// What a policy would have earned, from a log of another.
    Ope(ope::OpeArguments),
    /// How Thompson sampling would have learnt on a log of evenly drawn arms.
    Replay(replay::ReplayArguments),
    /// What each arm brings on average, from a log whose propensities moved while it was learnt.
    Adaptive(adaptive::AdaptiveArguments),
    /// Conversions credited to contacts: first, last, linear, Markov; not causal.
    Attribution(attribution::AttributionArguments),
    /// How many units an experiment needs, however often it is looked at.
    Plan(plan::PlanArguments),
    /// Whom a treatment moves, whom it leaves cold and whom it drives away.
    Uplift(uplift::UpliftArguments),
    /// Years of a programme in markets whose truth is known: does the engine conclude what is true?
    Simulate(simulate::SimulateArguments),
}

/// Runs a command to its end; what it found goes to standard output.
pub fn run(command: LabCommand) -> anyhow::Result<()> {
    match command {
        LabCommand::Due(arguments) => due::run(&arguments),
        LabCommand::Experiment(arguments) => experiment::run(&arguments),
        LabCommand::Ope(arguments) => ope::run(&arguments),
        LabCommand::Replay(arguments) => replay::run(&arguments),
        LabCommand::Adaptive(arguments) => adaptive::run(&arguments),
        LabCommand::Attribution(arguments) => attribution::run(&arguments),
        LabCommand::Plan(arguments) => plan::run(&arguments),
        LabCommand::Uplift(arguments) => uplift::run(&arguments),
        LabCommand::Simulate(arguments) => simulate::run(&arguments),
    }
}

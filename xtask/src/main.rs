//! The repository's own tool: set-up, tests, tidy and the demo, each one command.
//!
//! Invariant: it depends on no crate of the workspace, so that it still runs when they do not compile.
#![expect(clippy::print_stdout, reason = "a command line tool speaks on standard output")]
#![expect(clippy::print_stderr, reason = "and complains on standard error")]

mod bare;
mod bench;
mod budget;
mod demo;
mod elf;
mod flash;
mod format;
mod fuzz;
mod generate;
mod qemu;
mod run;
mod setup;
mod silicon;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Set-up, tests, tidy and the demo.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the tests need, and say what.
    Setup,
    /// Set up, then run every check; or only the steps that are named.
    Test {
        /// The steps to run; all of them if none is named.
        steps: Vec<test::Step>,
    },
    /// Check the repository itself: licences, dependencies, links, texts, sizes.
    Tidy,
    /// Prove that the firmware core links neither `alloc` nor `std`.
    Bare,
    /// Build the two programs and run the demo; arguments go to `milepost demo`.
    Demo {
        /// Arguments of `milepost demo`, such as `--vehicles 25 --for 60`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the emulated board: by itself, around the whole loop, or against what goes wrong out there.
    Qemu {
        #[command(subcommand)]
        emulation: qemu::Emulation,
    },
    /// Show what each image takes of its budget, and fail if one takes more.
    Budget,
    /// Build an image, write it to its board, enrol the board, and print the signed receipt.
    Flash(flash::Flash),
    /// Write `cloud/openapi.json` anew from the service.
    Openapi,
    /// Write the golden vectors that are missing; standing ones never change.
    Vectors,
    /// Measure against peers, which run in the same call.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Feed damaged inputs to everything that reads what others send.
    Fuzz(fuzz::Fuzz),
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Arguments::parse().command {
        Command::Setup => setup::run(&root),
        Command::Test { steps } => test::run(&root, &steps),
        Command::Tidy => tidy::run(&root),
        Command::Bare => bare::run(&root),
        Command::Demo { arguments } => demo::run(&root, &arguments),
        Command::Qemu { emulation } => qemu::run(&root, emulation),
        Command::Budget => budget::run(&root),
        Command::Flash(call) => flash::run(&root, &call),
        Command::Openapi => generate::openapi(&root),
        Command::Vectors => generate::vectors(&root),
        Command::Bench { bench } => bench::run(&root, bench),
        Command::Fuzz(call) => fuzz::run(&root, &call),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate stands in a folder of the repository")
        .to_path_buf()
}

//! The test bench of emulated boards: an image under QEMU, its wires, its flash chip and the real service around it.
//!
//! `cargo xtask qemu` builds what is needed and calls it.
//! Invariant: it works in temporary folders and on ports that the system gives, and every process that it starts ends with it.
#![expect(clippy::print_stdout, reason = "a command line tool speaks on standard output")]
#![expect(clippy::print_stderr, reason = "and complains on standard error")]

mod board;
mod cloud;
mod crash;
mod drive;
mod driver;
mod enrol;
mod evil;
mod history;
mod image;
mod log;
mod parked;
mod plain;
mod power_cut;
mod round;
mod run;
mod screen;
mod update;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The test bench of emulated boards.
#[derive(Debug, Parser)]
#[command(name = "milepost-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an image, print its log, and end with its exit code.
    Run {
        /// The image, ELF.
        image: PathBuf,
        /// The file that is its flash chip; a fresh one without it.
        #[arg(long)]
        chip: Option<PathBuf>,
        /// Arguments of the image, such as `pace=10`.
        arguments: Vec<String>,
    },
    /// Drive once around the whole loop: image, service, reminder on the screen, buttons, account.
    Loop {
        /// The image, ELF.
        image: PathBuf,
        /// Where the picture of the reminder goes; the one after its answer goes beside it.
        #[arg(long, default_value = "target/qemu/screen.png")]
        png: PathBuf,
        /// Keep everything in this folder.
        #[arg(long)]
        keep: Option<PathBuf>,
        /// The most stack that the board may have used.
        #[arg(long)]
        stack_bytes: Option<u32>,
    },
    /// Drive with an image without TLS and display, behind a relay that speaks TLS for it.
    Plain {
        /// The image, ELF.
        image: PathBuf,
        /// The most stack that the board may have used.
        #[arg(long)]
        stack_bytes: Option<u32>,
    },
    /// Let the board panic, hang and fault, and look at what becomes of it.
    Crash {
        /// The image, ELF.
        image: PathBuf,
    },
    /// Enrol a blank board over its bench line, replace its certificate, revoke it, and enrol it again.
    Enrol {
        /// The image, ELF.
        image: PathBuf,
    },
    /// Let a day pass for a parked board, and look at what it tells of it.
    Parked {
        /// The image, ELF.
        image: PathBuf,
    },
    /// Offer the board servers that misbehave, each in its own way, and then the real one.
    EvilServer {
        /// The image, ELF.
        image: PathBuf,
    },
    /// Cut the power again and again, and look at what the flash chip holds.
    ///
    /// Every fourth start and the last reach the real service. In the end chip and service together hold every record, once.
    PowerCut {
        /// The image, ELF.
        image: PathBuf,
        /// How many times the board starts.
        #[arg(long, default_value_t = 300)]
        boots: u32,
        /// What the cuts follow from; a new one is drawn and told without it.
        ///
        /// It fixes which starts get fuel and for how many flash steps, after how many milliseconds the others are killed, and
        /// behind which of them the configuration changes. How far the board has come by then follows the machine's speed.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Update the board over the air: well, cut everywhere, with bad images and with images that fail.
    Update {
        /// The image, ELF.
        image: PathBuf,
        /// What the cuts follow from; a new one is drawn and told without it.
        #[arg(long)]
        seed: Option<u64>,
        /// Print what the board says.
        #[arg(long)]
        loud: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Run { image, chip, arguments } => run::run(&image, chip, arguments).await,
            Command::Loop { image, png, keep, stack_bytes } => {
                Box::pin(round::run(&image, keep, &png, stack_bytes)).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Plain { image, stack_bytes } => {
                Box::pin(plain::run(&image, stack_bytes)).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Crash { image } => Box::pin(crash::run(&image)).await.map(|()| ExitCode::SUCCESS),
            Command::Enrol { image } => Box::pin(enrol::run(&image)).await.map(|()| ExitCode::SUCCESS),
            Command::Parked { image } => Box::pin(parked::run(&image)).await.map(|()| ExitCode::SUCCESS),
            Command::EvilServer { image } => Box::pin(evil::run(&image)).await.map(|()| ExitCode::SUCCESS),
            Command::PowerCut { image, boots, seed } => {
                Box::pin(power_cut::run(&image, boots, seed)).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Update { image, seed, loud } => {
                Box::pin(update::run(&image, seed, loud)).await.map(|()| ExitCode::SUCCESS)
            }
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

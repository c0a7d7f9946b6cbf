//! The command line: `serve`, `check-config`, `device` and what else `milepost` can be asked.
//!
//! Exit codes: 0, the thing was done; 1, it was found wrong; 2, the call was.
//! Invariant: results go to standard output, everything else to standard error.

mod demo;
mod device;
mod firmware;
mod output;
mod recalls;
mod serve;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::server::Faces;

/// The Milepost service: front door, store, notices, accounts, API and pages.
#[derive(Debug, Parser)]
#[command(name = "milepost", version, about)]
struct Call {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service; once it listens it prints one JSON line that says where.
    ///
    /// The line is `{"event":"listening","front_door":"IP:PORT","http":"IP:PORT","admin":"IP:PORT"}`.
    /// SIGTERM and SIGINT stop the service in order.
    Serve {
        /// The configuration; without one every value has its default.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Live a year in a minute: the service, generated cars in a second process, owners who answer.
    Demo(demo::DemoArguments),
    /// Check a configuration and print the effective values, secrets masked.
    CheckConfig {
        /// The configuration.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Print the OpenAPI document of the JSON API.
    Openapi,
    /// Add and list accounts, and change passwords; not while the service runs on the same data.
    User {
        /// The configuration, for its data folder.
        #[arg(long)]
        config: Option<PathBuf>,
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Issue, revoke and list certificates of devices.
    Device {
        /// The configuration, for its data folder.
        #[arg(long)]
        config: Option<PathBuf>,
        #[command(subcommand)]
        command: device::DeviceCommand,
    },
    /// Sign firmware images, publish them, and roll them out to the fleet.
    Firmware {
        #[command(subcommand)]
        command: firmware::FirmwareCommand,
    },
    /// Take files of safety recalls, and tell the cars that they may concern.
    Recalls {
        #[command(subcommand)]
        command: recalls::RecallsCommand,
    },
    /// Run the engine's methods on files, without the service.
    Lab {
        #[command(subcommand)]
        command: milepost_lab::LabCommand,
    },
}

/// Runs the command line with the given pages and words.
pub fn run(faces: Faces) -> ExitCode {
    let call = match Call::try_parse() {
        Ok(call) => call,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe at the other end is no reason to fail differently.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let result = match call.command {
        Command::Serve { config } => read(config).and_then(|config| serve::run(config, faces)),
        Command::Demo(arguments) => demo::run(arguments, faces),
        Command::CheckConfig { config } => read(config).and_then(|config| check(&config)),
        Command::Openapi => openapi(),
        Command::User { config, command } => read(config).and_then(|config| user::run(config, faces, command)),
        Command::Device { config, command } => read(config).and_then(|config| device::run(&config, command)),
        Command::Firmware { command } => firmware::run(command),
        Command::Lab { command } => milepost_lab::run(command),
        Command::Recalls { command } => recalls::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(1)
        }
    }
}

fn check(config: &Config) -> anyhow::Result<()> {
    // What stands in other files is read as the service would read it at its start.
    config.plans.catalogue()?;
    let catalogue = config.offers.catalogue()?;
    config.journeys.programmes()?;
    config.journeys.check(catalogue.segments())?;
    output::line(config.effective().trim_end())
}

fn openapi() -> anyhow::Result<()> {
    output::line(crate::api::document().trim_end())
}

fn read(path: Option<PathBuf>) -> anyhow::Result<Config> {
    Ok(path.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))?)
}

//! `milepost-gateway`: parses the call, sets up logging, and leaves the rest to the library.

use std::process::ExitCode;

use clap::Parser;
use milepost_gateway::cli::{Cli, run};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("MILEPOST_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    ExitCode::from(run(Cli::parse()))
}

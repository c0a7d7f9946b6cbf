//! `milepost demo`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::demo::{self, Options};
use crate::server::Faces;

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// How many cars.
    #[arg(long, default_value_t = 25)]
    vehicles: usize,
    /// How long they drive, in seconds; without it until Ctrl-C.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<f64>,
    /// How many times as fast as ours their time runs; the default lives a year in a minute.
    #[arg(long, default_value_t = 525_600.0)]
    speed: f64,
    /// Write what happened to this file, as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
    /// The port of the pages; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Keep the data in this folder; without it a temporary one is used and removed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// What the cars' lives follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(arguments: DemoArguments, faces: Faces) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    let DemoArguments { vehicles, seconds, speed, report, port, folder, seed } = arguments;
    let options = Options { vehicles, seconds, speed, report, port, folder, seed };
    anyhow::ensure!(runtime.block_on(demo::run(options, faces))?, "records were lost or are still in the cars");
    Ok(())
}

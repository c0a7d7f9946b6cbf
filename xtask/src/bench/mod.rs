//! Measurements against peers, each in the same run as ours.

mod can;

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Bench {
    /// The core's decoder of CAN frames, beside the C that cantools generates: nanoseconds and instructions a frame.
    Can {
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(root: &Path, bench: Bench) -> Result<()> {
    match bench {
        Bench::Can { json } => can::run(root, json),
    }
}

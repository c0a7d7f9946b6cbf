//! Measurements against peers, each in the same run as ours.

mod can;
mod decide;
mod wire;

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
    /// Bytes of sampled signals on the air: series blocks beside text, JSON, CBOR, protobuf, Sparkplug B and xz.
    Wire {
        /// JSON instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// The policy that decides offers, beside Vowpal Wabbit, and the analysis of an experiment, beside gbstats.
    Decide {
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(root: &Path, bench: Bench) -> Result<()> {
    match bench {
        Bench::Can { json } => can::run(root, json),
        Bench::Wire { json } => wire::run(root, json),
        Bench::Decide { json } => decide::run(root, json),
    }
}

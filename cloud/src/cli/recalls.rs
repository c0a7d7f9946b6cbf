//! `milepost recalls`: the agency's file into a running service.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use super::firmware::api::{Service, block_on};
use super::output;
use crate::recalls::parse;

#[derive(Debug, Subcommand)]
pub(super) enum RecallsCommand {
    /// Take a file of recalls, tab separated as the NHTSA publishes it, and tell the cars that it may concern.
    ///
    /// Taking it again changes nothing; prints how many recalls were new as JSON.
    Import(Import),
}

#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    service: Service,
    /// The file, such as `FLAT_RCL_POST_2010.txt`.
    file: PathBuf,
}

pub(super) fn run(command: RecallsCommand) -> Result<()> {
    let RecallsCommand::Import(import) = command;
    let bytes = std::fs::read(&import.file).with_context(|| format!("reading failed, {}", import.file.display()))?;
    // What does not read is told before anybody is asked for a password.
    parse(&bytes).with_context(|| import.file.display().to_string())?;
    block_on(async {
        let session = import.service.log_in().await?;
        let done = session.upload("/recalls", bytes).await?["recalls"].take();
        output::line(&done.to_string())
    })
}

//! `cargo demo`: builds the two programs, then becomes the demo.
//!
//! Invariant: this process is replaced by `milepost demo`, so that Ctrl-C, other signals and the exit code are the demo's own.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run;

pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    run::run(run::cargo(root).args(["build", "--package", "milepost", "--package", "milepost-gateway", "--bins"]))?;
    let program = target_folder(root).join("debug/milepost");
    let error = Command::new(&program).arg("demo").args(arguments).exec();
    Err(error).with_context(|| format!("cannot start `{}`", program.display()))
}

/// Where cargo puts what it builds.
pub(crate) fn target_folder(root: &Path) -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

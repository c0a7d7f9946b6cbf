//! The board of silicon as far as a machine without it can go: checked, linked into its slots, and within its budget.
//!
//! Invariant: everything that a person would flash was built from what stands in the folder.

use std::path::Path;

use anyhow::Result;

use crate::{budget, run};

/// The folder of the board.
const BOARD: &str = "firmware/boards/nucleo-f767zi";

pub(crate) fn check(root: &Path) -> Result<()> {
    // One profile for both, so that the libraries below are built once.
    let profile = ["--quiet", "--release", "--workspace", "--locked"];
    run::run(run::board(root, BOARD).arg("clippy").args(profile).args(["--", "-Dwarnings"]))?;
    run::run(run::board(root, BOARD).arg("build").args(profile))?;
    budget::check(root, &root.join(BOARD))
}

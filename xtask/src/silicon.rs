//! The board of silicon as far as a machine without it can go: formatted, checked, linked into its slots, and within its budget.
//!
//! Invariant: everything that a person would flash was built from what stands in the folder.

use std::path::Path;

use anyhow::Result;

use crate::{budget, run};

/// The folder of the board.
const BOARD: &str = "firmware/boards/nucleo-f767zi";

/// Its packages.
const PACKAGES: [&str; 3] =
    ["milepost-board-nucleo-f767zi", "milepost-boot-nucleo-f767zi", "milepost-places-nucleo-f767zi"];

pub(crate) fn check(root: &Path) -> Result<()> {
    let cargo = |words: &[&str]| {
        let mut command = run::board(root, BOARD);
        command.args(words);
        command
    };
    // By name: `--all` would reach into the libraries that the board takes from elsewhere in the repository.
    let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
    run::run(cargo(&["fmt", "--check"]).args(packages))?;
    // One profile for both, so that the libraries below are built once.
    for words in [
        &["clippy", "--quiet", "--release", "--workspace", "--locked"],
        &["build", "--quiet", "--release", "--workspace", "--locked"],
    ] {
        let mut command = cargo(words);
        if words.contains(&"clippy") {
            command.args(["--", "-Dwarnings"]);
        }
        run::run(&mut command)?;
    }
    budget::check(root, &root.join(BOARD))
}

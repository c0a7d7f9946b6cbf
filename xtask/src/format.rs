//! The first look at code: how it is laid out.
//!
//! Invariant: every package of the repository is looked at, those of the boards too, before anything is built.

use std::path::Path;

use anyhow::Result;

use crate::run;

/// The workspaces of their own, and their packages; by name, since `--all` would reach into the libraries that they take from
/// elsewhere in the repository.
const WORKSPACES: [(&str, &[&str]); 3] = [
    ("firmware/board-kit", &["milepost-board-kit"]),
    (
        "firmware/boards/mps2-an386",
        &["milepost-board-mps2-an386", "milepost-boot-mps2-an386", "milepost-places-mps2-an386"],
    ),
    (
        "firmware/boards/nucleo-f767zi",
        &["milepost-board-nucleo-f767zi", "milepost-boot-nucleo-f767zi", "milepost-places-nucleo-f767zi"],
    ),
];

pub(crate) fn check(root: &Path) -> Result<()> {
    run::run(run::cargo(root).args(["fmt", "--all", "--check"]))?;
    for (folder, packages) in WORKSPACES {
        let packages = packages.iter().flat_map(|package| ["--package", package]);
        run::run(run::cargo(&root.join(folder)).args(["fmt", "--check"]).args(packages))?;
    }
    Ok(())
}

//! Files that are written by our own programs and checked in.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{demo, run};

/// Writes `cloud/openapi.json` anew; a test of the service compares it with the routes.
pub(crate) fn openapi(root: &Path) -> Result<()> {
    run::run(run::cargo(root).args(["build", "--package", "milepost", "--bins"]))?;
    let document = run::output(Command::new(demo::target_folder(root).join("debug/milepost")).arg("openapi"))?;
    let path = root.join("cloud/openapi.json");
    std::fs::write(&path, document).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote cloud/openapi.json");
    Ok(())
}

/// Writes the golden vectors that are missing. A vector that stands is a promise to every device that is out there, so none is overwritten.
pub(crate) fn vectors(root: &Path) -> Result<()> {
    run::run(
        run::cargo(root)
            .args(["test", "--quiet", "--package", "milepost-protocol", "--test", "it", "vectors"])
            .env("MILEPOST_VECTORS", "write"),
    )
}

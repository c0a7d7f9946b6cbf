//! `cargo xtask bench wire`: what samples cost on the air, ours and in the encodings of others.
//!
//! All of it is measured by one program of the gateway, which reads the recordings; this builds it and calls it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::demo::target_folder;
use crate::run;

pub(super) fn run(root: &Path, json: bool) -> Result<()> {
    let data = PathBuf::from(std::env::var_os("MILEPOST_DATA").context("MILEPOST_DATA names no folder of recordings")?);
    run::quietly(run::cargo(root).args([
        "build",
        "--release",
        "--package",
        "milepost-gateway",
        "--example",
        "bench_wire",
    ]))?;
    let mut program = std::process::Command::new(target_folder(root).join("release/examples/bench_wire"));
    program.arg(data);
    if json {
        program.arg("--json");
    }
    print!("{}", run::output(&mut program)?);
    Ok(())
}

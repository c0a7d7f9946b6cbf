//! `cargo xtask bench can`: the core's decoder and generated C over the same logs.
//!
//! Instructions are counted by callgrind over one pass and over three, so that the difference is two passes and nothing else.
//! Invariant: both sides decode every signal that they can to a number in memory, and neither parses anything while it is measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::demo::target_folder;
use crate::run;

/// Recordings in the folder of `MILEPOST_DATA`: the log and the matrix that cantools takes.
const LOGS: [(&str, &str); 2] =
    [("kona_2019_ready_pcan", "kona_pcan.clean.dbc"), ("leaf_ze1_62kwh_eco_drive", "leaf_EV-can_ZE1.dbc")];

/// How often a log is decoded while time is taken.
const PASSES: u32 = 200;

#[derive(Debug, Clone, Copy, Serialize)]
struct Figures {
    values: u64,
    instructions: f64,
    ns: f64,
}

#[derive(Debug, Serialize)]
struct Row {
    log: &'static str,
    frames: u64,
    core: Figures,
    generated_c: Figures,
    /// Our instructions a frame by those of the generated C.
    vs: f64,
}

pub(super) fn run(root: &Path, json: bool) -> Result<()> {
    let data = std::env::var_os("MILEPOST_DATA").context("MILEPOST_DATA names no folder of recordings")?;
    let data = PathBuf::from(data).join("vehicle/can");
    for (program, package) in [("valgrind", "valgrind"), ("cc", "gcc"), ("python3", "python3-venv")] {
        if run::which(program).is_none() {
            bail!("{program} is not installed; `apt-get install {package}` brings it");
        }
    }
    let target = target_folder(root);
    run::quietly(run::cargo(root).args([
        "build",
        "--release",
        "--package",
        "milepost-gateway",
        "--example",
        "bench_can",
    ]))?;
    let ours = target.join("release/examples/bench_can");
    let folder = target.join("bench/can");
    let python = cantools(&folder)?;
    let mut rows = Vec::new();
    for (log, dbc) in LOGS {
        let of = data.join(log);
        let (dbc, path) = (of.join(dbc), of.join(format!("{log}.log")));
        let generated = generated(root, &python, &dbc, &path, &folder.join(log))?;
        let mut core = Command::new(&ours);
        core.arg(&dbc).arg(&path);
        let (frames, core) = measure(&core, &folder)?;
        let (_, generated_c) = measure(&Command::new(generated), &folder)?;
        rows.push(Row { log, frames, core, generated_c, vs: core.instructions / generated_c.instructions });
    }
    show(&rows, json)
}

fn show(rows: &[Row], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(rows)?);
        return Ok(());
    }
    println!(
        "{:<26} {:>8} {:>26} {:>26} {:>6}",
        "log", "frames", "core: values Ir/f ns/f", "C: values Ir/f ns/f", "vs"
    );
    for row in rows {
        let figures = |f: Figures| format!("{} {:.1} {:.1}", f.values, f.instructions, f.ns);
        println!(
            "{:<26} {:>8} {:>26} {:>26} {:>6.2}",
            row.log,
            row.frames,
            figures(row.core),
            figures(row.generated_c),
            row.vs
        );
    }
    Ok(())
}

/// A Python with cantools in a folder of its own.
fn cantools(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("venv/bin/python");
    if !run::works(Command::new(&python).args(["-c", "import cantools"])) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        run::quietly(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
        run::quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "cantools"]))?;
    }
    Ok(python)
}

/// Generates and compiles the C of a matrix with a log built in.
fn generated(root: &Path, python: &Path, dbc: &Path, log: &Path, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let script = root.join("xtask/src/bench/generated.py");
    run::quietly(Command::new(python).arg(script).arg(dbc).arg(log).arg(folder))?;
    let program = folder.join("generated");
    let sources = [folder.join("main.c"), folder.join("car.c")];
    run::quietly(Command::new("cc").args(["-O2", "-o"]).arg(&program).args(sources))?;
    Ok(program)
}

/// Runs a program once for time and twice under callgrind.
fn measure(call: &Command, folder: &Path) -> Result<(u64, Figures)> {
    let again = |program: &str, before: &[String], passes: u32| {
        let mut command = Command::new(program);
        command.args(before);
        if program == "valgrind" {
            command.arg(call.get_program());
        }
        command.args(call.get_args()).arg(passes.to_string());
        command
    };
    let program = call.get_program().to_str().context("a path is not text")?;
    let printed = run::output(&mut again(program, &[], PASSES))?;
    let mut words = printed.split_whitespace();
    let mut next = || words.next().context("the measured program printed too little");
    let frames: u64 = next()?.parse()?;
    let values: u64 = next()?.parse()?;
    let ns: f64 = next()?.parse()?;
    let out = folder.join("callgrind.out");
    let counted = |passes: u32| -> Result<u64> {
        let before = ["--tool=callgrind".to_owned(), format!("--callgrind-out-file={}", out.display())];
        run::output(&mut again("valgrind", &before, passes))?;
        let text = std::fs::read_to_string(&out).with_context(|| format!("cannot read {}", out.display()))?;
        total(&text).context("callgrind wrote no total")
    };
    let instructions = (counted(3)? - counted(1)?) as f64 / (2.0 * frames as f64);
    Ok((frames, Figures { values, instructions, ns }))
}

/// The count of all instructions in what callgrind writes.
fn total(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_whichever_way_callgrind_names_it() {
        assert_eq!(total("events: Ir\nsummary: 1234\n"), Some(1234));
        assert_eq!(total("fn=(1)\ntotals: 99\n"), Some(99));
        assert_eq!(total("events: Ir\n"), None);
    }
}

//! `cargo xtask test`: every check there is, in the order in which a failure is cheapest to learn.
//!
//! Invariant: the last line counts the steps, and the exit code is 0 only if none failed.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{bare, format, qemu, run, setup, silicon, tidy};

/// One step of the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Install what is missing.
    Setup,
    /// The formatting.
    Format,
    /// The repository's own rules.
    Tidy,
    /// Every crate, program and test.
    Build,
    /// The tests of the workspace, whole-loop ones included.
    Workspace,
    /// Examples in the documentation.
    Doc,
    /// The core for a microcontroller.
    Bare,
    /// What boards share, and the emulated board around the whole loop and against bad luck.
    Board,
    /// The board of silicon: checked, linked into its slots, and within its budget.
    Silicon,
    /// The pages in a browser.
    Web,
}

impl Step {
    /// Whether the steps behind it make no sense once it failed.
    fn is_ground(self) -> bool {
        matches!(self, Self::Setup | Self::Build)
    }

    fn run(self, root: &Path) -> Result<()> {
        match self {
            Self::Setup => setup::run(root),
            Self::Format => format::check(root),
            Self::Tidy => tidy::run(root),
            Self::Build => build(root),
            Self::Workspace => workspace(root),
            Self::Doc => run::run(run::cargo(root).args(["test", "--quiet", "--workspace", "--doc"])),
            Self::Bare => bare::run(root),
            Self::Board => qemu::check(root),
            Self::Silicon => silicon::check(root),
            Self::Web => web(root),
        }
    }
}

pub(crate) fn run(root: &Path, chosen: &[Step]) -> Result<()> {
    let steps = if chosen.is_empty() { Step::value_variants() } else { chosen };
    let (mut passed, mut failed) = (0, Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let name = name(*step);
        println!("\n== {name} ({} of {})", index + 1, steps.len());
        let (outcome, seconds) = timed(|| step.run(root));
        match outcome {
            Ok(()) => {
                println!("{name}: passed in {seconds} s");
                passed += 1;
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(name);
                if step.is_ground() {
                    break;
                }
            }
        }
    }
    println!("\nsteps: {passed} passed, {} failed", failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// What a step came to, and how long it took in whole seconds.
#[expect(clippy::disallowed_methods, reason = "how long the tests take is the one thing that is measured here")]
fn timed(step: impl FnOnce() -> Result<()>) -> (Result<()>, u64) {
    let start = Instant::now();
    let outcome = step();
    (outcome, start.elapsed().as_secs())
}

fn build(root: &Path) -> Result<()> {
    run::run(run::cargo(root).args(["build", "--workspace", "--all-targets"]))
}

fn workspace(root: &Path) -> Result<()> {
    if setup::nextest(root) {
        return run::run(run::cargo(root).args(["nextest", "run", "--workspace", "--profile", "ci"]));
    }
    let others = ["test", "--workspace", "--exclude", "milepost-tests", "--lib", "--bins", "--tests"];
    run::run(run::cargo(root).args(others))?;
    // Whole-loop tests run one at a time, as the nextest profile has them.
    run::run(run::cargo(root).args(["test", "--package", "milepost-tests", "--", "--test-threads", "1"]))
}

fn web(root: &Path) -> Result<()> {
    // What stands there may be older than the pages.
    build(root)?;
    let folder = root.join("tests/web");
    run::run(Command::new("npx").args(["tsc", "--noEmit"]).current_dir(&folder))?;
    run::run(Command::new("npx").args(["playwright", "test"]).current_dir(&folder))
}

fn name(step: Step) -> String {
    step.to_possible_value().expect("no step is hidden").get_name().to_owned()
}

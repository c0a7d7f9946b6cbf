//! Bytes that nobody wrote, for everything that reads what others send.
//!
//! Damaged inputs of every kind come from a generator whose seed gives the same ones again; a program of the gateway feeds them.
//! Beside it stands the coverage-guided fuzzer over the protocol's decoders.
//! It needs no nightly toolchain: coverage comes from LLVM's own pass, which stable rustc can be told to run.
//! Undefined behaviour is not what either looks for, as the crates forbid unsafe code; panics and broken round trips are.

use std::path::Path;

use anyhow::{Context, Result};

use crate::demo::target_folder;
use crate::run;

const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions";

/// What is fed.
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// What reads it: dbc, candump, asc, trc, csv, crtd, gzip, isotp, uds, j1939, table, series or envelope; all without it.
    target: Option<String>,
    /// How many damaged inputs each.
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// What they follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Run the coverage-guided fuzzer over the protocol's decoders instead, for so long.
    #[arg(long, conflicts_with_all = ["target", "cases", "seed", "first"])]
    seconds: Option<u32>,
}

pub(crate) fn run(root: &Path, call: &Fuzz) -> Result<()> {
    if let Some(seconds) = call.seconds {
        return guided(root, seconds);
    }
    // Built as tests are: the compiler's checks of arithmetic are what a release build would pass over.
    run::quietly(run::cargo(root).args(["build", "--package", "milepost-gateway", "--example", "fuzz"]))?;
    let mut program = std::process::Command::new(target_folder(root).join("debug/examples/fuzz"));
    program.args(&call.target);
    for (name, number) in [("--cases", call.cases), ("--seed", call.seed), ("--first", call.first)] {
        program.arg(name).arg(number.to_string());
    }
    run::run(&mut program)
}

fn guided(root: &Path, seconds: u32) -> Result<()> {
    let target = run::output(std::process::Command::new("rustc").args(["--print", "host-tuple"]))?;
    let folder = root.join("protocol/fuzz");
    let corpus = root.join("target/fuzz/corpus");
    let seeds = seed(root, &corpus.with_file_name("seeds"))?;
    std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    println!("{seeds} golden vectors are the seeds; what is found joins {}", corpus.display());
    // With a target named, the flags stay away from build scripts and procedural macros.
    run::run(
        run::cargo(&folder)
            .args(["run", "--release", "--target", target.trim(), "--target-dir"])
            .arg(root.join("target/fuzz"))
            .args(["--bin", "decode", "--"])
            .arg(format!("-max_total_time={seconds}"))
            .args(["-max_len=1600", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", root.join("target/fuzz").display()))
            .arg(&corpus)
            .arg(corpus.with_file_name("seeds"))
            .env("RUSTFLAGS", COVERAGE),
    )
}

/// Turns the golden vectors into the binary files that libFuzzer starts from; answers how many.
fn seed(root: &Path, seeds: &Path) -> Result<usize> {
    std::fs::create_dir_all(seeds).with_context(|| format!("cannot make {}", seeds.display()))?;
    let mut count = 0;
    for folder in ["up", "down", "malformed", "series"] {
        let folder = root.join("protocol/vectors/v1").join(folder);
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "hex") {
                let bytes = unhex(&std::fs::read_to_string(&path)?)
                    .with_context(|| format!("{} is not hexadecimal", path.display()))?;
                std::fs::write(seeds.join(path.file_stem().expect("a listed file has a name")), bytes)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_may_be_broken_into_lines_but_not_into_half_bytes() {
        assert_eq!(unhex("01ff\n20\n"), Some(vec![1, 255, 32]));
        assert_eq!(unhex("01f"), None);
        assert_eq!(unhex("0g"), None);
    }
}

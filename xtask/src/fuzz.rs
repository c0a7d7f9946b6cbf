//! The coverage-guided fuzzer over the protocol's decoders.
//!
//! It needs no nightly toolchain: coverage comes from LLVM's own pass, which stable rustc can be told to run.
//! Undefined behaviour is not what it looks for, as the crate forbids unsafe code; panics and broken round trips are.

use std::path::Path;

use anyhow::{Context, Result};

use crate::run;

const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions";

pub(crate) fn run(root: &Path, seconds: u32) -> Result<()> {
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
    for folder in ["up", "down", "malformed"] {
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

//! The diagnostic subcommands through the real binary, against the vectors and recordings of `MILEPOST_DATA` where they are at hand.

mod battery;
mod conversations;
mod drive;
mod sets;
mod trips;
mod truck;
mod words;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of the vehicle data, or a line that the test is skipped.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn data(folder: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("MILEPOST_DATA") else {
        println!("skipped without MILEPOST_DATA: {folder}");
        return None;
    };
    Some(Path::new(&root).join("vehicle").join(folder))
}

fn call<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milepost-gateway")).args(arguments).output().unwrap()
}

/// The lines that a call prints; it must end well.
fn lines<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    let output = call(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of a table without quotes, header left out.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

//! The diagnostic subcommands: arguments in, lines on standard output, reasons on standard error.
//!
//! Invariant: a word or file that cannot be read ends the call with its reason; what was read before it is printed.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{dtc, isotp, obd, vin};
use crate::cli::{complain, tell_broken};
use crate::clock::Clock;

/// What to ask.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what trouble codes mean.
    Dtc(Words),
    /// Say what vehicle identification numbers tell.
    Vin(Words),
    /// Put the diagnostic messages of a recording together (ISO 15765-2).
    Isotp(LogFile),
    /// Print every value of a recording's on-board diagnostics (SAE J1979), as CSV.
    Obd(LogFile),
}

/// Arguments of `dtc` and `vin`.
#[derive(Debug, Args)]
pub struct Words {
    /// Trouble codes: 2 bytes, 3 with a failure type, 4 with a status, in hexadecimal, or as spoken (P0301). Or 17 characters each.
    #[arg(value_name = "WORD", required = true)]
    pub words: Vec<String>,
}

/// Arguments of the subcommands that read a recording.
#[derive(Debug, Args)]
pub struct LogFile {
    /// The recording; gzip is recognised.
    #[arg(value_name = "LOG")]
    pub log: PathBuf,
}

/// The words of the call were wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongWord(String);

/// Does what was asked.
pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Dtc(Words { words }) => each(&words, dtc::tell),
        Command::Vin(Words { words }) => {
            let latest_year = latest_model_year(Clock::system().unix_ms());
            each(&words, |word| vin::tell(word, latest_year))
        }
        Command::Isotp(LogFile { log }) => print_isotp(&log),
        Command::Obd(LogFile { log }) => print_obd(&log),
    }
}

fn print_isotp(path: &Path) -> anyhow::Result<()> {
    let mut out = Lines::new();
    let ending = isotp::listen(path, |heard| isotp::Line::of(&heard).try_for_each(|line| out.json(&line)))?;
    out.finish()?;
    tell_ending(path, &ending);
    Ok(())
}

fn print_obd(path: &Path) -> anyhow::Result<()> {
    let mut out = Lines::new();
    out.line(obd::HEADER)?;
    let ending = obd::rows(path, |row| out.line(&row))?;
    out.finish()?;
    tell_ending(path, &ending);
    Ok(())
}

fn tell_ending(path: &Path, ending: &isotp::Ending) {
    tell_broken(path, &ending.broken);
    if ending.unfinished > 0 {
        complain(&format!("warning: {} receptions were never finished, {}", ending.unfinished, path.display()));
    }
}

/// Model years run ahead of calendar years by one.
fn latest_model_year(unix_ms: u64) -> u16 {
    const YEAR_MS: u64 = 31_556_952_000;
    (1970 + unix_ms / YEAR_MS + 1) as u16
}

fn each<T: Serialize, E: std::fmt::Display>(
    words: &[String],
    tell: impl Fn(&str) -> Result<T, E>,
) -> anyhow::Result<()> {
    let mut out = Lines::new();
    for word in words {
        match tell(word) {
            Ok(told) => out.json(&told)?,
            Err(error) => {
                out.finish()?;
                return Err(WrongWord(error.to_string()).into());
            }
        }
    }
    out.finish()
}

/// Standard output, line by line; a reader that goes away ends the output, not the call.
#[derive(Debug)]
pub(super) struct Lines {
    out: BufWriter<io::Stdout>,
    closed: bool,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(io::stdout()), closed: false }
    }

    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(value).context("a line does not serialise")?;
        self.line(&text)
    }

    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        self.check(written)
    }

    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let flushed = self.out.flush();
        self.check(flushed)
    }

    fn check(&mut self, result: io::Result<()>) -> anyhow::Result<()> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            _ if self.closed => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }
}

//! The diagnostic subcommands: arguments in, lines on standard output, reasons on standard error.
//!
//! Invariant: a word or file that cannot be read ends the call with its reason; what was read before it is printed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use flate2::bufread::MultiGzDecoder;
use serde::Serialize;

use super::{dtc, isotp, j1939, obd, obdb, vin};
use crate::cli::{complain, tell_broken};
use crate::clock::Clock;
use crate::telematics::battery;

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
    /// Read answers with `OBDb` signal sets; without cases, print what the sets ask.
    Obdb(Obdb),
    /// Put the J1939 messages of a recording together, and read its trouble codes.
    J1939(LogFile),
    /// Forecast when a battery cell will have lost a part of its capacity.
    Battery(Battery),
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

/// Arguments of `obdb`.
#[derive(Debug, Args)]
pub struct Obdb {
    /// A signal set; the first that knows a command reads its answer.
    #[arg(long = "signalset", value_name = "FILE", required = true)]
    pub sets: Vec<PathBuf>,
    /// Questions and the frames that came, one JSON object a line; gzip is recognised.
    #[arg(value_name = "CASES")]
    pub cases: Option<PathBuf>,
}

/// Arguments of `battery`.
#[derive(Debug, Args)]
pub struct Battery {
    /// The table, with the columns `cell`, `cycle_no` and `capacity`.
    #[arg(long, value_name = "FILE")]
    pub csv: PathBuf,
    /// The cell.
    #[arg(long, value_name = "NAME")]
    pub cell: String,
    /// The last cycle of the cell that counts.
    #[arg(long, value_name = "CYCLE")]
    pub until: f64,
    /// The part of its initial capacity that ends its life.
    #[arg(long, value_name = "PART", default_value_t = 0.8, value_parser = part)]
    pub threshold: f64,
    /// JSON instead of a sentence.
    #[arg(long)]
    pub json: bool,
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
        Command::Obdb(args) => print_obdb(&args),
        Command::J1939(LogFile { log }) => {
            let mut out = Lines::new();
            let broken = j1939::listen(&log, |line| out.json(&line))?;
            out.finish()?;
            tell_broken(&log, &broken);
            Ok(())
        }
        Command::Battery(args) => print_battery(&args),
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

fn print_obdb(args: &Obdb) -> anyhow::Result<()> {
    let mut sets = args.sets.iter().map(|path| obdb::SignalSet::read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut out = Lines::new();
    let Some(cases) = &args.cases else {
        for poll in sets.iter().flat_map(obdb::plan) {
            out.json(&poll)?;
        }
        return out.finish();
    };
    // OBDb keeps the standard's parameters in a set of their own, beside those of cars.
    let standard = args.sets[0].with_file_name("SAEJ1979.signalset.json");
    if !args.sets.contains(&standard) && standard.is_file() {
        sets.push(obdb::SignalSet::read(&standard)?);
    }
    let path = cases.display();
    let mut input = lines_of(cases).with_context(|| format!("cannot read the cases, {path}"))?;
    let (mut text, mut line) = (String::new(), 0_u64);
    loop {
        text.clear();
        if input.read_line(&mut text).with_context(|| format!("cannot read the cases, {path}:{line}"))? == 0 {
            return out.finish();
        }
        line += 1;
        if !text.trim().is_empty() {
            let case = serde_json::from_str(&text).with_context(|| format!("not a case, {path}:{line}"))?;
            out.json(&obdb::evaluate(&sets, &case))?;
        }
    }
}

/// A file line by line, gzip or not.
fn lines_of(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut input = BufReader::new(File::open(path)?);
    let gzip = input.fill_buf()?.starts_with(&[0x1F, 0x8B]);
    Ok(if gzip { Box::new(BufReader::new(MultiGzDecoder::new(input))) } else { Box::new(input) })
}

fn print_battery(args: &Battery) -> anyhow::Result<()> {
    let told = battery::of_table(&args.csv, &args.cell, args.until, args.threshold)?;
    let mut out = Lines::new();
    if args.json {
        out.json(&told)?;
    } else {
        let percent = args.threshold * 100.0;
        out.line(&format!(
            "{} falls to {percent:.0} % of its capacity at cycle {}, with 80 % certainty between {} and {}",
            args.cell, told.eol_cycle, told.p10, told.p90
        ))?;
    }
    out.finish()
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(part) if part > 0.0 && part < 1.0 => Ok(part),
        _ => Err("not a part between 0 and 1".to_owned()),
    }
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

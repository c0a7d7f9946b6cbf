//! `milepost lab due`: a due date with its band, from a CSV file of odometer readings.
//!
//! The distance counts from the last reading at or before the given date.
//! Invariant: only rows up to that date are used, so that the past can be asked what it would have said.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use milepost_engine::projection::{Basis, History, Method, Projection, Reading, project};
use serde::Serialize;

use crate::cli::output;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unit {
    /// Kilometres.
    Km,
    /// Statute miles.
    Mi,
}

impl Unit {
    fn metres(self) -> f64 {
        match self {
            Self::Km => 1_000.0,
            Self::Mi => 1_609.344,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Km => "km",
            Self::Mi => "mi",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DueArguments {
    /// The history: CSV, also gzip, with a header, a column `date` (YYYY-MM-DD, or a moment by RFC 3339) and one of cumulative distance.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column of cumulative distance.
    #[arg(long, value_name = "COL")]
    column: String,
    /// The unit of the column and of the distance.
    #[arg(long, value_enum, default_value = "km")]
    unit: Unit,
    /// The day on which the question is asked; later rows are not looked at.
    #[arg(long, value_name = "DATE")]
    at: Date,
    /// How much further, from the last reading on.
    #[arg(long, value_parser = positive)]
    distance: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    let distance: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if distance.is_finite() && distance > 0.0 { Ok(distance) } else { Err("not above 0".to_owned()) }
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Answer {
    due: Date,
    p10: Date,
    p90: Date,
    /// Whether the late end lies beyond what is worth foretelling and was cut off there.
    open_end: bool,
    basis: Basis,
}

pub(super) fn run(arguments: &DueArguments) -> anyhow::Result<()> {
    let found = ask(arguments)?;
    if arguments.json {
        return output::line(&serde_json::to_string(&found)?);
    }
    output::line(&format!("{} (80 %: {} to {}); {}", found.due, found.p10, found.p90, in_words(&found.basis)))
}

fn in_words(basis: &Basis) -> String {
    let how = match basis.method {
        Method::UsualUse => "too little history to learn from, so as cars are usually driven",
        Method::ThinHistory => "thin history, so the band is wide",
        Method::OwnUse => "from this car's own use",
        Method::OwnSeasons => "from this car's own use and seasons",
    };
    format!("{how}: {} readings over {} days", basis.readings, basis.history_days)
}

fn ask(arguments: &DueArguments) -> anyhow::Result<Answer> {
    let DueArguments { csv, column, unit, at, distance, .. } = arguments;
    let text = read(csv)?;
    let end_ms = millis(at.tomorrow().context("--at is the last day there is")?)? - 1;
    let readings = readings(&text, column, *unit).with_context(|| csv.display().to_string())?;
    let history = History::new(readings, end_ms, 0);
    anyhow::ensure!(!history.is_empty(), "{}: no reading at or before {at}", csv.display());
    let metres = distance * unit.metres();
    anyhow::ensure!(metres <= 1e9, "--distance: {distance} {} is farther than cars last", unit.name());
    let Projection { median_ms, p10_ms, p90_ms, open_end, basis } = project(&history, metres, end_ms);
    Ok(Answer { due: date(median_ms)?, p10: date(p10_ms)?, p90: date(p90_ms)?, open_end, basis })
}

fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(&bytes[..])
            .read_to_end(&mut plain)
            .with_context(|| format!("failed to unpack {}", path.display()))?;
        plain
    } else {
        bytes
    };
    String::from_utf8(bytes).with_context(|| format!("{} is no UTF-8 text", path.display()))
}

/// Reads all rows; an error names row (the header is 1) and column.
fn readings(text: &str, column: &str, unit: Unit) -> anyhow::Result<Vec<Reading>> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end_matches('\r')));
    let (_, header) = lines.next().context("row 1: no header")?;
    let names: Vec<_> = cells(header.trim_start_matches('\u{feff}'));
    let place = |wanted: &str| {
        let found = names.iter().position(|name| name == wanted);
        found.with_context(|| format!("row 1: no column {wanted:?} among {}", names.join(", ")))
    };
    let (date_at, distance_at) = (place("date")?, place(column)?);
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(row, line)| {
            let cells = cells(line);
            let cell = |at: usize, name: &str| {
                cells.get(at).cloned().with_context(|| format!("row {row}, column {name}: missing"))
            };
            let (day, far) = (cell(date_at, "date")?, cell(distance_at, column)?);
            let at_ms = moment(&day).with_context(|| format!("row {row}, column date: {day:?} is no date"))?;
            let metres =
                far.parse::<f64>().ok().filter(|far| far.is_finite() && *far >= 0.0).map(|far| far * unit.metres());
            let odometer_m = metres.filter(|metres| *metres < f64::from(u32::MAX)).map(|metres| metres as u32);
            let odometer_m = odometer_m
                .with_context(|| format!("row {row}, column {column}: {far:?} is no distance in {}", unit.name()))?;
            Ok(Reading { at_ms, odometer_m })
        })
        .collect()
}

/// The cells of a row, by RFC 4180; no cell of a history spans lines.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            _ => cell.push(letter),
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// A date stands for its noon, so that no rounding of zones moves it to another day.
fn moment(text: &str) -> Option<u64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return u64::try_from(at.as_millisecond()).ok();
    }
    let start = millis(text.parse::<Date>().ok()?).ok()?;
    (text.len() == "2024-02-29".len()).then_some(start + 12 * 3_600_000)
}

fn millis(date: Date) -> anyhow::Result<u64> {
    let at = date.to_zoned(TimeZone::UTC).with_context(|| format!("{date} is out of range"))?;
    u64::try_from(at.timestamp().as_millisecond()).with_context(|| format!("{date} lies before 1970"))
}

fn date(at_ms: u64) -> anyhow::Result<Date> {
    let at = i64::try_from(at_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    Ok(at.context("the date lies beyond all calendars")?.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(csv: &Path, column: &str, at: &str) -> DueArguments {
        let at = at.parse().expect("a date");
        DueArguments {
            csv: csv.to_owned(),
            column: column.to_owned(),
            unit: Unit::Km,
            at,
            distance: 4_000.0,
            json: true,
        }
    }

    fn with_file(text: &[u8], column: &str, at: &str) -> anyhow::Result<Answer> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        std::fs::write(&path, text).expect("the folder is ours");
        ask(&arguments(&path, column, at))
    }

    fn even() -> String {
        let day = |day: i64| -> Date { "2023-01-01".parse::<Date>().expect("a date") + jiff::Span::new().days(day) };
        let rows = (0..500).step_by(5).map(|at| format!("{},x,{}", day(at), 10_000 + at * 40));
        format!("date,note,km\n{}\n", rows.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn even_use_is_foretold_within_days_and_later_rows_are_not_looked_at() {
        let found = with_file(even().as_bytes(), "km", "2024-02-29").expect("a history");
        let days = |date: Date| (date - "2024-02-25".parse::<Date>().expect("a date")).get_days();
        assert!((90..=110).contains(&days(found.due)), "{found:?}");
        assert!(found.p10 < found.due && found.due < found.p90 && !found.open_end, "{found:?}");
        assert!(found.basis.refused.later > 0, "{found:?}");
    }

    #[test]
    fn a_gzip_with_quotes_and_windows_line_ends_reads_the_same() {
        let plain = with_file(even().as_bytes(), "km", "2024-02-29").expect("a history");
        let quoted = even().replace(",x,", ",\"x, \"\"y\"\"\",").replace('\n', "\r\n");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, quoted.as_bytes()).expect("memory");
        let found = with_file(&packed.finish().expect("memory"), "km", "2024-02-29").expect("a history");
        assert_eq!((found.due, found.p10, found.p90), (plain.due, plain.p10, plain.p90));
    }

    #[test]
    fn bad_input_is_named_by_file_row_and_column() {
        for (text, column, named) in [
            ("", "km", "row 1: no header"),
            ("date,km\n", "miles", "no column \"miles\" among date, km"),
            ("day,km\n", "km", "no column \"date\""),
            ("date,km\n2023-01-01,5\n2023-02-30,6\n", "km", "row 3, column date: \"2023-02-30\" is no date"),
            ("date,km\n2023-01-01\n", "km", "row 2, column km: missing"),
            ("date,km\n2023-01-01,far\n", "km", "row 2, column km: \"far\" is no distance in km"),
            ("date,km\n2023-01-01,-5\n", "km", "row 2, column km: \"-5\" is no distance"),
            ("date,km\n2023-01-01,NaN\n", "km", "row 2, column km: \"NaN\" is no distance"),
            ("date,km\n2023-01-01,9e9\n", "km", "row 2, column km: \"9e9\" is no distance"),
            ("date,km\n2025-01-01,5\n", "km", "no reading at or before 2024-02-29"),
        ] {
            let error = with_file(text.as_bytes(), column, "2024-02-29").expect_err(named);
            let told = format!("{error:#}");
            assert!(told.contains("history.csv") && told.contains(named), "{told}");
        }
    }
}

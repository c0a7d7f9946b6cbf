//! Tables of telematics services: columns by the names that such services give them.
//!
//! Invariant: a row that cannot be read is counted; a table without time or odometer is refused.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read the table, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A column is missing.
    #[error("no column for the {what}, {}:1", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// What it would hold.
        what: &'static str,
    },
    /// No row can be read.
    #[error("no row can be read, {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// One reading of a car.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// When, as the table writes it, or in RFC 3339.
    pub time: String,
    /// When, in seconds.
    pub at_s: f64,
    /// Metres.
    pub odometer_m: Option<f64>,
    /// Degrees.
    pub position: Option<(f64, f64)>,
    /// Whether engine or drive are on.
    pub on: Option<bool>,
    /// Metres a second.
    pub speed_mps: Option<f64>,
    /// Volts of the 12 V battery.
    pub volts: Option<f64>,
    /// Charge of the traction battery, in percent.
    pub charge_percent: Option<f64>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The rows that can be read, by time; rows of one time in the order of the table.
    pub rows: Vec<Row>,
    /// How many could not be read.
    pub broken: u64,
}

/// Reads a whole file, gzip or not.
pub(super) fn text_of(path: &Path) -> Result<String, TableError> {
    let failed = |source| TableError::Io { path: path.to_owned(), source };
    let mut input = BufReader::new(File::open(path).map_err(failed)?);
    let gzip = std::io::BufRead::fill_buf(&mut input).map_err(failed)?.starts_with(&[0x1F, 0x8B]);
    let mut bytes = Vec::new();
    if gzip { MultiGzDecoder::new(input).read_to_end(&mut bytes) } else { input.read_to_end(&mut bytes) }
        .map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a file is a table: its first line names a time and an odometer.
pub fn is_table(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut input = BufReader::new(file);
    let Ok(start) = std::io::BufRead::fill_buf(&mut input) else { return false };
    let gzip = start.starts_with(&[0x1F, 0x8B]);
    let mut bytes = Vec::new();
    let read = if gzip {
        MultiGzDecoder::new(input).take(4096).read_to_end(&mut bytes)
    } else {
        input.take(4096).read_to_end(&mut bytes)
    };
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or_default();
    read.is_ok() && Columns::of(first).is_some_and(|columns| columns.time.is_some() && columns.odometer.is_some())
}

/// Where the columns stand, with the factor to SI units.
#[derive(Debug, Clone, Default)]
struct Columns {
    separator: char,
    time: Option<usize>,
    odometer: Option<(usize, f64)>,
    latitude: Option<usize>,
    longitude: Option<usize>,
    on: Option<usize>,
    speed: Option<(usize, f64)>,
    volts: Option<usize>,
    charge: Option<usize>,
}

impl Columns {
    fn of(header: &str) -> Option<Self> {
        let header = header.trim_start_matches('\u{feff}');
        let separator = [',', ';', '\t'].into_iter().max_by_key(|separator| header.matches(*separator).count())?;
        let mut columns = Self { separator, ..Self::default() };
        for (at, name) in header.split(separator).enumerate() {
            let name = name.trim().trim_matches('"').to_ascii_lowercase();
            let words: Vec<_> =
                name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let has = |word: &str| words.contains(&word);
            match words.first().copied().unwrap_or_default() {
                "datetime" | "timestamp" | "time" | "date" | "t" => {
                    columns.time.get_or_insert(at);
                }
                "odometer" | "odo" | "mileage" => {
                    let factor = if has("mi") || has("miles") {
                        1_609.344
                    } else if has("m") {
                        1.0
                    } else {
                        1_000.0
                    };
                    columns.odometer.get_or_insert((at, factor));
                }
                word if word.starts_with("lat") => {
                    columns.latitude.get_or_insert(at);
                }
                word if word.starts_with("lon") || word == "lng" => {
                    columns.longitude.get_or_insert(at);
                }
                "engine" | "ignition" | "ready" if !has("speed") && !has("rpm") => {
                    columns.on.get_or_insert(at);
                }
                "speed" => {
                    let factor = if has("mps") {
                        1.0
                    } else if has("mph") {
                        0.447_04
                    } else {
                        1.0 / 3.6
                    };
                    columns.speed.get_or_insert((at, factor));
                }
                "soc" => {
                    columns.charge.get_or_insert(at);
                }
                "v12" | "battery" if has("v") || has("volts") => {
                    columns.volts.get_or_insert(at);
                }
                _ => {}
            }
        }
        Some(columns)
    }

    fn row(&self, line: &str) -> Option<Row> {
        let fields: Vec<_> = line.split(self.separator).map(|field| field.trim().trim_matches('"')).collect();
        let field = |at: usize| fields.get(at).copied().filter(|field| !field.is_empty());
        let number = |at: usize| {
            // Where columns are not parted by commas, decimals may be.
            let text = field(at)?;
            let text = if self.separator == ',' { text.to_owned() } else { text.replace(',', ".") };
            text.parse::<f64>().ok().filter(|number| number.is_finite())
        };
        let written = field(self.time?)?;
        let (time, at_s) = moment(written)?;
        let position = self.latitude.zip(self.longitude).and_then(|(latitude, longitude)| {
            let position = (number(latitude)?, number(longitude)?);
            (position != (0.0, 0.0) && position.0.abs() <= 90.0 && position.1.abs() <= 180.0).then_some(position)
        });
        Some(Row {
            time,
            at_s,
            odometer_m: self
                .odometer
                .and_then(|(at, factor)| Some(number(at)? * factor))
                .filter(|metres| *metres > 0.0),
            position,
            on: self.on.and_then(field).and_then(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(true),
                "false" | "0" | "off" | "no" => Some(false),
                _ => None,
            }),
            speed_mps: self.speed.and_then(|(at, factor)| Some(number(at)? * factor)).filter(|speed| *speed >= 0.0),
            charge_percent: self.charge.and_then(number).filter(|percent| (0.0..=100.0).contains(percent)),
            volts: self.volts.and_then(number).filter(|volts| (5.0..=30.0).contains(volts)),
        })
    }
}

impl Table {
    /// Reads a table.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        let text = text_of(path)?;
        let column = |what| TableError::Column { path: path.to_owned(), what };
        let mut lines = text.lines();
        let columns = Columns::of(lines.next().unwrap_or_default()).ok_or_else(|| column("time"))?;
        columns.time.ok_or_else(|| column("time"))?;
        columns.odometer.ok_or_else(|| column("odometer"))?;
        let mut table = Self::default();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            match columns.row(line) {
                Some(row) => table.rows.push(row),
                None => table.broken += 1,
            }
        }
        if table.rows.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        table.rows.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Ok(table)
    }
}

/// From here on a number counts milliseconds: as seconds it would lie in the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// A moment: RFC 3339, with a blank for the T and without zone and time of day if need be, or seconds, or milliseconds since 1970.
/// Answers it as it is printed.
fn moment(text: &str) -> Option<(String, f64)> {
    match text.parse::<f64>() {
        Ok(number) if number >= MILLISECONDS_FROM => {
            return Some(((number / 1e3).to_string(), number / 1e3)).filter(|_| number.is_finite());
        }
        Ok(seconds) => return seconds.is_finite().then(|| (text.to_owned(), seconds)),
        Err(_) => {}
    }
    if text.len() == "2023-01-02".len() {
        return moment(&format!("{text} 00:00"));
    }
    if !text.is_ascii() || text.len() < 16 {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute) = (digits(11..13)?, digits(14..16)?);
    let (second, rest) = match text.as_bytes().get(16) {
        Some(b':') => (digits(17..19)?, &text[19..]),
        _ => (0, &text[16..]),
    };
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let zone = zone.trim();
    let offset_s = match zone.as_bytes() {
        [] | b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let zone_digits: String = zone[1..].chars().filter(char::is_ascii_digit).collect();
            let number = zone_digits.parse::<i64>().ok().filter(|_| matches!(zone_digits.len(), 2 | 4))?;
            let (hours, minutes) = if zone_digits.len() == 2 { (number, 0) } else { (number / 100, number % 100) };
            let seconds = hours * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !in_range {
        return None;
    }
    let day_s = (days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_s) as f64;
    let fraction_s = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse::<f64>().ok()? };
    let mut written = text.to_owned();
    written.replace_range(10..11, "T");
    if zone.is_empty() {
        written.push('Z');
    }
    Some((written, day_s + fraction_s))
}

/// Days since 1970 of a date of the Gregorian calendar (Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_read_as_services_write_them() {
        let at = |text: &str| moment(text).map(|(_, at_s)| at_s);
        assert_eq!(at("1970-01-02 00:00:00+00:00"), Some(86_400.0));
        assert_eq!(at("2023-01-02 16:10:09+01:00"), Some(1_672_672_209.0));
        assert_eq!(at("2023-01-02T15:10:09.5Z"), Some(1_672_672_209.5));
        assert_eq!(at("12.5"), Some(12.5));
        assert_eq!(moment("1672672209500"), Some(("1672672209.5".to_owned(), 1_672_672_209.5)));
        assert_eq!(moment("2023-01-02").map(|(_, at_s)| at_s), at("2023-01-02 00:00"));
        assert!(at("2023-01-02").is_some());
        assert_eq!(at("yesterday at noon, perhaps"), None);
        assert_eq!(moment("2023-01-02 16:10:09+01:00").unwrap().0, "2023-01-02T16:10:09+01:00");
    }

    #[test]
    fn columns_are_found_by_name_and_their_units_honoured() {
        let columns = Columns::of("timestamp;odometer_mi;latitude;longitude;ignition;speed_kmh").unwrap();
        let row = columns.row("2023-01-02 16:10;10,5;51,5;6,25;on;36").unwrap();
        assert!((row.odometer_m.unwrap() - 16_898.112).abs() < 1e-6);
        assert_eq!((row.position, row.on, row.speed_mps), (Some((51.5, 6.25)), Some(true), Some(10.0)));
        assert!(columns.row("soon;1").is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_lines_never_panic(header in "\\PC{0,60}", line in "\\PC{0,60}", time in "[-0-9T: .+Z]{0,30}") {
            let _ = Columns::of(&header).and_then(|columns| columns.row(&line));
            let _ = moment(&time);
        }
    }
}

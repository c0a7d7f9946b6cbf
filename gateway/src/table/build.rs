//! Makes the rows of a table from what a matrix says and a map wants.
//!
//! Invariant: a table that is built was checked by the core itself, and whatever of the map is not in it is a diagnostic.

use std::path::Path;
use std::sync::Arc;

use milepost_firmware::signal::program::group;
use milepost_firmware::signal::table::{self, ANY_BUS, GROUP, MAX_ROWS, MAX_TABLE_LEN, Number, Row, Table};
use milepost_protocol::signal::{self as catalogue, CATALOGUE};

use super::map::{Feed, Map, by_path};
use super::split::conditions;
use crate::dbc::{Diagnostic, Matrix, Message, Signal};
use crate::units::convert;

/// Why there is no table.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Nothing of the matrix feeds a path.
    #[error("no signal of the matrix feeds a path; name some in a map")]
    Empty,
    /// The car has no room for it.
    #[error("table has {rows} rows, and a car has room for {MAX_ROWS} in {MAX_TABLE_LEN} bytes; feed fewer paths")]
    TooLarge {
        /// Its rows.
        rows: usize,
    },
    /// The core refuses it.
    #[error("the core refuses the table")]
    Refused(#[source] table::TableError),
}

/// A table and what is to be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// As it travels to a car.
    pub bytes: Vec<u8>,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How many rows.
    pub rows: usize,
    /// What of the map is not in it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Builds a table. `all_groups` takes 29-bit identifiers by their parameter group; `file` is the map's name.
pub fn build(matrix: &Matrix, map: &Map, all_groups: bool, file: &Path) -> Result<Built, TableError> {
    let file = Arc::new(file.to_owned());
    let mut rows = Vec::new();
    let mut diagnostics = Vec::new();
    for feed in &map.signal {
        match feed_rows(matrix, feed, all_groups) {
            Ok(found) => rows.extend(found),
            Err(what) => {
                let what = format!("path {}: {what}", feed.path);
                diagnostics.push(Diagnostic { file: file.clone(), line: 0, what, done: "it is not fed" });
            }
        }
    }
    if rows.is_empty() {
        return Err(TableError::Empty);
    }
    let too_large = TableError::TooLarge { rows: rows.len() };
    if rows.len() > MAX_ROWS {
        return Err(too_large);
    }
    let table = Table::new(&rows).map_err(TableError::Refused)?;
    let mut buffer = [0; MAX_TABLE_LEN];
    let bytes = table.encode_to(&mut buffer).ok_or(too_large)?.to_vec();
    Ok(Built { sha256: table::hash(&bytes), bytes, rows: rows.len(), diagnostics })
}

fn feed_rows(matrix: &Matrix, feed: &Feed, all_groups: bool) -> Result<Vec<Row>, String> {
    let entry = by_path(&feed.path).ok_or("it is not in the catalogue")?;
    let mut found = matrix.messages.iter().filter_map(|message| {
        let wanted = feed.message.as_ref().is_none_or(|name| *name == message.name);
        Some((message, message.signal(&feed.signal).filter(|_| wanted)?))
    });
    let (message, at) = found.next().ok_or_else(|| format!("signal {} is not in the matrix", feed.signal))?;
    if let Some((other, _)) = found.next() {
        return Err(format!("signal {} is in {} and in {}; name the message", feed.signal, message.name, other.name));
    }
    let mut rows = Vec::new();
    // One name may stand under several values of a multiplexor, each time elsewhere in the frame.
    for at in (at..message.signals.len()).filter(|&at| message.signals[at].name == feed.signal) {
        rows.extend(signal_rows(message, at, feed, entry, all_groups)?);
    }
    Ok(rows)
}

fn signal_rows(
    message: &Message,
    at: usize,
    feed: &Feed,
    entry: &catalogue::Signal,
    all_groups: bool,
) -> Result<Vec<Row>, String> {
    let signal = &message.signals[at];
    let (scale, offset) = line(feed, signal, entry.unit)?;
    let branches: Vec<_> = message
        .branches(at)
        .map(|branch| (branch, message.signals.get(branch.switch).map_or(signal.field, |switch| switch.field)))
        .collect();
    let multiplexors = conditions(&branches).ok_or_else(|| {
        format!("signal {} lies under multiplexors that are apart, which a row cannot say", signal.name)
    })?;
    let (min, max) = limits(feed, signal, scale, offset);
    let row = Row {
        id: key(message, all_groups),
        bus: feed.bus.unwrap_or(ANY_BUS),
        signal: entry.id,
        field: signal.field,
        number: signal.number,
        scale: signal.scale * scale,
        offset: signal.offset * scale + offset,
        min,
        max,
        multiplexor: None,
    };
    if row.scale == 0.0 {
        return Err(format!("signal {} has the scale 0", signal.name));
    }
    Ok(multiplexors.into_iter().map(|multiplexor| Row { multiplexor, ..row }).collect())
}

fn key(message: &Message, all_groups: bool) -> u32 {
    match group(message.id).filter(|_| message.group || all_groups) {
        Some(group) => GROUP | group,
        None => message.id,
    }
}

/// From the matrix's value to the catalogue's.
fn line(feed: &Feed, signal: &Signal, unit: &str) -> Result<(f64, f64), String> {
    if feed.scale.is_some() || feed.offset.is_some() {
        return Ok((feed.scale.unwrap_or(1.0), feed.offset.unwrap_or(0.0)));
    }
    let from = feed.unit.as_deref().unwrap_or(&signal.unit);
    convert(from, unit).ok_or_else(|| format!("unit \"{from}\" of signal {} is no unit of {unit}", signal.name))
}

/// The valid values in the catalogue's unit, half a step wider than what is said, so that rounding costs no value.
fn limits(feed: &Feed, signal: &Signal, scale: f64, offset: f64) -> (f32, f32) {
    let (low, high) = signal.limits.unwrap_or_else(|| reach(signal));
    let step = signal.scale.abs() / 2.0;
    let ends = [feed.min.unwrap_or(low) - step, feed.max.unwrap_or(high) + step];
    let [one, other] = ends.map(|value| ((value * scale + offset) as f32).clamp(f32::MIN, f32::MAX));
    (one.min(other), one.max(other))
}

/// The values that the bits can say at all; parameters of SAE J1939 say with the upper ones that there is none (J1939-71, 5.1.4).
fn reach(signal: &Signal) -> (f64, f64) {
    let length = u32::from(signal.field.length);
    let top = u64::MAX >> (64 - length);
    let raw = match signal.number {
        Number::Unsigned if signal.parameter.is_some() && length >= 8 => (0.0, (0xFB_u64 << (length - 8)) as f64 - 1.0),
        Number::Unsigned if signal.parameter.is_some() && length == 2 => (0.0, 1.0),
        Number::Unsigned => (0.0, top as f64),
        Number::Signed => (-((top / 2 + 1) as f64), (top / 2) as f64),
        Number::Float32 | Number::Float64 => (f64::from(f32::MIN), f64::from(f32::MAX)),
    };
    let (one, other) = (raw.0 * signal.scale + signal.offset, raw.1 * signal.scale + signal.offset);
    (one.min(other), one.max(other))
}

/// The paths that a table feeds, in the order of their numbers.
pub fn paths(rows: &[Row]) -> Vec<&'static str> {
    let fed = |signal: &&milepost_protocol::signal::Signal| rows.iter().any(|row| row.signal == signal.id);
    CATALOGUE.iter().filter(fed).map(|signal| signal.path).collect()
}

#[cfg(test)]
mod tests {
    use milepost_firmware::signal::table::Reading;
    use milepost_protocol::SignalId;

    use super::*;
    use crate::dbc::{check, j1939, read};
    use crate::table::by_parameter;

    const CAR: &str = "BO_ 1 A: 8 X\n SG_ Odo : 0|24@1+ (0.1,0) [0|999999] \"km\" X\n SG_ T : 24|8@1- (1,0) [0|0] \"degF\" X\n SG_ Mux M : 32|4@1+ (1,0) [0|0] \"\" X\n SG_ V m1 : 40|8@1+ (0.1,0) [0|0] \"V\" X\nSG_MUL_VAL_ 1 V Mux 2-5;\n";

    fn car() -> Matrix {
        let mut matrix = Matrix { messages: read(CAR.as_bytes(), Path::new("car.dbc")).0 };
        check(&mut matrix);
        matrix
    }

    fn built(map: &str) -> Result<Built, TableError> {
        build(&car(), &toml::from_str(map).unwrap(), false, Path::new("map.toml"))
    }

    #[test]
    fn a_table_reads_what_its_map_wants_in_the_units_of_the_catalogue() {
        let map = "[[signal]]\npath = \"Vehicle.TraveledDistance\"\nsignal = \"Odo\"\n[[signal]]\npath = \"Vehicle.Exterior.AirTemperature\"\nsignal = \"T\"\n[[signal]]\npath = \"Vehicle.LowVoltageBattery.CurrentVoltage\"\nmessage = \"A\"\nsignal = \"V\"\n";
        let built = built(map).unwrap();
        assert_eq!(built.diagnostics, []);
        let table = Table::parse(&built.bytes).unwrap();
        let read = |mux: u8| table.decode(0, 1, &[0x40, 0xE2, 0x01, 50, mux, 125]).collect::<Vec<_>>();
        for mux in 2..=5 {
            let readings = read(mux);
            assert!(readings.contains(&Reading::Odometer(12_345_600)), "{readings:?}");
            assert!(readings.contains(&Reading::Value(SignalId::BATTERY_12V, 12.5)), "{readings:?}");
            assert!(readings.iter().any(
                |reading| matches!(reading, Reading::Value(SignalId::OUTSIDE_TEMPERATURE, t) if (t - 10.0).abs() < 1e-4)
            ));
        }
        assert_eq!(read(1).len(), 2);
        assert_eq!(paths(table.rows()).len(), 3);
    }

    #[test]
    fn one_name_under_several_values_of_a_multiplexor_is_a_row_for_each() {
        let text = "BO_ 1 A: 3 X\n SG_ V m0 : 8|8@1+ (0.1,0) [0|0] \"V\" X\n SG_ Mux M : 0|8@1+ (1,0) [0|0] \"\" X\n SG_ V m1 : 16|8@1+ (0.2,0) [0|0] \"V\" X\n";
        let matrix = Matrix { messages: read(text.as_bytes(), Path::new("car.dbc")).0 };
        let map = "[[signal]]\npath = \"Vehicle.LowVoltageBattery.CurrentVoltage\"\nsignal = \"V\"\n";
        let built = build(&matrix, &toml::from_str(map).unwrap(), false, Path::new("map.toml")).unwrap();
        let table = Table::parse(&built.bytes).unwrap();
        for (mux, volts) in [(0, Some(12.0)), (1, Some(26.0)), (2, None)] {
            let readings: Vec<_> = table.decode(0, 1, &[mux, 120, 130]).collect();
            let expected: Vec<_> =
                volts.map(|volts| Reading::Value(SignalId::BATTERY_12V, volts)).into_iter().collect();
            assert_eq!(readings, expected, "{mux}");
        }
    }

    #[test]
    fn what_cannot_be_fed_is_told_and_the_rest_stands() {
        let map = "[[signal]]\npath = \"Vehicle.TraveledDistance\"\nsignal = \"Odo\"\n[[signal]]\npath = \"Vehicle.Speed\"\nsignal = \"Odo\"\n[[signal]]\npath = \"Vehicle.Speed\"\nsignal = \"Gone\"\n";
        let built = built(map).unwrap();
        let told: Vec<_> = built.diagnostics.iter().map(|diagnostic| diagnostic.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "path Vehicle.Speed: unit \"km\" of signal Odo is no unit of m/s",
                "path Vehicle.Speed: signal Gone is not in the matrix"
            ]
        );
        assert_eq!(self::built("").unwrap_err(), TableError::Empty);
    }

    #[test]
    fn the_common_parameters_of_heavy_vehicles_need_no_map() {
        let matrix = j1939::matrix();
        let built = build(&matrix, &by_parameter(&matrix), true, Path::new("none")).unwrap();
        assert_eq!(built.diagnostics, []);
        let table = Table::parse(&built.bytes).unwrap();
        let readings: Vec<_> =
            table.decode(0, 0x98FE_F117, &[0xFF, 0x00, 0x24, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).collect();
        assert!(readings.contains(&Reading::Value(SignalId::SPEED, 10.0)), "{readings:?}");
        let none: Vec<_> = table.decode(0, 0x98FE_F117, &[0xFF; 8]).collect();
        assert!(none.contains(&Reading::Invalid(SignalId::SPEED)), "{none:?}");
        assert!(table.row(SignalId::ODOMETER).is_some_and(|row| row.id == GROUP | 0xFEC1));
    }
}

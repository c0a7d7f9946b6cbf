//! Tables of values, as loggers behind a diagnostics plug write them: a row for each moment, a column for each parameter.
//!
//! Each cell becomes the answer that the car gave for it (SAE J1979 service 01), so that a table takes the same way as a bus.
//! A clock of the table is believed if it tells rows apart; else the car's own count of seconds since its engine started is one.
//! Invariant: a cell that cannot be read is passed over, and a row without a moment is a broken line.

use std::collections::VecDeque;

use embedded_can::{Id, StandardId};

use super::entry::{Entry, LineError, Payload};
use crate::parameters::{ROWS, Row};

/// The identifier under which engine control units answer.
const ENGINE: Id = Id::Standard(StandardId::new(0x7E8).expect("11 bits"));

/// How long the engine is taken to have stood when its seconds begin anew, in microseconds; the table does not tell.
const STOOD_US: u64 = 600_000_000;

/// The seconds since the engine started.
const RUN_TIME: u8 = 0x1F;

/// What loggers call the parameters that they write; names without case, blanks, signs and units.
const COLUMNS: &[(u8, &[&str])] = &[
    (0x04, &["engineload", "calculatedengineload", "load"]),
    (0x05, &["coolanttemperature", "enginecoolanttemp", "coolanttemp", "enginecoolanttemperature"]),
    (0x06, &["shorttermfueltrimbank1", "shortfueltrim1", "stft1"]),
    (0x07, &["longtermfueltrimbank1", "longfueltrim1", "ltft1"]),
    (0x08, &["shorttermfueltrimbank2", "shortfueltrim2", "stft2"]),
    (0x09, &["longtermfueltrimbank2", "longfueltrim2", "ltft2"]),
    (0x0A, &["fuelpressure"]),
    (0x0B, &["intakemanifoldpressure", "intakepressure", "map"]),
    (0x0C, &["enginerpm", "rpm", "enginespeed"]),
    (0x0D, &["vehiclespeed", "speed", "speedobd"]),
    (0x0E, &["timingadvance"]),
    (0x0F, &["intakeairtemp", "airintaketemp", "intaketemp", "intakeairtemperature"]),
    (0x10, &["maf", "massairflow", "massairflowrate"]),
    (0x11, &["throttle", "throttlepos", "throttleposition"]),
    (RUN_TIME, &["engineruntime", "engineruntine", "runtime", "runtimesinceenginestart"]),
    (0x21, &["distancetraveledwithmilon", "distancewithmilon", "distancewmil"]),
    (0x2E, &["commandedevaporativepurge", "evaporativepurge"]),
    (0x2F, &["fuellevel", "fueltank", "fueltanklevel"]),
    (0x30, &["warmupssincecodescleared", "warmupssincedtcclear"]),
    (0x31, &["distancesincecodescleared", "distancetraveledsincecodescleared", "distancesincedtcclear"]),
    (0x33, &["barometricpressure", "absolutebarometricpressure"]),
    (0x3C, &["catalysttemperaturebank1sensor1", "catalysttempb1s1"]),
    (0x3E, &["catalysttemperaturebank1sensor2", "catalysttempb1s2"]),
    (0x42, &["controlmodulevoltage", "modulevoltage"]),
    (0x43, &["absoluteload"]),
    (0x44, &["fuelaircommandedequivratio", "equivratio", "commandedequivratio"]),
    (0x45, &["relativethrottleposition", "relativethrottlepos"]),
    (0x46, &["ambientairtemp", "ambientairtemperature"]),
    (0x47, &["absolutethrottleb", "throttleposb"]),
    (0x49, &["pedald", "acceleratorposd"]),
    (0x4A, &["pedale", "acceleratorpose"]),
    (0x4C, &["commandedthrottleactuator", "throttleactuator"]),
    (0x4D, &["timerunwithmilon", "runtimemil"]),
    (0x4E, &["timesincetroublecodescleared", "timesincedtccleared"]),
    (0x5C, &["oiltemp", "engineoiltemp", "engineoiltemperature"]),
    (0x5E, &["fuelrate", "enginefuelrate"]),
    (0xA6, &["odometer"]),
];

/// How many columns must be known before a head is believed.
const KNOWN: usize = 3;

/// What the head of a table says, and where it is read.
#[derive(Debug, Clone)]
pub struct Values {
    delimiter: char,
    clock: Option<usize>,
    run_time: Option<usize>,
    vehicle: Option<usize>,
    columns: Vec<(usize, &'static Row)>,
    /// The first vehicle's name.
    only: Option<String>,
    /// The newest moment, and the run time at it.
    last: Option<(u64, f64)>,
    waiting: VecDeque<Entry>,
}

impl Values {
    /// Reads a head; `None` if the line is none.
    pub fn head(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches('\u{FEFF}');
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| line.matches(*delimiter).count())?;
        let names: Vec<String> = line.split(delimiter).map(plain).collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let columns = COLUMNS.iter().filter_map(|(pid, names)| Some((find(names)?, row(*pid)?)));
        let columns: Vec<(usize, &Row)> = columns.collect();
        let run_time = columns.iter().find(|(_, row)| row.pid == RUN_TIME).map(|(at, _)| *at);
        let clock = find(&["time", "timestamp", "devicetime", "datetime", "t", "seconds", "timesec", "times"]);
        (columns.len() >= KNOWN && (run_time.is_some() || clock.is_some())).then(|| Self {
            delimiter,
            clock,
            run_time,
            vehicle: find(&["vehicleid", "vehicle", "vin"]),
            columns,
            only: None,
            last: None,
            waiting: VecDeque::new(),
        })
    }

    /// Reads one row and answers the first of its values; the others are [`Values::more`].
    pub fn line(&mut self, line: &str) -> Result<Option<Entry>, LineError> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(None);
        }
        let fields: Vec<&str> = line.split(self.delimiter).map(|field| field.trim().trim_matches('"')).collect();
        let decimal_comma = self.delimiter != ',';
        let cell = |at: usize| fields.get(at).and_then(|text| number(text, decimal_comma));
        if let Some(name) = self.vehicle.and_then(|at| fields.get(at))
            && self.only.get_or_insert_with(|| (*name).to_owned()) != name
        {
            return Err(LineError::OtherVehicle);
        }
        let run_time = self.run_time.and_then(cell);
        let clock = self.clock.and_then(|at| fields.get(at)).and_then(|text| moment_us(text, decimal_comma));
        let at_us = self.moment(clock, run_time).ok_or(LineError::Time)?;
        for (at, row) in &self.columns {
            let Some(data) = cell(*at).and_then(|value| row.bytes_of(value)) else { continue };
            let mut payload = vec![2 + row.bytes, 0x41, row.pid];
            payload.extend(data);
            payload.resize(8, 0);
            let channel = "obd".to_owned();
            self.waiting.push_back(Entry { at_us, channel, id: ENGINE, payload: Payload::Data(payload) });
        }
        Ok(self.more())
    }

    /// The next value of the newest row.
    pub fn more(&mut self) -> Option<Entry> {
        self.waiting.pop_front()
    }

    /// The moment of a row, in microseconds; the seconds since the engine's start count on from start to start.
    fn moment(&mut self, clock_us: Option<u64>, run_time_s: Option<f64>) -> Option<u64> {
        if let Some(at_us) = clock_us {
            return Some(at_us);
        }
        let run_time_s = run_time_s.filter(|seconds| (0.0..1e6).contains(seconds))?;
        let run_time_us = (run_time_s * 1e6) as u64;
        let at_us = match self.last {
            None => run_time_us,
            Some((last_us, last_s)) if run_time_s < last_s => last_us + STOOD_US + run_time_us,
            Some((last_us, last_s)) => last_us + ((run_time_s - last_s) * 1e6).round() as u64,
        };
        self.last = Some((at_us, run_time_s));
        Some(at_us)
    }
}

/// Where the one value of a parameter stands, and its scale.
fn row(pid: u8) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.pid == pid)
}

/// A column's name without case, blanks and signs, and without its unit in brackets.
fn plain(name: &str) -> String {
    let name = name.split(['(', '[']).next().unwrap_or_default();
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// A number with a unit behind it or none, `hh:mm:ss` as seconds; miles an hour and degrees Fahrenheit in the units of SAE J1979.
fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    if text.matches(':').count() == 2 {
        let mut parts = text.split(':').map(str::parse::<u32>);
        let mut part = || parts.next()?.ok();
        let (hours, minutes, seconds) = (part()?, part()?, part()?);
        return Some(f64::from(hours) * 3_600.0 + f64::from(minutes) * 60.0 + f64::from(seconds));
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit() && !"+-.,".contains(letter)).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let digits = if decimal_comma { digits.replace(',', ".") } else { digits.to_owned() };
    let value = digits.parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some(match unit.trim().trim_start_matches('°').to_ascii_lowercase().as_str() {
        "f" => (value - 32.0) / 1.8,
        "mph" | "mi" | "miles" => value * 1.609_344,
        _ => value,
    })
}

/// A clock's moment in microseconds: seconds, or milliseconds since 1970. A number that was rounded to tell no rows apart is none.
fn moment_us(text: &str, decimal_comma: bool) -> Option<u64> {
    if text.contains(['e', 'E', ':', '/']) {
        return None;
    }
    let text = if decimal_comma { text.replace(',', ".") } else { text.to_owned() };
    let value = text.parse::<f64>().ok().filter(|value| (0.0..1e15).contains(value))?;
    let seconds = if value >= 1e11 { value / 1e3 } else { value };
    Some((seconds * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::data_len;

    /// The answers of a table: moment in seconds, and the bytes from the service on.
    fn answers(table: &str) -> Vec<(u64, Vec<u8>)> {
        let mut lines = table.lines();
        let mut values = Values::head(lines.next().unwrap()).unwrap();
        let mut all = Vec::new();
        for line in lines {
            let mut next = values.line(line).unwrap();
            while let Some(Entry { at_us, payload: Payload::Data(data), .. }) = next {
                all.push((at_us / 1_000_000, data[1..=usize::from(data[0])].to_vec()));
                next = values.more();
            }
        }
        all
    }

    #[test]
    fn a_row_becomes_the_answers_of_the_car() {
        assert_eq!(
            answers(
                "ENGINE_RUN_TINE (),ENGINE_RPM (),VEHICLE_SPEED (),ABSOLUTE_THROTTLE_B\n7.000, 949.00, 14.0, 100\n"
            ),
            [
                (7, vec![0x41, 0x0C, 0x0E, 0xD4]),
                (7, vec![0x41, 0x0D, 14]),
                (7, vec![0x41, 0x1F, 0, 7]),
                (7, vec![0x41, 0x47, 255]),
            ]
        );
    }

    #[test]
    fn each_parameter_is_scaled_as_the_car_would_have_answered() {
        // Column, value in the units of SAE J1979, and the data bytes of the answer, worked out by hand from J1979-DA.
        let cases: &[(&str, &str, u8, &[u8])] = &[
            ("Engine load (%)", "40", 0x04, &[102]),
            ("Coolant temperature", "90", 0x05, &[130]),
            ("Short fuel trim 1", "-3.125", 0x06, &[124]),
            ("LTFT2", "25", 0x09, &[160]),
            ("Fuel pressure", "300", 0x0A, &[100]),
            ("Intake pressure", "101", 0x0B, &[101]),
            ("RPM", "3999.75", 0x0C, &[0x3E, 0x7F]),
            ("Speed", "255", 0x0D, &[255]),
            ("Timing advance", "-10.5", 0x0E, &[107]),
            ("Intake temp", "-40", 0x0F, &[0]),
            ("MAF", "655.35", 0x10, &[0xFF, 0xFF]),
            ("Throttle", "20", 0x11, &[51]),
            ("Distance with MIL on", "513", 0x21, &[2, 1]),
            ("Fuel level", "60", 0x2F, &[153]),
            ("Warm-ups since codes cleared", "7", 0x30, &[7]),
            ("Barometric pressure", "98", 0x33, &[98]),
            ("Catalyst temp B1S1", "612.5", 0x3C, &[0x19, 0x7D]),
            ("Module voltage", "14.1", 0x42, &[0x37, 0x14]),
            ("Absolute load", "120", 0x43, &[1, 50]),
            ("Ambient air temp", "21", 0x46, &[61]),
            ("Accelerator pos D", "80", 0x49, &[204]),
            ("Run time MIL", "300", 0x4D, &[1, 44]),
            ("Oil temp", "110", 0x5C, &[150]),
            ("Fuel rate", "12.75", 0x5E, &[0, 255]),
            ("Odometer", "123456.7", 0xA6, &[0, 0x12, 0xD6, 0x87]),
        ];
        for (column, value, pid, data) in cases {
            // Other known columns, so that the head is believed; their cells are empty.
            let told =
                answers(&format!("time,{column},relative throttle pos,throttle actuator,pedal e\n1,{value},,,\n"));
            let told: Vec<_> = told.into_iter().map(|(_, bytes)| bytes).collect();
            assert_eq!(told, [[&[0x41, *pid], *data].concat()], "{column}");
        }
    }

    #[test]
    fn every_column_is_the_whole_of_its_parameter() {
        for (pid, names) in COLUMNS {
            let row = row(*pid).unwrap_or_else(|| panic!("{names:?} has no scale"));
            assert!(!row.signed && row.bits.is_none() && row.if_bit.is_none(), "{names:?}");
            assert_eq!((row.byte, Some(usize::from(row.bytes))), (0, data_len(*pid)), "{names:?}");
        }
    }

    #[test]
    fn units_decimal_commas_and_clocks_in_cells_are_understood() {
        let head = "TIME;ENGINE_RUNTIME;ENGINE_COOLANT_TEMP;MAF;SPEED;TROUBLE_CODES\n";
        assert_eq!(
            answers(&format!("{head}1,51336E+12;00:03:02;82C;24,77g/s;;P0133\n")),
            [(182, vec![0x41, 0x05, 122]), (182, vec![0x41, 0x10, 9, 173]), (182, vec![0x41, 0x1F, 0, 182])]
        );
        assert_eq!(
            answers(&format!("{head}12,5;;212F;;30mph;\n")),
            [(12, vec![0x41, 0x05, 140]), (12, vec![0x41, 0x0D, 48])]
        );
    }

    #[test]
    fn an_engine_that_counts_anew_has_stood_and_no_second_vehicle_is_mixed_in() {
        let head = "ENGINE_RUNTIME,RPM,SPEED,VEHICLE_ID\n";
        let moments: Vec<u64> = answers(&format!("{head}10,900,0,a\n12,900,,a\n1,800,,a\n3,800,,a\n"))
            .into_iter()
            .map(|(at_s, _)| at_s)
            .collect();
        assert_eq!(moments, [10, 10, 10, 12, 12, 613, 613, 615, 615]);
        let mut values = Values::head(head).unwrap();
        assert!(values.line("10,900,0,a").is_ok());
        assert_eq!(values.line("11,900,0,b"), Err(LineError::OtherVehicle));
    }

    #[test]
    fn what_says_too_little_is_no_such_table_and_a_row_without_a_moment_is_broken() {
        assert!(Values::head("t,id,len,d0,d1,d2").is_none());
        assert!(Values::head("time,rpm,speed").is_none());
        let mut values = Values::head("time,rpm,speed,maf").unwrap();
        assert_eq!(values.line("soon,900,10,3"), Err(LineError::Time));
        assert_eq!(values.line("5,900,300,x").map(|entry| entry.is_some()), Ok(true));
        assert_eq!(values.more(), None);
    }
}

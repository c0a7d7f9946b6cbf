//! Tables of values, as loggers behind a diagnostics plug write them: a row for each moment, a column for each parameter.
//!
//! Each cell becomes the answer that the car gave for it (SAE J1979 service 01), so that a table takes the same way as a bus.
//! A clock of the table is believed if it tells rows apart; else the car's own count of seconds since its engine started is one.
//! Invariant: a cell that cannot be read is passed over, and a row without a moment is a broken line.

use std::collections::VecDeque;

use embedded_can::{Id, StandardId};

use super::entry::{Entry, LineError, Payload};

/// The identifier under which engine control units answer.
const ENGINE: Id = Id::Standard(StandardId::new(0x7E8).expect("11 bits"));

/// How long the engine is taken to have stood when its seconds begin anew, in microseconds; the table does not tell.
const STOOD_US: u64 = 600_000_000;

/// A parameter: its number, how its value becomes an integer of so many bytes, and what columns call it.
struct Parameter {
    pid: u8,
    bytes: usize,
    /// The integer is (value - offset) × factor.
    factor: f64,
    offset: f64,
    names: &'static [&'static str],
}

const fn parameter(pid: u8, bytes: usize, factor: f64, offset: f64, names: &'static [&'static str]) -> Parameter {
    Parameter { pid, bytes, factor, offset, names }
}

/// The seconds since the engine started.
const RUN_TIME: u8 = 0x1F;

/// What loggers write; names without case, blanks, signs and units.
const PARAMETERS: &[Parameter] = &[
    parameter(0x04, 1, 2.55, 0.0, &["engineload", "calculatedengineload", "load"]),
    parameter(
        0x05,
        1,
        1.0,
        -40.0,
        &["coolanttemperature", "enginecoolanttemp", "coolanttemp", "enginecoolanttemperature"],
    ),
    parameter(0x06, 1, 1.28, -100.0, &["shorttermfueltrimbank1", "shortfueltrim1", "stft1"]),
    parameter(0x07, 1, 1.28, -100.0, &["longtermfueltrimbank1", "longfueltrim1", "ltft1"]),
    parameter(0x08, 1, 1.28, -100.0, &["shorttermfueltrimbank2", "shortfueltrim2", "stft2"]),
    parameter(0x09, 1, 1.28, -100.0, &["longtermfueltrimbank2", "longfueltrim2", "ltft2"]),
    parameter(0x0A, 1, 1.0 / 3.0, 0.0, &["fuelpressure"]),
    parameter(0x0B, 1, 1.0, 0.0, &["intakemanifoldpressure", "intakepressure", "map"]),
    parameter(0x0C, 2, 4.0, 0.0, &["enginerpm", "rpm", "enginespeed"]),
    parameter(0x0D, 1, 1.0, 0.0, &["vehiclespeed", "speed", "speedobd"]),
    parameter(0x0E, 1, 2.0, -64.0, &["timingadvance"]),
    parameter(0x0F, 1, 1.0, -40.0, &["intakeairtemp", "airintaketemp", "intaketemp", "intakeairtemperature"]),
    parameter(0x10, 2, 100.0, 0.0, &["maf", "massairflow", "massairflowrate"]),
    parameter(0x11, 1, 2.55, 0.0, &["throttle", "throttlepos", "throttleposition"]),
    parameter(RUN_TIME, 2, 1.0, 0.0, &["engineruntime", "engineruntine", "runtime", "runtimesinceenginestart"]),
    parameter(0x21, 2, 1.0, 0.0, &["distancetraveledwithmilon", "distancewithmilon", "distancewmil"]),
    parameter(0x2E, 1, 2.55, 0.0, &["commandedevaporativepurge", "evaporativepurge"]),
    parameter(0x2F, 1, 2.55, 0.0, &["fuellevel", "fueltank", "fueltanklevel"]),
    parameter(0x30, 1, 1.0, 0.0, &["warmupssincecodescleared", "warmupssincedtcclear"]),
    parameter(
        0x31,
        2,
        1.0,
        0.0,
        &["distancesincecodescleared", "distancetraveledsincecodescleared", "distancesincedtcclear"],
    ),
    parameter(0x33, 1, 1.0, 0.0, &["barometricpressure", "absolutebarometricpressure"]),
    parameter(0x3C, 2, 10.0, -40.0, &["catalysttemperaturebank1sensor1", "catalysttempb1s1"]),
    parameter(0x3E, 2, 10.0, -40.0, &["catalysttemperaturebank1sensor2", "catalysttempb1s2"]),
    parameter(0x42, 2, 1000.0, 0.0, &["controlmodulevoltage", "modulevoltage"]),
    parameter(0x43, 2, 2.55, 0.0, &["absoluteload"]),
    parameter(0x44, 2, 32_768.0, 0.0, &["fuelaircommandedequivratio", "equivratio", "commandedequivratio"]),
    parameter(0x45, 1, 2.55, 0.0, &["relativethrottleposition", "relativethrottlepos"]),
    parameter(0x46, 1, 1.0, -40.0, &["ambientairtemp", "ambientairtemperature"]),
    parameter(0x47, 1, 2.55, 0.0, &["absolutethrottleb", "throttleposb"]),
    parameter(0x49, 1, 2.55, 0.0, &["pedald", "acceleratorposd"]),
    parameter(0x4A, 1, 2.55, 0.0, &["pedale", "acceleratorpose"]),
    parameter(0x4C, 1, 2.55, 0.0, &["commandedthrottleactuator", "throttleactuator"]),
    parameter(0x4D, 2, 1.0, 0.0, &["timerunwithmilon", "runtimemil"]),
    parameter(0x4E, 2, 1.0, 0.0, &["timesincetroublecodescleared", "timesincedtccleared"]),
    parameter(0x5C, 1, 1.0, -40.0, &["oiltemp", "engineoiltemp", "engineoiltemperature"]),
    parameter(0x5E, 2, 20.0, 0.0, &["fuelrate", "enginefuelrate"]),
    parameter(0xA6, 4, 10.0, 0.0, &["odometer"]),
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
    columns: Vec<(usize, &'static Parameter)>,
    /// The first vehicle's name.
    only: Option<String>,
    /// The newest moment, and the run time at it.
    last: Option<(u64, f64)>,
    waiting: VecDeque<Entry>,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02X}", self.pid)
    }
}

impl Values {
    /// Reads a head; `None` if the line is none.
    pub fn head(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches('\u{FEFF}');
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| line.matches(*delimiter).count())?;
        let names: Vec<String> = line.split(delimiter).map(plain).collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let columns: Vec<(usize, &Parameter)> =
            PARAMETERS.iter().filter_map(|parameter| Some((find(parameter.names)?, parameter))).collect();
        let run_time = columns.iter().find(|(_, parameter)| parameter.pid == RUN_TIME).map(|(at, _)| *at);
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
        for (at, parameter) in &self.columns {
            let Some(data) = cell(*at).and_then(|value| parameter.bytes_of(value)) else { continue };
            let mut payload = vec![2 + parameter.bytes as u8, 0x41, parameter.pid];
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

impl Parameter {
    /// The bytes of a value; `None` beyond what they can say.
    fn bytes_of(&self, value: f64) -> Option<Vec<u8>> {
        let raw = ((value - self.offset) * self.factor).round();
        let most = f64::from(u32::MAX >> (32 - 8 * self.bytes));
        // A share of 100 % is the last step of a byte, and rounding may go half a step beyond either end.
        let raw = if (raw - raw.clamp(0.0, most)).abs() <= 1.0 { raw.clamp(0.0, most) } else { raw };
        (0.0..=most).contains(&raw).then(|| (raw as u32).to_be_bytes()[4 - self.bytes..].to_vec())
    }
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

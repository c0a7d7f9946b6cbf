//! The values of one answer.
//!
//! Invariant: total over all bytes; what the table does not know ends the reading of that answer, because its length is unknown too.

use std::fmt;

use milepost_firmware::obd::service::{Answer, Codes, results};
use milepost_firmware::uds::NegativeCode;

use super::super::log::hex;
use crate::parameters::{ROWS, Row, data_len};

/// A number or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// In the value's unit.
    Number(f64),
    /// A code, an identifier, a list.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The parameter, two digits for service 01; service and parameter, four digits, for others.
    pub pid: String,
    /// The value's name.
    pub name: String,
    /// What SAE J1979 calls it, where the table has it.
    pub acronym: &'static str,
    /// The value.
    pub scalar: Scalar,
    /// Its unit.
    pub unit: &'static str,
}

impl Value {
    fn text(pid: String, name: impl Into<String>, text: String, unit: &'static str) -> Self {
        Self { pid, name: name.into(), acronym: "", scalar: Scalar::Text(text), unit }
    }

    fn number(pid: String, name: impl Into<String>, number: f64, unit: &'static str) -> Self {
        Self { pid, name: name.into(), acronym: "", scalar: Scalar::Number(number), unit }
    }
}

/// The values of an answer of any service; none if it is no answer.
pub fn of_answer(payload: &[u8]) -> Vec<Value> {
    match Answer::parse(payload) {
        Some(Answer::Current(rest)) => walk(rest, 0),
        Some(Answer::Frozen(rest)) => walk(rest, 1),
        Some(Answer::Codes(codes)) => trouble_codes(codes),
        Some(Answer::Cleared) => vec![Value::text("04".into(), "CLEAR_DTC", "done".into(), "")],
        Some(Answer::Monitors(rest)) => monitors(rest),
        Some(Answer::Information { kind, data }) => information(kind, data),
        Some(Answer::Refused { service, code }) => {
            let text = format!("{code:02X} {}", NegativeCode(code).text());
            vec![Value::text(format!("{service:02X}"), "REFUSED", text, "")]
        }
        None => Vec::new(),
    }
}

/// Walks parameters; `extra` bytes stand between a parameter and its data (the frame number of service 02).
fn walk(mut rest: &[u8], extra: usize) -> Vec<Value> {
    let mut values = Vec::new();
    while let Some((&pid, tail)) = rest.split_first() {
        let Some(tail) = tail.get(extra..) else { break };
        let Some((data, behind)) = data_len(pid).and_then(|len| tail.split_at_checked(len)) else { break };
        let before = values.len();
        values.extend(parameters(pid, data));
        if extra > 0 {
            for value in &mut values[before..] {
                value.pid.insert_str(0, "02");
                value.name.insert_str(0, "DTC_");
            }
        }
        rest = behind;
    }
    values
}

/// The values of one parameter of service 01.
pub fn parameters(pid: u8, data: &[u8]) -> Vec<Value> {
    let hex_pid = format!("{pid:02X}");
    if pid.is_multiple_of(0x20) {
        let supported: Vec<_> = supported(pid, data).map(|pid| format!("{pid:02X}")).collect();
        let name = format!("PIDS_{}", char::from(b'A' + pid / 0x20));
        return vec![Value::text(hex_pid, name, supported.join(" "), "list")];
    }
    let rows = ROWS.iter().filter(|row| row.pid == pid);
    rows.filter_map(|row| {
        let scalar = read(row, data)?;
        Some(Value { pid: hex_pid.clone(), name: row.name.to_owned(), acronym: row.acronym, scalar, unit: row.unit })
    })
    .collect()
}

fn read(row: &Row, data: &[u8]) -> Option<Scalar> {
    if row.if_bit.is_some_and(|bit| data.first().is_none_or(|a| a >> bit & 1 == 0)) {
        return None;
    }
    let start = usize::from(row.byte);
    let bytes = data.get(start..start + usize::from(row.bytes))?;
    let unsigned = bytes.iter().fold(0_i64, |number, &byte| number << 8 | i64::from(byte));
    if row.unit == "code" {
        let code = u16::try_from(unsigned).ok()?;
        return Some(Scalar::Text(milepost_protocol::trouble::TroubleCode { code, failure_type: None }.to_string()));
    }
    let unsigned = match row.bits {
        Some((lowest, bits)) => unsigned >> lowest & ((1 << bits) - 1),
        None => unsigned,
    };
    let sign = 1_i64 << (u32::from(row.bytes) * 8 - 1);
    let integer = if row.signed && unsigned & sign != 0 { unsigned - 2 * sign } else { unsigned };
    Some(Scalar::Number(integer as f64 * row.multiplier / row.divisor + row.offset))
}

/// Which parameters a mask lists; its most significant bit is the one behind `base`.
fn supported(base: u8, mask: &[u8]) -> impl Iterator<Item = u8> + '_ {
    mask.iter().take(4).enumerate().flat_map(move |(byte, &bits)| {
        let first = base.saturating_add(1 + 8 * byte as u8);
        (0..8_u8).filter(move |bit| bits << bit & 0x80 != 0).map(move |bit| first.saturating_add(bit))
    })
}

fn trouble_codes(Codes { service, list }: Codes<'_>) -> Vec<Value> {
    let name = match service {
        0x03 => "GET_DTC",
        0x07 => "GET_CURRENT_DTC",
        _ => "GET_PERMANENT_DTC",
    };
    let codes: Vec<_> = list.codes().map(|code| code.to_string()).collect();
    vec![Value::text(format!("{service:02X}"), name, codes.join(" "), "list")]
}

fn monitors(rest: &[u8]) -> Vec<Value> {
    if let Some((&monitor, mask)) = rest.split_first().filter(|(monitor, _)| monitor.is_multiple_of(0x20)) {
        let supported: Vec<_> = supported(monitor, mask).map(|monitor| format!("{monitor:02X}")).collect();
        return vec![Value::text(format!("06{monitor:02X}"), "MIDS", supported.join(" "), "list")];
    }
    results(rest)
        .map(|result| {
            let name = format!("MONITOR_{:02X}_TEST_{:02X}", result.monitor, result.test);
            let passed = if result.passed() { "passed" } else { "failed" };
            let text = format!("{passed} {} in {} to {}", result.value, result.least, result.most);
            Value::text(format!("06{:02X}", result.monitor), name, text, "raw")
        })
        .collect()
}

fn information(kind: u8, data: &[u8]) -> Vec<Value> {
    let pid = format!("09{kind:02X}");
    // The mask of kinds has no number of items in front of it on older buses.
    if kind == 0 {
        let mask = if data.len() > 4 { &data[1..] } else { data };
        let supported: Vec<_> = supported(0, mask).map(|kind| format!("{kind:02X}")).collect();
        return vec![Value::text(pid, "PIDS_9A", supported.join(" "), "list")];
    }
    let Some((&count, items)) = data.split_first() else { return Vec::new() };
    match kind {
        0x02 => vec![Value::text(pid, "VIN", printable(items), "text")],
        0x04 => {
            items.chunks(16).map(|item| Value::text(pid.clone(), "CALIBRATION_ID", printable(item), "text")).collect()
        }
        0x06 => items.chunks(4).map(|item| Value::text(pid.clone(), "CVN", hex(item), "hex")).collect(),
        0x0A => vec![Value::text(pid, "ECU_NAME", printable(items), "text")],
        0x08 | 0x0B => items
            .as_chunks::<2>()
            .0
            .iter()
            .take(usize::from(count))
            .enumerate()
            .map(|(index, pair)| {
                let name = format!("MONITOR_PERFORMANCE_{}", index + 1);
                Value::number(pid.clone(), name, f64::from(u16::from_be_bytes(*pair)), "count")
            })
            .collect(),
        _ => vec![Value::text(pid, "INFORMATION", hex(items), "hex")],
    }
}

/// Text without the zeros around it; what is no printable character is left out.
fn printable(bytes: &[u8]) -> String {
    let text: String =
        bytes.iter().filter(|byte| byte.is_ascii_graphic() || **byte == b' ').map(|&byte| char::from(byte)).collect();
    text.trim().to_owned()
}

#[cfg(test)]
#[expect(clippy::unreadable_literal, reason = "the figures stand as other tools print them")]
#[path = "vectors.rs"]
mod vectors;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::vectors::VECTORS;
    use super::*;
    use crate::diagnostics::log::unhex;

    #[test]
    fn every_parameter_reads_as_sae_j1979_defines_it() {
        for (bytes, expected) in VECTORS {
            let bytes = unhex(bytes).unwrap();
            let told = parameters(bytes[0], &bytes[1..]);
            assert_eq!(told.len(), expected.len(), "{bytes:02X?}");
            for (value, (name, number)) in told.iter().zip(*expected) {
                assert_eq!(value.name, *name);
                match &value.scalar {
                    Scalar::Number(told) => {
                        assert!((told - number).abs() <= 1e-9 * number.abs(), "{name}: {told} is not {number}");
                    }
                    Scalar::Text(text) => assert_eq!(text, "B0397", "{name}"),
                }
            }
        }
        for row in ROWS {
            assert!(VECTORS.iter().any(|(_, values)| values.iter().any(|(name, _)| *name == row.name)), "{}", row.name);
        }
    }

    #[test]
    fn rows_are_in_order_within_their_parameters_and_named_once() {
        assert!(ROWS.is_sorted_by_key(|row| row.pid));
        for (index, row) in ROWS.iter().enumerate() {
            assert!(usize::from(row.byte + row.bytes) <= data_len(row.pid).unwrap(), "{}", row.name);
            assert!(ROWS[..index].iter().all(|other| other.name != row.name), "{}", row.name);
            assert!(row.bits.is_none() || row.bytes == 1, "{}", row.name);
        }
    }

    #[test]
    fn an_answer_to_several_requests_yields_each_and_stops_at_what_is_unknown() {
        let names = |payload: &[u8]| of_answer(payload).into_iter().map(|value| value.name).collect::<Vec<_>>();
        assert_eq!(names(&[0x41, 0x0C, 0x0C, 0x80, 0x0D, 36]), ["RPM", "SPEED"]);
        assert_eq!(names(&[0x41, 0x0C, 0x0C, 0x80, 0xFE, 36]), ["RPM"]);
        assert_eq!(names(&[0x41, 0x0C, 0x0C]), Vec::<String>::new());
        assert_eq!(names(&[0x42, 0x0C, 0x00, 0x0C, 0x80]), ["DTC_RPM"]);
    }

    #[test]
    fn masks_codes_monitors_and_information_are_told() {
        let told = |payload: &[u8]| {
            of_answer(payload).into_iter().map(|value| (value.pid, value.scalar.to_string())).collect::<Vec<_>>()
        };
        let pair = |pid: &str, text: &str| (pid.to_owned(), text.to_owned());
        assert_eq!(told(&[0x41, 0x20, 0x80, 0, 0, 0x01]), [pair("20", "21 40")]);
        assert_eq!(told(&[0x43, 2, 0x03, 0x01, 0xC1, 0x00]), [pair("03", "P0301 U0100")]);
        assert_eq!(told(&[0x46, 1, 0x80, 0x0A, 0, 5, 0, 1, 0, 9]), [pair("0601", "passed 5 in 1 to 9")]);
        let mut vin = vec![0x49, 2, 1];
        vin.extend(b"1M8GDM9AXKP042788");
        assert_eq!(told(&vin), [pair("0902", "1M8GDM9AXKP042788")]);
        assert_eq!(told(&[0x49, 6, 1, 0x12, 0x34, 0x56, 0x78]), [pair("0906", "12345678")]);
        assert_eq!(told(&[0x7F, 9, 0x12]), [pair("09", "12 sub-function not supported")]);
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(service in 0x40_u8..0x80, rest in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut payload = vec![service];
            payload.extend(rest);
            let _ = of_answer(&payload);
        }
    }
}

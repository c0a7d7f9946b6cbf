//! `OBDb` signal sets: a car's own odometer, charge or health from one file, read at run time.
//!
//! A set says what to ask and how the answer reads; sets are CC BY-SA, so none is built in.
//! Invariant: a signal is told only if all its bits are in the answer, and an answer only if it repeats what was asked.

mod evaluate;
mod plan;
mod set;

use std::collections::BTreeMap;

use milepost_firmware::isotp::{Pci, Receiver};
use serde::{Deserialize, Serialize};

pub use evaluate::Value;
pub use plan::{Poll, plan};
pub use set::{Asked, SetError, SignalSet};

use super::log::unhex;
use super::obd;

/// A question and the frames that came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Case {
    /// What was asked: header, response address, request, options, as `OBDb` writes it.
    pub command_id: String,
    /// The frames, identifier and data in hexadecimal.
    pub frames: Vec<String>,
}

/// What a case reads as.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// As asked.
    pub command_id: String,
    /// By the signal's identifier.
    pub values: BTreeMap<String, Value>,
}

/// Evaluates a case with the first of the sets that knows the command; J1979's own parameters are known without one.
pub fn evaluate(sets: &[SignalSet], case: &Case) -> Told {
    let mut values = BTreeMap::new();
    if let Some(asked) = Asked::parse(&case.command_id) {
        let signals =
            sets.iter().map(|set| set.signals(&asked)).find(|signals| !signals.is_empty()).unwrap_or_default();
        for data in answers(&asked, &case.frames) {
            if signals.is_empty() {
                standard(&asked, &data, &mut values);
            }
            for signal in &signals {
                if let Some(value) = evaluate::read(&signal.fmt, &data) {
                    values.insert(signal.id.clone(), value);
                }
            }
        }
    }
    Told { command_id: case.command_id.clone(), values }
}

/// The data of all answers to a question, without the bytes that repeat it.
fn answers(asked: &Asked, frames: &[String]) -> Vec<Vec<u8>> {
    let mut senders = BTreeMap::<&str, Vec<Vec<u8>>>::new();
    for frame in frames {
        // Eleven bits are three digits, so the whole is odd; 29 bits are eight.
        let Some((id, data)) = frame.split_at_checked(if frame.len() % 2 == 1 { 3 } else { 8 }) else { continue };
        let Some(mut data) = unhex(data) else { continue };
        if asked.response.as_deref().is_some_and(|response| !response.eq_ignore_ascii_case(id)) {
            continue;
        }
        if asked.extended && !data.is_empty() {
            data.remove(0);
        }
        senders.entry(id).or_default().push(data);
    }
    let answer = |message: Vec<u8>| message.strip_prefix(asked.answer.as_slice()).map(<[u8]>::to_vec);
    let whole: Vec<_> = senders.values().flat_map(|frames| in_order(frames)).filter_map(answer).collect();
    if !whole.is_empty() {
        return whole;
    }
    senders.values().flat_map(|frames| as_they_came(frames)).filter_map(answer).collect()
}

/// The messages of a sender whose frames keep to ISO 15765-2.
fn in_order(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut receiver = Box::new(Receiver::<4095>::new());
    frames.iter().filter_map(|data| receiver.accept(0, data).message.map(<[u8]>::to_vec)).collect()
}

/// What a sender's frames hold where some are missing: cases were recorded through adapters that lose frames,
/// and the own tool of `OBDb` reads what is left.
fn as_they_came(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut messages: Vec<(usize, Vec<u8>)> = Vec::new();
    for data in frames {
        match (Pci::parse(data), messages.last_mut()) {
            (Pci::Single(data), _) => messages.push((data.len(), data.to_vec())),
            (Pci::First { len, data }, _) => messages.push((len, data.to_vec())),
            (Pci::Consecutive { data, .. }, Some((_, message))) if message.len() <= 4095 => {
                message.extend_from_slice(data);
            }
            _ => {}
        }
    }
    for (len, message) in &mut messages {
        message.truncate(*len);
    }
    messages.into_iter().map(|(_, message)| message).collect()
}

/// The standard's own parameters under the acronyms that sets use too.
fn standard(asked: &Asked, data: &[u8], values: &mut BTreeMap<String, Value>) {
    let [0x41, pid] = *asked.answer else { return };
    for value in obd::parameters(pid, data) {
        if let (false, obd::Scalar::Number(number)) = (value.acronym.is_empty(), value.scalar) {
            let number = match (value.acronym, value.unit) {
                // Sets scale the ratio to exactly 2 and count pressures in kilopascals.
                ("EQ_RAT", _) => number / 0.000_030_5 * 2.0 / 65_535.0,
                (_, "pascal") => number / 1_000.0,
                _ => number,
            };
            values.insert(value.acronym.to_owned(), Value::Number(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SET: &str = r#"{"commands": [
        {"hdr": "720", "rax": "728", "cmd": {"22": "404C"}, "freq": 30, "signals": [
            {"id": "ODO", "fmt": {"len": 24, "max": 1677721, "div": 10, "unit": "kilometers"}},
            {"id": "FAR", "fmt": {"bix": 24, "len": 8}}]},
        {"hdr": "750", "rax": "758", "eax": "2A", "cmd": {"21": "30"}, "signals": [
            {"id": "TP", "fmt": {"len": 8, "max": 3.8, "div": 58, "add": -0.5, "nullmin": 0}},
            {"id": "GEAR", "fmt": {"bix": 8, "len": 8, "map": {"2": {"value": "D"}}}},
            {"id": "SIGNED", "fmt": {"bix": 16, "len": 16, "blsb": true, "sign": true, "min": -5, "max": 5}}]}
    ]}"#;

    fn told(command_id: &str, frames: &[&str]) -> BTreeMap<String, Value> {
        let set = SignalSet::parse(SET).unwrap();
        let frames = frames.iter().map(|&frame| frame.to_owned()).collect();
        evaluate(&[set], &Case { command_id: command_id.to_owned(), frames }).values
    }

    fn number(number: f64) -> Value {
        Value::Number(number)
    }

    #[test]
    fn a_signal_is_read_from_the_answer_to_its_own_question() {
        let values = told("720.728.22404C", &["7280662404C0312D6", "72906624 04C000000"]);
        assert_eq!(values.get("ODO"), Some(&number(20_143.0)));
        assert_eq!(values.len(), 1, "what the answer is too short for is left out");
        assert!(told("720.728.22404C", &["7280662404D0312D6"]).is_empty());
    }

    #[test]
    fn extended_addresses_maps_signs_and_limits_are_honoured() {
        let values = told("750.758.2130|e=2A", &["7582A05613074020055"]);
        assert_eq!(values.get("TP"), Some(&number(1.5)));
        assert_eq!(values.get("GEAR"), Some(&Value::Text("D".into())));
        assert_eq!(values.get("SIGNED"), None, "the second byte is missing");
        let values = told("750.758.2130|e=2A", &["7582A06613000030080"]);
        assert_eq!(values.get("TP"), None, "no pressure is no value");
        assert_eq!(values.get("SIGNED"), Some(&number(-5.0)));
    }

    #[test]
    fn the_standards_parameters_need_no_set() {
        assert_eq!(told("7E0.010D", &["7E803410D56"]).get("VSS"), Some(&number(86.0)));
    }

    proptest! {
        #[test]
        fn arbitrary_cases_never_panic(command in "[0-9A-F.|e=,-]{0,20}", frames in proptest::collection::vec("[0-9A-F]{0,24}", 0..6)) {
            let set = SignalSet::parse(SET).unwrap();
            let _ = evaluate(&[set], &Case { command_id: command, frames });
        }
    }
}

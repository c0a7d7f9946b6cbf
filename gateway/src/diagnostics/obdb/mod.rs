//! `OBDb` signal sets: a car's own odometer, charge or health from one file, read at run time.
//!
//! A set says what to ask and how the answer reads; sets are CC BY-SA, so none is built in.
//! Invariant: a signal is told only if all its bits are in the answer, and an answer only if it repeats what was asked.

mod address;
mod asked;
mod evaluate;
mod plan;
mod set;
mod years;

use std::collections::BTreeMap;

use milepost_firmware::isotp::{Pci, Receiver};
use serde::{Deserialize, Serialize};

pub use asked::Asked;
pub use evaluate::Value;
pub use plan::{Poll, plan};
pub use set::{SetError, SignalSet};

use super::log::unhex;
use super::obd;

/// A question and the frames that came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Case {
    /// What was asked: header, response address, request, options, as `OBDb` writes it.
    pub command_id: String,
    /// The frames, identifier and data in hexadecimal.
    pub frames: Vec<String>,
    /// Of the car, where it is known.
    #[serde(default)]
    pub model_year: Option<u16>,
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
        let signals = sets
            .iter()
            .map(|set| set.signals(&asked, case.model_year))
            .find(|signals| !signals.is_empty())
            .unwrap_or_default();
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

/// The data of all answers to a question, without the bytes that repeat it, in the order in which they were whole.
fn answers(asked: &Asked, frames: &[String]) -> Vec<Vec<u8>> {
    let mut heard = Vec::new();
    for frame in frames {
        // Eleven bits are three digits, so the whole is odd; 29 bits are eight.
        let Some((id, data)) = frame.split_at_checked(if frame.len() % 2 == 1 { 3 } else { 8 }) else { continue };
        if let Some(data) = unhex(data).as_deref().and_then(|data| asked.carried(id, data)) {
            heard.push((id, data.to_vec()));
        }
    }
    let answer = |message: Vec<u8>| message.strip_prefix(asked.answer.as_slice()).map(<[u8]>::to_vec);
    let whole: Vec<_> = in_order(&heard).into_iter().filter_map(answer).collect();
    if !whole.is_empty() {
        return whole;
    }
    as_they_came(&heard).into_iter().filter_map(answer).collect()
}

/// The messages of senders whose frames keep to ISO 15765-2.
fn in_order(frames: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut receivers = BTreeMap::<&str, Box<Receiver<4095>>>::new();
    frames
        .iter()
        .filter_map(|(id, data)| receivers.entry(id).or_default().accept(0, data).message.map(<[u8]>::to_vec))
        .collect()
}

/// What senders' frames hold where some are missing: cases were recorded through adapters that lose frames,
/// and the own tool of `OBDb` reads what is left.
fn as_they_came(frames: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut messages: Vec<(&str, usize, Vec<u8>)> = Vec::new();
    for (id, data) in frames {
        match Pci::parse(data) {
            Pci::Single(data) => messages.push((id, data.len(), data.to_vec())),
            Pci::First { len, data } => messages.push((id, len, data.to_vec())),
            Pci::Consecutive { data, .. } => {
                let Some(place) = messages.iter().rposition(|(of, ..)| of == id) else { continue };
                let (id, len, mut message) = messages.remove(place);
                if message.len() < len.min(4095) {
                    message.extend_from_slice(data);
                    messages.push((id, len, message));
                } else {
                    messages.insert(place, (id, len, message));
                }
            }
            Pci::FlowControl | Pci::Other => {}
        }
    }
    for (_, len, message) in &mut messages {
        message.truncate(*len);
    }
    messages.into_iter().map(|(.., message)| message).collect()
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
        told_by(SET, command_id, frames, None)
    }

    fn told_by(set: &str, command_id: &str, frames: &[&str], model_year: Option<u16>) -> BTreeMap<String, Value> {
        let set = SignalSet::parse(set).unwrap();
        let frames = frames.iter().map(|&frame| frame.to_owned()).collect();
        evaluate(&[set], &Case { command_id: command_id.to_owned(), frames, model_year }).values
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
    fn an_ecu_on_29_bits_is_known_by_the_end_of_its_identifier() {
        let set = r#"{"commands": [
            {"hdr": "DA15", "rax": "15", "cmd": {"22": "3010"}, "freq": 1, "signals": [{"id": "OIL", "fmt": {"len": 8}}]},
            {"hdr": "FC00", "rax": "FE0076", "pri": "17", "tst": "76", "cmd": {"22": "3011"}, "freq": 1,
             "signals": [{"id": "SOC", "fmt": {"len": 8}}]}]}"#;
        let told = |command_id, frames| told_by(set, command_id, frames, None);
        let values = told("DA15.15.223010", &["18DAF1150462301047", "18DAF1160462301099"]);
        assert_eq!(values.get("OIL"), Some(&number(71.0)));
        let values = told("FC00.FE0076.223011|ta=76,c=17", &["17FE00760462301142", "18FE00760462301199"]);
        assert_eq!(values.get("SOC"), Some(&number(66.0)));
    }

    #[test]
    fn of_several_answers_the_one_that_was_whole_last_counts() {
        let two = ["72A0662404C000064", "7280662404C0000C8"];
        assert_eq!(told("7DF.22404C", &two), BTreeMap::new(), "nobody asks everybody for this");
        let set = SET.replace("720", "7DF").replace(r#""rax": "728", "#, "");
        let told = |frames: &[&str]| told_by(&set, "7DF.22404C", frames, None);
        assert_eq!(told(&two).get("ODO"), Some(&number(20.0)));
        assert_eq!(told(&[two[1], two[0]]).get("ODO"), Some(&number(10.0)));
        let long = ["728100862404C0000C8", "72A0662404C000064", "728210000000000"];
        assert_eq!(told(&long).get("ODO"), Some(&number(20.0)), "begun first, whole last");
        let lossy = ["728101062404C0000C8", "72A101062404C000064", "728220000000000", "72A220000000000"];
        assert_eq!(told(&lossy).get("ODO"), Some(&number(10.0)));
    }

    #[test]
    fn a_variant_is_chosen_by_the_years_asked_for_or_else_by_the_cars() {
        let set = r#"{"commands": [
            {"hdr": "7E0", "rax": "7E8", "cmd": {"22": "0101"}, "freq": 1, "filter": {"to": 2008, "years": [2013, 2010], "from": 2020},
             "signals": [{"id": "EDGES", "fmt": {"len": 8}}]},
            {"hdr": "7E0", "rax": "7E8", "cmd": {"22": "0101"}, "freq": 1, "filter": {"years": [2012, 2011]},
             "signals": [{"id": "MIDDLE", "fmt": {"len": 8}}]}]}"#;
        let names = |command_id, year| {
            told_by(set, command_id, &["7E80462010105"], year).into_keys().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("7E0.7E8.220101|f=2020-;-2008;2010;2013", None), "EDGES");
        assert_eq!(names("7E0.7E8.220101|t=19,f=2011;2012", Some(2021)), "MIDDLE", "what is asked for goes first");
        assert_eq!(names("7E0.7E8.220101", Some(2010)), "EDGES");
        assert_eq!(names("7E0.7E8.220101", Some(2012)), "MIDDLE");
        assert_eq!(names("7E0.7E8.220101", Some(2015)), "");
        assert_eq!(names("7E0.7E8.220101", None), "EDGES MIDDLE");
    }

    #[test]
    fn an_extended_address_is_compared() {
        let set = r#"{"commands": [
            {"hdr": "750", "rax": "758", "eax": "2A", "cmd": {"21": "30"}, "freq": 1, "signals": [{"id": "TYRES", "fmt": {"len": 8}}]},
            {"hdr": "750", "rax": "758", "eax": "40", "cmd": {"21": "30"}, "freq": 1, "signals": [{"id": "DOORS", "fmt": {"len": 8}}]},
            {"hdr": "6F1", "rax": "612", "eax": "12", "cmd": {"21": "30"}, "freq": 1, "signals": [{"id": "ENGINE", "fmt": {"len": 8}}]}]}"#;
        let told = |command_id, frames| told_by(set, command_id, frames, None);
        let frames = ["7582A03613011", "7584003613022"];
        assert_eq!(told("750.758.2130|e=2A", &frames), [("TYRES".into(), number(17.0))].into());
        assert_eq!(told("750.758.2130|e=40", &frames), [("DOORS".into(), number(34.0))].into());
        assert_eq!(told("750.758.2130|e=40,ta=2A", &frames), [("DOORS".into(), number(34.0))].into());
        let to_the_tester = told("6F1.612.2130|e=12", &["612F103613033"]);
        assert_eq!(to_the_tester, [("ENGINE".into(), number(51.0))].into());
    }

    #[test]
    fn a_name_in_a_map_may_stand_alone() {
        let set = |map: &str| {
            format!(
                r#"{{"commands": [{{"hdr": "7E0", "cmd": {{"22": "0105"}}, "signals": [{{"id": "FAN", "fmt": {{"len": 8, "map": {map}}}}}]}}]}}"#
            )
        };
        let told = |map| told_by(&set(map), "7E0.220105", &["7E80462010501"], None);
        let on = BTreeMap::from([("FAN".to_owned(), Value::Text("RUNS".into()))]);
        assert_eq!(told(r#"{"0": "RESTS", "1": "RUNS"}"#), on);
        assert_eq!(told(r#"{"0": "RESTS", "1": {"value": "RUNS", "description": "The fan runs"}}"#), on);
        assert!(SignalSet::parse(&set(r#"{"1": ["RUNS"]}"#)).is_err());
    }

    #[test]
    fn bytes_are_turned_round_before_bits_are_taken() {
        let set = r#"{"commands": [{"hdr": "7E0", "cmd": {"22": "0106"}, "signals": [
            {"id": "WHOLE", "fmt": {"len": 16, "blsb": true}},
            {"id": "BEHIND", "fmt": {"bix": 4, "len": 12, "blsb": true}},
            {"id": "BEFORE", "fmt": {"len": 12, "blsb": true}}]}]}"#;
        let values = told_by(set, "7E0.220106", &["7E8056201063412"], None);
        let numbers = [("BEFORE", 0x123), ("BEHIND", 0x234), ("WHOLE", 0x1234)];
        assert_eq!(values, numbers.map(|(id, value)| (id.to_owned(), number(f64::from(value)))).into());
    }

    #[test]
    fn the_standards_parameters_need_no_set() {
        assert_eq!(told("7E0.010D", &["7E803410D56"]).get("VSS"), Some(&number(86.0)));
    }

    proptest! {
        #[test]
        fn arbitrary_cases_never_panic(command in "[0-9A-F.|eatcf=;,-]{0,24}", frames in proptest::collection::vec("[0-9A-F]{0,24}", 0..6)) {
            let set = SignalSet::parse(SET).unwrap();
            let _ = evaluate(&[set], &Case { command_id: command, frames, model_year: None });
        }
    }
}

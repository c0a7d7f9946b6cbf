//! Recorded diagnostic conversations against an independent reassembly.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use milepost_firmware::isotp::Receiver;

use crate::drives::{candump, data};

#[test]
fn recorded_conversations_assemble_as_an_independent_tool_assembled_them() {
    for name in ["kona_css_uds_soc", "kona_2021_carscanner_vcu_mcu"] {
        let Some(folder) = data(&format!("vehicle/isotp/{name}")) else { return };
        let file = std::fs::File::open(folder.join(format!("{name}.payloads.jsonl"))).unwrap();
        let expected: Vec<serde_json::Value> =
            BufReader::new(file).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        let (mut receivers, mut whole, mut dropped) = (BTreeMap::<u32, Receiver<4095>>::new(), Vec::new(), 0);
        for (now_ms, frame) in candump(&folder.join(format!("{name}.log"))) {
            let reception = receivers.entry(frame.raw_id()).or_default().accept(now_ms, frame.data());
            dropped += usize::from(reception.dropped.is_some());
            if let Some(message) = reception.message {
                let payload = hex(message);
                whole.push((format!("{:X}", frame.raw_id() & 0x1FFF_FFFF), payload));
            }
        }
        let mut missing = Vec::new();
        for pair in expected.iter().filter_map(|line| Some((line["id"].as_str()?, line["payload"].as_str()?))) {
            match whole.iter().position(|(id, payload)| (id.as_str(), payload.as_str()) == pair) {
                Some(place) => drop(whole.remove(place)),
                None => missing.push(pair),
            }
        }
        let broken = expected.iter().filter(|line| line["error"].is_string()).count();
        eprintln!("{name}: {} expected, {broken} broken, {dropped} dropped, {} beyond", expected.len(), whole.len());
        assert!(missing.is_empty(), "{name}: {missing:?}");
        assert!(whole.is_empty(), "{name}: {whole:?}");
        assert_eq!(dropped, broken, "{name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"))
}

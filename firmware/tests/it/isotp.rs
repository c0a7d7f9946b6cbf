//! Recorded diagnostic conversations against an independent reassembly.

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
        let mut receivers = std::collections::BTreeMap::<u32, Receiver<4095>>::new();
        let mut whole = Vec::new();
        for (now_ms, frame) in candump(&folder.join(format!("{name}.log"))) {
            let receiver = receivers.entry(frame.raw_id()).or_default();
            if let Some(message) = receiver.accept(now_ms, frame.data()).message {
                let payload: String = message.iter().map(|byte| format!("{byte:02X}")).collect();
                whole.push((format!("{:X}", frame.raw_id() & 0x1FFF_FFFF), payload));
            }
        }
        for expected in &expected {
            let pair = (expected["id"].as_str().unwrap().to_owned(), expected["payload"].as_str().unwrap().to_owned());
            let place = whole.iter().position(|assembled| *assembled == pair);
            assert!(place.is_some(), "{name}: {pair:?} is missing");
            whole.remove(place.unwrap_or_default());
        }
        // The independent tool lists multi-frame payloads of responses alone where it says so; nothing beyond single frames is left over.
        assert!(whole.iter().all(|(_, payload)| payload.len() <= 14), "{name}: {whole:?}");
    }
}

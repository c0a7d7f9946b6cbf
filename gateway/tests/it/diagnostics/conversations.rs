//! `isotp`: recorded conversations, put together as an independent tool put them together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{call, data, lines};

/// What matters of a line, by identifier in order; the reference's times run behind, so they are not compared.
fn by_identifier(lines: &[Value]) -> BTreeMap<String, Vec<[Value; 5]>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for line in lines {
        let id = line["id"].as_str().unwrap().to_owned();
        all.entry(id).or_default().push(["len", "payload", "nrc", "dtcs", "error"].map(|key| line[key].clone()));
    }
    all
}

#[test]
fn recorded_conversations_come_out_as_an_independent_tool_has_them() {
    for name in ["kona_css_uds_soc", "kona_2021_carscanner_vcu_mcu"] {
        let Some(folder) = data(&format!("isotp/{name}")) else { return };
        let text = std::fs::read_to_string(folder.join(format!("{name}.payloads.jsonl"))).unwrap();
        let expected: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told = lines(["isotp", folder.join(format!("{name}.log")).to_str().unwrap()]);
        assert_eq!(by_identifier(&told), by_identifier(&expected), "{name}");
    }
}

#[test]
fn extended_addressing_and_bits_29_are_understood_and_ordinary_messages_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("drive.log");
    let frames = "\
        (1.000000) can0 6F1#1203220001\n\
        (1.001000) can0 612#F1100A6200010203\n\
        (1.001500) can0 100#1000112233445566\n\
        (1.002000) can0 612#F1210405060708FF\n\
        (1.003000) can0 18DAF110#037F2231\n";
    std::fs::write(&log, frames).unwrap();
    let told = lines(["isotp", log.to_str().unwrap()]);
    let short: Vec<_> =
        told.iter().map(|line| (line["id"].as_str().unwrap(), line["payload"].as_str().unwrap())).collect();
    assert_eq!(short, [("612", "62000102030405060708"), ("18DAF110", "7F2231")]);
    assert_eq!(told[0]["address"], "F1");
    assert_eq!(told[1]["nrc"], "31");
}

#[test]
fn one_lost_frame_costs_one_message_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("drive.log");
    let answers = (0..6_u32).flat_map(|at| {
        let first = format!("({at}.001000) can0 612#F1100A6200010203\n");
        let second = format!("({at}.002000) can0 612#F1210405060708FF\n");
        [(at != 3).then_some(first), Some(second)]
    });
    std::fs::write(&log, answers.flatten().collect::<String>()).unwrap();
    let told = lines(["isotp", log.to_str().unwrap()]);
    let (errors, whole): (Vec<_>, Vec<_>) = told.iter().partition(|line| line["error"].is_string());
    assert!(whole.iter().all(|line| line["payload"] == "62000102030405060708"), "{whole:?}");
    assert_eq!((whole.len(), errors.len()), (5, 1));
    assert_eq!((&errors[0]["error"], &errors[0]["t"]), (&"UnexpectedConsecutiveFrameError".into(), &3.002.into()));
}

#[test]
fn a_log_that_cannot_be_read_is_an_error_with_its_name() {
    let output = call(["isotp", "/nowhere/drive.log"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("error: cannot read the log, /nowhere/drive.log"), "{told}");
}

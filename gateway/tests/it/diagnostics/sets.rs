//! `obdb`: answers of recorded cars, read with the signal sets of `OBDb`.

use std::io::Read;

use serde_json::Value;

use super::{data, lines};

fn equal(told: &Value, expected: &Value) -> bool {
    match (told.as_f64(), expected.as_f64()) {
        // The reference rounds to five decimals.
        (Some(told), Some(expected)) => (told - expected).abs() <= (1e-6 * expected.abs()).max(5.1e-6),
        _ => told == expected,
    }
}

#[test]
fn recorded_answers_read_as_both_reference_readers_agree() {
    let Some(folder) = data("obdb") else { return };
    for car in ["Hyundai-IONIQ-5", "Ford-F-150", "Toyota-4Runner"] {
        let cases = folder.join(format!("{car}.cases.jsonl.gz"));
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&cases).unwrap()).read_to_string(&mut text).unwrap();
        let expected: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let set = folder.join(format!("{car}.signalset.json"));
        let told = lines(["obdb", "--signalset", set.to_str().unwrap(), cases.to_str().unwrap()]);
        assert_eq!(told.len(), expected.len());
        let (mut all, mut right, mut wrong) = (0, 0, Vec::new());
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told["command_id"], expected["command_id"]);
            for name in expected["agree"].as_array().unwrap() {
                let name = name.as_str().unwrap();
                all += 1;
                if equal(&told["values"][name], &expected["expected"][name]) {
                    right += 1;
                } else {
                    wrong.push(format!(
                        "{} {name}: {} is not {}",
                        told["command_id"], told["values"][name], expected["expected"][name]
                    ));
                }
            }
        }
        eprintln!("{car}: {right} of {all}");
        assert!(wrong.is_empty(), "{car}: {right} of {all}\n{}", wrong.join("\n"));
    }
}

#[test]
fn a_set_without_cases_is_a_plan_with_the_most_frequent_first() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("car.json");
    let text = r#"{"commands": [
        {"hdr": "720", "rax": "728", "cmd": {"22": "404C"}, "freq": 30, "signals": [{"id": "ODO", "fmt": {"len": 24}}]},
        {"hdr": "7E0", "cmd": {"01": "0D"}, "freq": 0.5, "signals": [{"id": "VSS", "fmt": {"len": 8}}]},
        {"hdr": "7E0", "cmd": {"2E": "F190"}, "signals": []}]}"#;
    std::fs::write(&set, text).unwrap();
    let told = lines(["obdb", "--signalset", set.to_str().unwrap()]);
    let requests: Vec<_> = told.iter().map(|poll| poll["request"].as_str().unwrap()).collect();
    assert_eq!(requests, ["010D", "22404C"], "what writes is not planned");
}

#[test]
fn a_plan_has_whole_identifiers_where_a_set_writes_them_in_short() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("car.json");
    let text = r#"{"commands": [
        {"hdr": "DA15", "rax": "15", "cmd": {"22": "3010"}, "freq": 1, "signals": []},
        {"hdr": "DB33", "cmd": {"01": "0D"}, "freq": 2, "signals": []},
        {"hdr": "FC00", "rax": "FE0076", "pri": "17", "tst": "76", "cmd": {"22": "3011"}, "freq": 3, "signals": []},
        {"hdr": "750", "rax": "758", "eax": "2A", "tst": "2A", "cmd": {"21": "30"}, "freq": 4, "signals": []},
        {"hdr": "686A", "proto": "9141-2", "cmd": {"01": "0C"}, "freq": 5, "signals": []}]}"#;
    std::fs::write(&set, text).unwrap();
    let told = lines(["obdb", "--signalset", set.to_str().unwrap()]);
    let places: Vec<_> =
        told.iter().map(|poll| ["id", "response", "address"].map(|key| poll[key].as_str().unwrap_or(""))).collect();
    assert_eq!(
        places,
        [
            ["18DA15F1", "18DAF115", ""],
            ["18DB33F1", "", ""],
            ["17FC0076", "17FE0076", ""],
            ["750", "758", "2A"],
            ["686A", "", ""],
        ]
    );
}

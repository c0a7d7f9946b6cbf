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
        assert!(right * 100 >= all * 99, "{car}: {right} of {all}\n{}", wrong.join("\n"));
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

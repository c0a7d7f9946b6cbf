//! `battery`: cells whose end is known, forecast from the first part of their lives.

use serde_json::Value;

use super::{call, data, lines};

#[test]
fn the_end_of_recorded_cells_lies_within_the_interval_of_their_forecast() {
    let Some(folder) = data("battery") else { return };
    let table = folder.join("calce_cs2_capacity.csv");
    let truth = std::fs::read_to_string(folder.join("calce_eol_truth.json")).unwrap();
    for cell in serde_json::from_str::<Vec<Value>>(&truth).unwrap() {
        let life = cell["eol80_cycle"].as_f64().unwrap();
        let until = format!("{:.0}", life * 0.6);
        let name = cell["cell"].as_str().unwrap();
        let alone = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        let text = std::fs::read_to_string(&table).unwrap();
        let own: Vec<_> = text.lines().filter(|line| line.starts_with("cell") || line.starts_with(name)).collect();
        std::fs::write(alone.path(), own.join("\n")).unwrap();
        for table in [table.as_path(), alone.path()] {
            let table = table.to_str().unwrap();
            let told =
                lines(["battery", "--csv", table, "--cell", name, "--until", &until, "--threshold", "0.8", "--json"]);
            let cycle = |key: &str| told[0][key].as_f64().unwrap();
            let (p10, p90) = (cycle("p10"), cycle("p90"));
            eprintln!("{name} {life}: {}", told[0]);
            assert!(p10 <= life && life <= p90 && p90 - p10 <= 0.4 * life, "{name} {life}: {}", told[0]);
        }
    }
}

#[test]
fn an_end_that_was_reached_is_told_to_the_cycle() {
    let Some(folder) = data("battery") else { return };
    let table = folder.join("calce_cs2_capacity.csv");
    let truth = std::fs::read_to_string(folder.join("calce_eol_truth.json")).unwrap();
    for cell in serde_json::from_str::<Vec<Value>>(&truth).unwrap() {
        let name = cell["cell"].as_str().unwrap();
        for (threshold, key) in [("0.8", "eol80_cycle"), ("0.7", "eol70_cycle")] {
            let call = ["battery", "--csv", table.to_str().unwrap(), "--cell", name, "--until", "880"];
            let told = lines([&call[..], &["--threshold", threshold, "--json"]].concat());
            for told in ["eol_cycle", "p10", "p90"].map(|key| &told[0][key]) {
                assert_eq!(told.as_f64(), cell[key].as_f64(), "{name} {threshold}");
            }
        }
    }
}

#[test]
fn a_cell_that_is_not_there_is_told() {
    let table = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(table.path(), "cell,cycle_no,capacity\nA,1,1.1\n").unwrap();
    let output = call(["battery", "--csv", table.path().to_str().unwrap(), "--cell", "B", "--until", "9", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: no cell B"));
}

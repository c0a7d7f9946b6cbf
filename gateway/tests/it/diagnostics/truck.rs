//! `j1939`: messages over several frames and trouble codes, overheard.

use super::{data, lines};

#[test]
fn a_broadcast_over_several_frames_tells_its_trouble_codes() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("truck.log");
    let frames = "\
        (1.000000) can0 18ECFF00#200A0002FFCAFE00\n\
        (1.050000) can0 18EBFF00#0144FF6E0003059C\n\
        (1.100000) can0 18EBFF00#02F3E201FFFFFFFF\n\
        (2.000000) can0 18FECA21#00FF00000000FFFF\n\
        (3.000000) can0 18ECFF00#200A0002FFCAFE00\n\
        (3.050000) can0 18EBFF00#02F3E201FFFFFFFF\n";
    std::fs::write(&log, frames).unwrap();
    let told = lines(["j1939", log.to_str().unwrap()]);
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["payload"], "44FF6E0003059CF3E201");
    assert_eq!(told[0]["lamps"], serde_json::json!(["amber_warning", "malfunction"]));
    assert_eq!(told[0]["dtcs"][0], serde_json::json!({"spn": 110, "fmi": 3, "count": 5}));
    assert_eq!(told[1]["dtcs"], serde_json::json!([]));
    assert_eq!(told[2]["error"], "wrong_sequence");
}

#[test]
fn a_recorded_truck_is_read_without_a_broken_transport() {
    let Some(folder) = data("can/j1939_truck_a") else { return };
    let told = lines(["j1939", folder.join("j1939_truck_a.log").to_str().unwrap()]);
    let whole = told.iter().filter(|line| line["payload"].is_string()).count();
    let broken = told.len() - whole;
    eprintln!("{whole} whole, {broken} broken");
    assert!(broken * 10 <= whole, "{whole} whole, {broken} broken");
}

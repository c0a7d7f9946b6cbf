//! What `usage` prints, through the real binary: on generated drives of known length, and on recorded ones where they are at hand.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::read::MultiGzDecoder;
use milepost_firmware::Frame;
use milepost_gateway::fleet::generator::{Generator, Moment};
use milepost_gateway::fleet::matrix::Matrix;
use milepost_protocol::plan::DAY_MS;
use serde_json::Value;

const EPOCH_MS: u64 = 20_454 * DAY_MS;

fn usage(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milepost-gateway")).arg("usage").args(arguments).output().unwrap()
}

fn json(path: &Path) -> Value {
    let output = usage(&[path.to_str().unwrap(), "--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", path.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The first drives of a car in real time, as a log, and how far each goes.
fn generated(device: &str, drives: usize, folder: &Path) -> (PathBuf, Vec<f64>) {
    let mut generator = Generator::new(3, device, None, EPOCH_MS, 1.0, None);
    let matrix = Matrix::default();
    let (mut log, mut distances) = (String::new(), Vec::new());
    while let Some(moment) = generator.next(EPOCH_MS + 60 * DAY_MS) {
        match moment {
            Moment::Departure { .. } if distances.len() == drives => break,
            Moment::Departure { driven, .. } => distances.push(driven.distance_m),
            Moment::Tick { .. } => {}
            Moment::Told { at_ms, state, detail } => {
                let mut frames = Vec::new();
                matrix.pack(&state, detail, &mut frames);
                for frame in frames {
                    writeln!(log, "({}.{:03}000) can0 {}", at_ms / 1000, at_ms % 1000, text(&frame)).unwrap();
                }
            }
        }
    }
    let path = folder.join(format!("{device}.log"));
    std::fs::write(&path, log).unwrap();
    (path, distances)
}

fn text(frame: &Frame) -> String {
    let mut text = format!("{:03X}#", frame.raw_id());
    for byte in frame.data() {
        write!(text, "{byte:02X}").unwrap();
    }
    text
}

#[test]
fn a_generated_drive_comes_out_as_long_as_it_was_for_every_class() {
    let folder = tempfile::tempdir().unwrap();
    for (device, burns) in [("car-0001", true), ("car-0002", true), ("car-0004", false)] {
        let (path, distances) = generated(device, 2, folder.path());
        let usage = json(&path);
        let trips = usage["trips"].as_array().unwrap();
        assert_eq!(trips.len(), 2, "{device}: {usage}");
        for (trip, distance_m) in trips.iter().zip(&distances) {
            let derived_m = trip["distance_m"].as_f64().unwrap();
            assert!(
                (derived_m - distance_m).abs() <= distance_m * 0.002 + 2.0,
                "{device}: {derived_m} of {distance_m}"
            );
            assert_eq!(trip["source"], "odometer");
            assert!(trip["end"].as_f64() > trip["start"].as_f64());
        }
        let total_m: f64 = distances.iter().sum();
        assert!((usage["distance_m"].as_f64().unwrap() - total_m).abs() <= total_m * 0.002 + 4.0);
        let odometer = |key: &str| usage[key].as_f64().unwrap();
        assert!((odometer("odometer_end_m") - odometer("odometer_start_m") - total_m).abs() < 20.0);
        assert_eq!(usage["engine_s"].as_u64().unwrap() > 0, burns, "{device}");
        let gaps = usage["gaps"].as_array().unwrap();
        if burns {
            assert_eq!(gaps.len(), 1, "the hours between the drives");
        } else {
            assert!(gaps.len() > 1, "an electric car wakes each hour while it charges");
        }
        assert!(gaps.iter().all(|gap| gap["distance_m"] == 0), "a parked car stays where it is: {gaps:?}");
        if burns {
            let battery = &usage["battery_12v"];
            let (rest, lowest) = (battery["rest_v"].as_f64().unwrap(), battery["min_v"].as_f64().unwrap());
            assert!((11.9..13.1).contains(&rest) && lowest < rest - 1.0, "{device}: {battery}");
        }
    }
}

#[test]
fn a_log_with_broken_lines_is_used_and_the_lines_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = generated("car-0001", 1, folder.path());
    let log = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("garbage\n{log}(1.0) can0 123#0\n")).unwrap();
    let output = usage(&[path.to_str().unwrap(), "--json"]);
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("car-0001.log:1"), "{told}");
    let usage: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(usage["rejected"]["broken_line"], 2);
    assert_eq!(usage["trips"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_log_ends_with_1_and_names_file_and_line_and_a_wrong_call_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    std::fs::write(&table, "time;speed\n1;2\n").unwrap();
    let missing = folder.path().join("missing.log");
    for (path, named) in [(&table, "table.csv:1"), (&missing, "missing.log")] {
        let output = usage(&[path.to_str().unwrap(), "--json"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("error: ") && told.contains(named), "{told}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(usage(&[]).status.code(), Some(2));
    assert_eq!(usage(&["x.log", "--jsno"]).status.code(), Some(2));
}

#[test]
fn without_json_a_person_reads_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = generated("car-0001", 1, folder.path());
    let text = String::from_utf8(usage(&[path.to_str().unwrap()]).stdout).unwrap();
    for word in ["distance", "odometer", "engine", "12 V battery", "source"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

/// The folder of recorded data, where there is one: it is not part of the repository.
fn recorded() -> Option<PathBuf> {
    std::env::var_os("MILEPOST_DATA").map(|data| PathBuf::from(data).join("vehicle"))
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_recorded_obd_drive_agrees_with_its_gps() {
    let Some(data) = recorded() else { return };
    let folder = data.join("obd_drive/vw_drive_a");
    let usage = json(&folder.join("vw_drive_a.log.gz"));
    // The receiver found itself only after the car had left: what counts is how far both say it came from there on, in the whole
    // and in each file of the recording.
    let gps = unpacked(&folder.join("gps_truth.csv.gz"));
    let mut fixes = gps.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',').map(str::parse::<f64>);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    });
    let (found_s, before_m) = fixes.find(|(_, metres)| *metres >= 500.0).unwrap();
    let mut parts = vec![(found_s, f64::MAX, fixes.last().unwrap().1 - before_m)];
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap();
    for part in truth["segments"].as_array().unwrap() {
        let of = |name: &str| part[name].as_f64().unwrap();
        if of("start_s") >= found_s {
            parts.push((of("start_s"), of("end_s"), of("gps_distance_m")));
        }
    }
    assert_eq!(parts.len(), 5, "{parts:?}");
    let log = unpacked(&folder.join("vw_drive_a.log.gz"));
    let seconds = |line: &str| line.trim_start_matches('(').split(')').next().unwrap().parse::<f64>().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for (from_s, to_s, gps_m) in parts {
        let kept: Vec<&str> = log.lines().filter(|line| (from_s..=to_s).contains(&seconds(line))).collect();
        let path = scratch.path().join("part.log");
        std::fs::write(&path, kept.join("\n") + "\n").unwrap();
        let derived_m = json(&path)["distance_m"].as_f64().unwrap();
        assert!((derived_m / gps_m - 1.0).abs() <= 0.01, "from {from_s} s: {derived_m} m, GPS says {gps_m} m");
    }
    assert_eq!(usage["battery_12v"]["min_v"], 11.86);
    assert!((12.0..12.3).contains(&usage["battery_12v"]["rest_v"].as_f64().unwrap()));
    assert!((2_300..2_390).contains(&usage["engine_s"].as_u64().unwrap()));
    assert!(usage["coolant_warmup_s"].as_u64().is_some());
    assert!(!usage["trips"].as_array().unwrap().is_empty());
}

#[test]
fn every_recorded_log_is_read_to_its_end() {
    let Some(data) = recorded() else { return };
    let mut logs = 0;
    for kind in ["can", "isotp", "obd_drive"] {
        for folder in std::fs::read_dir(data.join(kind)).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let name = path.to_str().unwrap();
                if name.trim_end_matches(".gz").rsplit('.').next() == Some("log") {
                    let usage = json(&path);
                    assert!(usage["rejected"].get("broken_line").is_none(), "{name}");
                    logs += 1;
                }
            }
        }
    }
    assert!(logs >= 7, "{logs} logs");
}

#[test]
fn tables_of_values_come_out_with_the_cars_own_seconds_and_volts() {
    let Some(data) = recorded() else { return };
    let mut tables = 0;
    for file in std::fs::read_dir(data.join("obd_csv")).unwrap() {
        let path = file.unwrap().path();
        let text = unpacked(&path);
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let column = |name| names.iter().position(|column| column.starts_with(name));
        let (Some(run_time), Some(volts)) = (column("ENGINE_RUN_TINE"), column("CONTROL_MODULE_VOLTAGE")) else {
            continue;
        };
        let cells = |at: usize| {
            text.lines().skip(1).filter_map(move |line| line.split(',').nth(at)?.trim().parse::<f64>().ok())
        };
        let usage = json(&path);
        let (counted_s, engine_s) = (cells(run_time).fold(0.0, f64::max), usage["engine_s"].as_f64().unwrap());
        assert!((counted_s - engine_s).abs() <= 2.0, "{}: {engine_s} s, the car counted {counted_s} s", path.display());
        let lowest_v = cells(volts).fold(f64::MAX, f64::min);
        assert!((usage["battery_12v"]["min_v"].as_f64().unwrap() - lowest_v).abs() < 0.001, "{}", path.display());
        assert_eq!(usage["trips"].as_array().unwrap().len(), 1, "{}", path.display());
        tables += 1;
    }
    assert!(tables > 0);
}

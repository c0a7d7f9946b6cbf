//! The real binary, killed at any moment: the flash files hold every record that was numbered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use milepost_firmware::outbox::read_all;
use milepost_gateway::flash_file::{Layout, Sync, open};
use serde_json::Value;

const VEHICLES: usize = 3;

fn fleet(folder: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_milepost-gateway"))
        .args(["fleet", "--events", "--seed", "5", "--speed", "200000", "--epoch", "1767225600000"])
        .args(["--vehicles", &VEHICLES.to_string(), "--state", folder.to_str().unwrap()])
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads lines of progress until at least `records` more were made than the first line told.
fn until_made(child: &mut Child, records: u64) -> u64 {
    let mut first = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if line["event"] == "progress" {
            let created = line["records_created"].as_u64().unwrap();
            if created >= *first.get_or_insert(created) + records {
                return created;
            }
        }
    }
    panic!("the fleet ended by itself");
}

/// Every (boot, number) in a car's flash file.
async fn stored(folder: &Path, vehicle: usize) -> BTreeMap<u32, Vec<u32>> {
    let path = folder.join(format!("car-{vehicle:04}.flash"));
    let flash = open(&path, Layout::FLEET, Sync::Never).unwrap();
    let mut numbers = BTreeMap::<u32, Vec<u32>>::new();
    for lane in [flash.alerts, flash.bulk] {
        read_all(lane, |stamp, _| numbers.entry(stamp.boot).or_default().push(stamp.number)).await.unwrap();
    }
    for numbers in numbers.values_mut() {
        numbers.sort_unstable();
    }
    numbers
}

#[tokio::test]
async fn a_fleet_that_is_killed_again_and_again_has_every_number_of_every_boot_in_flash() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = 0;
    for _ in 0..4 {
        let mut child = fleet(folder.path(), &[]);
        told = until_made(&mut child, 20);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report_path = folder.path().join("report.json");
    let ended = fleet(folder.path(), &["--for", "0.5", "--report", report_path.to_str().unwrap()]).wait().unwrap();
    assert!(ended.success());
    let report: Value = serde_json::from_slice(&std::fs::read(&report_path).unwrap()).unwrap();
    assert!(report["records_created"].as_u64().unwrap() >= told);
    assert_eq!(report["records_created"], report["records_waiting"], "nothing was sent, so nothing may be gone");
    for vehicle in 1..=VEHICLES {
        let numbers = stored(folder.path(), vehicle).await;
        assert_eq!(numbers.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let car = &report["vehicles"][vehicle - 1];
        for (boot, numbers) in numbers {
            let count = numbers.len() as u32;
            assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "holes in boot {boot} of car {vehicle}");
            assert_eq!(car["created"][boot.to_string()], count, "boot {boot} of car {vehicle}");
        }
    }
}

#[test]
fn a_fleet_ends_in_order_on_sigterm_and_writes_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let report_path = folder.path().join("report.json");
    let mut child = fleet(folder.path(), &["--report", report_path.to_str().unwrap()]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("progress")));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    // The pipe is emptied so that the fleet is never held up by its reader.
    for line in lines {
        line.unwrap();
    }
    assert!(child.wait().unwrap().success());
    let report: Value = serde_json::from_slice(&std::fs::read(&report_path).unwrap()).unwrap();
    assert_eq!(report["vehicles"].as_array().unwrap().len(), VEHICLES);
}

#[test]
fn two_fleets_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = fleet(folder.path(), &[]);
    until_made(&mut first, 1);
    let second = Command::new(env!("CARGO_BIN_EXE_milepost-gateway"))
        .args(["fleet", "--vehicles", "1", "--for", "1", "--state", folder.path().to_str().unwrap()])
        .output()
        .unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("error: ") && told.contains("in use"), "{told}");
}

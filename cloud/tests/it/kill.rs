//! A process that writes to the store is killed, while it writes and while it opens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use milepost::domain::Vehicle;
use milepost::store::{Commit, History, SledSettings, SledStore, Store as _, TelemetryRow, VehicleWrite};
use milepost_protocol::{DeviceId, RecordId};

const FOLDER: &str = "MILEPOST_KILL_TEST_FOLDER";

fn open(folder: &Path) -> SledStore {
    SledStore::open(SledSettings { folder: folder.to_owned(), cache_bytes: 8 << 20, min_free_bytes: 0 }).unwrap()
}

fn device() -> DeviceId {
    "d".parse().unwrap()
}

/// The writer; it only does anything when the test below starts it as a process of its own.
#[tokio::test]
async fn the_writer_commits_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut out = std::io::stdout();
    writeln!(out, "\nopening").unwrap();
    let store = open(Path::new(&folder));
    let present = store.load(&[device()]).await.unwrap().remove(0);
    let mut revision = present.map(|vehicle: Vehicle| vehicle.revision);
    loop {
        let next = revision.unwrap_or(0) + 1;
        let mut vehicle = Vehicle::new(device(), 0);
        vehicle.revision = next;
        let rows = (0..8).map(|part| TelemetryRow {
            device: device(),
            first: RecordId { boot: next as u32, number: part },
            received_ms: 0,
            bytes: vec![part as u8; 200].into(),
        });
        let commit = Commit {
            vehicles: vec![VehicleWrite { expected: revision, vehicle }],
            telemetry: rows.collect(),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
        revision = Some(next);
        writeln!(out, "committed {next}").unwrap();
    }
}

#[tokio::test]
async fn every_commit_that_was_answered_survives_a_kill_and_none_is_there_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = 0;
    for kill_after in [5, 0, 17, 0, 0, 3, 29, 1] {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::the_writer_commits_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut commits = 0;
        for line in lines.map(Result::unwrap) {
            if line == "opening" && kill_after == 0 {
                break;
            }
            if let Some(revision) = line.strip_prefix("committed ") {
                answered = revision.parse::<u64>().unwrap();
                commits += 1;
            }
            if commits > 0 && commits == kill_after {
                break;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let store = open(folder.path());
        let revision = store.load(&[device()]).await.unwrap().remove(0).map_or(0, |vehicle| vehicle.revision);
        assert!(revision >= answered, "commit {answered} was answered, the store has {revision}");
        let rows = store.history(History::ascending(device(), None, usize::MAX)).await.unwrap();
        assert_eq!(rows.len() as u64, revision * 8, "a commit is there whole or not at all");
        answered = revision;
        store.close().await.unwrap();
    }
    assert!(answered > 50);
}

//! What is wrong is named and counted, and everything else goes on.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use milepost::domain::{Actor, Intent};
use milepost::store::Store as _;
use milepost_protocol::Record;
use milepost_protocol::downlink::Task;
use milepost_protocol::record::CommandOutcome;
use serde_json::Value;

use crate::support::car::Car;
use crate::support::envelopes::envelope;
use crate::support::process::{output, until};
use crate::support::stage::Stage;
use crate::support::stored::Stored;

/// More than any disk has free, so that no commit finds room.
const MORE_THAN_ANY_DISK: u64 = 1 << 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envelopes_that_do_not_decode_are_counted_and_set_aside_and_the_next_good_one_is_committed() -> Result<()> {
    let stage = Stage::set(1, 27, 1.0).await?;
    let device = &stage.devices[0];
    let cloud = stage.serve().await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    let mut unknown_version = envelope(90, 1)?;
    unknown_version[0] = 77;
    let mut cut = envelope(91, 3)?;
    cut.pop();
    let bad = [(b"".to_vec(), "empty"), (unknown_version, "unknown_version"), (cut, "frame")];
    for (bytes, _) in &bad {
        car.publish(bytes).await?;
    }
    car.publish(&envelope(92, 5)?).await?;
    for (_, reason) in &bad {
        let label = format!("reason=\"{reason}\"");
        let counted = cloud.counter("milepost_envelopes_quarantined_total", &label).await?;
        ensure!((counted - 1.0).abs() < 0.5, "{counted} envelopes were counted for {reason}");
    }
    cloud.stop().await?;

    let store = stage.store()?;
    let aside = store.quarantine(10).await?;
    ensure!(aside.len() == bad.len() && aside.iter().all(|row| row.device == *device), "{aside:?} were set aside");
    for (bytes, _) in &bad {
        ensure!(aside.iter().any(|row| row.bytes == *bytes), "{bytes:?} was not set aside as it came");
    }
    let stored = Stored::read(&store, device).await?;
    ensure!(stored.boots()?.get(&92) == Some(&5), "the good envelope is missing: {:?}", stored.boots()?);
    ensure!(stored.vehicle.counts.quarantined == 3, "the vehicle counts {:?}", stored.vehicle.counts);
    Ok(())
}

#[tokio::test]
async fn a_typo_in_the_configuration_is_named_with_file_line_and_key() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("milepost.toml");
    let cases = [
        (
            "[data]\nfolder = \"x\"\n\n[front_door]\nlisten = \"127.0.0.1:0\"\nmax_conections = 5\n",
            6,
            "front_door.max_conections",
        ),
        ("[ingest]\ncredit = \"many\"\n", 2, "ingest.credit"),
        ("[stoer]\nkind = \"sled\"\n", 1, "stoer"),
    ];
    for (text, line, key) in cases {
        std::fs::write(&path, text)?;
        for command in ["serve", "check-config"] {
            let ended = output("milepost", [command.as_ref(), "--config".as_ref(), path.as_os_str()]).await?;
            let said = String::from_utf8_lossy(&ended.stderr);
            ensure!(matches!(ended.status.code(), Some(1 | 2)), "{command} ended with {}", ended.status);
            let place = format!("{}:{line}: {key}", path.display());
            ensure!(said.starts_with("error: ") && said.contains(&place), "{command} said {said:?}, not {place:?}");
            ensure!(ended.stdout.is_empty(), "{command} printed {:?}", ended.stdout);
        }
    }
    Ok(())
}

async fn usage(log: &Path) -> Result<std::process::Output> {
    output("milepost-gateway", ["usage".as_ref(), log.as_os_str(), "--json".as_ref()]).await
}

#[tokio::test]
async fn broken_lines_of_a_log_are_named_and_counted_and_the_rest_is_used() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("drive.log");
    let mut lines: Vec<String> = (0..100)
        .map(|n| format!("(17000000{:02}.{:06}) can0 7E8#03410D{n:02X}00000000", n / 10, n % 10 * 100_000))
        .collect();
    std::fs::write(&log, lines.join("\n"))?;
    let whole = usage(&log).await?;
    ensure!(whole.status.success() && whole.stderr.is_empty(), "{whole:?}");
    lines.insert(49, "(1700000004.950000) can0 7E8#0341".to_owned() + "XX");
    lines.insert(59, "garbage".to_owned());
    std::fs::write(&log, lines.join("\n"))?;
    let broken = usage(&log).await?;
    let said = String::from_utf8_lossy(&broken.stderr);
    ensure!(broken.status.success(), "{broken:?}");
    for line in [50, 60] {
        ensure!(said.contains(&format!("{}:{line}", log.display())), "line {line} is not named: {said}");
    }
    let (whole, broken): (Value, Value) =
        (serde_json::from_slice(&whole.stdout)?, serde_json::from_slice(&broken.stdout)?);
    let rejected = broken["rejected"].as_object().context("usage lists what was rejected")?;
    let count: u64 = rejected.values().filter_map(Value::as_u64).sum();
    let before: u64 = whole["rejected"].as_object().map_or(0, |all| all.values().filter_map(Value::as_u64).sum());
    ensure!(count == before + 2, "{rejected:?} were counted");
    ensure!(whole["trips"] == broken["trips"], "the rest was used differently: {whole} {broken}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("letter.txt");
    std::fs::write(&log, "Dear driver,\nthis is no log.\n")?;
    for path in [log, folder.path().join("missing.log")] {
        let ended = usage(&path).await?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.code() == Some(1) && ended.stdout.is_empty(), "{ended:?}");
        ensure!(said.starts_with("error: ") && said.contains(&path.display().to_string()), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_commits_and_loses_nothing_while_pages_still_answer() -> Result<()> {
    let stage = Stage::set(1, 28, 1.0).await?;
    let device = &stage.devices[0];
    stage.configure(|config| config.store.min_free_bytes = MORE_THAN_ANY_DISK)?;
    let cloud = stage.serve().await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    let refused = until("a refused commit", async || {
        Ok(cloud.counter("milepost_commit_failures_total", "reason=\"full\"").await? >= 1.0)
    });
    car.during(refused).await?;
    let page = reqwest::get(format!("http://{}/login", cloud.at.http)).await?;
    ensure!(page.status().is_success(), "the page answers {}", page.status());
    let waiting = car.host.device.status().stored;
    ensure!(waiting > 0 && car.acknowledged == 0, "{waiting} records wait, {} were acknowledged", car.acknowledged);
    cloud.stop().await?;
    ensure!(stage.stored(device).await?.records.is_empty(), "something was committed");

    stage.configure(|_| {})?;
    let cloud = stage.serve().await?;
    car.until("receipts for everything", |car| car.host.device.status().stored == 0).await?;
    let created = car.host.device.status().created;
    car.go_offline().await;
    cloud.stop().await?;
    let boots = stage.stored(device).await?.boots()?;
    ensure!(boots.iter().eq([(&1, &created)]), "{created} records were made, {boots:?} are kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_table_with_a_wrong_hash_is_refused_by_name_and_the_old_one_stays() -> Result<()> {
    let stage = Stage::set(1, 29, 1.0).await?;
    let device = &stage.devices[0];
    let server = stage.rehearse().await?;
    let table = b"anything at all";
    let tasks = [
        Task::TableBegin { len: table.len() as u32, sha256: [7; 32] },
        Task::TableChunk { offset: 0, bytes: table.as_slice().try_into()? },
        Task::TableCommit,
    ];
    for task in tasks {
        server.service.submit(device, Intent::Command { task, valid_ms: 86_400_000 }, Actor::System).await?;
    }
    server.stop().await?;

    let cloud = stage.serve().await?;
    let mut car = Car::start(&stage).await?;
    let before = car.host.device.status().table;
    let made = car.host.device.status().created;
    car.go_online(cloud.at.front_door)?;
    car.until("three results", |car| {
        let status = car.host.device.status();
        status.created >= made + 3 && status.stored == 0
    })
    .await?;
    ensure!(car.host.device.status().table == before, "the table changed");
    cloud.stop().await?;
    let stored = stage.stored(device).await?;
    let outcomes: Vec<_> = stored
        .records
        .values()
        .filter_map(|record| match record {
            Record::CommandResult(result) => Some(result.outcome),
            _ => None,
        })
        .collect();
    let expected = [CommandOutcome::Done, CommandOutcome::Done, CommandOutcome::HashMismatch];
    ensure!(outcomes == expected, "the car answered {outcomes:?}");
    Ok(())
}

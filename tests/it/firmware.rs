//! Firmware reaches a fleet of two hundred gateways, or stops before it does harm.

use anyhow::{Result, ensure};

use crate::support::fleet::Fleet;
use crate::support::lab::{BOARD, Lab};
use crate::support::process::until;
use crate::support::stage::Stage;
use crate::support::stored;

const GATEWAYS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_gateways_a_bad_image_meets_only_the_canaries_and_a_good_one_reaches_all() -> Result<()> {
    let stage = Stage::at_night(GATEWAYS, 8).await?;
    let lab = Lab::open(&stage).await?;
    let cloud = stage.serve().await?;
    let boards = ["--board", BOARD, "--firmware-key", &lab.public, "--firmware-version", "1.0.0"];
    let fleet = Fleet::start_with(&stage, cloud.at.front_door, &boards)?;
    until("every gateway's session", || async { Ok(cloud.counter("milepost_sessions", "").await? >= GATEWAYS as f64) })
        .await?;

    for (version, behaves, reason) in [("1.1.0", "boot-loop", "reverted"), ("1.2.0", "resets", "resets")] {
        lab.publish(&cloud, version, behaves).await?;
        let id = lab.roll_out(&cloud, version).await?;
        let end = lab.end_of(&cloud, &id).await?;
        let rollout = &end["rollout"];
        ensure!(rollout["state"] == "stopped" && rollout["wave"] == "canary", "{rollout}");
        ensure!(rollout["reason"] == reason, "{rollout}");
        let met = end["devices"].as_array().map_or(0, Vec::len);
        ensure!((1..=5).contains(&met), "{met} gateways met {version}");
    }

    lab.publish(&cloud, "1.3.0", "good").await?;
    let id = lab.roll_out(&cloud, "1.3.0").await?;
    let end = lab.end_of(&cloud, &id).await?;
    let rollout = &end["rollout"];
    ensure!(rollout["state"] == "done", "{rollout}");
    let steps: Vec<_> =
        rollout["history"].as_array().into_iter().flatten().filter(|entry| entry["by"].is_null()).collect();
    let steps: Vec<_> = steps.iter().filter_map(|entry| entry["what"].as_str()).collect();
    ensure!(steps == ["running 10 %", "running 50 %", "running 100 %", "done 100 %"], "{steps:?}");
    let devices = end["devices"].as_array().cloned().unwrap_or_default();
    let there = devices.iter().filter(|device| device["version"] == "1.3.0" && device["phase"] == "confirmed").count();
    ensure!(there == GATEWAYS, "{there} of {GATEWAYS} gateways run 1.3.0: {rollout}");

    // Hundreds of restarts cost no record.
    let (_, report) = fleet.stop().await?;
    cloud.stop().await?;
    ensure!(report.vehicles.iter().all(|car| car.created.len() >= 2), "every gateway has started anew");
    stored::exactly(&stage.store()?, &report).await?;
    Ok(())
}

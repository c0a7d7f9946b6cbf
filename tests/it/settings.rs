//! What an engineer decides about a device reaches it, and what the device logs reaches the engineer.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::engineer::Engineer;
use crate::support::fleet::Fleet;
use crate::support::process::until;
use crate::support::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_level_set_in_the_lab_reaches_the_devices_is_reported_and_brings_their_lines() -> Result<()> {
    let stage = Stage::at_night(2, 31).await?;
    let cloud = stage.serve().await?;
    let engineer = Engineer::sign_in(cloud.at.http).await?;
    let [device, other] = &stage.devices[..] else { anyhow::bail!("there are two cars") };
    let fleet = Fleet::start(&stage, cloud.at.front_door)?;
    until("the devices' sessions", || async { Ok(cloud.counter("milepost_sessions", "").await? >= 2.0) }).await?;

    // The page is open before anything happens.
    let mut tail = engineer.tail(device).await?;
    engineer.submit(device, "log_level=info&counters_every_min=10&local_reminders=yes").await?;
    tail.shows("settings 1 are in force").await?;
    until("the report", || async { Ok(agreement(&engineer, device).await? == "in_force") }).await?;
    let reported = engineer.device(device).await?["configuration"]["reported"]["settings"].take();
    let expected = json!({ "version": 1, "log_level": "info", "counters_every_s": 600, "local_reminders": true });
    ensure!(reported == expected, "{reported}");

    // The other one was asked nothing, and sends no line below its level.
    let quiet = engineer.device(other).await?;
    ensure!(quiet["configuration"]["agreement"] == "as_built" && quiet["log"] == json!([]), "{quiet}");

    // Settings that are decided while nobody is connected wait for the device; those in force outlive a restart.
    fleet.stop().await?;
    engineer.submit(device, "log_level=warn&counters_every_min=20").await?;
    ensure!(agreement(&engineer, device).await? == "waiting", "nobody is there to answer");
    let fleet = Fleet::start(&stage, cloud.at.front_door)?;
    until("the second report", || async { Ok(agreement(&engineer, device).await? == "in_force") }).await?;
    let told = engineer.device(device).await?;
    let lines = told["log"].as_array().context("the device has a log")?;
    let stands = |line: &&Value| line["text"] == "the session with the cloud stands";
    ensure!(lines.iter().any(|line| stands(&line)), "the level outlived the restart: {told}");
    ensure!(told["configuration"]["reported"]["settings"]["counters_every_s"] == 1_200, "{told}");
    fleet.stop().await?;
    cloud.stop().await
}

async fn agreement(engineer: &Engineer, device: &milepost_protocol::DeviceId) -> Result<String> {
    let device = engineer.device(device).await?;
    Ok(device["configuration"]["agreement"].as_str().context("a configuration has an agreement")?.to_owned())
}

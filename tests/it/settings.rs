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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_decided_in_the_lab_is_collected_by_the_car_told_back_and_read_as_samples() -> Result<()> {
    let stage = Stage::set(1, 32, 2_000.0).await?;
    let cloud = stage.serve().await?;
    let engineer = Engineer::sign_in(cloud.at.http).await?;
    let [device] = &stage.devices[..] else { anyhow::bail!("there is one car") };
    let row = |signal: &str, purposes: &[&str]| json!({ "signal": signal, "numerator": 1, "denominator": 100, "every_ms": 1_000, "purposes": purposes });
    // What cannot be is named, and nothing of it is decided.
    let path = format!("devices/{device}/collection");
    let wrong = json!({ "rows": [row("Vehicle.Speed", &["workshop"]), row("Vehicle.Wings", &["workshop"])] });
    let refusal = engineer.put(&path, &wrong).await?;
    ensure!(refusal["at"] == "rows[1]: the signal is not in the catalogue", "{refusal}");
    ensure!(engineer.get(&path).await?["agreement"] == "as_built", "nothing was decided");

    let rows = json!({ "rows": [
        row("Vehicle.Speed", &["workshop"]),
        // The owner has not allowed research, so the car takes none of these.
        row("Vehicle.TraveledDistance", &["research"]),
    ] });
    let decided = engineer.put(&path, &rows).await?;
    ensure!(decided["agreement"] == "waiting" && decided["desired"]["version"] == 1, "{decided}");
    let fleet = Fleet::start(&stage, cloud.at.front_door)?;
    until("the report", || async { Ok(engineer.get(&path).await?["agreement"] == "in_force") }).await?;
    until("samples", || async { Ok(!samples(&engineer, device).await?.is_empty()) }).await?;
    fleet.stop().await?;

    // What the car had not sent yet is in its flash, and so is the plan.
    let fleet = Fleet::start(&stage, cloud.at.front_door)?;
    let before = samples(&engineer, device).await?.len();
    until("more samples", || async { Ok(samples(&engineer, device).await?.len() > before) }).await?;
    fleet.stop().await?;
    let samples = samples(&engineer, device).await?;
    ensure!(samples.windows(2).all(|two| two[1].0 >= two[0].0 + 1_000), "closer than a second");
    ensure!(samples.iter().all(|&(_, speed)| (0.0..70.0).contains(&speed)), "no car's speed");
    ensure!(samples.iter().any(|&(_, speed)| speed > 5.0), "the car never moved");
    cloud.stop().await
}

/// The speeds that were collected of a device, and nothing else is.
async fn samples(engineer: &Engineer, device: &milepost_protocol::DeviceId) -> Result<Vec<(u64, f64)>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let part = engineer.get(&format!("devices/{device}/series{after}")).await?;
        for series in part["series"].as_array().context("series")? {
            ensure!(series["signal"] == "Vehicle.Speed" && series["purposes"] == json!(["workshop"]), "{series}");
            all.extend(serde_json::from_value::<Vec<(u64, f64)>>(series["samples"].clone())?);
        }
        match part["next"].as_str() {
            Some(next) => after = format!("?after={next}"),
            None => return Ok(all),
        }
    }
}

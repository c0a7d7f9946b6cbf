//! How devices come to their identity, replace it and lose it, with real processes.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost::pki::Register;
use milepost_gateway::clock::Clock;
use milepost_gateway::link::{Event, Identity, Link, Loss, Options, Policy, client_config};
use milepost_protocol::DeviceId;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::board::BenchBoard;
use crate::support::car::Car;
use crate::support::cloud::Cloud;
use crate::support::envelopes::envelope;
use crate::support::process::{binary, output, until, within};
use crate::support::stage::{ENGINEER, PASSWORD, Stage};

/// `milepost device …` over the stage's data.
async fn device(stage: &Stage, arguments: &[&str]) -> Result<Output> {
    let config = stage.config_file();
    let config = config.to_string_lossy();
    output("milepost", [&["device", "--config", &*config], arguments].concat()).await
}

/// The same, and it must end well.
async fn device_well(stage: &Stage, arguments: &[&str]) -> Result<String> {
    let ended = device(stage, arguments).await?;
    ensure!(ended.status.success(), "{arguments:?}: {ended:?}");
    Ok(String::from_utf8(ended.stdout)?)
}

/// A claim of a batch.
async fn claim(stage: &Stage, batch: &str) -> Result<PathBuf> {
    let folder = stage.folder().join(batch);
    device_well(stage, &["claim", "--batch", batch, "--out", &folder.to_string_lossy()]).await?;
    Ok(folder)
}

/// `milepost-gateway enrol`.
async fn enrol(cloud: &Cloud, claim: &Path, serial: &str, out: &Path) -> Result<Output> {
    let (server, claim, out) = (cloud.at.front_door.to_string(), claim.to_string_lossy(), out.to_string_lossy());
    let arguments = [
        "enrol",
        "--claim",
        &*claim,
        "--serial",
        serial,
        "--server",
        &server,
        "--server-name",
        "localhost",
        "--identities",
        &*out,
    ];
    output("milepost-gateway", arguments).await
}

/// A link with an identity that is not a car's.
fn link_as(cloud: &Cloud, identity: &Identity, client_id: &str) -> Result<Link> {
    let options = Options {
        device: client_id.parse()?,
        host: cloud.at.front_door.ip().to_string(),
        port: cloud.at.front_door.port(),
        tls: Some(client_config(identity, "localhost")?),
        keep_alive: Duration::from_mins(1),
    };
    Ok(Link::new(options, Policy::fleet(), Clock::system(), 1))
}

fn claim_identity(claim: &Path) -> Identity {
    Identity { ca: claim.join("ca.pem"), certificate: claim.join("cert.pem"), key: claim.join("key.pem") }
}

/// Lives with a link until it is lost, and says how.
async fn until_lost(link: &mut Link) -> Result<Loss> {
    within("the end of the connection", async {
        loop {
            if let Event::Down(loss) = link.next().await {
                return loss;
            }
        }
    })
    .await
}

fn register(stage: &Stage) -> Result<Register> {
    Ok(Register::read(&stage.folder().join("data/pki/devices.json"))?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_enrols_with_its_batchs_claim_once_and_reports_under_its_own_name() -> Result<()> {
    let stage = Stage::set(1, 51, 1.0).await?;
    let claim = claim(&stage, "batch-1").await?;
    device_well(&stage, &["expect", "SN-1=car-0101"]).await?;
    let cloud = stage.serve().await?;

    let out = stage.folder().join("enrolled");
    let ended = enrol(&cloud, &claim, "SN-1", &out).await?;
    ensure!(ended.status.success(), "{ended:?}");
    ensure!(String::from_utf8_lossy(&ended.stdout).starts_with("car-0101 "), "{ended:?}");
    let id: DeviceId = "car-0101".parse()?;
    let mut car = Car::with(&stage, id.clone(), &out).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("the boot in the store", |car| car.is_up && car.host.device.status().stored == 0).await?;

    // A second board with the same number, which therefore has another key.
    let again = enrol(&cloud, &claim, "SN-1", &stage.folder().join("clone")).await?;
    let said = String::from_utf8_lossy(&again.stderr);
    ensure!(again.status.code() == Some(1) && said.contains("already_enrolled"), "{again:?}");
    let stranger = enrol(&cloud, &claim, "SN-2", &stage.folder().join("stranger")).await?;
    let said = String::from_utf8_lossy(&stranger.stderr);
    ensure!(stranger.status.code() == Some(1) && said.contains("unknown_serial"), "{stranger:?}");

    for (outcome, count) in [("issued", 1.0), ("already_enrolled", 1.0), ("unknown_serial", 1.0)] {
        let counted = cloud.counter("milepost_certificates_total", &format!("outcome=\"{outcome}\"")).await?;
        ensure!((counted - count).abs() < 0.5, "{counted} were counted as {outcome}");
    }
    let expected: Value = serde_json::from_str(&device_well(&stage, &["serials"]).await?)?;
    ensure!(expected["repeats"] == 1 && expected["enrolled"]["batch"] == "batch-1", "{expected}");
    let unknown: Value = serde_json::from_str(&device_well(&stage, &["serials", "--unknown"]).await?)?;
    ensure!(unknown["serial"] == "SN-2" && unknown["count"] == 1, "{unknown}");
    cloud.stop().await?;
    ensure!(stage.stored(&id).await?.boots()?.keys().eq(&[1]), "the boot is not in the store");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_can_do_nothing_but_enrol_and_ends_within_moments_when_its_batch_is_revoked() -> Result<()> {
    let stage = Stage::set(1, 52, 1.0).await?;
    let victim = stage.devices[0].clone();
    let claim = claim(&stage, "batch-2").await?;
    let identity = claim_identity(&claim);
    let cloud = stage.serve().await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("the boot in the store", |car| car.is_up && car.host.device.status().stored == 0).await?;

    // Under the name of a car that exists: it neither takes the car's place nor reports in its name.
    let mut thief = link_as(&cloud, &identity, victim.as_str())?;
    let up = within("a session with a claim", thief.next()).await?;
    ensure!(matches!(up, Event::Up), "{up:?}");
    ensure!(thief.publish(&envelope(77, 1)?).is_some(), "the envelope did not leave");
    until_lost(&mut thief).await?;
    drop(thief);
    let counted = cloud.counter("milepost_sessions_ended_total", "reason=\"claim_misuse\"").await?;
    ensure!((counted - 1.0).abs() < 0.5, "{counted} misuses were counted");
    ensure!(car.is_up, "the car was put off");

    let mut idle = link_as(&cloud, &identity, "SN-5")?;
    ensure!(matches!(within("a session with a claim", idle.next()).await?, Event::Up), "no session");
    device_well(&stage, &["revoke", "batch-2", "--batch"]).await?;
    until_lost(&mut idle).await?;
    let counted = cloud.counter("milepost_sessions_ended_total", "reason=\"revoked\"").await?;
    ensure!((counted - 1.0).abs() < 0.5, "{counted} sessions ended as revoked");
    let late = enrol(&cloud, &claim, "SN-5", &stage.folder().join("late")).await?;
    ensure!(late.status.code() == Some(1), "{late:?}");
    car.during(async { Ok(()) }).await?;
    car.go_offline().await;
    cloud.stop().await?;
    let boots = stage.stored(&victim).await?.boots()?;
    ensure!(boots.keys().eq(&[1]), "{victim} holds {boots:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_under_a_live_session_although_the_cloud_is_killed_in_the_middle() -> Result<()> {
    const ROUNDS: usize = 4;
    let stage = Stage::set(1, 53, 1.0).await?;
    let id = stage.devices[0].clone();
    stage.configure(|config| config.front_door.retire_after_ms = 0)?;
    let mut random = SmallRng::seed_from_u64(stage.seed);
    let mut cloud = stage.serve().await?;
    let front_door = cloud.at.front_door;
    let mut car = Car::start(&stage).await?;
    car.go_online(front_door)?;
    car.until("a session", |car| car.is_up).await?;
    let first = Identity::in_folder(&stage.identities(), id.as_str());
    let old = stage.folder().join("old");
    std::fs::create_dir_all(old.join(id.as_str()))?;
    std::fs::copy(&first.ca, old.join("ca.pem"))?;
    for name in ["cert.pem", "key.pem"] {
        std::fs::copy(stage.identities().join(id.as_str()).join(name), old.join(id.as_str()).join(name))?;
    }
    for _ in 0..ROUNDS {
        let before = car.keeper.certificate().to_vec();
        car.keeper.renew()?;
        // The moment is what is random here; nothing is waited for.
        let moment = tokio::time::sleep(Duration::from_millis(random.random_range(0..250)));
        car.during(async {
            moment.await;
            Ok(())
        })
        .await?;
        cloud.kill().await?;
        cloud = stage.serve().await?;
        ensure!(cloud.at.front_door == front_door, "the front door moved to {}", cloud.at.front_door);
        car.until("the new certificate in use", |car| {
            car.is_up && car.keeper.certificate() != before && car.keeper.is_settled()
        })
        .await?;
    }
    car.until("receipts for everything", |car| car.host.device.status().stored == 0).await?;
    let id = stage.devices[0].clone();
    let settled = until("the retirement of what was replaced", async || {
        let issued: Vec<_> = register(&stage)?.issued.into_iter().filter(|issued| issued.device == id).collect();
        let now_ms = milepost::clock::Clock::real().now_ms();
        Ok(issued.iter().filter(|issued| issued.is_valid(now_ms)).count() == 1)
    });
    car.during(settled).await?;
    let issued: Vec<_> = register(&stage)?.issued.into_iter().filter(|issued| issued.device == id).collect();
    ensure!(issued.len() == 1 + ROUNDS, "{} certificates were issued for {ROUNDS} rounds", issued.len());

    let mut stale = link_as(&cloud, &Identity::in_folder(&old, id.as_str()), id.as_str())?;
    let loss = until_lost(&mut stale).await?;
    ensure!(matches!(loss, Loss::Refused(_)), "the first certificate is still taken: {loss:?}");
    ensure!(car.is_up, "and the car lives on with its last");
    car.go_offline().await;
    cloud.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_on_the_bench_gets_an_identity_and_a_receipt_that_nobody_can_change() -> Result<()> {
    let stage = Stage::set(1, 54, 1.0).await?;
    let cloud = stage.serve().await?;
    let board = BenchBoard::start(stage.folder(), "SN-9", "test-board")?;
    let port = format!("unix:{}", board.socket.display());
    let (url, server) = (format!("http://{}", cloud.at.http), cloud.at.front_door.to_string());
    let image = "ab".repeat(32);
    let call = |kind: &'static str| {
        [
            "enrol",
            "--port",
            &port,
            "--board",
            kind,
            "--device",
            "car-0201",
            "--server",
            &server,
            "--server-name",
            "localhost",
            "--cloud",
            &url,
            "--user",
            ENGINEER,
            "--image-sha256",
            &image,
        ]
        .map(str::to_owned)
    };
    let wrong = bench(&call("other-board"), PASSWORD).await?;
    ensure!(wrong.status.code() == Some(1), "{wrong:?}");
    ensure!(String::from_utf8_lossy(&wrong.stderr).contains("not the other-board that was asked for"), "{wrong:?}");
    let nobody = bench(&call("test-board"), "a wrong password").await?;
    ensure!(nobody.status.code() == Some(1), "{nobody:?}");
    let done = bench(&call("test-board"), PASSWORD).await?;
    ensure!(done.status.success(), "{done:?}");

    let receipt: Value = serde_json::from_slice(&done.stdout)?;
    let told = &receipt["receipt"];
    ensure!(told["by"] == ENGINEER && told["result"] == "enrolled" && told["image_sha256"] == image, "{receipt}");
    let file = stage.folder().join("receipt.json");
    let path = file.to_string_lossy();
    std::fs::write(&file, &done.stdout)?;
    device_well(&stage, &["receipt", "verify", &path]).await?;
    let forged = String::from_utf8(done.stdout)?.replace(&image, &"00".repeat(32));
    std::fs::write(&file, forged)?;
    let refused = device(&stage, &["receipt", "verify", &path]).await?;
    ensure!(refused.status.code() == Some(1), "a changed receipt holds: {refused:?}");
    ensure!(String::from_utf8_lossy(&refused.stderr).contains("does not hold"), "{refused:?}");

    let mut car = Car::with(&stage, "car-0201".parse()?, &board.flash).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("the boot in the store", |car| car.is_up && car.host.device.status().stored == 0).await?;
    car.go_offline().await;
    cloud.stop().await
}

/// `milepost-station`, with the password where a person would type it.
async fn bench(arguments: &[String], password: &str) -> Result<Output> {
    let mut child = Command::new(binary("milepost-station")?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().context("standard input is piped")?;
    stdin.write_all(format!("{password}\n").as_bytes()).await?;
    drop(stdin);
    Ok(within("the end of the bench", child.wait_with_output()).await??)
}

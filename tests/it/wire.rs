//! Who may do what on the wire, tried with clients that are not ours.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use milepost::clock::Clock;
use milepost::pki::{Pki, Role};
use milepost_protocol::DeviceId;

use crate::support::car::Car;
use crate::support::cloud::Cloud;
use crate::support::envelopes::envelope;
use crate::support::mosquitto::{Caller, is_installed};
use crate::support::process::output;
use crate::support::stage::Stage;

const VERSIONS: [&str; 2] = ["mqttv311", "mqttv5"];

/// A file with an envelope of one record, whose boot says which attempt it was.
fn payload(stage: &Stage, boot: u32) -> Result<PathBuf> {
    let path = stage.folder().join(format!("{boot}.envelope"));
    std::fs::write(&path, envelope(boot, 1)?)?;
    Ok(path)
}

/// A caller with a stage's certificate for `device`.
fn caller<'a>(stage: &Stage, cloud: &Cloud, device: &'a DeviceId, version: &'a str) -> Caller<'a> {
    Caller {
        ca: stage.identities().join("ca.pem"),
        identity: Some(stage.identities().join(device.as_str())),
        client_id: device.as_str(),
        port: cloud.at.front_door.port(),
        version,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_publishes_to_its_own_topic_under_its_own_certificate_and_nothing_else_gets_through() -> Result<()> {
    if !is_installed() {
        return Ok(());
    }
    let stage = Stage::set(2, 23, 1.0).await?;
    let (mine, other) = (&stage.devices[0], &stage.devices[1]);
    let cloud = stage.serve().await?;
    let my_topic = format!("v/{mine}/up");
    let mut boot = 100;
    let mut good = Vec::new();
    // Certificates of a service that calls itself the same but is another.
    let now_ms = Clock::real().now_ms();
    let forged = stage.folder().join("forged");
    Pki::open(&stage.folder().join("other-pki"), now_ms)?.issue(mine, Role::Device, now_ms)?.write(mine, &forged)?;

    for version in VERSIONS {
        let own = caller(&stage, &cloud, mine, version);
        let foreign = caller(&stage, &cloud, other, version);
        let refused = [
            // (who, topic, what the client hears before the end)
            (Caller { identity: None, ..own.clone() }, &*my_topic, "alert certificate required"),
            (Caller { identity: Some(forged.join(mine.as_str())), ..own.clone() }, &my_topic, "SSL"),
            (foreign.clone(), &my_topic, "sending PUBLISH"),
            (Caller { client_id: mine.as_str(), ..foreign }, &my_topic, "onnection"),
            (own.clone(), "v/car-0002/up", "sending PUBLISH"),
            (own.clone(), "v/car-0001/dn", "sending PUBLISH"),
            (own.clone(), "v/car-0001/up/more", "sending PUBLISH"),
            (own.clone(), "elsewhere", "sending PUBLISH"),
        ];
        for (who, topic, heard) in refused {
            boot += 1;
            let said = who.publish(topic, &payload(&stage, boot)?).await?;
            ensure!(said.code != 0, "{who:?} reached {topic}: {said:?}");
            ensure!(!said.has("received PUBACK"), "{who:?} was acknowledged on {topic}: {said:?}");
            ensure!(said.has(heard), "{who:?} on {topic} was refused for another reason: {said:?}");
            let spoke = who.identity.is_some() && said.has("received CONNACK (0)");
            ensure!(spoke == (heard == "sending PUBLISH"), "{who:?} on {topic} got too far: {said:?}");
        }
        for topic in ["v/+/up", "v/+/dn", "#", "v/car-0001/#", "v/car-0002/dn", "v/car-0001/up", "$SYS/#"] {
            let said = own.subscribe(topic, 5).await?;
            let reason = match version {
                "mqttv311" => 128,
                _ if topic.contains(['+', '#']) => 162,
                _ => 135,
            };
            ensure!(
                said.has(&format!("Subscribed (mid: 1): {reason}\n")),
                "a subscription to {topic} was granted: {said:?}"
            );
        }
        boot += 1;
        good.push(boot);
        let said = own.publish(&my_topic, &payload(&stage, boot)?).await?;
        ensure!(said.code == 0 && said.has("received PUBACK"), "a good publish was refused: {said:?}");
        let said = own.subscribe(&format!("v/{mine}/dn"), 1).await?;
        ensure!(said.has("Subscribed (mid: 1): 1\n"), "the own topic was refused: {said:?}");
    }
    ensure!(cloud.counter("milepost_connections_refused_total", "").await? >= 6.0, "refusals are not counted");
    ensure!(cloud.counter("milepost_subscriptions_refused_total", "").await? >= 14.0, "refusals are not counted");
    cloud.stop().await?;

    let boots: Vec<_> = stage.stored(mine).await?.boots()?.into_iter().collect();
    ensure!(boots.iter().eq(&[(good[0], 1), (good[1], 1)]), "{mine} holds {boots:?}, {good:?} were good");
    ensure!(stage.stored(other).await?.records.is_empty(), "somebody wrote into {other}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_revoked_while_the_service_runs_ends_the_session_and_never_opens_another() -> Result<()> {
    let stage = Stage::set(1, 24, 1.0).await?;
    let device = &stage.devices[0];
    let cloud = stage.serve().await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("the boot in the store", |car| car.is_up && car.host.device.status().stored == 0).await?;
    let config = stage.config_file();
    let arguments = ["device", "--config", &config.to_string_lossy(), "revoke", device.as_str()].map(str::to_owned);
    let revoked = output("milepost", &arguments).await?;
    ensure!(revoked.status.success(), "revoking failed: {revoked:?}");
    car.until("the end of the session", |car| !car.is_up).await?;
    if is_installed() {
        for version in VERSIONS {
            let own = caller(&stage, &cloud, device, version);
            let said = own.publish(&format!("v/{device}/up"), &payload(&stage, 900)?).await?;
            ensure!(said.code != 0 && said.has("certificate revoked"), "a revoked certificate was let in: {said:?}");
        }
    }
    cloud.stop().await?;
    let boots = stage.stored(device).await?.boots()?;
    ensure!(boots.keys().eq(&[1]), "{device} holds {boots:?}");
    Ok(())
}

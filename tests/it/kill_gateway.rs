//! The cars' process is killed while cars send.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost_firmware::outbox::read_all;
use milepost_gateway::flash_file::{Layout, Sync, open};
use milepost_protocol::{DeviceId, RecordId};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::fleet::Fleet;
use crate::support::proxy::Proxy;
use crate::support::stage::Stage;
use crate::support::stored;

/// How often the fleet is killed.
const ROUNDS: u32 = 10;

/// The kind of every record that was seen in a flash file.
type Seen = BTreeMap<(DeviceId, RecordId), u16>;

/// Notes what stands in the flash file of every car.
async fn note_flash(stage: &Stage, seen: &mut Seen) -> Result<()> {
    for device in &stage.devices {
        let path = stage.fleet_state().join(format!("{device}.flash"));
        let flash = open(&path, Layout::FLEET, Sync::Never)?;
        for lane in [flash.alerts, flash.bulk] {
            read_all(lane, |stamp, _| {
                seen.insert((device.clone(), stamp.id()), stamp.kind);
            })
            .await
            .with_context(|| format!("{} does not read back", path.display()))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_stood_in_flash_when_the_cars_were_killed_is_committed_exactly_once() -> Result<()> {
    let stage = Stage::set(12, 22, 100_000.0).await?;
    let mut random = SmallRng::seed_from_u64(stage.seed);
    let cloud = stage.serve().await?;
    let link = Proxy::start(cloud.at.front_door).await?;
    let mut seen = Seen::new();
    for round in 0..ROUNDS {
        let mut fleet = Fleet::start(&stage, link.address)?;
        fleet.has_made(1).await?;
        // The moment is what is random here; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        // Every second time the service hears records whose receipts never reach the cars.
        if round % 2 == 1 {
            link.deafen();
            fleet.makes_another().await?;
        }
        fleet.kill().await?;
        link.mend();
        note_flash(&stage, &mut seen).await?;
    }
    ensure!(!seen.is_empty(), "no kill hit a record that was on its way");
    let mut fleet = Fleet::start(&stage, cloud.at.front_door)?;
    fleet.has_made(1).await?;
    let (_, report) = fleet.stop().await?;
    cloud.stop().await?;

    let cars = stored::exactly(&stage.store()?, &report).await?;
    for car in &cars {
        ensure!(car.boots()?.keys().copied().eq(1..=ROUNDS + 1), "{} skipped a boot", car.vehicle.device);
        car.counters_never_fall()?;
        car.notices_are_once()?;
    }
    for ((device, record), kind) in seen {
        let car = cars.iter().find(|car| car.vehicle.device == device).context("the report lacks a car")?;
        let committed = car.records.get(&record).with_context(|| format!("{device} lost {record:?}"))?;
        ensure!(committed.kind() == kind, "{device} sent {committed:?} as {record:?}, which was of kind {kind}");
    }
    Ok(())
}

//! The service is killed while cars send.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::cloud::Cloud;
use crate::support::fleet::Fleet;
use crate::support::process::until;
use crate::support::proxy::Proxy;
use crate::support::stage::Stage;
use crate::support::stored;

/// How often the service is killed.
const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fifty_cars_make_is_committed_exactly_once_though_the_cloud_is_killed_twenty_times() -> Result<()> {
    let stage = Stage::set(50, 20, 100_000.0).await?;
    let mut random = SmallRng::seed_from_u64(stage.seed);
    let mut cloud = stage.serve().await?;
    let front_door = cloud.at.front_door;
    let link = Proxy::start(front_door).await?;
    let mut fleet = Fleet::start(&stage, link.address)?;
    fleet.has_made(1).await?;
    for round in 0..ROUNDS {
        // The moment is what is random here; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(300..2_000))).await;
        if round % 2 == 1 {
            until("a car's session", || async { Ok(cloud.counter("milepost_sessions", "").await? >= 1.0) }).await?;
            link.deafen();
            // What is committed from here on has no receipt when the service dies.
            let before = cloud.counter("milepost_records_total", "").await?;
            until("a commit", || async { Ok(cloud.counter("milepost_records_total", "").await? > before) }).await?;
        }
        cloud.kill().await?;
        link.cut();
        link.mend();
        if round % 4 == 3 {
            // A service that is killed while it recovers has to recover from that, too.
            let mut recovering = Cloud::launch(&stage.config_file(), stage.folder())?;
            tokio::time::sleep(Duration::from_millis(random.random_range(0..150))).await;
            recovering.kill().await?;
        }
        cloud = stage.serve().await?;
        ensure!(cloud.at.front_door == front_door, "the front door moved to {}", cloud.at.front_door);
    }
    let (told, report) = fleet.stop().await?;
    cloud.stop().await?;
    ensure!(report.records_created > 5_000, "only {} records were made", report.records_created);
    ensure!(!told.raised.is_empty() && !told.shown.is_empty() && told.answered > 0, "no notice was on its way");
    let cars = stored::exactly(&stage.store()?, &report).await?;
    for car in &cars {
        car.notices_are_as_told(&told)?;
    }
    let again: u64 = cars.iter().map(|car| car.vehicle.counts.duplicates).sum();
    ensure!(again > 0, "no kill hit a record between its commit and its receipt");
    Ok(())
}

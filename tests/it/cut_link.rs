//! The link between cars and service is cut and stalled while cars send.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::fleet::Fleet;
use crate::support::proxy::Proxy;
use crate::support::stage::Stage;
use crate::support::stored;

/// How often the link fails.
const ROUNDS: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_twenty_cars_make_is_committed_exactly_once_though_their_link_is_cut_and_stalled() -> Result<()> {
    let stage = Stage::set(20, 21, 100_000.0).await?;
    let mut random = SmallRng::seed_from_u64(stage.seed);
    let cloud = stage.serve().await?;
    let link = Proxy::start(cloud.at.front_door).await?;
    let mut fleet = Fleet::start(&stage, link.address)?;
    fleet.has_made(1).await?;
    for _ in 0..ROUNDS {
        // The moments are what is random here; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(100..1_200))).await;
        let failure = random.random_range(0..3_u8);
        match failure {
            0 => link.cut(),
            1 => link.stall(),
            _ => link.deafen(),
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(50..1_500))).await;
        if failure == 2 {
            // The service has committed what it heard, and its receipts never arrive.
            link.cut();
        }
        link.mend();
    }
    let (told, report) = fleet.stop().await?;
    cloud.stop().await?;
    ensure!(report.records_created > 1_000, "only {} records were made", report.records_created);
    let cars = stored::exactly(&stage.store()?, &report).await?;
    for car in &cars {
        car.notices_are_as_told(&told)?;
    }
    let again: u64 = cars.iter().map(|car| car.vehicle.counts.duplicates).sum();
    ensure!(again > 0, "no record was ever sent twice, so nothing shows that it would be kept once");
    Ok(())
}

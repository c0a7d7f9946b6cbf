//! Where a used car's plan stands before its first record: some way into every item's cycle.
//!
//! Invariant: the items are those of the plan that fits the car, with its rules, so that the plan goes on to hold.

use anyhow::{Context, Result};
use milepost_engine::plan::under_way;
use milepost_protocol::DeviceId;

use crate::domain::Actor;
use crate::service::Service;

/// Puts each item of a registered car's plan as far into its cycle as `share` says, which is asked once for each; 1 is the bound.
///
/// The odometer is in metres, `now_ms` in milliseconds of Unix time.
pub async fn begin_under_way(
    service: &Service,
    device: &DeviceId,
    odometer_m: u32,
    now_ms: u64,
    mut share: impl FnMut() -> f64,
) -> Result<()> {
    let vehicle = service.vehicle(device).await?.context("the car is not registered")?;
    let items = vehicle.items().into_iter().map(|item| under_way(item, share(), odometer_m, now_ms)).collect();
    service.set_plan(device, items, Actor::System).await?;
    Ok(())
}

//! The devices of one rollout, as they stand now.

use milepost_engine::rollout::{Baseline, Offered, Rollout, Standing, standing};
use milepost_protocol::DeviceId;
use milepost_protocol::update::Version;

use super::{Firmware, FirmwareError};

/// How many vehicles are read at a time.
const PAGE: usize = 500;

/// A device that a rollout has offered its image to.
#[derive(Debug, Clone)]
pub struct Member {
    /// Which.
    pub device: DeviceId,
    /// What runs, as far as the device has told.
    pub version: Option<Version>,
    /// The offer.
    pub offered: Offered,
    /// How it stands by its own figures, without those of other devices to compare with.
    pub standing: Standing,
}

impl Firmware {
    /// The devices that a rollout has offered its image to and nobody has offered another one since, by id.
    pub async fn members(&self, rollout: &Rollout) -> Result<Vec<Member>, FirmwareError> {
        let now_ms = self.service.clock().now_ms();
        let mut members = Vec::new();
        let mut after: Option<DeviceId> = None;
        loop {
            let ids = self.service.devices(after.as_ref(), PAGE).await?;
            for vehicle in self.service.vehicles(&ids).await? {
                let Some(offered) = vehicle.update.offered.filter(|offered| offered.rollout == rollout.id) else {
                    continue;
                };
                let standing = standing(rollout, &vehicle.update, Baseline::default(), now_ms);
                members.push(Member { version: vehicle.update.version(), device: vehicle.device, offered, standing });
            }
            if ids.len() < PAGE {
                return Ok(members);
            }
            after = ids.into_iter().next_back();
        }
    }
}

//! Looking through the devices by id, a page at a time.
//!
//! Invariant: one look reads a bounded number of vehicles, and says where the next one goes on.

use milepost_engine::rollout::Phase;
use milepost_protocol::DeviceId;
use milepost_protocol::record::ResetReason;
use serde::Deserialize;

use crate::api::Problem;
use crate::domain::Vehicle;
use crate::web::AppState;

/// How many vehicles are read at a time.
const PAGE: usize = 200;

/// How many vehicles one look goes through at most.
const LOOK_THROUGH: usize = 2_000;

/// From how many waiting records on a device counts as behind.
const BEHIND: u32 = 100;

/// What the list is narrowed to, and where it goes on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Filter {
    /// A part of the device's id, of its board or of its version.
    #[serde(default)]
    pub(crate) q: String,
    /// `online`, `offline`, `trial`, `reset`, `behind`, `losses`, or anything else for all.
    #[serde(default)]
    pub(crate) show: String,
    /// The device behind which the list goes on.
    #[serde(default)]
    pub(crate) after: String,
}

impl Filter {
    fn matches(&self, state: &AppState, vehicle: &Vehicle) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let version = vehicle.state.boot.map(|boot| boot.firmware.map(|part| part.to_string()).join("."));
        let texts = [
            Some(vehicle.device.as_str().to_lowercase()),
            vehicle.update.board.as_deref().map(str::to_lowercase),
            Some(vehicle.profile.model_name.to_lowercase()),
            version,
        ];
        let found = wanted.is_empty() || texts.iter().flatten().any(|text| text.contains(&wanted));
        let shown = || match self.show.as_str() {
            "online" => state.service.is_connected(&vehicle.device),
            "offline" => !state.service.is_connected(&vehicle.device),
            "trial" => vehicle.update.offered.is_some_and(|offered| offered.phase == Phase::OnTrial),
            "reset" => {
                vehicle.state.boot.is_some_and(|boot| matches!(boot.reason, ResetReason::Watchdog | ResetReason::Fault))
            }
            "behind" => vehicle.update.last.is_some_and(|last| last.backlog >= BEHIND),
            "losses" => vehicle.state.lost_records > 0 || vehicle.counts.quarantined > 0,
            _ => true,
        };
        found && shown()
    }
}

/// A page of devices.
#[derive(Debug)]
pub(crate) struct Found {
    /// By id.
    pub(crate) vehicles: Vec<Vehicle>,
    /// Behind which device the next look begins; none where there is nothing more.
    pub(crate) after: Option<DeviceId>,
}

/// The devices that match, at most `limit`, by id.
pub(crate) async fn find(state: &AppState, filter: &Filter, limit: usize) -> Result<Found, Problem> {
    let mut after: Option<DeviceId> = filter.after.parse().ok();
    let mut vehicles: Vec<Vehicle> = Vec::new();
    for _ in 0..LOOK_THROUGH / PAGE {
        let ids = state.service.devices(after.as_ref(), PAGE).await?;
        let page = state.service.vehicles(&ids).await?;
        vehicles.extend(page.into_iter().filter(|vehicle| filter.matches(state, vehicle)));
        if vehicles.len() > limit {
            vehicles.truncate(limit);
            after = vehicles.last().map(|vehicle| vehicle.device.clone());
            return Ok(Found { vehicles, after });
        }
        if ids.len() < PAGE {
            return Ok(Found { vehicles, after: None });
        }
        after = ids.last().cloned();
    }
    Ok(Found { vehicles, after })
}

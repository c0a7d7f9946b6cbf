//! The engineer's view: devices without owners.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::{AppState, all_devices, view};

/// Devices by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicesBody {
    devices: Vec<DeviceBody>,
}

/// One device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceBody {
    id: String,
    firmware: Option<String>,
    boot: Option<u32>,
    last_contact_at: Option<Timestamp>,
    records: u64,
    duplicates: u64,
    unknown_kinds: u64,
    lost_records: u64,
}

/// The devices that have reported.
#[utoipa::path(get, path = "/api/v1/devices", tag = "engineer", responses(
    (status = 200, body = DevicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, _engineer: Engineer) -> Result<Json<DevicesBody>, Problem> {
    let vehicles = all_devices(&state).await?;
    let device = |vehicle: &Vehicle| DeviceBody {
        id: vehicle.device.to_string(),
        firmware: vehicle.state.boot.map(|boot| view::firmware(boot.firmware)),
        boot: vehicle.state.boot.map(|boot| boot.boot),
        last_contact_at: Some(vehicle.state.last_received_ms).filter(|&at_ms| at_ms > 0).map(timestamp),
        records: vehicle.counts.records,
        duplicates: vehicle.counts.duplicates,
        unknown_kinds: vehicle.counts.unknown_kinds,
        lost_records: vehicle.state.lost_records,
    };
    Ok(Json(DevicesBody { devices: vehicles.iter().map(device).collect() }))
}

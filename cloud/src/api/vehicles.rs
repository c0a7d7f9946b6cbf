//! An owner's vehicles and their present state.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use milepost_engine::usage::{Disbelieved, OdometerFault, Trip};
use milepost_protocol::record::Wheel;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{ItemBody, NoticeBody, ValueBody, VehicleSummary};
use super::profile::ProfileDetail;
use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Owner, See, Trips};
use crate::domain::{NoticeDoc, Vehicle};
use crate::i18n::{Format, timestamp};
use crate::web::{AppState, Opened, Reader};

/// The caller's vehicles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VehiclesBody {
    vehicles: Vec<VehicleSummary>,
}

/// One vehicle.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VehicleBody {
    pub(crate) vehicle: VehicleDetail,
}

/// One vehicle with everything that its page shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VehicleDetail {
    summary: VehicleSummary,
    profile: ProfileDetail,
    totals: TotalsBody,
    odometer: OdometerBody,
    /// Last values by VSS path, in SI units.
    signals: BTreeMap<String, ValueBody>,
    tyres: Vec<TyreBody>,
    battery_rest_mv: Option<ValueBody>,
    troubles: Vec<TroubleBody>,
    items: Vec<ItemBody>,
    /// Notices that ask for attention now.
    notices: Vec<NoticeBody>,
    lost_records: u64,
}

/// How far the odometer can be believed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OdometerBody {
    /// How far the car has driven since the odometer moved last, in metres, if that is farther than it can stand still.
    frozen_m: Option<u32>,
    /// Readings that were not believed, the newest first.
    faults: Vec<OdometerFaultBody>,
}

/// A reading that was not believed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OdometerFaultBody {
    at: Timestamp,
    /// `fell` or `leapt`.
    fault: &'static str,
    read_m: u32,
    known_m: u32,
}

/// Lifetime counters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsBody {
    distance_m: u32,
    engine_s: u32,
    idle_s: u32,
    fuel_ml: u32,
    energy_wh: u32,
    trips: u32,
    cold_starts: u32,
    short_trips: u32,
}

/// A tyre.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TyreBody {
    /// `front_left`, `front_right`, `rear_left` or `rear_right`.
    wheel: &'static str,
    pressure_pa: ValueBody,
}

/// A trouble code as last heard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TroubleBody {
    code: String,
    /// `pending`, `confirmed`, `permanent` or `cleared`.
    status: &'static str,
    ecu: u32,
    first_at: Timestamp,
    changed_at: Timestamp,
    odometer_m: Option<u32>,
}

/// Trips, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TripsBody {
    trips: Vec<TripBody>,
}

/// A trip that ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TripBody {
    started_at: Timestamp,
    ended_at: Timestamp,
    distance_m: u32,
    engine_s: u32,
    idle_s: u32,
    fuel_ml: u32,
    energy_wh: u32,
    odometer_end_m: Option<u32>,
}

/// The caller's vehicles, and those that others let the caller see.
#[utoipa::path(get, path = "/api/v1/vehicles", tag = "owner", responses(
    (status = 200, body = VehiclesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
) -> Result<Json<VehiclesBody>, Problem> {
    let vehicles = state.service.vehicles_for(&owner.0.account.id).await?;
    let summary = |vehicle: &Vehicle| VehicleSummary::new(vehicle, &reader.format(&owner.0.account, Some(vehicle)));
    Ok(Json(VehiclesBody { vehicles: vehicles.iter().map(summary).collect() }))
}

/// One of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = VehicleBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(Opened { owner, vehicle, format, .. }: Opened<See>) -> Result<Json<VehicleBody>, Problem> {
    let mut detail = VehicleDetail::new(&vehicle, &format);
    let told = |notice: &&NoticeDoc| vehicle.tells(&owner.0.account.id, notice.subject.kind());
    let open = vehicle.open_notices(format.now_ms).filter(told);
    detail.notices = open.map(|notice| NoticeBody::new(notice, &format)).collect();
    Ok(Json(VehicleBody { vehicle: detail }))
}

/// Trips of one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/trips", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = TripsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn trips(Granted { vehicle, .. }: Granted<Trips>) -> Result<Json<TripsBody>, Problem> {
    let mut trips: Vec<&Trip> = vehicle.state.trips.ended.iter().collect();
    trips.sort_by_key(|trip| std::cmp::Reverse(trip.started_ms));
    let body = |trip: &Trip| TripBody {
        started_at: timestamp(trip.started_ms),
        ended_at: timestamp(trip.ended_ms),
        distance_m: trip.distance_m,
        engine_s: trip.engine_s,
        idle_s: trip.idle_s,
        fuel_ml: trip.fuel_ml,
        energy_wh: trip.energy_wh,
        odometer_end_m: trip.odometer_m,
    };
    Ok(Json(TripsBody { trips: trips.into_iter().map(body).collect() }))
}

impl VehicleDetail {
    /// The vehicle at the format's present moment.
    pub(crate) fn new(vehicle: &Vehicle, format: &Format) -> Self {
        let now_ms = format.now_ms;
        let (state, totals) = (&vehicle.state, &vehicle.state.totals);
        let signals = state.signals.iter().filter_map(|(id, value)| {
            let path = id.entry()?.path.to_owned();
            Some((path, ValueBody::new(value.value.into(), value.measured_at_ms, now_ms)))
        });
        let tyre = |(wheel, tyre): (&Wheel, &milepost_engine::usage::Tyre)| TyreBody {
            wheel: match wheel {
                Wheel::FrontLeft => "front_left",
                Wheel::FrontRight => "front_right",
                Wheel::RearLeft => "rear_left",
                Wheel::RearRight => "rear_right",
            },
            pressure_pa: ValueBody::new(tyre.pressure_pa.into(), tyre.at_ms, now_ms),
        };
        let rest = state.rests.back();
        Self {
            summary: VehicleSummary::new(vehicle, format),
            profile: ProfileDetail::new(vehicle),
            odometer: OdometerBody {
                frozen_m: state.odometer.frozen_m(),
                faults: state.odometer.faults.iter().rev().map(fault).collect(),
            },
            totals: TotalsBody {
                distance_m: totals.distance_m,
                engine_s: totals.engine_s,
                idle_s: totals.idle_s,
                fuel_ml: totals.fuel_ml,
                energy_wh: totals.energy_wh,
                trips: totals.trips,
                cold_starts: totals.cold_starts,
                short_trips: totals.short_trips,
            },
            signals: signals.collect(),
            tyres: state.wheels.mounted.iter().map(tyre).collect(),
            battery_rest_mv: rest.map(|rest| ValueBody::new(rest.millivolts.into(), rest.at_ms, now_ms)),
            troubles: state.troubles.iter().map(trouble).collect(),
            items: vehicle.items().iter().map(|item| ItemBody::new(item, vehicle, format)).collect(),
            notices: vehicle.open_notices(now_ms).map(|notice| NoticeBody::new(notice, format)).collect(),
            lost_records: state.lost_records,
        }
    }
}

fn fault(known: &Disbelieved) -> OdometerFaultBody {
    OdometerFaultBody {
        at: timestamp(known.at_ms),
        fault: match known.fault {
            OdometerFault::Fell => "fell",
            OdometerFault::Leapt => "leapt",
        },
        read_m: known.read_m,
        known_m: known.known_m,
    }
}

fn trouble(known: &milepost_engine::usage::TroubleEntry) -> TroubleBody {
    use milepost_protocol::trouble::TroubleStatus;
    TroubleBody {
        code: known.code.to_string(),
        status: match known.status {
            TroubleStatus::Pending => "pending",
            TroubleStatus::Confirmed => "confirmed",
            TroubleStatus::Permanent => "permanent",
            TroubleStatus::Cleared => "cleared",
        },
        ecu: known.ecu,
        first_at: timestamp(known.first_ms),
        changed_at: timestamp(known.changed_ms),
        odometer_m: known.odometer_m,
    }
}

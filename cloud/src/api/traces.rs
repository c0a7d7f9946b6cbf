//! How a vehicle's values went, for charts.

use axum::Json;
use axum::extract::{Path, State};
use milepost_protocol::downlink::Purposes;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Advisor, Granted, Own};
use crate::domain::Vehicle;
use crate::traces::{Trace, traces};
use crate::web::AppState;

/// How a vehicle's values went; what has no reading is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TracesBody {
    traces: Vec<TraceBody>,
}

/// How one value went: as many moments as values.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceBody {
    /// `odometer`, `battery_rest`, `tyre_front_left` and its like, `fuel_level` or `state_of_charge`.
    quantity: &'static str,
    /// `m`, `V`, `Pa` or `ratio`.
    unit: &'static str,
    /// Seconds of Unix time, ascending.
    at_s: Vec<u64>,
    values: Vec<f64>,
}

/// How the values of a vehicle went that its owner shares with the workshop.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}/traces", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = TracesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn of_queue(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
) -> Result<Json<TracesBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    read(&state, &vehicle, Purposes::WORKSHOP).await
}

/// How the values of one of the caller's vehicles went.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/traces", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = TracesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn of_vehicle(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<TracesBody>, Problem> {
    read(&state, &vehicle, Purposes(u8::MAX)).await
}

async fn read(state: &AppState, vehicle: &Vehicle, purposes: Purposes) -> Result<Json<TracesBody>, Problem> {
    let body = |trace: Trace| {
        let (at_s, values) = trace.points.into_iter().map(|(at_ms, value)| (at_ms / 1000, value)).unzip();
        TraceBody { quantity: trace.quantity.name(), unit: trace.quantity.unit(), at_s, values }
    };
    let traces = traces(&state.service, vehicle, purposes).await?;
    Ok(Json(TracesBody { traces: traces.into_iter().map(body).collect() }))
}

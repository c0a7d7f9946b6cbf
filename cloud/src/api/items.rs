//! Service items: how far each has come, and that the work was done.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use jiff::Timestamp;
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::ItemBody;
use super::idempotency::Once;
use super::{Problem, ProblemBody};
use crate::accounts::{Act, Own, See};
use crate::domain::{Remarks, Right, Vehicle};
use crate::i18n::Format;
use crate::web::{AppState, Opened};

/// A vehicle's service items.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemsBody {
    items: Vec<ItemBody>,
}

/// One service item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneItemBody {
    item: ItemBody,
}

/// That the work was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CompletionBody {
    /// When; now if absent.
    at: Option<Timestamp>,
    /// The odometer then, in metres; the present one if absent.
    odometer_m: Option<u32>,
}

/// The service items of one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/items", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ItemsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(Opened { vehicle, format, .. }: Opened<See>) -> Result<Json<ItemsBody>, Problem> {
    let items = vehicle.items();
    let items = items.iter().map(|item| ItemBody::new(item, &vehicle, &format));
    Ok(Json(ItemsBody { items: items.collect() }))
}

/// Note that the work on an item was done; its next cycle begins.
///
/// With the same `Idempotency-Key` and the same body a repeated call changes nothing and answers alike.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/items/{item}/complete", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("item" = u16, Path, description = "The item's number"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 characters; kept with the vehicle's account")),
    request_body = CompletionBody, responses(
    (status = 200, body = OneItemBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn complete(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Act>,
    headers: HeaderMap,
    Path((_, item)): Path<(String, u16)>,
    Json(body): Json<CompletionBody>,
) -> Result<Json<OneItemBody>, Problem> {
    let at_ms = match body.at {
        None => None,
        Some(at) => Some(u64::try_from(at.as_millisecond()).map_err(|_| Problem::completion())?),
    };
    let request = format!("complete {} {item} {at_ms:?} {:?}", vehicle.device, body.odometer_m);
    let once = Once::begin(&state, &owner.0.account.id, &headers, &request).await?;
    if !once.is_repeat() {
        let done = state
            .service
            .complete(
                &vehicle.device,
                ItemId(item),
                at_ms,
                body.odometer_m,
                Remarks::default(),
                owner.actor_on(&vehicle),
            )
            .await;
        if let Err(error) = done {
            once.forget(&state).await?;
            return Err(error.into());
        }
    }
    let vehicle = owner.vehicle_for(&state, vehicle.device.as_str(), Right::Act).await?;
    one(&vehicle, item, &format)
}

/// Take the last completion of an item back.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/items/{item}/undo", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("item" = u16, Path, description = "The item's number")), responses(
    (status = 200, body = OneItemBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub(crate) async fn undo(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Act>,
    Path((_, item)): Path<(String, u16)>,
) -> Result<Json<OneItemBody>, Problem> {
    state.service.undo(&vehicle.device, ItemId(item), owner.actor_on(&vehicle)).await?;
    let vehicle = owner.vehicle_for(&state, vehicle.device.as_str(), Right::Act).await?;
    one(&vehicle, item, &format)
}

/// Whether an item applies.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AppliesBody {
    applies: bool,
}

/// Note whether an item applies to the car; one that does not is never due.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/items/{item}/applies", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("item" = u16, Path, description = "The item's number")),
    request_body = AppliesBody, responses(
    (status = 200, body = OneItemBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn applies(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Own>,
    Path((_, item)): Path<(String, u16)>,
    Json(body): Json<AppliesBody>,
) -> Result<Json<OneItemBody>, Problem> {
    state.service.applies(&vehicle.device, ItemId(item), body.applies, owner.actor()).await?;
    let vehicle = owner.vehicle(&state, vehicle.device.as_str()).await?;
    one(&vehicle, item, &format)
}

fn one(vehicle: &Vehicle, item: u16, format: &Format) -> Result<Json<OneItemBody>, Problem> {
    let item = vehicle.item(ItemId(item)).ok_or_else(Problem::not_found)?;
    Ok(Json(OneItemBody { item: ItemBody::new(&item, vehicle, format) }))
}

//! Consent of an owner for one vehicle.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::domain::{Actor, ConsentChange, Vehicle};
use crate::i18n::timestamp;
use crate::web::{AppState, view};

/// What a vehicle's data may be used for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentBody {
    consent: ConsentDetail,
}

/// The present consent and how it came about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsentDetail {
    version: u32,
    /// `function`, `workshop`, `offers`, `location`, `research`.
    purposes: Vec<&'static str>,
    /// The newest first.
    history: Vec<ConsentChangeBody>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsentChangeBody {
    at: Timestamp,
    /// `car`, `owner`, `family`, `advisor`, `engineer`, `system` or `forgotten`.
    by: &'static str,
    version: u32,
    purposes: Vec<&'static str>,
}

/// The purposes that are allowed from now on; `function` always stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PurposesBody {
    purposes: Vec<String>,
}

/// The consent for one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/consent", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ConsentBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(Granted { vehicle, .. }: Granted<Own>) -> Json<ConsentBody> {
    Json(ConsentBody { consent: detail(&vehicle) })
}

/// Set the consent for one of the caller's vehicles; the car learns of it.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/consent", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")),
    request_body = PurposesBody, responses(
    (status = 200, body = ConsentBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn save(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Json(body): Json<PurposesBody>,
) -> Result<Json<ConsentBody>, Problem> {
    let purposes = view::purposes(body.purposes.iter().map(String::as_str)).ok_or_else(Problem::invalid)?;
    state.service.set_consent(&vehicle.device, purposes, owner.actor()).await?;
    Ok(Json(ConsentBody { consent: detail(&owner.vehicle(&state, vehicle.device.as_str()).await?) }))
}

pub(super) fn detail(vehicle: &Vehicle) -> ConsentDetail {
    let change = |change: &ConsentChange| ConsentChangeBody {
        at: timestamp(change.at_ms),
        by: match change.by {
            Actor::Car => "car",
            Actor::Owner(_) => "owner",
            Actor::Family(_) => "family",
            Actor::Advisor(_) => "advisor",
            Actor::Engineer(_) => "engineer",
            Actor::System => "system",
            Actor::Forgotten => "forgotten",
        },
        version: change.consent.version,
        purposes: view::names(change.consent.purposes),
    };
    ConsentDetail {
        version: vehicle.consent.version,
        purposes: view::names(vehicle.consent.purposes),
        history: vehicle.consent_history.iter().rev().map(change).collect(),
    }
}

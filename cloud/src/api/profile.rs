//! What a vehicle is: its identification number, model and first registration, which choose its plan.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use milepost_engine::vin::Vin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::domain::{Profile, Vehicle};
use crate::i18n::timestamp;
use crate::web::AppState;

/// What a vehicle is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileBody {
    profile: ProfileDetail,
}

/// The description, and the plan that it chose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileDetail {
    vin: Option<String>,
    model: String,
    model_year: Option<u16>,
    registered_at: Option<Timestamp>,
    /// The plan's name; absent if the items were set by hand.
    plan: Option<String>,
}

/// A description as the owner writes it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct DescriptionBody {
    /// 17 letters and digits; the check digit has to be right where it is binding.
    vin: Option<String>,
    /// Make and model, such as `VW Golf`; at most 80 characters.
    model: String,
    model_year: Option<u16>,
    registered_at: Option<Timestamp>,
}

/// The years in which a car can be built, as models are counted.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2100;

impl ProfileDetail {
    pub(crate) fn new(vehicle: &Vehicle) -> Self {
        let profile = &vehicle.profile;
        Self {
            vin: profile.vin.as_ref().map(ToString::to_string),
            model: profile.model_name.clone(),
            model_year: profile.model_year,
            registered_at: (profile.registered_ms > 0).then(|| timestamp(profile.registered_ms)),
            plan: vehicle.book.plan.as_ref().filter(|_| !vehicle.book.by_hand).map(|plan| plan.name.clone()),
        }
    }
}

/// Describe one of the caller's vehicles; the plan that fits it best is taken at once.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/profile", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = DescriptionBody, responses(
    (status = 200, body = ProfileBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn describe(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Json(told): Json<DescriptionBody>,
) -> Result<Json<ProfileBody>, Problem> {
    let registered_ms = match told.registered_at {
        None => 0,
        Some(at) => u64::try_from(at.as_millisecond()).map_err(|_| Problem::invalid())?,
    };
    let vin = told.vin.as_deref().unwrap_or_default();
    let profile = described(&vehicle, vin, &told.model, told.model_year, registered_ms, state.now_ms())?;
    state.service.describe(&vehicle.device, profile, owner.actor()).await?;
    let vehicle = owner.vehicle(&state, vehicle.device.as_str()).await?;
    Ok(Json(ProfileBody { profile: ProfileDetail::new(&vehicle) }))
}

/// A vehicle's profile with another description, if it can be one; an empty VIN is none.
pub(crate) fn described(
    vehicle: &Vehicle,
    vin: &str,
    model: &str,
    model_year: Option<u16>,
    registered_ms: u64,
    now_ms: u64,
) -> Result<Profile, Problem> {
    let vin = match vin.trim() {
        "" => None,
        vin => Some(vin.parse::<Vin>().map_err(|error| Problem::vin(&error))?),
    };
    let model = model.trim();
    if model.chars().count() > 80 || model_year.is_some_and(|year| !YEARS.contains(&year)) || registered_ms > now_ms {
        return Err(Problem::invalid());
    }
    Ok(Profile { vin, model_name: model.to_owned(), model_year, registered_ms, ..vehicle.profile.clone() })
}

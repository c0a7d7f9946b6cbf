//! The catalogue, its preview and segments, for whoever answers for offers.

use axum::Json;
use axum::extract::{Path, State};
use milepost_engine::offers::Arm;
use milepost_engine::offers::book::{Tally, arms_of};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::policy::guardrail::Standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Lead;
use crate::offers::{Listed, Preview, Previewed, preview, put as put_offer, set_live, stop_arms};
use crate::rules::stage_name;
use crate::web::{AppState, Reader, view};

/// The catalogue by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OffersBody {
    offers: Vec<OfferBody>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneOfferBody {
    offer: OfferBody,
}

/// An entry of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferBody {
    id: u16,
    code: String,
    /// `tip` or `offer`.
    kind: &'static str,
    version: u32,
    live: bool,
    title: String,
    /// In the hundredth of the currency.
    price: i64,
    /// In the hundredth of the currency.
    margin: i64,
    /// How many are left; absent for any number.
    left: Option<u32>,
    arms: Vec<ArmStandBody>,
}

/// What came of an arm.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArmStandBody {
    arm: String,
    shown: u64,
    booked: u64,
    refused: u64,
    expired: u64,
    complaints: u64,
    /// In the hundredth of the currency.
    margin: i64,
    /// `safe`, `watched` or `halted`.
    guardrail: &'static str,
    /// Whether nobody is shown it: by the guardrail, or by a person.
    halted: bool,
}

/// What a preview shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewBody {
    preview: TriedBody,
}

/// An entry tried on cars.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TriedBody {
    looked_at: usize,
    /// Cars whose owners do not allow it; nothing else of them was looked at.
    not_allowed: usize,
    fits: usize,
    falls: Vec<FallBody>,
    /// Some of them one by one, those that it fits first.
    cars: Vec<CarBody>,
}

/// How many cars fall at a stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FallBody {
    stage: &'static str,
    cars: usize,
}

/// One car that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarBody {
    device: String,
    rejected_at: Option<&'static str>,
    rejected_because: Option<String>,
    /// In the hundredth of the currency.
    saves: Option<i64>,
}

/// Where something that was put shall stand: an entry of the catalogue, or an experiment. A form sends the same.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateBody {
    /// `live` or `paused` for an entry, `running` or `stopped` for an experiment.
    pub(crate) state: String,
}

impl StateBody {
    /// Whether an entry shall be made to people; nothing else can be asked of it.
    pub(crate) fn live(&self) -> Result<bool, Problem> {
        match self.state.as_str() {
            "live" => Ok(true),
            "paused" => Ok(false),
            _ => Err(Problem::invalid()),
        }
    }
}

/// Segments in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentsBody {
    segments: Vec<SegmentBody>,
}

/// A named group of cars.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentBody {
    name: String,
    version: u32,
    cars: u64,
}

impl OfferBody {
    fn new(listed: &Listed, state: &AppState, language: &str) -> Self {
        let book = state.service.book();
        let halted = book.halted();
        let Listed { entry, live } = listed;
        let stand = |arm: Arm| {
            let Tally { shown, booked, refused, expired, complaints, margin } = book.tally(arm);
            ArmStandBody {
                arm: arm.to_string(),
                shown,
                booked,
                refused,
                expired,
                complaints,
                margin,
                guardrail: guardrail_name(book.standing(arm)),
                halted: halted.contains(&arm),
            }
        };
        let words = entry.content.get(language).or_else(|| entry.content.get("en"));
        Self {
            id: entry.id,
            code: entry.code.clone(),
            kind: if entry.kind == Kind::Tip { "tip" } else { "offer" },
            version: entry.version,
            live: *live,
            title: words.map_or_else(|| entry.code.clone(), |words| words.title.clone()),
            price: entry.price,
            margin: entry.margin,
            left: book.left(entry.id, entry.stock),
            arms: arms_of(entry).map(stand).collect(),
        }
    }
}

/// The name of a standing.
pub(crate) fn guardrail_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Safe => "safe",
        Standing::Watched => "watched",
        Standing::Halted => "halted",
    }
}

fn one(state: &AppState, reader: &Reader, lead: &Lead, id: u16) -> Result<Json<OneOfferBody>, Problem> {
    let language = reader.localizer(Some(&lead.0.account)).language().code();
    let catalogue = state.service.desk().now();
    let listed = catalogue.entry(id).ok_or_else(Problem::not_found)?;
    Ok(Json(OneOfferBody { offer: OfferBody::new(listed, state, language) }))
}

/// The catalogue, with what came of each arm.
#[utoipa::path(get, path = "/api/v1/offers", tag = "lead", responses(
    (status = 200, body = OffersBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, lead: Lead, reader: Reader) -> Json<OffersBody> {
    let language = reader.localizer(Some(&lead.0.account)).language().code();
    let catalogue = state.service.desk().now();
    let offers = catalogue.entries().map(|listed| OfferBody::new(listed, &state, language)).collect();
    Json(OffersBody { offers })
}

/// Put an entry, as TOML; a new one is paused until it is let live, and a version must be above the present one.
#[utoipa::path(put, path = "/api/v1/offers", tag = "lead",
    request_body(content = String, content_type = "application/toml"), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    body: String,
) -> Result<Json<OneOfferBody>, Problem> {
    let doc = put_offer(&state.service, &body, &lead.0.account.id).await?;
    one(&state, &reader, &lead, doc.entry.id)
}

/// Let an entry live, or pause it.
#[utoipa::path(put, path = "/api/v1/offers/{offer}/state", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), request_body = StateBody, responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn set_state(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
    Json(body): Json<StateBody>,
) -> Result<Json<OneOfferBody>, Problem> {
    set_live(&state.service, id, body.live()?, &lead.0.account.id).await?;
    one(&state, &reader, &lead, id)
}

/// Try an entry on the cars that there are: whom it would fit now, whom not, and why. Nothing is made or changed.
#[utoipa::path(get, path = "/api/v1/offers/{offer}/preview", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = PreviewBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn try_out(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<PreviewBody>, Problem> {
    let catalogue = state.service.desk().now();
    let listed = catalogue.entry(id).ok_or_else(Problem::not_found)?;
    let Preview { looked_at, not_allowed, fits, falls, cars } =
        preview(&state.service, state.service.offers(), &listed.entry).await?;
    let format = reader.format(&lead.0.account, None);
    let car = |car: Previewed| CarBody {
        device: car.device.to_string(),
        rejected_at: car.rejection.as_ref().map(|rejection| stage_name(rejection.stage())),
        rejected_because: car.rejection.as_ref().map(|rejection| view::rejected(rejection, &format)),
        saves: car.saves,
    };
    let falls = falls.into_iter().map(|(stage, cars)| FallBody { stage: stage_name(stage), cars }).collect();
    let cars = cars.into_iter().map(car).collect();
    Ok(Json(PreviewBody { preview: TriedBody { looked_at, not_allowed, fits, falls, cars } }))
}

/// Stop all arms of an offer at once, whatever they earn.
#[utoipa::path(post, path = "/api/v1/offers/{offer}/stop", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn stop(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<OneOfferBody>, Problem> {
    stop_arms(&state.service, id, true).await?;
    one(&state, &reader, &lead, id)
}

/// Let the arms of an offer go on that were stopped by hand; what the guardrail has halted stays halted.
#[utoipa::path(post, path = "/api/v1/offers/{offer}/resume", tag = "lead",
    params(("offer" = u16, Path, description = "The entry's number")), responses(
    (status = 200, body = OneOfferBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Json<OneOfferBody>, Problem> {
    stop_arms(&state.service, id, false).await?;
    one(&state, &reader, &lead, id)
}

/// The segments, with how many cars belong to each.
#[utoipa::path(get, path = "/api/v1/segments", tag = "lead", responses(
    (status = 200, body = SegmentsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn segments(State(state): State<AppState>, _lead: Lead) -> Json<SegmentsBody> {
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let segments = catalogue.segments().iter().map(|segment| SegmentBody {
        name: segment.name.clone(),
        version: segment.version,
        cars: book.members(&segment.name),
    });
    Json(SegmentsBody { segments: segments.collect() })
}

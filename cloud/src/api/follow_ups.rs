//! Follow-ups: what somebody of the workshop means to do about a vehicle, by a day.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use milepost_protocol::NoticeId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::Advisor;
use crate::care::{CareId, CareOutcome, FollowUp, Wanted};
use crate::domain::{AccountId, Vehicle};
use crate::i18n::timestamp;
use crate::web::AppState;

/// Which follow-ups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// `mine`, `all` or `overdue`; `all` if absent.
    show: Option<String>,
}

/// Follow-ups, the earliest day first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowUpsBody {
    follow_ups: Vec<FollowUpBody>,
}

/// One follow-up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneFollowUpBody {
    follow_up: FollowUpBody,
}

/// What somebody of the workshop means to do about a vehicle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FollowUpBody {
    id: String,
    vehicle: String,
    what: String,
    /// The account of who does it.
    assignee: String,
    /// By which day, where the vehicle is.
    #[schema(value_type = String, format = Date)]
    next_on: Date,
    note: String,
    /// The notice that it is about.
    notice: Option<String>,
    made_at: Timestamp,
    made_by: String,
    overdue: bool,
    done: Option<DoneBody>,
}

/// How a follow-up ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DoneBody {
    at: Timestamp,
    by: String,
    outcome: CareOutcome,
    note: String,
}

/// A follow-up to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FollowUpRequest {
    /// At most 120 characters.
    what: String,
    /// The caller if absent.
    assignee: Option<String>,
    #[schema(value_type = String, format = Date)]
    next_on: Date,
    /// At most 1,000 characters.
    #[serde(default)]
    note: String,
    /// 16 hexadecimal digits; an open call task about it is taken over.
    notice: Option<String>,
}

/// To whom a follow-up is given, for which day.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GiveRequest {
    assignee: String,
    #[schema(value_type = String, format = Date)]
    next_on: Date,
}

/// What came of a follow-up.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FinishRequest {
    outcome: CareOutcome,
    #[serde(default)]
    note: String,
    /// The day on which the same is to be done again.
    #[schema(value_type = Option<String>, format = Date)]
    again_on: Option<Date>,
}

/// Open follow-ups of all vehicles that are shared with the workshop.
#[utoipa::path(get, path = "/api/v1/follow-ups", tag = "advisor", params(Shown), responses(
    (status = 200, body = FollowUpsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    advisor: Advisor,
    Query(shown): Query<Shown>,
) -> Result<Json<FollowUpsBody>, Problem> {
    let care = state.care();
    let me = &advisor.0.account.id;
    let wanted: fn(&FollowUp, &AccountId, Date) -> bool = match shown.show.as_deref() {
        None | Some("all") => |_, _, _| true,
        Some("mine") => |one, me, _| one.assignee == *me,
        Some("overdue") => |one, _, today| one.is_overdue(today),
        Some(_) => return Err(Problem::invalid()),
    };
    let mut open = care.open().await?;
    open.retain(|(one, vehicle)| advisor.may_see(vehicle) && wanted(one, me, care.today(vehicle)));
    advisor.lists(&state, open.iter().map(|(_, vehicle)| vehicle)).await?;
    let body = |(one, vehicle): &(FollowUp, Vehicle)| body(one, care.today(vehicle));
    Ok(Json(FollowUpsBody { follow_ups: open.iter().map(body).collect() }))
}

/// All follow-ups of a vehicle: the open ones by their day, then what was done.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}/follow-ups", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = FollowUpsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn of_vehicle(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
) -> Result<Json<FollowUpsBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let care = state.care();
    let today = care.today(&vehicle);
    let all = care.of_vehicle(&vehicle).await?;
    Ok(Json(FollowUpsBody { follow_ups: all.iter().map(|one| body(one, today)).collect() }))
}

/// Give somebody something to do about a vehicle.
#[utoipa::path(post, path = "/api/v1/queue/{vehicle}/follow-ups", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = FollowUpRequest, responses(
    (status = 201, body = OneFollowUpBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn make(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
    Json(request): Json<FollowUpRequest>,
) -> Result<(StatusCode, Json<OneFollowUpBody>), Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let me = &advisor.0.account.id;
    let wanted = Wanted {
        what: request.what,
        assignee: person(request.assignee.as_deref(), me)?,
        next_on: request.next_on,
        note: request.note,
        notice: notice(request.notice.as_deref())?,
    };
    let care = state.care();
    let made = care.follow_up(&vehicle, &wanted, me).await?;
    Ok((StatusCode::CREATED, Json(OneFollowUpBody { follow_up: body(&made, care.today(&vehicle)) })))
}

/// Give a follow-up to somebody, for a day.
#[utoipa::path(put, path = "/api/v1/queue/{vehicle}/follow-ups/{follow_up}", tag = "advisor",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("follow_up" = String, Path, description = "16 hexadecimal digits")), request_body = GiveRequest, responses(
    (status = 200, body = OneFollowUpBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn give(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, id)): Path<(String, String)>,
    Json(request): Json<GiveRequest>,
) -> Result<Json<OneFollowUpBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let id: CareId = id.parse().map_err(|_| Problem::not_found())?;
    let me = &advisor.0.account.id;
    let care = state.care();
    let given = care.give(&vehicle, &id, person(Some(&request.assignee), me)?, request.next_on, me).await?;
    Ok(Json(OneFollowUpBody { follow_up: body(&given, care.today(&vehicle)) }))
}

/// Note what came of a follow-up.
#[utoipa::path(post, path = "/api/v1/queue/{vehicle}/follow-ups/{follow_up}/done", tag = "advisor",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("follow_up" = String, Path, description = "16 hexadecimal digits")), request_body = FinishRequest, responses(
    (status = 200, body = OneFollowUpBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn finish(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, id)): Path<(String, String)>,
    Json(request): Json<FinishRequest>,
) -> Result<Json<OneFollowUpBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let id: CareId = id.parse().map_err(|_| Problem::not_found())?;
    let care = state.care();
    let FinishRequest { outcome, note, again_on } = request;
    let done = care.finish(&vehicle, &id, outcome, &note, again_on, &advisor.0.account.id).await?;
    Ok(Json(OneFollowUpBody { follow_up: body(&done, care.today(&vehicle)) }))
}

/// The account that is named, or the caller's own.
pub(super) fn person(asked: Option<&str>, me: &AccountId) -> Result<AccountId, Problem> {
    asked.map_or_else(|| Ok(me.clone()), |id| id.parse().map_err(|_| Problem::invalid()))
}

/// The notice that is named.
pub(super) fn notice(asked: Option<&str>) -> Result<Option<NoticeId>, Problem> {
    asked.map(|id| id.parse().map_err(|_| Problem::invalid())).transpose()
}

fn body(one: &FollowUp, today: Date) -> FollowUpBody {
    let made = one.steps.first();
    FollowUpBody {
        id: one.id.to_string(),
        vehicle: one.device.to_string(),
        what: one.what.clone(),
        assignee: one.assignee.to_string(),
        next_on: one.next_on,
        note: one.note.clone(),
        notice: one.notice.map(|notice| notice.to_string()),
        made_at: timestamp(made.map_or(0, |step| step.at_ms)),
        made_by: made.map_or_else(String::new, |step| step.by.to_string()),
        overdue: one.is_overdue(today),
        done: one.done.as_ref().map(|done| DoneBody {
            at: timestamp(done.at_ms),
            by: done.by.to_string(),
            outcome: done.outcome,
            note: done.note.clone(),
        }),
    }
}

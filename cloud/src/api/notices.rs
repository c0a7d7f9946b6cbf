//! Notices of an owner's vehicle, their answers, and how offers were decided.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use milepost_engine::offers::{ArmShare, Candidate};
use milepost_protocol::NoticeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::NoticeBody;
use super::{Problem, ProblemBody};
use crate::accounts::{Act, Own, Owner, See};
use crate::domain::{Right, Vehicle};
use crate::i18n::{Format, timestamp};
use crate::rules::stage_name;
use crate::store::DecisionRow;
use crate::web::{AppState, Opened, view};

/// How many decisions are listed.
const DECISIONS: usize = 100;

/// A vehicle's notices, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticesBody {
    notices: Vec<NoticeBody>,
}

/// One notice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneNoticeBody {
    notice: NoticeBody,
}

/// An answer to a notice.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AnswerBody {
    /// `snooze`, `book`, `done` or `refuse`.
    answer: String,
    /// For `snooze`: 1 to 90.
    days: Option<u16>,
}

impl AnswerBody {
    /// The answer, if it is one.
    pub(crate) fn read(&self) -> Result<milepost_protocol::notice::Answer, Problem> {
        crate::web::parse_answer(&self.answer, self.days)
    }
}

/// Decisions on offers, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionsBody {
    decisions: Vec<DecisionBody>,
}

/// One decision with what led to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionBody {
    number: u64,
    at: Timestamp,
    /// The number of the offer that was made; absent for nothing.
    offer: Option<u16>,
    /// What was chosen: `nothing`, or offer, channel and timing.
    arm: String,
    /// The probability of what was chosen.
    propensity: f64,
    policy_version: u32,
    /// Every arm with its probability; they sum to 1.
    arms: Vec<ArmBody>,
    consent_version: u32,
    candidates: Vec<CandidateBody>,
}

/// An arm with its probability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArmBody {
    pub(super) arm: String,
    pub(super) propensity: f64,
}

/// An offer that was considered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CandidateBody {
    offer: u16,
    /// The stage at which it fell; absent if it reached the draw.
    rejected_at: Option<String>,
    rejected_because: Option<String>,
    /// The figures that speak for it, in words.
    grounds: Vec<String>,
    /// What it saves the owner, in the hundredth of the currency.
    saves: Option<i64>,
}

/// That the caller is told of a notice at all; somebody whom the owner lets drive knows nothing of offers.
pub(crate) fn told_of(owner: &Owner, vehicle: &Vehicle, id: NoticeId) -> Result<(), Problem> {
    let notice = vehicle.notices.get(&id).ok_or_else(Problem::not_found)?;
    if vehicle.tells(&owner.0.account.id, notice.subject.kind()) { Ok(()) } else { Err(Problem::not_found()) }
}

/// The notices of one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/notices", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = NoticesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(Opened { owner, vehicle, format, .. }: Opened<See>) -> Result<Json<NoticesBody>, Problem> {
    Ok(Json(NoticesBody {
        notices: vehicle
            .newest_notices()
            .into_iter()
            .filter(|notice| vehicle.tells(&owner.0.account.id, notice.subject.kind()))
            .map(|notice| NoticeBody::new(notice, &format))
            .collect(),
    }))
}

/// Answer a notice; the answer clears it everywhere, and the same answer again is harmless.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/notices/{notice}/answer", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("notice" = String, Path, description = "16 hexadecimal digits")),
    request_body = AnswerBody, responses(
    (status = 200, body = OneNoticeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn answer(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Act>,
    Path((_, notice)): Path<(String, String)>,
    Json(body): Json<AnswerBody>,
) -> Result<Json<OneNoticeBody>, Problem> {
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let answer = body.read()?;
    told_of(&owner, &vehicle, notice)?;
    state.service.answer(&vehicle.device, notice, answer, owner.actor_on(&vehicle)).await?;
    let vehicle = owner.vehicle_for(&state, vehicle.device.as_str(), Right::Act).await?;
    let notice = vehicle.notices.get(&notice).ok_or_else(Problem::not_found)?;
    Ok(Json(OneNoticeBody { notice: NoticeBody::new(notice, &format) }))
}

/// Putting a reminder off.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SnoozeBody {
    /// 1 to 90; fewer are granted where safety asks for it.
    days: u16,
    /// `no_time`, `appointment`, `awaiting_part`, `cost` or `advised`.
    reason: String,
}

/// Put a reminder off with a reason, for as long as its safety allows.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/notices/{notice}/snooze", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("notice" = String, Path, description = "16 hexadecimal digits")),
    request_body = SnoozeBody, responses(
    (status = 200, body = OneNoticeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn snooze(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Act>,
    Path((_, notice)): Path<(String, String)>,
    Json(body): Json<SnoozeBody>,
) -> Result<Json<OneNoticeBody>, Problem> {
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let (days, reason) = crate::web::parse_snooze(body.days, &body.reason)?;
    told_of(&owner, &vehicle, notice)?;
    state.service.snooze(&vehicle.device, notice, days, reason, owner.actor_on(&vehicle)).await?;
    let vehicle = owner.vehicle_for(&state, vehicle.device.as_str(), Right::Act).await?;
    let notice = vehicle.notices.get(&notice).ok_or_else(Problem::not_found)?;
    Ok(Json(OneNoticeBody { notice: NoticeBody::new(notice, &format) }))
}

/// Show fewer offers like one; it counts as refused, and the same wish again is harmless.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/notices/{notice}/fewer", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("notice" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 200, body = OneNoticeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn fewer(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Own>,
    Path((_, notice)): Path<(String, String)>,
) -> Result<Json<OneNoticeBody>, Problem> {
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    state.service.fewer(&vehicle.device, notice, owner.actor()).await?;
    let vehicle = owner.vehicle(&state, vehicle.device.as_str()).await?;
    let notice = vehicle.notices.get(&notice).ok_or_else(Problem::not_found)?;
    Ok(Json(OneNoticeBody { notice: NoticeBody::new(notice, &format) }))
}

/// How offers were decided for one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/decisions", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = DecisionsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn decisions(
    State(state): State<AppState>,
    Opened { vehicle, format, .. }: Opened<Own>,
) -> Result<Json<DecisionsBody>, Problem> {
    let rows = state.service.decisions(&vehicle.device, DECISIONS).await?;
    Ok(Json(DecisionsBody { decisions: rows.iter().map(|row| decision(row, &format)).collect() }))
}

pub(super) fn decision(row: &DecisionRow, format: &Format) -> DecisionBody {
    let candidate = |candidate: &Candidate| CandidateBody {
        offer: candidate.offer,
        rejected_at: candidate.rejection.as_ref().map(|rejection| stage_name(rejection.stage()).to_owned()),
        rejected_because: candidate.rejection.as_ref().map(|rejection| view::rejected(rejection, format)),
        grounds: candidate.grounds.iter().map(|ground| view::ground_words(ground, format)).collect(),
        saves: candidate.saves,
    };
    let arm = |share: &ArmShare| ArmBody { arm: share.arm.to_string(), propensity: share.propensity };
    DecisionBody {
        number: row.number,
        at: timestamp(row.at_ms),
        offer: row.decision.chosen.offer(),
        arm: row.decision.chosen.to_string(),
        propensity: row.decision.propensity,
        policy_version: row.decision.policy,
        arms: row.decision.arms.iter().map(arm).collect(),
        consent_version: row.decision.consent,
        candidates: row.decision.candidates.iter().map(candidate).collect(),
    }
}

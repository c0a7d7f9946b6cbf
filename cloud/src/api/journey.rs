//! Journeys for the customer-experience lead: stages, programmes and touchpoints; and an owner's wish to have contacts erased.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use milepost_engine::journey::{
    Cause, Contact, Direction, Met, Outcome, Scene, Share, Touchpoint, audit, dealer_returns, estimate,
};
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::{Lead, Owner};
use crate::domain::{AccountId, Actor, Intent};
use crate::i18n::timestamp;
use crate::journey::Row;
use crate::web::AppState;

/// The longest text of a scene, in characters.
const MAX_TEXT: usize = 500;

/// Where owners stand, and how programmes do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoardBody {
    board: BoardDetail,
}

/// Figures over everybody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BoardDetail {
    owners: u64,
    stages: Vec<StageCountBody>,
    programmes: Vec<ProgrammeCountBody>,
    /// Returns by whoever answers for programmes; what follows a contact was not necessarily caused by it.
    by_responsible: Vec<ReturnBody>,
    /// Returns by workshop.
    by_dealer: Vec<ReturnBody>,
}

/// A stage over everybody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StageCountBody {
    stage: &'static str,
    /// The mean share of all owners.
    share: f64,
    /// Owners whose likeliest stage it is.
    likeliest: u64,
}

/// A programme over everybody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProgrammeCountBody {
    programme: String,
    active: u64,
    ended: u64,
    left: u64,
    told: u64,
    passed_over: u64,
}

/// What contacts cost and what followed, in hundredths of the installation's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReturnBody {
    name: String,
    contacts: u64,
    cost_cents: u64,
    followed: u64,
    margin_cents: u64,
}

/// The journey board.
#[utoipa::path(get, path = "/api/v1/journeys", tag = "lead", responses(
    (status = 200, body = BoardBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn board(State(state): State<AppState>, _lead: Lead) -> Result<Json<BoardBody>, Problem> {
    let board = state.journeys.board(state.now_ms()).await?;
    let touched = state.journeys.touched().await?;
    let owners = board.owners.max(1) as f64;
    let stages = board.stages.iter().map(|(stage, (sum, likeliest))| StageCountBody {
        stage: stage.name(),
        share: sum / owners,
        likeliest: *likeliest,
    });
    let programmes = board.programmes.into_iter().map(|(programme, count)| ProgrammeCountBody {
        programme,
        active: count.active,
        ended: count.ended,
        left: count.left,
        told: count.told,
        passed_over: count.passed_over,
    });
    let body = |name: String, sum: milepost_engine::journey::Returns| ReturnBody {
        name,
        contacts: sum.contacts,
        cost_cents: sum.cost_cents,
        followed: sum.followed,
        margin_cents: sum.margin_cents,
    };
    let by_responsible = state.journeys.returns_by_responsible(&touched.people);
    let by_dealer = dealer_returns(&touched.people, state.journeys.margin_cents());
    Ok(Json(BoardBody {
        board: BoardDetail {
            owners: board.owners,
            stages: stages.collect(),
            programmes: programmes.collect(),
            by_responsible: by_responsible.into_iter().map(|(name, sum)| body(name, sum)).collect(),
            by_dealer: by_dealer.into_iter().map(|(name, sum)| body(name.to_owned(), sum)).collect(),
        },
    }))
}

/// The touchpoint audit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditBody {
    audit: AuditDetail,
}

/// Figures of every touchpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditDetail {
    people: u64,
    /// People whom nothing of ours has reached.
    never_reached: u64,
    /// People who waved something away, left or complained.
    annoyed: u64,
    touchpoints: Vec<LineBody>,
    /// Contacts of owners who were erased, of all times.
    erased_contacts: u64,
    /// Whether there were more contacts than were looked at.
    cut: bool,
}

/// One touchpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineBody {
    touchpoint: &'static str,
    outbound: u64,
    inbound: u64,
    people: u64,
    cost_cents: u64,
    followed: u64,
    annoyed: u64,
    failed: u64,
}

/// Over how many days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditAsked {
    /// 1 to 3650; 90 if absent.
    days: Option<u64>,
}

/// The touchpoint audit: reach, cost, what followed, who was never reached, whom we annoyed.
#[utoipa::path(get, path = "/api/v1/touchpoints", tag = "lead", params(AuditAsked), responses(
    (status = 200, body = AuditBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn touchpoints(
    State(state): State<AppState>,
    _lead: Lead,
    Query(asked): Query<AuditAsked>,
) -> Result<Json<AuditBody>, Problem> {
    let days = asked.days.unwrap_or(90).clamp(1, 3_650);
    let now_ms = state.now_ms();
    let touched = state.journeys.touched().await?;
    let audit = audit(&touched.people, now_ms.saturating_sub(days * DAY_MS), now_ms + 1);
    let touchpoints = audit.lines.iter().map(|(touchpoint, line)| LineBody {
        touchpoint: touchpoint.name(),
        outbound: line.outbound,
        inbound: line.inbound,
        people: line.people,
        cost_cents: line.cost_cents,
        followed: line.followed,
        annoyed: line.annoyed,
        failed: line.failed,
    });
    Ok(Json(AuditBody {
        audit: AuditDetail {
            people: audit.people,
            never_reached: audit.never_reached.len() as u64,
            annoyed: audit.annoyed.len() as u64,
            touchpoints: touchpoints.collect(),
            erased_contacts: touched.erased.iter().map(|total| total.contacts).sum(),
            cut: touched.is_cut,
        },
    }))
}

/// One owner's journey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JourneyBody {
    journey: JourneyDetail,
}

/// Where an owner probably stands, and every contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JourneyDetail {
    account: String,
    stages: Vec<ShareBody>,
    /// The newest first.
    contacts: Vec<ContactBody>,
}

/// A stage's share with the central 95 % of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShareBody {
    stage: &'static str,
    mean: f64,
    low: f64,
    high: f64,
}

/// One contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactBody {
    at: Timestamp,
    vehicle: String,
    touchpoint: &'static str,
    outbound: bool,
    cause: &'static str,
    programme: Option<String>,
    thread: String,
    met: &'static str,
    place: String,
    note: String,
    cost_cents: u32,
    outcome: &'static str,
}

/// A contact that nothing recorded by itself. A form sends the same, and its box that is not ticked sends nothing.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ContactRequest {
    vehicle: String,
    /// Such as `call`, `workshop`, `test_drive`, `event`.
    touchpoint: String,
    /// Whether we turned to the owner.
    #[serde(default)]
    outbound: bool,
    /// `nobody`, `reception`, `advisor`, `mechanic` or `sales`.
    met: String,
    /// At most 500 characters.
    #[serde(default)]
    place: String,
    /// At most 500 characters.
    #[serde(default)]
    note: String,
    /// Such as `talked`, `complained`, `refused`, `arrived`.
    outcome: String,
}

/// One owner's journey, if they share a vehicle with the workshop.
#[utoipa::path(get, path = "/api/v1/journeys/{account}", tag = "lead",
    params(("account" = String, Path, description = "The owner's account")), responses(
    (status = 200, body = JourneyBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn owner(
    State(state): State<AppState>,
    _lead: Lead,
    Path(account): Path<String>,
) -> Result<Json<JourneyBody>, Problem> {
    let id: AccountId = account.parse().map_err(|_| Problem::not_found())?;
    let journey = state.journeys.owner(&id).await?.ok_or_else(Problem::not_found)?;
    let shares = estimate(&journey.evidence, state.now_ms()).shares;
    let contact = |Row { device, contact, .. }: Row| ContactBody {
        at: timestamp(contact.at_ms),
        vehicle: device.to_string(),
        touchpoint: contact.touchpoint.name(),
        outbound: contact.direction == Direction::Outbound,
        cause: contact.cause.name(),
        programme: contact.programme().map(ToOwned::to_owned),
        met: contact.scene.met.name(),
        cost_cents: contact.cost_cents,
        outcome: contact.outcome.name(),
        thread: contact.thread,
        place: contact.scene.place,
        note: contact.scene.note,
    };
    Ok(Json(JourneyBody {
        journey: JourneyDetail {
            account: id.to_string(),
            stages: shares.iter().map(share).collect(),
            contacts: journey.contacts.into_iter().map(contact).collect(),
        },
    }))
}

pub(super) fn share(share: &Share) -> ShareBody {
    ShareBody { stage: share.stage.name(), mean: share.mean, low: share.low, high: share.high }
}

/// Record a contact with an owner: a call, a talk at the front desk, a test drive, an event.
#[utoipa::path(post, path = "/api/v1/journeys/{account}", tag = "lead",
    params(("account" = String, Path, description = "The owner's account")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn note(
    State(state): State<AppState>,
    lead: Lead,
    Path(account): Path<String>,
    Json(body): Json<ContactRequest>,
) -> Result<StatusCode, Problem> {
    noted(&state, &account, &body, &lead.0.account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records a contact with an owner that nothing recorded by itself; answers whose it was.
pub(crate) async fn noted(
    state: &AppState,
    account: &str,
    body: &ContactRequest,
    by: &AccountId,
) -> Result<AccountId, Problem> {
    let id: AccountId = account.parse().map_err(|_| Problem::not_found())?;
    let journey = state.journeys.owner(&id).await?.ok_or_else(Problem::not_found)?;
    let vehicle = journey.vehicles.iter().find(|vehicle| vehicle.device.as_str() == body.vehicle);
    let vehicle = vehicle.ok_or_else(Problem::not_found)?;
    let contact = body.contact(state.now_ms()).ok_or_else(Problem::invalid)?;
    state.service.submit(&vehicle.device, Intent::Contact { contact }, Actor::Advisor(by.clone())).await?;
    Ok(id)
}

impl ContactRequest {
    /// The contact as it is told; `None` if something in it is none of what it should be.
    fn contact(&self, at_ms: u64) -> Option<Contact> {
        let touchpoint = Touchpoint::from_name(&self.touchpoint)?;
        let (place, note) = (self.place.trim().to_owned(), self.note.trim().to_owned());
        let fits = |text: &str| text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
        if !(fits(&place) && fits(&note)) {
            return None;
        }
        Some(Contact {
            at_ms,
            touchpoint,
            direction: if self.outbound { Direction::Outbound } else { Direction::Inbound },
            scene: Scene { met: Met::from_name(&self.met)?, place, note },
            cause: Cause::Own,
            thread: format!("told-{at_ms}"),
            cost_cents: if self.outbound { touchpoint.usual_cost_cents() } else { 0 },
            outcome: Outcome::from_name(&self.outcome)?,
        })
    }
}

/// Take the caller's recorded contacts away; counts that name nobody stay.
#[utoipa::path(delete, path = "/api/v1/contacts", tag = "owner", responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn erase(State(state): State<AppState>, owner: Owner) -> Result<StatusCode, Problem> {
    state.journeys.erase(&owner.0.account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

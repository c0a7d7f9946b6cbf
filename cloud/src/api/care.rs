//! Who was told what and by whom, noted contacts, and one deed for several vehicles.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use milepost_engine::channels::Channel;
use milepost_protocol::notice::Surface;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::follow_ups::{notice, person};
use super::{Problem, ProblemBody};
use crate::accounts::Advisor;
use crate::care::{CallNote, CareOutcome, Deed, Did, Line, MOST_AT_ONCE, Told, ToldWay, Upshot, Wanted, Way};
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::AppState;

/// Every time that an owner was told something, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactsBody {
    contacts: Vec<ContactBody>,
}

/// One time that an owner was told, or is to be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactBody {
    at: Timestamp,
    /// `car`, `account`; `push`, `email`, `text`, `webhook`; `call`, `in_person`, `message` or `letter`.
    way: &'static str,
    notice: Option<String>,
    /// `seen`; how far a delivery has come; what a person noted; `task_open` or `task_done`.
    result: &'static str,
    /// The account of who of the workshop did it; absent when the service did it by itself.
    by: Option<String>,
    note: String,
}

/// A contact to note.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ContactRequest {
    way: Way,
    outcome: CareOutcome,
    notice: Option<String>,
    #[serde(default)]
    note: String,
}

/// One deed for several vehicles.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct BulkRequest {
    /// At most 100.
    vehicles: Vec<String>,
    deed: BulkDeed,
    /// For `follow_up`: what is to be done.
    #[serde(default)]
    what: String,
    /// For `follow_up`: who does it; the caller if absent.
    assignee: Option<String>,
    /// For `follow_up`: by which day.
    #[schema(value_type = Option<String>, format = Date)]
    next_on: Option<Date>,
    /// For `called`: what came of it; `reached` if absent.
    outcome: Option<CareOutcome>,
    /// For `send_again`: `push`, `email`, `text` or `webhook`.
    channel: Option<String>,
    #[serde(default)]
    note: String,
}

/// What is done for each.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BulkDeed {
    FollowUp,
    Called,
    SendAgain,
}

/// What became of each vehicle, in the order asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkBody {
    results: Vec<BulkLine>,
}

/// What became of one vehicle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BulkLine {
    vehicle: String,
    done: bool,
    /// Why not: `unknown`, `duplicate`, `date`, `just_noted`, `nothing_open`, `unwanted`, `below_level`, `no_consent`, `no_address`, `on_its_way`, `told_today`, `no_owner` or `not_offered`.
    why: Option<&'static str>,
    /// The rule that holds what is sent.
    held_by: Option<&'static str>,
    held_until: Option<Timestamp>,
}

/// Who of the workshop there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdvisorsBody {
    advisors: Vec<AdvisorBody>,
}

/// One of the workshop's people.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvisorBody {
    account: String,
    name: String,
}

/// Everything that a vehicle's owner was told: where it was seen, what was sent, and what people noted.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}/contacts", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ContactsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn contacts(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
) -> Result<Json<ContactsBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    Ok(Json(ContactsBody { contacts: told(&state, &vehicle).await? }))
}

/// Every time that a vehicle's owner was told something, the newest first.
pub(super) async fn told(state: &AppState, vehicle: &Vehicle) -> Result<Vec<ContactBody>, Problem> {
    Ok(state.care().told(vehicle).await?.iter().map(contact).collect())
}

/// Note a contact with a vehicle's owner; with a call, open call tasks of the vehicle are done.
#[utoipa::path(post, path = "/api/v1/queue/{vehicle}/contacts", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = ContactRequest, responses(
    (status = 201),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn note(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
    Json(request): Json<ContactRequest>,
) -> Result<StatusCode, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let ContactRequest { way, outcome, note, .. } = request;
    let noted = CallNote { way, outcome, notice: notice(request.notice.as_deref())?, note };
    state.care().note_call(&vehicle, &noted, &advisor.0.account.id).await?;
    Ok(StatusCode::CREATED)
}

/// Do one deed for several vehicles; what is refused for one is done for the others.
#[utoipa::path(post, path = "/api/v1/queue-deeds", tag = "advisor", request_body = BulkRequest, responses(
    (status = 200, body = BulkBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn for_all(
    State(state): State<AppState>,
    advisor: Advisor,
    Json(request): Json<BulkRequest>,
) -> Result<Json<BulkBody>, Problem> {
    let me = &advisor.0.account.id;
    let deed = match request.deed {
        BulkDeed::FollowUp => Deed::FollowUp(Wanted {
            what: request.what,
            assignee: person(request.assignee.as_deref(), me)?,
            next_on: request.next_on.ok_or_else(Problem::invalid)?,
            note: request.note,
            notice: None,
        }),
        BulkDeed::Called => {
            let outcome = request.outcome.unwrap_or(CareOutcome::Reached);
            Deed::Called(CallNote { way: Way::Call, outcome, notice: None, note: request.note })
        }
        BulkDeed::SendAgain => {
            let channel = request.channel.as_deref().and_then(Channel::from_name);
            Deed::SendAgain(channel.ok_or_else(Problem::invalid)?)
        }
    };
    if request.vehicles.len() > MOST_AT_ONCE {
        return Err(Problem::invalid());
    }
    let lines = state.care().for_all(&request.vehicles, &deed, |vehicle| advisor.may_see(vehicle), me).await?;
    Ok(Json(BulkBody { results: lines.iter().map(line).collect() }))
}

/// Who of the workshop there is, by name.
#[utoipa::path(get, path = "/api/v1/advisors", tag = "advisor", responses(
    (status = 200, body = AdvisorsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn people(State(state): State<AppState>, _advisor: Advisor) -> Result<Json<AdvisorsBody>, Problem> {
    let people = state.care().people().await?;
    let body =
        |account: crate::accounts::Account| AdvisorBody { account: account.id.to_string(), name: account.display_name };
    Ok(Json(AdvisorsBody { advisors: people.into_iter().map(body).collect() }))
}

fn contact(told: &Told) -> ContactBody {
    ContactBody {
        at: timestamp(told.at_ms),
        way: match told.way {
            ToldWay::Shown(Surface::Car) => "car",
            ToldWay::Shown(Surface::Account) => "account",
            ToldWay::Shown(Surface::Advisor) => "advisor",
            ToldWay::Sent(channel) => channel.name(),
            ToldWay::Person(way) => way.name(),
        },
        notice: told.notice.map(|notice| notice.to_string()),
        result: match told.upshot {
            Upshot::Seen => "seen",
            Upshot::Delivery(state) => state.name(),
            Upshot::Noted(outcome) => outcome.name(),
            Upshot::TaskDone => "task_done",
            Upshot::TaskOpen => "task_open",
        },
        by: told.by.as_ref().map(ToString::to_string),
        note: told.note.clone(),
    }
}

fn line(line: &Line) -> BulkLine {
    let held = match line.result {
        Ok(Did::Sending(held)) => held,
        _ => None,
    };
    BulkLine {
        vehicle: line.asked.clone(),
        done: line.result.is_ok(),
        why: line.result.err().map(crate::care::Refusal::name),
        held_by: held.map(|(rule, _)| rule.name()),
        held_until: held.map(|(_, until_ms)| timestamp(until_ms)),
    }
}

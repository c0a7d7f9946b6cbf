//! What the forms of follow-ups and contacts post.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_protocol::{DeviceId, NoticeId};
use serde::Deserialize;

use crate::accounts::Advisor;
use crate::api::Problem;
use crate::care::{CallNote, CareId, CareOutcome, Wanted, Way};
use crate::web::{AppState, render};

/// A follow-up as its forms send it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FollowUpForm {
    act: String,
    what: String,
    assignee: String,
    next_on: String,
    note: String,
    notice: String,
    outcome: String,
    back: String,
}

/// A contact as its form sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContactForm {
    way: String,
    outcome: String,
    notice: String,
    note: String,
}

/// `POST /advisor/vehicles/{vehicle}/follow-ups`.
pub(crate) async fn make(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
    Form(form): Form<FollowUpForm>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let wanted = Wanted {
        what: form.what.clone(),
        assignee: form.assignee.parse().map_err(|_| Problem::invalid())?,
        next_on: form.next_on.parse().map_err(|_| Problem::invalid())?,
        note: form.note.clone(),
        notice: notice(&form.notice)?,
    };
    state.care().follow_up(&vehicle, &wanted, &advisor.0.account.id).await?;
    Ok(back(&form.back, &vehicle.device))
}

/// `POST /advisor/vehicles/{vehicle}/follow-ups/{follow_up}`: done, or given to somebody.
pub(crate) async fn change(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, id)): Path<(String, String)>,
    Form(form): Form<FollowUpForm>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let id: CareId = id.parse().map_err(|_| Problem::not_found())?;
    let me = &advisor.0.account.id;
    let day = |text: &str| text.parse().map_err(|_| Problem::invalid());
    match form.act.as_str() {
        "give" => {
            let assignee = form.assignee.parse().map_err(|_| Problem::invalid())?;
            state.care().give(&vehicle, &id, assignee, day(&form.next_on)?, me).await?;
        }
        "done" => {
            let outcome = CareOutcome::from_name(&form.outcome).ok_or_else(Problem::invalid)?;
            let again_on = if form.next_on.is_empty() { None } else { Some(day(&form.next_on)?) };
            state.care().finish(&vehicle, &id, outcome, &form.note, again_on, me).await?;
        }
        _ => return Err(Problem::invalid()),
    }
    Ok(back(&form.back, &vehicle.device))
}

/// `POST /advisor/vehicles/{vehicle}/contacts`.
pub(crate) async fn note(
    State(state): State<AppState>,
    advisor: Advisor,
    Path(id): Path<String>,
    Form(form): Form<ContactForm>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let noted = CallNote {
        way: Way::from_name(&form.way).ok_or_else(Problem::invalid)?,
        outcome: CareOutcome::from_name(&form.outcome).ok_or_else(Problem::invalid)?,
        notice: notice(&form.notice)?,
        note: form.note,
    };
    state.care().note_call(&vehicle, &noted, &advisor.0.account.id).await?;
    Ok(render::see_other(&format!("/advisor/vehicles/{}#told", vehicle.device)))
}

fn notice(text: &str) -> Result<Option<NoticeId>, Problem> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Problem::invalid()) }
}

/// Where a form was: only known words lead anywhere.
fn back(from: &str, device: &DeviceId) -> Response {
    match from {
        "mine" | "all" | "overdue" => render::see_other(&render::query("/advisor/follow-ups", &[("show", from)])),
        "tasks" => render::see_other("/advisor/tasks"),
        _ => render::see_other(&format!("/advisor/vehicles/{device}#care")),
    }
}

//! One owner's journey: where they probably stand, the programmes, and every contact with its scene.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_engine::journey::{Met, Outcome, Touchpoint, estimate};
use serde::Deserialize;

use super::words;
use crate::accounts::Lead;
use crate::api::{ContactRequest, Problem, noted};
use crate::domain::AccountId;
use crate::journey::{OwnerJourney, Row};
use crate::web::page::{Page, Section};
use crate::web::view::OfferNames;
use crate::web::{AppState, Reader, render, vehicle_name};

#[derive(Template)]
#[template(path = "experience/owner.html")]
struct OwnerPage {
    page: Page,
    account: String,
    stages: Vec<StageRow>,
    is_clear: bool,
    vehicles: Vec<VehicleRow>,
    runs: Vec<RunRow>,
    contacts: Vec<ContactRow>,
    touchpoints: Vec<Choice>,
    outcomes: Vec<Choice>,
    met: Vec<Choice>,
}

struct StageRow {
    name: String,
    share: String,
    interval: String,
    percent: u32,
}

struct VehicleRow {
    id: String,
    name: String,
}

struct RunRow {
    programme: String,
    since: String,
    state: String,
    steps: Vec<String>,
}

struct ContactRow {
    when: String,
    machine: String,
    touchpoint: String,
    direction: String,
    cause: String,
    outcome: String,
    scene: String,
    cost: Option<String>,
}

struct Choice {
    value: &'static str,
    text: String,
}

/// Whose journey is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Find {
    account: String,
}

/// `GET /experience/owners?account=…`.
pub(crate) async fn find(
    State(state): State<AppState>,
    _lead: Lead,
    Query(find): Query<Find>,
) -> Result<Response, Problem> {
    let account: AccountId = find.account.trim().parse().map_err(|_| Problem::not_found())?;
    state.journeys.owner(&account).await?.ok_or_else(Problem::not_found)?;
    Ok(render::see_other(&format!("/experience/owners/{account}")))
}

/// `GET /experience/owners/{account}`.
pub(crate) async fn owner(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(account): Path<String>,
) -> Result<Response, Problem> {
    let lead = &lead.0.account;
    let page = Page::of(&reader, lead, "owner-journey-title", Section::Journeys);
    let format = reader.format(lead, None);
    let id: AccountId = account.parse().map_err(|_| Problem::not_found())?;
    let OwnerJourney { vehicles, contacts, evidence } =
        state.journeys.owner(&id).await?.ok_or_else(Problem::not_found)?;
    let names = OfferNames::of(&state.service.desk().now(), &format);
    let estimate = estimate(&evidence, state.now_ms());
    let stages = estimate.shares.iter().map(|share| StageRow {
        name: words::stage(&format, share.stage),
        share: format.percent(share.mean),
        interval: format!("{} – {}", format.percent(share.low), format.percent(share.high)),
        percent: (share.mean * 100.0).round() as u32,
    });
    let mut runs: Vec<_> = vehicles.iter().flat_map(|vehicle| vehicle.journey.runs()).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.entered_ms));
    let runs = runs.into_iter().map(|run| {
        let step = |entry: &milepost_engine::journey::Log| {
            let what = page.t(&format!("step-{}", entry.what.name().replace('_', "-")));
            format!("{}: {} · {what}", format.date(entry.at_ms), entry.step)
        };
        RunRow {
            programme: words::programme(&format, &run.programme),
            since: format.date(run.entered_ms),
            state: page.t(if run.is_active() { "run-active" } else { "run-ended" }),
            steps: run.log.iter().map(step).collect(),
        }
    });
    let row = |Row { contact, .. }: &Row| ContactRow {
        when: format.date_time(contact.at_ms),
        machine: format.machine(contact.at_ms),
        touchpoint: words::touchpoint(&format, contact.touchpoint.name()),
        direction: words::direction(&format, contact.direction),
        cause: words::cause(&format, &names, &contact.cause),
        outcome: words::outcome(&format, contact),
        scene: words::scene(&format, contact),
        cost: (contact.cost_cents > 0).then(|| format.money(contact.cost_cents.into())),
    };
    let choice = |prefix: &str, value: &'static str| Choice {
        value,
        text: page.t(&format!("{prefix}-{}", value.replace('_', "-"))),
    };
    let told = [Touchpoint::Call, Touchpoint::Workshop, Touchpoint::TestDrive, Touchpoint::Event, Touchpoint::Letter];
    let outcomes = [Outcome::Talked, Outcome::Complained, Outcome::Refused, Outcome::Arrived, Outcome::Missed];
    let met = [Met::Advisor, Met::Reception, Met::Mechanic, Met::Sales, Met::Nobody];
    render::html(&OwnerPage {
        account: id.to_string(),
        stages: stages.collect(),
        is_clear: estimate.is_clear(),
        vehicles: vehicles
            .iter()
            .map(|vehicle| VehicleRow { id: vehicle.device.to_string(), name: vehicle_name(page.localizer, vehicle) })
            .collect(),
        runs: runs.collect(),
        contacts: contacts.iter().map(row).collect(),
        touchpoints: told.iter().map(|one| choice("touchpoint", one.name())).collect(),
        outcomes: outcomes.iter().map(|one| choice("outcome", one.name())).collect(),
        met: met.iter().map(|one| choice("met", one.name())).collect(),
        page,
    })
}

/// `POST /experience/owners/{account}`: a contact that nothing recorded by itself.
pub(crate) async fn note(
    State(state): State<AppState>,
    lead: Lead,
    Path(account): Path<String>,
    Form(form): Form<ContactRequest>,
) -> Result<Response, Problem> {
    let id = noted(&state, &account, &form, &lead.0.account.id).await?;
    Ok(render::see_other(&format!("/experience/owners/{id}")))
}

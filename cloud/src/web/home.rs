//! The owner's home page and what its buttons do.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::ItemId;
use serde::Deserialize;

use super::form::{AnswerForm, CompleteForm};
use super::owner::{Did, mark_seen, owner_page};
use super::page::{Page, Section};
use super::view::Home;
use super::{AppState, Opened, Reader, render};
use crate::accounts::{Account, Act, Granted, Owner, See, SignedIn};
use crate::api::{Problem, told_of};
use crate::domain::{Question, Remarks, Right, Vehicle};

#[derive(Template)]
#[template(path = "owner/home.html")]
struct HomePage {
    page: Page,
    home: Home,
    question: Option<QuestionView>,
    today: String,
}

/// The one thing that the owner is asked.
struct QuestionView {
    name: &'static str,
    title: String,
    /// What answering gives the owner.
    buys: String,
    /// Whether the answer is a date.
    is_date: bool,
}

#[derive(Template)]
#[template(path = "owner/live.html")]
struct HomeFragment {
    page: Page,
    home: Home,
}

#[derive(Template)]
#[template(path = "owner/state.html")]
struct StateFragment {
    page: Page,
    home: Home,
}

#[derive(Template)]
#[template(path = "owner/none.html")]
struct NoVehiclePage {
    page: Page,
}

/// Which page an answer came from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    from: String,
}

impl From {
    /// Whether it is a page with tips.
    pub(super) fn is_of_tip(&self) -> bool {
        self.from == "home" || self.from == "car"
    }
}

/// The vehicle that the switch asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Go {
    vehicle: String,
}

/// The owner's start: the first vehicle, or a page that says there is none.
pub(crate) async fn first(state: &AppState, caller: &SignedIn, reader: &Reader) -> Result<Response, Problem> {
    let vehicles = state.service.vehicles_for(&caller.account.id).await?;
    if let Some(vehicle) = vehicles.first() {
        return Ok(render::see_other(&format!("/vehicles/{}", vehicle.device)));
    }
    let page = Page::of(reader, &caller.account, "no-vehicle-title", Section::Home);
    render::html(&NoVehiclePage { page })
}

/// `GET /go?vehicle=…`: the vehicle switch.
pub(crate) async fn go(State(state): State<AppState>, owner: Owner, Query(go): Query<Go>) -> Result<Response, Problem> {
    let vehicle = owner.vehicle_for(&state, &go.vehicle, Right::See).await?;
    Ok(render::see_other(&format!("/vehicles/{}", vehicle.device)))
}

/// `GET /vehicles/{vehicle}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<See>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    mark_seen(&state, &owner, &vehicle, NoticeKind::Reminder).await;
    mark_seen(&state, &owner, &vehicle, NoticeKind::Information).await;
    let page = owner_page(&state, &owner, &reader, &vehicle, "nav-home", Section::Home).await?;
    let home = Home::of(&vehicle, &format, did.flash(&format));
    let question = vehicle.question(state.now_ms()).map(|question| QuestionView {
        name: question.name(),
        title: page.t(&format!("question-{}-title", question.name())),
        buys: page.t(&format!("question-{}-buys", question.name())),
        is_date: question != Question::Vin,
    });
    render::html(&HomePage { page, home, question, today: format.date_field(format.now_ms) })
}

/// The live part of the home page alone.
pub(crate) fn fragment(account: &Account, reader: &Reader, vehicle: &Vehicle, did: &Did) -> Result<String, Problem> {
    let format = reader.format(account, Some(vehicle));
    let page = Page::of(reader, account, "nav-home", Section::Home).about(vehicle);
    let home = Home::of(vehicle, &format, did.flash(&format));
    render::text(&HomeFragment { page, home })
}

/// What changes by itself, for the live stream.
pub(crate) fn state_fragment(account: &Account, reader: &Reader, vehicle: &Vehicle) -> Result<String, Problem> {
    let format = reader.format(account, Some(vehicle));
    let page = Page::of(reader, account, "nav-home", Section::Home).about(vehicle);
    render::text(&StateFragment { page, home: Home::of(vehicle, &format, None) })
}

/// `POST /vehicles/{vehicle}/notices/{notice}/answer`.
pub(crate) async fn answer(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    reader: Reader,
    Path((_, notice)): Path<(String, String)>,
    Query(from): Query<From>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let answer = form.parse()?;
    told_of(&owner, &vehicle, notice)?;
    state.service.answer(&vehicle.device, notice, answer, owner.actor_on(&vehicle)).await?;
    let did = answer.name();
    if from.from == "offers" {
        let did = format!("offer-{did}");
        return super::offers::after(&state, &owner, &reader, vehicle.device.as_str(), &did).await;
    }
    if from.is_of_tip() {
        return Ok(after_tip(&from, vehicle.device.as_str(), "tip-done"));
    }
    after(&state, &owner, &reader, vehicle.device.as_str(), Did::new(did)).await
}

/// After a form of a tip, which stands on two pages.
pub(super) fn after_tip(from: &From, id: &str, did: &str) -> Response {
    let page = if from.from == "car" { "/car" } else { "" };
    render::see_other(&format!("/vehicles/{id}{page}?did={did}"))
}

/// `POST /vehicles/{vehicle}/items/{item}/complete`.
pub(crate) async fn complete(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Act>,
    Path((_, item)): Path<(String, u16)>,
    Form(form): Form<CompleteForm>,
) -> Result<Response, Problem> {
    let done = form.parse(&format, vehicle.state.usage().odometer_m)?;
    state
        .service
        .complete(
            &vehicle.device,
            ItemId(item),
            done.at_ms,
            done.odometer_m,
            Remarks::default(),
            owner.actor_on(&vehicle),
        )
        .await?;
    after(&state, &owner, &reader, vehicle.device.as_str(), Did { did: "complete".to_owned(), item: Some(item) }).await
}

/// `POST /vehicles/{vehicle}/items/{item}/undo`.
pub(crate) async fn undo(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Act>,
    reader: Reader,
    Path((_, item)): Path<(String, u16)>,
) -> Result<Response, Problem> {
    state.service.undo(&vehicle.device, ItemId(item), owner.actor_on(&vehicle)).await?;
    after(&state, &owner, &reader, vehicle.device.as_str(), Did::new("undone")).await
}

/// After a form: htmx gets the part that changed, a browser without it the whole page by GET.
async fn after(state: &AppState, owner: &Owner, reader: &Reader, id: &str, did: Did) -> Result<Response, Problem> {
    if !reader.wants_fragment {
        let item = did.item.map(|item| format!("&item={item}")).unwrap_or_default();
        return Ok(render::see_other(&format!("/vehicles/{id}?did={}{item}", did.did)));
    }
    let vehicle = owner.vehicle_for(state, id, Right::See).await?;
    let html = fragment(&owner.0.account, reader, &vehicle, &did)?;
    Ok(axum::response::IntoResponse::into_response(axum::response::Html(html)))
}

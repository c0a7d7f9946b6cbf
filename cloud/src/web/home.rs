//! The owner's home page and what its buttons do.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Answer, NoticeKind};
use milepost_protocol::plan::ItemId;
use serde::Deserialize;

use super::form::{AnswerForm, CompleteForm};
use super::page::{Page, Section};
use super::view::{Flash, Home, vehicle_name};
use super::{AppState, Reader, render};
use crate::accounts::{Account, Owner, SignedIn};
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::{Format, item_name};

#[derive(Template)]
#[template(path = "owner/home.html")]
struct HomePage {
    page: Page,
    home: Home,
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

/// What the last form led to, as the address carries it. Only known words say anything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Did {
    #[serde(default)]
    did: String,
    item: Option<u16>,
}

/// Which page an answer came from.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    from: String,
}

/// The vehicle that the switch asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Go {
    vehicle: String,
}

impl Did {
    /// What a form led to, by its word.
    pub(crate) fn new(did: &str) -> Self {
        Self { did: did.to_owned(), item: None }
    }

    /// The message, if there is one.
    pub(crate) fn flash(&self, format: &Format) -> Option<Flash> {
        let localizer = format.localizer;
        let (key, undo) = match self.did.as_str() {
            "snooze" => ("flash-snoozed", None),
            "book" => ("flash-booked", None),
            "done" => ("flash-done", None),
            "refuse" => ("flash-refused", None),
            "undone" => ("flash-undone", None),
            "offer-book" => ("flash-offer-taken", None),
            "offer-refuse" => ("flash-offer-refused", None),
            "consent" => ("flash-consent", None),
            "preferences" => ("flash-preferences", None),
            "session" => ("flash-session-ended", None),
            "complete" => {
                let item = self.item?;
                let name = item_name(localizer, ItemId(item));
                return Some(Flash {
                    text: localizer.with("flash-completed", [("item", name.into())]),
                    undo: Some(item),
                });
            }
            _ => return None,
        };
        Some(Flash { text: localizer.text(key), undo })
    }
}

/// The owner's start: the first vehicle, or a page that says there is none.
pub(crate) async fn first(state: &AppState, caller: &SignedIn, reader: &Reader) -> Result<Response, Problem> {
    let vehicles = state.service.vehicles_of(&caller.account.id).await?;
    if let Some(vehicle) = vehicles.first() {
        return Ok(render::see_other(&format!("/vehicles/{}", vehicle.device)));
    }
    let page = Page::of(reader, &caller.account, "no-vehicle-title", Section::Home);
    render::html(&NoVehiclePage { page })
}

/// `GET /go?vehicle=…`: the vehicle switch.
pub(crate) async fn go(State(state): State<AppState>, owner: Owner, Query(go): Query<Go>) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &go.vehicle).await?;
    Ok(render::see_other(&format!("/vehicles/{}", vehicle.device)))
}

/// `GET /vehicles/{vehicle}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path(id): Path<String>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    let format = reader.format(&owner.0.account, Some(&vehicle));
    mark_seen(&state, &owner, &vehicle, NoticeKind::Reminder).await;
    let page = owner_page(&state, &owner, &reader, &vehicle, "nav-home", Section::Home).await?;
    let home = Home::of(&vehicle, &format, did.flash(&format));
    render::html(&HomePage { page, home })
}

/// The frame around one of an owner's pages.
pub(crate) async fn owner_page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    title_key: &str,
    section: Section,
) -> Result<Page, Problem> {
    let account = &owner.0.account;
    let vehicles = state.service.vehicles_of(&account.id).await?;
    let mut page = Page::of(reader, account, title_key, section).with_vehicles(&vehicles, Some(vehicle), section);
    if section == Section::Home {
        page.title = vehicle_name(page.localizer, vehicle);
    }
    Ok(page)
}

/// The live part of the home page alone.
pub(crate) fn fragment(account: &Account, reader: &Reader, vehicle: &Vehicle, did: &Did) -> Result<String, Problem> {
    let format = reader.format(account, Some(vehicle));
    let page = Page::of(reader, account, "nav-home", Section::Home);
    let home = Home::of(vehicle, &format, did.flash(&format));
    render::text(&HomeFragment { page, home })
}

/// What changes by itself, for the live stream.
pub(crate) fn state_fragment(account: &Account, reader: &Reader, vehicle: &Vehicle) -> Result<String, Problem> {
    let format = reader.format(account, Some(vehicle));
    let page = Page::of(reader, account, "nav-home", Section::Home);
    render::text(&StateFragment { page, home: Home::of(vehicle, &format, None) })
}

/// Notes which open notices the account page has shown; a failure is logged and costs the reader nothing.
pub(crate) async fn mark_seen(state: &AppState, owner: &Owner, vehicle: &Vehicle, kind: NoticeKind) {
    let now_ms = state.now_ms();
    let surface = owner.actor().surface();
    let unseen = vehicle
        .open_notices(now_ms)
        .filter(|notice| notice.subject.kind() == kind && !notice.seen().iter().any(|seen| Some(seen.on) == surface));
    for notice in unseen {
        if let Err(error) = state.service.seen(&vehicle.device, notice.id(), owner.actor()).await {
            tracing::warn!(vehicle.id = %vehicle.device, notice.id = %notice.id(), %error, "a notice could not be marked as seen");
        }
    }
}

/// `POST /vehicles/{vehicle}/notices/{notice}/answer`.
pub(crate) async fn answer(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path((id, notice)): Path<(String, String)>,
    Query(from): Query<From>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let answer = form.parse()?;
    state.service.answer(&vehicle.device, notice, answer, owner.actor()).await?;
    let did = match answer {
        Answer::Snooze { .. } => "snooze",
        Answer::Book => "book",
        Answer::Done => "done",
        Answer::Refuse => "refuse",
    };
    if from.from == "offers" {
        let did = format!("offer-{did}");
        return super::offers::after(&state, &owner, &reader, &id, &did).await;
    }
    after(&state, &owner, &reader, &id, Did::new(did)).await
}

/// `POST /vehicles/{vehicle}/items/{item}/complete`.
pub(crate) async fn complete(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path((id, item)): Path<(String, u16)>,
    Form(form): Form<CompleteForm>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    let format = reader.format(&owner.0.account, Some(&vehicle));
    let done = form.parse(&format, vehicle.state.usage().odometer_m)?;
    state.service.complete(&vehicle.device, ItemId(item), done.at_ms, done.odometer_m, owner.actor()).await?;
    after(&state, &owner, &reader, &id, Did { did: "complete".to_owned(), item: Some(item) }).await
}

/// `POST /vehicles/{vehicle}/items/{item}/undo`.
pub(crate) async fn undo(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Path((id, item)): Path<(String, u16)>,
) -> Result<Response, Problem> {
    let vehicle = owner.vehicle(&state, &id).await?;
    state.service.undo(&vehicle.device, ItemId(item), owner.actor()).await?;
    after(&state, &owner, &reader, &id, Did::new("undone")).await
}

/// After a form: htmx gets the part that changed, a browser without it the whole page by GET.
async fn after(state: &AppState, owner: &Owner, reader: &Reader, id: &str, did: Did) -> Result<Response, Problem> {
    if !reader.wants_fragment {
        let item = did.item.map(|item| format!("&item={item}")).unwrap_or_default();
        return Ok(render::see_other(&format!("/vehicles/{id}?did={}{item}", did.did)));
    }
    let vehicle = owner.vehicle(state, id).await?;
    let html = fragment(&owner.0.account, reader, &vehicle, &did)?;
    Ok(axum::response::IntoResponse::into_response(axum::response::Html(html)))
}

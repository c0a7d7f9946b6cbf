//! Pages behind links in messages: one notice with its answers, and the end of e-mails. Nobody has to log in.
//!
//! Invariant: looking changes nothing, since mail servers open links too; only the form does.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_engine::channels::{Channel, Choice, Use};
use milepost_protocol::notice::{Actions, Answer};

use super::form::AnswerForm;
use super::owner::Did;
use super::page::Page;
use super::{AppState, Reader, render};
use crate::api::Problem;
use crate::channels::{SNOOZE_DAYS, Target, Task};
use crate::domain::{AccountId, Actor, NoticeDoc, Right, Vehicle};
use crate::i18n::{DistanceUnit, Format, text, title};
use crate::web::vehicle_name;
use crate::zones::zone;

/// What a link has opened.
pub(crate) struct Linked {
    vehicle: Vehicle,
    notice: NoticeDoc,
    /// Whom it was sent to: the vehicle's owner, or somebody who may drive it.
    owner: AccountId,
}

/// What a token opens: "not found" if it does not count, is used up, or whom it was sent to may not answer for the car any more.
pub(crate) async fn linked(state: &AppState, token: &str) -> Result<Linked, Problem> {
    let (device, notice, owner, made_at) = match state.channels.links().read(token, state.now_ms()) {
        Some(Target::Notice { device, notice, owner, .. }) => (device, notice, owner, None),
        Some(Target::Once { device, notice, owner, answers, .. }) => (device, notice, owner, Some(answers)),
        _ => return Err(Problem::not_found()),
    };
    let vehicle = state.service.vehicle(&device).await?.filter(|vehicle| vehicle.allows(&owner, Right::Act));
    let vehicle = vehicle.ok_or_else(Problem::not_found)?;
    let is_fresh = |notice: &&NoticeDoc| {
        let told = vehicle.tells(&owner, notice.subject.kind());
        told && made_at.is_none_or(|answers| notice.answers() == answers)
    };
    let notice = vehicle.notices.get(&notice).filter(is_fresh).cloned().ok_or_else(Problem::not_found)?;
    Ok(Linked { vehicle, notice, owner })
}

impl Linked {
    /// Answers the notice on behalf of whom the link was sent to.
    pub(crate) async fn answer(&self, state: &AppState, answer: Answer) -> Result<(), Problem> {
        let is_owner = self.vehicle.owner.as_ref() == Some(&self.owner);
        let by = if is_owner { Actor::Owner(self.owner.clone()) } else { Actor::Family(self.owner.clone()) };
        state.service.answer(&self.vehicle.device, self.notice.id(), answer, by).await?;
        Ok(())
    }
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    page: Page,
    token: String,
    title: String,
    vehicle: String,
    text: String,
    open: bool,
    answered: bool,
    book: bool,
    done: bool,
    snooze: bool,
    refuse: bool,
    snooze_days: u16,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    page: Page,
    token: String,
    done: bool,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct UnsubscribePage {
    page: Page,
    token: String,
    done: bool,
}

/// `GET /n/{token}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    reader: Reader,
    Path(token): Path<String>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let Linked { vehicle, notice, .. } = linked(&state, &token).await?;
    let page = Page::anonymous(&reader, "answer-page-title");
    let localizer = page.localizer;
    let zone = zone(&vehicle.profile.time_zone);
    let format = Format { localizer, unit: DistanceUnit::Km, zone, now_ms: state.now_ms(), currency: None };
    let invites = |action| notice.actions.contains(action);
    render::html(&LinkPage {
        token,
        title: title(localizer, &notice),
        vehicle: vehicle_name(localizer, &vehicle),
        text: text(&format, &notice),
        open: Task::waits(&notice),
        answered: did.is("answered"),
        book: invites(Actions::BOOK),
        done: invites(Actions::DONE),
        snooze: invites(Actions::SNOOZE),
        refuse: invites(Actions::REFUSE),
        snooze_days: SNOOZE_DAYS,
        page,
    })
}

/// `POST /n/{token}`.
pub(crate) async fn answer(
    State(state): State<AppState>,
    Path(token): Path<String>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    linked(&state, &token).await?.answer(&state, form.parse()?).await?;
    Ok(render::see_other(&format!("/n/{token}?did=answered")))
}

/// `GET /confirm/{token}`.
pub(crate) async fn confirm_page(
    State(state): State<AppState>,
    reader: Reader,
    Path(token): Path<String>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    named(&state, &token)?;
    let page = Page::anonymous(&reader, "confirm-title");
    render::html(&ConfirmPage { page, token, done: did.is("done") })
}

/// `POST /confirm/{token}`.
pub(crate) async fn confirm(State(state): State<AppState>, Path(token): Path<String>) -> Result<Response, Problem> {
    confirmed(&state, &token).await?;
    Ok(render::see_other(&format!("/confirm/{token}?did=done")))
}

/// Takes a link's word for an address; "not found" if the link does not count, or the account has named another address since.
pub(crate) async fn confirmed(state: &AppState, token: &str) -> Result<(), Problem> {
    let (owner, address) = named(state, token)?;
    if state.channels.confirm(&owner, &address).await? { Ok(()) } else { Err(Problem::not_found()) }
}

fn named(state: &AppState, token: &str) -> Result<(AccountId, String), Problem> {
    match state.channels.links().read(token, state.now_ms()) {
        Some(Target::Confirm { owner, address, .. }) => Ok((owner, address)),
        _ => Err(Problem::not_found()),
    }
}

/// `GET /unsubscribe/{token}`.
pub(crate) async fn unsubscribe_page(
    State(state): State<AppState>,
    reader: Reader,
    Path(token): Path<String>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    whose(&state, &token)?;
    let page = Page::anonymous(&reader, "unsubscribe-title");
    render::html(&UnsubscribePage { page, token, done: did.is("done") })
}

/// `POST /unsubscribe/{token}`: by the page's form, or by the reader's mail program with one click (RFC 8058).
pub(crate) async fn unsubscribe(State(state): State<AppState>, Path(token): Path<String>) -> Result<Response, Problem> {
    let owner = whose(&state, &token)?;
    let (version, mut contact) = state.channels.contact(&owner).await?;
    let before = contact.preferences.choice(Channel::Email);
    contact.preferences.choose(Channel::Email, Choice { when: Use::Never, ..before });
    state.channels.save(&owner, version, &contact).await?;
    Ok(render::see_other(&format!("/unsubscribe/{token}?did=done")))
}

fn whose(state: &AppState, token: &str) -> Result<AccountId, Problem> {
    match state.channels.links().read(token, state.now_ms()) {
        Some(Target::Unsubscribe { owner }) => Ok(owner),
        _ => Err(Problem::not_found()),
    }
}

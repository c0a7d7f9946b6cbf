//! Settings: language, unit, colours, and where one is logged in.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::family::granted;
use super::owner::Did;
use super::page::{Page, Section};
use super::reader::{LANGUAGE_COOKIE, THEME_COOKIE};
use super::view::{Flash, vehicle_name};
use super::{AppState, Reader, render};
use crate::accounts::{Account, Owner, Role, SessionId, SignedIn, Theme};
use crate::api::Problem;
use crate::api::account::erased;
use crate::domain::{Right, Vehicle};
use crate::i18n::{DistanceUnit, Format, Language, Localizer};

#[derive(Template)]
#[template(path = "erased.html")]
struct ErasedPage {
    page: Page,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    languages: Vec<Choice>,
    units: Vec<Choice>,
    themes: Vec<Choice>,
    sessions: Vec<SessionLine>,
    flash: Option<Flash>,
    has_channels: bool,
    vehicles: Vec<VehicleLine>,
    erase_error: Option<String>,
}

/// A vehicle that the account may see, and by whose word.
struct VehicleLine {
    id: String,
    name: String,
    /// As what, if it is another's.
    granted: Option<String>,
    account: String,
}

struct Choice {
    value: &'static str,
    text: String,
    selected: bool,
}

struct SessionLine {
    id: String,
    agent: String,
    seen: String,
    current: bool,
}

/// The fields of the preferences form.
#[derive(Debug, Deserialize)]
pub(crate) struct Preferences {
    language: String,
    unit: String,
    theme: String,
}

/// `GET /account`.
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: SignedIn,
    reader: Reader,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let format = Format { now_ms: state.wall.now_ms(), ..reader.format(&caller.account, None) };
    page(&state, &caller, &reader, did.flash(&format), None).await
}

async fn page(
    state: &AppState,
    caller: &SignedIn,
    reader: &Reader,
    flash: Option<Flash>,
    erase_error: Option<String>,
) -> Result<Response, Problem> {
    let account = &caller.account;
    let mut page = Page::of(reader, account, "account-title", Section::Account);
    let mut lines = Vec::new();
    if account.role == Role::Owner {
        let vehicles = state.service.vehicles_for(&account.id).await?;
        page = page.with_vehicles(&vehicles, None, Section::Account);
        page.vehicles.clear();
        lines = vehicles.iter().map(|vehicle| vehicle_line(page.localizer, account, vehicle)).collect();
    }
    let localizer = page.localizer;
    // Sessions live by the machine's clock.
    let format = Format { now_ms: state.wall.now_ms(), ..reader.format(account, None) };
    let sessions = state.accounts.sessions(&account.id).await?;
    let line = |(id, session): (SessionId, crate::accounts::Session)| SessionLine {
        id: id.to_string(),
        agent: describe(localizer, &session.agent),
        seen: localizer.with("sessions-seen", [("age", format.age(session.seen_ms).into())]),
        current: id == caller.session,
    };
    let choice = |value: &'static str, text: String, selected| Choice { value, text, selected };
    render::html(&AccountPage {
        languages: Language::all()
            .map(|l| choice(l.code(), l.name().to_owned(), account.language.as_deref() == Some(l.code())))
            .collect(),
        units: [DistanceUnit::Km, DistanceUnit::Mi]
            .map(|unit| choice(unit.code(), localizer.text(&format!("unit-{}", unit.code())), account.unit == unit))
            .into(),
        themes: [Theme::Auto, Theme::Light, Theme::Dark]
            .map(|theme| {
                choice(theme.name(), localizer.text(&format!("theme-{}", theme.name())), reader.theme == theme)
            })
            .into(),
        sessions: sessions.into_iter().map(line).collect(),
        flash,
        has_channels: account.role == Role::Owner,
        vehicles: lines,
        erase_error,
        page,
    })
}

fn vehicle_line(localizer: Localizer, account: &Account, vehicle: &Vehicle) -> VehicleLine {
    let member = vehicle.family.get(&account.id).filter(|_| !vehicle.allows(&account.id, Right::Own));
    VehicleLine {
        id: vehicle.device.to_string(),
        name: vehicle_name(localizer, vehicle),
        granted: member.map(|member| granted(localizer, member.grant)),
        account: account.id.to_string(),
    }
}

/// `POST /account/preferences`.
pub(crate) async fn save(
    State(state): State<AppState>,
    caller: SignedIn,
    Form(form): Form<Preferences>,
) -> Result<Response, Problem> {
    let language = match form.language.as_str() {
        "" => None,
        code => Some(Language::from_code(code).ok_or_else(Problem::invalid)?.code()),
    };
    let unit = DistanceUnit::from_code(&form.unit).ok_or_else(Problem::invalid)?;
    let theme = Theme::from_name(&form.theme).ok_or_else(Problem::invalid)?;
    state.accounts.set_preferences(&caller.account.id, language, unit).await?;
    let mut response = render::see_other("/account?did=preferences");
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, state.cookies.set_preference(THEME_COOKIE, theme.name()));
    headers.append(SET_COOKIE, state.cookies.set_preference(LANGUAGE_COOKIE, language.unwrap_or_default()));
    Ok(response)
}

/// `POST /account/sessions/{session}/revoke`.
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: SessionId = id.parse().map_err(|_| Problem::not_found())?;
    if !state.accounts.revoke(&caller.account.id, id).await? {
        return Err(Problem::not_found());
    }
    Ok(render::see_other("/account?did=session"))
}

/// That the owner means it.
#[derive(Deserialize)]
pub(crate) struct EraseForm {
    password: String,
    #[serde(default)]
    sure: String,
}

/// `POST /account/erase`: a wrong password comes back to the page.
pub(crate) async fn erase(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Form(form): Form<EraseForm>,
) -> Result<Response, Problem> {
    let erased = if form.sure == "on" { erased(&state, &owner, &form.password).await } else { Err(Problem::invalid()) };
    match erased {
        Ok(()) => {
            let page = Page::anonymous(&reader, "erased-title");
            let mut response = render::html(&ErasedPage { page })?;
            response.headers_mut().append(SET_COOKIE, state.cookies.clear_session());
            Ok(response)
        }
        Err(problem) if problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let said = problem.detail(reader.localizer(Some(&owner.0.account)));
            let page = page(&state, &owner.0, &reader, None, Some(said)).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

/// A browser in words, as far as its name tells.
pub(super) fn describe(localizer: Localizer, agent: &str) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(token, _)| agent.contains(token)).map(|(_, name)| *name);
    let browser = find(&[("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => {
            localizer.with("sessions-agent", [("browser", browser.into()), ("system", system.into())])
        }
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => localizer.text("sessions-agent-unknown"),
    }
}

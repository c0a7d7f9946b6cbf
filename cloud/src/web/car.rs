//! What the car is, and its handing over.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::owner::{Did, owner_page};
use super::page::{Page, Section};
use super::view::{self, Flash, TipView};
use super::{AppState, Opened, Reader, render};
use crate::accounts::{Granted, Own, Owner, Role};
use crate::api::{Problem, described};
use crate::domain::{AccountId, Actor, Intent, Vehicle};
use crate::i18n::Format;

#[derive(Template)]
#[template(path = "owner/car.html")]
struct CarPage {
    page: Page,
    base: String,
    form: CarForm,
    error: Option<String>,
    plan: Option<String>,
    today: String,
    tips: Vec<TipView>,
    flash: Option<Flash>,
}

/// The description as the form sends it.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct CarForm {
    #[serde(default)]
    vin: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    year: String,
    #[serde(default)]
    registered: String,
}

impl CarForm {
    fn of(vehicle: &Vehicle, format: &Format) -> Self {
        let profile = &vehicle.profile;
        let registered = (profile.registered_ms > 0).then(|| format.date_field(profile.registered_ms));
        Self {
            vin: profile.vin.as_ref().map(ToString::to_string).unwrap_or_default(),
            model: profile.model_name.clone(),
            year: profile.model_year.map(|year| year.to_string()).unwrap_or_default(),
            registered: registered.unwrap_or_default(),
        }
    }
}

/// Who gets the car, as the form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct TransferForm {
    account: String,
}

/// That the owner means it.
#[derive(Debug, Deserialize)]
pub(crate) struct SellForm {
    #[serde(default)]
    sure: String,
}

/// `GET /vehicles/{vehicle}/car`.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let form = CarForm::of(&vehicle, &format);
    let flash = did.flash(&format);
    render::html(&page(&state, &owner, &reader, &vehicle, (form, None), flash).await?)
}

async fn page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    (form, error): (CarForm, Option<String>),
    flash: Option<Flash>,
) -> Result<CarPage, Problem> {
    let format = reader.format(&owner.0.account, Some(vehicle));
    Ok(CarPage {
        page: owner_page(state, owner, reader, vehicle, "car-title", Section::Services).await?,
        base: format!("/vehicles/{}", vehicle.device),
        form,
        error,
        plan: vehicle.book.plan.as_ref().filter(|_| !vehicle.book.by_hand).map(|plan| plan.name.clone()),
        today: format.date_field(format.now_ms),
        tips: view::tips(vehicle, &format),
        flash,
    })
}

/// `POST /vehicles/{vehicle}/car`: what does not hold comes back as it was typed.
pub(crate) async fn save(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Form(form): Form<CarForm>,
) -> Result<Response, Problem> {
    match read(&vehicle, &form, &format) {
        Ok(profile) => {
            state.service.describe(&vehicle.device, profile, owner.actor()).await?;
            Ok(render::see_other(&format!("/vehicles/{}/car?did=car", vehicle.device)))
        }
        Err(problem) => {
            let said = problem.detail(format.localizer);
            let page = page(&state, &owner, &reader, &vehicle, (form, Some(said)), None).await?;
            Ok((problem.status, render::html(&page)?).into_response())
        }
    }
}

fn read(vehicle: &Vehicle, form: &CarForm, format: &Format) -> Result<crate::domain::Profile, Problem> {
    let year = match form.year.trim() {
        "" => None,
        year => Some(year.parse().map_err(|_| Problem::invalid())?),
    };
    let registered_ms = match form.registered.trim() {
        "" => 0,
        // The day as it stands keeps its moment, so that saving an unchanged form changes nothing.
        date if vehicle.profile.registered_ms > 0 && date == format.date_field(vehicle.profile.registered_ms) => {
            vehicle.profile.registered_ms
        }
        date => format.parse_date(date).ok_or_else(Problem::invalid)?,
    };
    described(vehicle, &form.vin, &form.model, year, registered_ms, format.now_ms)
}

/// `POST /vehicles/{vehicle}/transfer`.
pub(crate) async fn transfer(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Form(form): Form<TransferForm>,
) -> Result<Response, Problem> {
    hand_over(&state, &vehicle, &form.account, owner.actor()).await?;
    Ok(render::see_other("/"))
}

/// Hands a vehicle to the owner with this account.
pub(crate) async fn hand_over(state: &AppState, vehicle: &Vehicle, to: &str, by: Actor) -> Result<(), Problem> {
    let to: AccountId = to.trim().parse().map_err(|_| Problem::invalid())?;
    let account = state.accounts.account(&to).await?;
    // Staff own no cars, and whether an account exists is nobody's business.
    if account.is_none_or(|account| account.role != Role::Owner) {
        return Err(Problem::invalid());
    }
    // Receipts name people; they are not the next owner's.
    let docs = state.attachments.without(&vehicle.device, None).await?;
    state.service.submit_with(&vehicle.device, Intent::Transfer { to }, docs, by).await?;
    Ok(())
}

/// Notes that a vehicle was sold to somebody who is not with us.
pub(crate) async fn sold(state: &AppState, vehicle: &Vehicle, by: Actor) -> Result<(), Problem> {
    let docs = state.attachments.without(&vehicle.device, None).await?;
    state.service.submit_with(&vehicle.device, Intent::Sell, docs, by).await?;
    Ok(())
}

/// `POST /vehicles/{vehicle}/sell`.
pub(crate) async fn sell(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Form(form): Form<SellForm>,
) -> Result<Response, Problem> {
    if form.sure != "on" {
        return Err(Problem::invalid());
    }
    sold(&state, &vehicle, owner.actor()).await?;
    Ok(render::see_other("/"))
}

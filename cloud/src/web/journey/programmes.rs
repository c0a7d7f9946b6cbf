//! The programmes that an owner is in, what comes next in each, and the way out of it.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_engine::journey::{Programme, Run};
use milepost_protocol::plan::DAY_MS;

use super::words;
use crate::accounts::{Granted, Own};
use crate::api::Problem;
use crate::domain::{Intent, Vehicle};
use crate::i18n::Format;
use crate::i18n::pack_name;
use crate::web::owner::{Did, owner_page};
use crate::web::page::{Page, Section};
use crate::web::view::Flash;
use crate::web::{AppState, Opened, render};

#[derive(Template)]
#[template(path = "owner/programmes.html")]
struct ProgrammesPage {
    page: Page,
    base: String,
    flash: Option<Flash>,
    programmes: Vec<ProgrammeView>,
    /// The owner's birthday, where they told it.
    born: Option<String>,
}

struct ProgrammeView {
    name: String,
    title: String,
    about: String,
    state: String,
    is_in: bool,
    pack: Vec<Piece>,
}

struct Piece {
    name: String,
    text: String,
    chosen: bool,
}

/// `GET /vehicles/{vehicle}/programmes`.
pub(crate) async fn programmes(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let page = owner_page(&state, &owner, &reader, &vehicle, "programmes-title", Section::Privacy).await?;
    let born = vehicle.asked.born.map(|born| {
        let noon_ms = u64::try_from(born.days()).ok().map(|days| days * DAY_MS + DAY_MS / 2);
        noon_ms
            .map_or_else(|| format!("{:04}-{:02}-{:02}", born.year, born.month, born.day), |at_ms| format.date(at_ms))
    });
    let programmes = state.journeys.programmes().all().iter().map(|one| view(one, &vehicle, &format)).collect();
    render::html(&ProgrammesPage {
        base: format!("/vehicles/{}", vehicle.device),
        flash: did.flash(&format),
        programmes,
        born,
        page,
    })
}

/// `POST /vehicles/{vehicle}/programmes/{programme}`: leave, join, or choose from the pack.
pub(crate) async fn take_part(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, programme)): Path<(String, String)>,
    Form(fields): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let known = state.journeys.programmes().get(&programme).ok_or_else(Problem::not_found)?;
    let intent = match fields.get("do").map(String::as_str) {
        Some("leave") => Intent::TakePart { programme, takes_part: false },
        Some("join") => Intent::TakePart { programme, takes_part: true },
        Some("choose") => {
            let chosen = known.pack.iter().filter(|piece| fields.contains_key(*piece)).cloned().collect();
            Intent::Choose { programme, chosen }
        }
        _ => return Err(Problem::invalid()),
    };
    state.service.submit(&vehicle.device, intent, owner.actor()).await?;
    Ok(render::see_other(&format!("/vehicles/{}/programmes?did=programmes", vehicle.device)))
}

fn view(programme: &Programme, vehicle: &Vehicle, format: &Format) -> ProgrammeView {
    let journey = &vehicle.journey;
    let localizer = format.localizer;
    let run = journey.runs().iter().rev().find(|run| run.programme == programme.name && run.is_active());
    let is_in = journey.takes_part(&programme.name);
    let state = match (is_in, run) {
        (false, _) => localizer.text("programme-state-left"),
        (true, None) => localizer.text("programme-state-waits"),
        (true, Some(run)) => localizer.with("programme-state-active", [("date", format.date(run.entered_ms).into())]),
    };
    let about = format!("programme-about-{}", programme.name);
    ProgrammeView {
        name: programme.name.clone(),
        title: words::programme(format, &programme.name),
        about: if localizer.has(&about) { localizer.text(&about) } else { String::new() },
        state,
        is_in,
        pack: run.map(|run| pack(programme, run, format)).unwrap_or_default(),
    }
}

/// What can be chosen, until the pack has been sent.
fn pack(programme: &Programme, run: &Run, format: &Format) -> Vec<Piece> {
    if run.told_ms().next().is_some() {
        return Vec::new();
    }
    let chosen = run.chosen.as_ref().unwrap_or(&programme.pack);
    let piece = |name: &String| Piece {
        text: pack_name(format.localizer, name),
        chosen: chosen.contains(name),
        name: name.clone(),
    };
    programme.pack.iter().map(piece).collect()
}

//! The pages of whoever answers for offers: catalogue with preview, segments and results.
//!
//! Invariant: they show sums and device ids, never a person; what is asked for goes the same way as through the API.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_engine::offers::book::{Book, Tally, arms_of};
use milepost_engine::offers::catalogue::Kind;
use milepost_engine::offers::eligibility::Condition;
use milepost_engine::offers::increment::Sums;
use milepost_engine::offers::{Arm, Stage, filled};
use milepost_engine::policy::guardrail::Standing;
use serde::Deserialize;

use super::page::{Page, Section};
use super::view::{self, Badge, OfferNames};
use super::{AppState, Reader, render};
use crate::accounts::Lead;
use crate::api::{Problem, StateBody};
use crate::i18n::Format;
use crate::offers::{Listed, preview, set_live, stop_arms};

struct Row {
    id: u16,
    title: String,
    live: bool,
    badge: Badge,
    price: String,
    margin: String,
    shown: String,
    booked: String,
    earned: String,
}

struct ArmRow {
    name: String,
    shown: String,
    booked: String,
    refused: String,
    complaints: String,
    badge: Badge,
}

struct Fall {
    text: String,
    count: String,
}

struct Car {
    device: String,
    why: String,
}

#[derive(Template)]
#[template(path = "experience/catalogue.html")]
struct CataloguePage {
    page: Page,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "experience/offer.html")]
struct OfferPage {
    page: Page,
    row: Row,
    body: String,
    stopped: bool,
    summary: String,
    falls: Vec<Fall>,
    cars: Vec<Car>,
    arms: Vec<ArmRow>,
}

struct SegmentRow {
    name: String,
    about: String,
    cars: String,
}

#[derive(Template)]
#[template(path = "experience/segments.html")]
struct SegmentsPage {
    page: Page,
    rows: Vec<SegmentRow>,
}

struct GroupRow {
    name: String,
    accounts: String,
    margin: String,
}

struct Stoppable {
    id: u16,
    title: String,
    stopped: bool,
}

#[derive(Template)]
#[template(path = "experience/results.html")]
struct ResultsPage {
    page: Page,
    words: String,
    sizes: String,
    rows: Vec<GroupRow>,
    offers: Vec<Stoppable>,
}

/// Whether an offer's arms are stopped.
#[derive(Debug, Deserialize)]
pub(crate) struct ArmsForm {
    arms: String,
}

fn row(listed: &Listed, names: &OfferNames, book: &Book, format: &Format) -> Row {
    let Listed { entry, live } = listed;
    let badge = match (entry.kind, live) {
        (_, false) => Badge::new(format.localizer, "", "clock", "catalogue-paused"),
        (Kind::Tip, true) => Badge::new(format.localizer, "accent", "check", "catalogue-tip"),
        (Kind::Offer, true) => Badge::new(format.localizer, "ok", "check", "catalogue-live"),
    };
    let total = arms_of(entry).map(|arm| book.tally(arm)).fold(Tally::default(), |total, arm| Tally {
        shown: total.shown + arm.shown,
        booked: total.booked + arm.booked,
        margin: total.margin + arm.margin,
        ..total
    });
    Row {
        id: entry.id,
        title: names.get(entry.id, format),
        live: *live,
        badge,
        price: format.money(entry.price),
        margin: format.money(entry.margin),
        shown: count(format, total.shown),
        booked: count(format, total.booked),
        earned: format.money(total.margin),
    }
}

fn count(format: &Format, number: u64) -> String {
    format.integer(number.cast_signed())
}

/// What an arm does, in words.
pub(super) fn arm_name(arm: Arm, names: &OfferNames, format: &Format) -> String {
    match arm {
        Arm::Nothing => format.localizer.text("arm-nothing"),
        Arm::Offer { offer, channel, timing } => {
            let place = format.localizer.text(&format!("arm-{}", channel.name()));
            let when = format.localizer.text(&format!("arm-{}", timing.name()));
            format!("{} · {place} · {when}", names.get(offer, format))
        }
    }
}

/// `GET /experience`.
pub(crate) async fn catalogue(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let names = OfferNames::of(&catalogue, &format);
    render::html(&CataloguePage {
        page: Page::of(&reader, account, "catalogue-title", Section::Catalogue),
        rows: catalogue.entries().map(|listed| row(listed, &names, &book, &format)).collect(),
    })
}

/// `GET /experience/offers/{offer}`.
pub(crate) async fn offer(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Path(id): Path<u16>,
) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let localizer = format.localizer;
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let listed = catalogue.entry(id).ok_or_else(Problem::not_found)?;
    let names = OfferNames::of(&catalogue, &format);
    let tried = preview(&state.service, state.service.offers(), &listed.entry).await?;
    let language = localizer.language().code();
    let words = listed.entry.content.get(language).or_else(|| listed.entry.content.get("en"));
    // Each owner has figures of their own, so that here stands what they are.
    let named = |fact: &str| Some(format!("[{}]", view::fact_name(fact, &format)));
    let halted = book.halted();
    let arms: Vec<Arm> = arms_of(&listed.entry).collect();
    let arm_row = |arm: &Arm| {
        let Tally { shown, booked, refused, complaints, .. } = book.tally(*arm);
        let badge = match book.standing(*arm) {
            _ if halted.contains(arm) => Badge::new(localizer, "over", "alert", "guardrail-halted"),
            Standing::Safe => Badge::new(localizer, "ok", "check", "guardrail-safe"),
            Standing::Watched | Standing::Halted => Badge::new(localizer, "", "clock", "guardrail-watched"),
        };
        ArmRow {
            name: arm_name(*arm, &names, &format),
            shown: count(&format, shown),
            booked: count(&format, booked),
            refused: count(&format, refused),
            complaints: count(&format, complaints),
            badge,
        }
    };
    let fall = |(stage, cars): (&Stage, &usize)| Fall {
        text: localizer.text(stage_key(*stage)),
        count: count(&format, *cars as u64),
    };
    let fits = localizer.text("preview-fits");
    let why = |car: &crate::offers::Previewed| {
        car.rejection.as_ref().map_or_else(|| fits.clone(), |rejection| view::rejected(rejection, &format))
    };
    let numbers = [("all", tried.looked_at), ("fits", tried.fits), ("not", tried.not_allowed)];
    render::html(&OfferPage {
        page: Page::of(&reader, account, "catalogue-title", Section::Catalogue),
        row: row(listed, &names, &book, &format),
        body: words.and_then(|words| filled(&words.body, named)).unwrap_or_default(),
        stopped: !arms.is_empty() && arms.iter().all(|arm| halted.contains(arm)),
        summary: localizer.with("preview-summary", numbers.map(|(name, number)| (name, number.into()))),
        falls: tried.falls.iter().map(fall).collect(),
        cars: tried.cars.iter().map(|car| Car { device: car.device.to_string(), why: why(car) }).collect(),
        arms: arms.iter().map(arm_row).collect(),
    })
}

/// `POST /experience/offers/{offer}/state`.
pub(crate) async fn set_state(
    State(state): State<AppState>,
    lead: Lead,
    Path(id): Path<u16>,
    Form(form): Form<StateBody>,
) -> Result<Response, Problem> {
    set_live(&state.service, id, form.live()?, &lead.0.account.id).await?;
    Ok(render::see_other(&format!("/experience/offers/{id}")))
}

/// `POST /experience/offers/{offer}/arms`.
pub(crate) async fn set_arms(
    State(state): State<AppState>,
    _lead: Lead,
    Path(id): Path<u16>,
    Form(form): Form<ArmsForm>,
) -> Result<Response, Problem> {
    let stopped = match form.arms.as_str() {
        "stop" => true,
        "resume" => false,
        _ => return Err(Problem::invalid()),
    };
    stop_arms(&state.service, id, stopped).await?;
    Ok(render::see_other(&format!("/experience/offers/{id}")))
}

/// `GET /experience/segments`.
pub(crate) async fn segments(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let about = |condition: &Condition| {
        let names = condition.names().into_iter().map(|name| view::fact_name(name, &format));
        names.collect::<Vec<_>>().join(", ")
    };
    let rows = catalogue.segments().iter().map(|segment| SegmentRow {
        name: segment.name.clone(),
        about: about(&segment.condition),
        cars: count(&format, book.members(&segment.name)),
    });
    let page = Page::of(&reader, account, "segments-title", Section::Segments);
    render::html(&SegmentsPage { page, rows: rows.collect() })
}

/// `GET /experience/results`.
pub(crate) async fn results(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let localizer = format.localizer;
    let (catalogue, book) = (state.service.desk().now(), state.service.book());
    let names = OfferNames::of(&catalogue, &format);
    let increment = book.increment();
    let group = |key: &str, sums: Sums| GroupRow {
        name: localizer.text(key),
        accounts: count(&format, sums.units),
        margin: format.worth(sums.sum),
    };
    let halted = book.halted();
    let offers = catalogue.live(Kind::Offer).map(|entry| Stoppable {
        id: entry.id,
        title: names.get(entry.id, &format),
        stopped: arms_of(entry).all(|arm| halted.contains(&arm)),
    });
    let sizes = if increment.findings.srm.ok { "results-sizes-ok" } else { "results-sizes-wrong" };
    render::html(&ResultsPage {
        page: Page::of(&reader, account, "results-title", Section::Results),
        words: view::verdict_words(&increment, &format),
        sizes: localizer.text(sizes),
        rows: vec![group("results-held-out", increment.held_out), group("results-measured", increment.measured)],
        offers: offers.collect(),
    })
}

fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Consent => "stage-consent",
        Stage::Safety => "stage-safety",
        Stage::Eligibility => "stage-eligibility",
        Stage::Cap => "stage-cap",
        Stage::QuietHours => "stage-quiet",
        Stage::Budget => "stage-budget",
        Stage::Holdout => "stage-holdout",
        Stage::Guardrail => "stage-guardrail",
        Stage::Experiment => "stage-experiment",
    }
}

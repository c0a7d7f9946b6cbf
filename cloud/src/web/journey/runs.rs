//! The programmes as they run: when each begins, its steps, and what became of every step so far.
//!
//! Invariant: it shows sums over all owners and names nobody.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use milepost_engine::journey::{Condition, Entry, Programme, Step, What};

use super::words;
use crate::accounts::Lead;
use crate::api::Problem;
use crate::i18n::Format;
use crate::journey::ProgrammeCount;
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render};

#[derive(Template)]
#[template(path = "experience/programmes.html")]
struct ProgrammesPage {
    page: Page,
    programmes: Vec<ProgrammeCard>,
}

struct ProgrammeCard {
    name: String,
    title: String,
    version: u32,
    responsible: String,
    about: String,
    begins: String,
    conditions: Vec<String>,
    cap: String,
    purpose: String,
    figures: Vec<(String, String)>,
    steps: Vec<StepRow>,
}

struct StepRow {
    day: String,
    title: String,
    ways: String,
    promotes: bool,
    told: String,
    passed: Vec<String>,
}

/// `GET /experience/programmes`.
pub(crate) async fn programmes(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let format = reader.format(account, None);
    let board = state.journeys.board(state.now_ms()).await?;
    let counts = |name: &str| board.programmes.get(name).cloned().unwrap_or_default();
    let all = state.journeys.programmes().all().iter();
    render::html(&ProgrammesPage {
        page: Page::of(&reader, account, "experience-programmes-title", Section::Programmes),
        programmes: all.map(|programme| card(programme, &counts(&programme.name), &format)).collect(),
    })
}

fn card(programme: &Programme, count: &ProgrammeCount, format: &Format) -> ProgrammeCard {
    let localizer = format.localizer;
    let integer = |count: u64| format.integer(count.cast_signed());
    let figures = [
        ("journeys-active", count.active),
        ("journeys-told", count.told),
        ("journeys-passed", count.passed_over),
        ("journeys-ended", count.ended),
        ("journeys-left", count.left),
    ];
    let cap = [("n", u64::from(programme.cap.contacts)), ("days", u64::from(programme.cap.days))];
    let mut day = 0;
    let steps = programme.steps.iter().map(|step| {
        day += u32::from(step.after_days);
        row(step, day, count.steps.get(&step.id), format)
    });
    let about = format!("programme-about-{}", programme.name);
    ProgrammeCard {
        name: programme.name.clone(),
        title: words::programme(format, &programme.name),
        version: programme.version,
        responsible: programme.responsible.clone(),
        about: if localizer.has(&about) { localizer.text(&about) } else { String::new() },
        begins: begins(&programme.entry, format),
        conditions: programme.when.iter().map(|one| condition(one, format)).collect(),
        cap: localizer.with("experience-cap", cap.map(|(name, number)| (name, number.into()))),
        purpose: localizer.text(&format!("purpose-{}", programme.purpose.name())),
        figures: figures.into_iter().map(|(key, number)| (localizer.text(key), integer(number))).collect(),
        steps: steps.collect(),
    }
}

fn row(step: &Step, day: u32, count: Option<&BTreeMap<&'static str, u64>>, format: &Format) -> StepRow {
    let localizer = format.localizer;
    let told = step.tell.as_ref();
    let title = told.map_or_else(
        || localizer.text("experience-decides"),
        |tell| localizer.text(&format!("programme-{}-title", tell.message.name())),
    );
    let mut ways: Vec<String> =
        told.iter().flat_map(|tell| &tell.by).map(|by| words::touchpoint(format, by.name())).collect();
    if told.is_some_and(|tell| tell.in_car) {
        ways.insert(0, words::touchpoint(format, "car"));
    }
    let integer = |number: u64| format.integer(number.cast_signed());
    let of = |what: &str| count.and_then(|count| count.get(what)).copied().unwrap_or(0);
    let passed = count.into_iter().flatten().filter(|(what, _)| **what != What::Told.name());
    StepRow {
        day: localizer.with("experience-day", [("n", u64::from(day).into())]),
        title,
        ways: ways.join(", "),
        promotes: told.is_some_and(|tell| tell.promotes),
        told: integer(of(What::Told.name())),
        passed: passed
            .map(|(what, number)| {
                format!("{}: {}", localizer.text(&format!("step-{}", what.replace('_', "-"))), integer(*number))
            })
            .collect(),
    }
}

fn begins(entry: &Entry, format: &Format) -> String {
    let localizer = format.localizer;
    match entry {
        Entry::On { trigger, within_days } => localizer.with(
            "begins-on",
            [
                ("event", localizer.text(&format!("trigger-{}", trigger.name())).into()),
                ("days", u64::from(*within_days).into()),
            ],
        ),
        Entry::Monthly { day } => localizer.with("begins-monthly", [("day", u64::from(*day).into())]),
        Entry::CarBirthday => localizer.text("begins-car-birthday"),
        Entry::OwnerBirthday => localizer.text("begins-owner-birthday"),
        Entry::When => localizer.text("begins-when"),
    }
}

fn condition(condition: &Condition, format: &Format) -> String {
    let localizer = format.localizer;
    let one = |key: &str, number: u32| localizer.with(key, [("n", u64::from(number).into())]);
    match condition {
        Condition::Cold { below_c, days } => localizer.with(
            "condition-cold",
            [("degrees", format.celsius(f64::from(*below_c)).into()), ("n", u64::from(*days).into())],
        ),
        Condition::Months(months) => {
            let names: Vec<String> = months.iter().map(|month| localizer.text(&format!("month-{month}"))).collect();
            localizer.with("condition-months", [("months", names.join(", ").into())])
        }
        Condition::Zones(zones) => localizer.with("condition-zones", [("zones", zones.join(", ").into())]),
        Condition::CarsAtLeast(cars) => one("condition-cars", *cars),
        Condition::OwnedDaysAtLeast(days) => one("condition-owned-least", *days),
        Condition::OwnedDaysAtMost(days) => one("condition-owned-most", *days),
        Condition::AgeYearsAtLeast(years) => one("condition-age", *years),
        Condition::SilentDaysAtLeast(days) => one("condition-silent", *days),
        Condition::MonthKmAtLeast(km) => {
            localizer.with("condition-month", [("distance", format.odometer(u64::from(*km) * 1_000).into())])
        }
        Condition::VerifiedAtLeast(records) => one("condition-verified", *records),
        Condition::ServiceOpen(true) => localizer.text("condition-service-open"),
        Condition::ServiceOpen(false) => localizer.text("condition-service-none"),
        Condition::Segment(name) => localizer.with("condition-segment", [("name", name.as_str().into())]),
    }
}

//! The touchpoint audit, with the events behind each figure.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use milepost_engine::journey::{Figure, Touchpoint, audit, behind};
use milepost_protocol::plan::DAY_MS;
use serde::Deserialize;

use super::words;
use crate::accounts::Lead;
use crate::api::Problem;
use crate::domain::AccountId;
use crate::web::page::{Page, Section};
use crate::web::view::OfferNames;
use crate::web::{AppState, Reader, render};

/// How many events behind a figure are shown.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "experience/touchpoints.html")]
struct TouchpointsPage {
    page: Page,
    lines: Vec<LineRow>,
    people: String,
    is_cut: bool,
    never: Vec<Named>,
    never_unnamed: usize,
    annoyed: Vec<Named>,
    annoyed_unnamed: usize,
    erased: String,
    days: u64,
    behind: Option<Behind>,
}

struct LineRow {
    name: String,
    touchpoint: &'static str,
    figures: Vec<Cell>,
    people: String,
    cost: String,
}

struct Cell {
    figure: &'static str,
    label: String,
    value: String,
    is_none: bool,
}

struct Named {
    account: String,
}

struct Behind {
    title: String,
    events: Vec<EventRow>,
    more: usize,
}

struct EventRow {
    when: String,
    account: Option<String>,
    cause: String,
    outcome: String,
    scene: String,
}

/// Which figure is asked for, and over how many days.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    touchpoint: Option<String>,
    figure: Option<String>,
    days: Option<u64>,
}

/// `GET /experience/touchpoints`.
pub(crate) async fn touchpoints(
    State(state): State<AppState>,
    lead: Lead,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let page = Page::of(&reader, account, "touchpoints-title", Section::Touchpoints);
    let format = reader.format(account, None);
    let days = asked.days.unwrap_or(90).clamp(1, 3_650);
    let (from_ms, until_ms) = (state.now_ms().saturating_sub(days * DAY_MS), state.now_ms() + 1);
    let touched = state.journeys.touched().await?;
    let names = OfferNames::of(&state.service.desk().now(), &format);
    let audit = audit(&touched.people, from_ms, until_ms);
    let integer = |count: u64| format.integer(count.cast_signed());
    let lines = audit.lines.iter().map(|(touchpoint, line)| {
        let cell = |figure: &'static str, count: u64| Cell {
            figure,
            label: page.t(&format!("figure-{figure}")),
            value: integer(count),
            is_none: count == 0,
        };
        LineRow {
            name: words::touchpoint(&format, touchpoint.name()),
            touchpoint: touchpoint.name(),
            figures: vec![
                cell("outbound", line.outbound),
                cell("inbound", line.inbound),
                cell("followed", line.followed),
                cell("annoyed", line.annoyed),
                cell("failed", line.failed),
            ],
            people: integer(line.people),
            cost: format.money(line.cost_cents.cast_signed()),
        }
    });
    let figure = asked.figure.as_deref().and_then(Figure::from_name);
    let behind = asked.touchpoint.as_deref().and_then(Touchpoint::from_name).zip(figure).map(|(touchpoint, figure)| {
        let found = behind(&touched.people, touchpoint, figure, from_ms, until_ms);
        let row = |(place, contact): &(usize, &milepost_engine::journey::Contact)| EventRow {
            when: format.date_time(contact.at_ms),
            account: touched.owners.get(*place).filter(|(_, named)| *named).map(|(id, _)| id.to_string()),
            cause: words::cause(&format, &names, &contact.cause),
            outcome: words::outcome(&format, contact),
            scene: words::scene(&format, contact),
        };
        let name = asked.figure.as_deref().unwrap_or_default();
        Behind {
            title: format!("{}: {}", words::touchpoint(&format, touchpoint.name()), page.t(&format!("figure-{name}"))),
            more: found.len().saturating_sub(SHOWN),
            events: found.iter().take(SHOWN).map(row).collect(),
        }
    });
    let (never, never_unnamed) = named(&audit.never_reached, &touched.owners);
    let (annoyed, annoyed_unnamed) = named(&audit.annoyed, &touched.owners);
    render::html(&TouchpointsPage {
        lines: lines.collect(),
        people: integer(audit.people),
        is_cut: touched.is_cut,
        never,
        never_unnamed,
        annoyed,
        annoyed_unnamed,
        erased: integer(touched.erased.iter().map(|total| total.contacts).sum()),
        days,
        behind,
        page,
    })
}

/// Those who may be named, and how many may not.
fn named(places: &[usize], owners: &[(AccountId, bool)]) -> (Vec<Named>, usize) {
    let known = places.iter().filter_map(|place| owners.get(*place));
    let (named, unnamed): (Vec<_>, Vec<_>) = known.partition(|(_, named)| *named);
    (named.into_iter().map(|(id, _)| Named { account: id.to_string() }).collect(), unnamed.len())
}

//! What a device collects: the plan beside what the device tells of it, and the forms that change it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_protocol::SignalId;
use milepost_protocol::collection::{CollectionRow, MAX_ROWS};
use milepost_protocol::series::Resolution;
use milepost_protocol::signal::CATALOGUE;
use serde::Deserialize;

use super::settings::decided;
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::domain::{Intent, Vehicle};
use crate::i18n::Format;
use crate::web::page::Page;
use crate::web::view::{self, Badge};
use crate::web::{AppState, render};

/// The finest steps that the form offers: so many of them make one unit.
const STEPS: [u32; 4] = [1, 10, 100, 1000];

/// The plan as a part of the page that is replaced whole.
#[derive(Template)]
#[template(path = "lab/collection.html")]
pub(super) struct CollectionPart {
    page: Page,
    id: String,
    badge: Badge,
    rows: Vec<Row>,
    decided: Option<String>,
    reported: Option<String>,
}

struct Row {
    path: String,
    number: u16,
    how: String,
    purposes: String,
}

impl CollectionPart {
    pub(super) fn of(page: Page, vehicle: &Vehicle, format: &Format) -> Self {
        let collection = &vehicle.collection;
        let localizer = format.localizer;
        let rows = collection.desired.iter().flat_map(|decided| &decided.plan.rows);
        Self {
            id: vehicle.device.to_string(),
            badge: view::agreement(collection.agreement(), localizer),
            rows: rows.map(|row| line(row, format)).collect(),
            decided: collection.desired.as_ref().map(|decision| decided(&decision.by, decision.at_ms, format)),
            reported: collection.reported.map(|told| {
                let key = if told.report.refused.is_some() { "lab-collection-refused" } else { "lab-collection-told" };
                let version = told.report.refused.unwrap_or(told.report.version).to_string();
                let when = format.date_time(told.at_ms);
                localizer.with(key, [("version", version.into()), ("when", when.into())])
            }),
            page,
        }
    }
}

fn line(row: &CollectionRow, format: &Format) -> Row {
    let localizer = format.localizer;
    let entry = row.signal.entry();
    let step = f64::from(row.resolution.numerator) / f64::from(row.resolution.denominator.max(1));
    let unit = entry.map_or("", |entry| entry.unit);
    let mut how = vec![localizer.with(
        "lab-collection-every",
        [
            ("seconds", format.decimal(f64::from(row.every_ms) / 1000.0, 2).into()),
            ("step", format.decimal(step, 3).into()),
            ("unit", unit.into()),
        ],
    )];
    if row.change > 0 {
        let change = format.decimal(step * f64::from(row.change), 3);
        how.push(localizer.with("lab-collection-change", [("change", change.into()), ("unit", unit.into())]));
    }
    if let Some(trigger) = row.trigger {
        let key = if trigger.above { "lab-collection-above" } else { "lab-collection-below" };
        let watched = trigger.signal.entry();
        how.push(localizer.with(
            key,
            [
                ("signal", watched.map_or("", |entry| entry.path).into()),
                ("limit", format.decimal(f64::from(trigger.limit), 2).into()),
                ("unit", watched.map_or("", |entry| entry.unit).into()),
                ("hold", trigger.hold_s.to_string().into()),
            ],
        ));
    }
    let purposes = view::names(row.purposes).into_iter().map(|code| localizer.text(&format!("purpose-{code}")));
    Row {
        path: entry.map_or_else(|| row.signal.0.to_string(), |entry| entry.path.to_owned()),
        number: row.signal.0,
        how: how.join(" "),
        purposes: purposes.collect::<Vec<_>>().join(", "),
    }
}

/// The signals that the form offers: path and number.
pub(super) fn offered(vehicle: &Vehicle) -> Vec<(&'static str, u16)> {
    let rows = vehicle.collection.desired.as_ref().map(|decided| decided.plan.rows.as_slice()).unwrap_or_default();
    if rows.len() == MAX_ROWS {
        return Vec::new();
    }
    let free = CATALOGUE.iter().filter(|entry| rows.iter().all(|row| row.signal != entry.id));
    let mut free: Vec<_> = free.map(|entry| (entry.path, entry.id.0)).collect();
    free.sort_unstable();
    free
}

/// What the forms send: a signal to add with how, or one to remove.
#[derive(Debug, Deserialize)]
pub(crate) struct CollectionForm {
    /// The signal's number.
    signal: u16,
    /// Present if the signal goes.
    #[serde(default)]
    remove: Option<String>,
    /// One of `STEPS`.
    #[serde(default)]
    steps: Option<u32>,
    /// In seconds.
    #[serde(default)]
    every_s: Option<f64>,
    /// The code of a purpose.
    #[serde(default)]
    purpose: Option<String>,
}

/// `POST /lab/devices/{device}/collection`.
pub(crate) async fn save(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
    Form(form): Form<CollectionForm>,
) -> Result<Response, Problem> {
    let vehicle = engineer.device(&state, &id).await?;
    let mut rows = vehicle.collection.desired.map(|decided| decided.plan.rows.to_vec()).unwrap_or_default();
    let signal = SignalId(form.signal);
    rows.retain(|row| row.signal != signal);
    if form.remove.is_none() {
        let denominator = form.steps.filter(|steps| STEPS.contains(steps)).ok_or_else(Problem::invalid)?;
        let every_s = form.every_s.filter(|every_s| every_s.is_finite()).ok_or_else(Problem::invalid)?;
        let purposes = view::purpose_set(form.purpose.as_deref()).ok_or_else(Problem::invalid)?;
        rows.push(CollectionRow {
            signal,
            resolution: Resolution { numerator: 1, denominator },
            // Casts of floats to integers saturate; what is too often or never is refused by the plan's own check.
            every_ms: (every_s * 1000.0).round() as u32,
            change: 0,
            trigger: None,
            purposes,
        });
    }
    state.service.submit(&vehicle.device, Intent::Collect { rows }, engineer.actor()).await?;
    Ok(render::see_other(&format!("/lab/devices/{}?saved=yes#collection", vehicle.device)))
}

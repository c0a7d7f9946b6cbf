//! A device's settings: what was decided beside what it reports, and the form that decides anew.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_protocol::settings::DeviceSettings;
use serde::Deserialize;

use super::{level_name, level_named};
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::domain::{Actor, Agreement, Decision, Intent, Vehicle, Wanted};
use crate::i18n::Format;
use crate::web::page::Page;
use crate::web::view::{self, Badge};
use crate::web::{AppState, render};

/// The settings that were decided beside those that the device reports, as a part of the page that is replaced whole.
#[derive(Template)]
#[template(path = "lab/settings.html")]
pub(super) struct Settings {
    page: Page,
    badge: Badge,
    rows: Vec<Row>,
    decided: Option<String>,
    reported: Option<String>,
}

struct Row {
    name: String,
    wanted: String,
    reported: String,
    differs: bool,
}

impl Settings {
    pub(super) fn of(page: Page, vehicle: &Vehicle, format: &Format) -> Self {
        let configuration = &vehicle.configuration;
        let (wanted, reported) = (configuration.wanted(), configuration.reported.map(|reported| reported.settings));
        let names = ["lab-setting-level", "lab-setting-counters", "lab-setting-reminders", "lab-setting-version"];
        let wanted = values(&wanted, format);
        let reported_values = reported.map(|settings| values(&settings, format));
        let row = |(index, key): (usize, &&str)| {
            let wanted = wanted[index].clone();
            let told = reported_values.as_ref().map(|values| values[index].clone());
            // As long as nobody has decided anything, the device owes no report.
            let differs = configuration.agreement() != Agreement::AsBuilt && told.as_ref() != Some(&wanted);
            let reported = told.unwrap_or_else(|| format.localizer.text("lab-setting-not-told"));
            Row { name: format.localizer.text(key), wanted, reported, differs }
        };
        Self {
            badge: view::agreement(configuration.agreement(), format.localizer),
            rows: names.iter().enumerate().map(row).collect(),
            decided: configuration.desired.as_ref().map(|decision| decided(&decision.by, decision.at_ms, format)),
            reported: configuration.reported.map(|reported| {
                format.localizer.with("lab-setting-reported", [("when", format.date_time(reported.at_ms).into())])
            }),
            page,
        }
    }
}

/// The settings as finished text, in the order of the rows.
fn values(settings: &DeviceSettings, format: &Format) -> [String; 4] {
    let DeviceSettings { version, log_level, counters_every_s, local_reminders } = *settings;
    [
        view::log_level(log_level, format.localizer),
        format.duration(u64::from(counters_every_s) * 1000),
        format.localizer.text(if local_reminders { "lab-yes" } else { "lab-no" }),
        version.to_string(),
    ]
}

/// Who decided what when, in a sentence.
pub(super) fn decided(by: &Actor, at_ms: u64, format: &Format) -> String {
    let who = match by {
        Actor::Engineer(account) => account.to_string(),
        other => view::actor(format.localizer, other),
    };
    format.localizer.with("lab-setting-decided", [("who", who.into()), ("when", format.date_time(at_ms).into())])
}

/// A past decision, in the list of changes.
pub(super) struct Change {
    pub(super) what: String,
    pub(super) who: String,
}

/// What was decided, the newest first.
pub(super) fn changes(vehicle: &Vehicle, format: &Format) -> Vec<Change> {
    let configuration = &vehicle.configuration;
    let all = configuration.desired.iter().chain(configuration.earlier.iter().rev());
    let change = |decision: &Decision| {
        let [level, counters, reminders, version] = values(&decision.settings, format);
        let what = format.localizer.with(
            "lab-setting-change",
            [
                ("version", version.into()),
                ("level", level.into()),
                ("counters", counters.into()),
                ("reminders", reminders.into()),
            ],
        );
        Change { what, who: decided(&decision.by, decision.at_ms, format) }
    };
    all.map(change).collect()
}

/// The form as it stands.
pub(super) struct Fields {
    pub(super) level: &'static str,
    pub(super) minutes: u32,
    pub(super) reminders: bool,
}

impl Fields {
    pub(super) fn of(vehicle: &Vehicle) -> Self {
        let DeviceSettings { log_level, counters_every_s, local_reminders, .. } = vehicle.configuration.wanted();
        Self { level: level_name(log_level), minutes: counters_every_s.div_ceil(60), reminders: local_reminders }
    }
}

/// What the form sends; a box that is not ticked is absent.
#[derive(Debug, Deserialize)]
pub(crate) struct SettingsForm {
    log_level: String,
    counters_every_min: u32,
    #[serde(default)]
    local_reminders: Option<String>,
}

/// `POST /lab/devices/{device}/settings`.
pub(crate) async fn save(
    State(state): State<AppState>,
    engineer: Engineer,
    Path(id): Path<String>,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Problem> {
    let vehicle = engineer.device(&state, &id).await?;
    let wanted = Wanted {
        log_level: level_named(&form.log_level).ok_or_else(Problem::invalid)?,
        counters_every_s: form.counters_every_min.saturating_mul(60),
        local_reminders: form.local_reminders.is_some(),
    };
    state.service.submit(&vehicle.device, Intent::Configure { wanted }, engineer.actor()).await?;
    Ok(render::see_other(&format!("/lab/devices/{}?saved=yes#settings", vehicle.device)))
}

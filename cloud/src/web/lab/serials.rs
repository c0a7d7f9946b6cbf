//! Serial numbers and claims: which boards may enrol, which have, and which came that nobody expects.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::certificates::{Certificate, certificates};
use crate::accounts::Engineer;
use crate::api::Problem;
use crate::i18n::Format;
use crate::pki::{Expected, PkiError, Role, Unknown};
use crate::web::page::{Page, Section};
use crate::web::view::Badge;
use crate::web::{AppState, Reader, render};

/// How many serial numbers of each kind the page shows.
const SHOWN: usize = 500;

#[derive(Template)]
#[template(path = "lab/serials.html")]
struct SerialsPage {
    page: Page,
    claims: Vec<Certificate>,
    serials: Vec<Row>,
    unknown: Vec<UnknownRow>,
    total: usize,
    shown: bool,
}

struct Row {
    serial: String,
    device: String,
    href: String,
    badge: Badge,
    when: String,
    batch: String,
    repeats: Option<String>,
}

struct UnknownRow {
    serial: String,
    batch: String,
    count: String,
    first: String,
    last: String,
}

/// `GET /lab/serials`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let page = Page::of(&reader, account, "lab-serials-title", Section::Receipts);
    let claims = certificates(&state, &format, |issued| issued.role == Role::Claim).await?;
    let pki = state.service.pki().clone();
    let read = tokio::task::spawn_blocking(move || Ok::<_, PkiError>((pki.expected()?, pki.unknown()?))).await;
    let (mut expected, mut unknown) =
        read.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    // What a person has to look at comes first: other keys that tried, then the newest.
    expected.sort_by_key(|serial| {
        let at_ms = serial.enrolled.as_ref().map_or(serial.expected_ms, |enrolled| enrolled.at_ms);
        std::cmp::Reverse((serial.repeats, at_ms))
    });
    unknown.sort_by_key(|serial| std::cmp::Reverse(serial.last_ms));
    let total = expected.len();
    render::html(&SerialsPage {
        page,
        claims,
        serials: expected.iter().take(SHOWN).map(|serial| row(serial, &format)).collect(),
        unknown: unknown.iter().take(SHOWN).map(|serial| unknown_row(serial, &format)).collect(),
        total,
        shown: total <= SHOWN,
    })
}

fn row(expected: &Expected, format: &Format) -> Row {
    let localizer = format.localizer;
    let badge = match &expected.enrolled {
        Some(_) => Badge::new(localizer, "ok", "check", "lab-serial-enrolled"),
        None => Badge::new(localizer, "", "clock", "lab-serial-expected"),
    };
    let repeats =
        (expected.repeats > 0).then(|| localizer.with("lab-serial-repeats", [("n", expected.repeats.into())]));
    let enrolled = expected.enrolled.as_ref();
    Row {
        serial: expected.serial.to_string(),
        device: expected.device.to_string(),
        href: format!("/lab/devices/{}", expected.device),
        badge,
        when: format.date_time(enrolled.map_or(expected.expected_ms, |enrolled| enrolled.at_ms)),
        batch: enrolled.map_or_else(String::new, |enrolled| enrolled.batch.to_string()),
        repeats,
    }
}

fn unknown_row(unknown: &Unknown, format: &Format) -> UnknownRow {
    UnknownRow {
        serial: unknown.serial.to_string(),
        batch: unknown.batch.to_string(),
        count: format.integer(unknown.count.cast_signed()),
        first: format.date_time(unknown.first_ms),
        last: format.date_time(unknown.last_ms),
    }
}

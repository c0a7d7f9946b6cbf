//! Flash receipts: the list, one of them checked, and what is needed to check it elsewhere.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::accounts::Engineer;
use crate::api::Problem;
use crate::flash_receipts::{FlashResult, SignedReceipt};
use crate::i18n::{Format, Localizer};
use crate::web::page::{Page, Section};
use crate::web::view::{Badge, Fact};
use crate::web::{AppState, Reader, render};

/// How many receipts a page shows.
const SHOWN: usize = 50;

/// How many receipts are read at a time.
const PAGE: usize = 200;

/// How many receipts one look goes through at most.
const LOOK_THROUGH: usize = 5_000;

#[derive(Template)]
#[template(path = "lab/receipts.html")]
struct ReceiptsPage {
    page: Page,
    filter: Filter,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "lab/receipt.html")]
struct ReceiptPage {
    page: Page,
    id: String,
    device_href: String,
    badge: Badge,
    verified: Badge,
    holds: bool,
    facts: Vec<Fact>,
    canonical: String,
    signature: String,
}

struct Row {
    href: String,
    when: String,
    device: String,
    board: String,
    image: String,
    badge: Badge,
    by: String,
}

/// What the list is narrowed to, and where it goes on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Filter {
    /// A part of the device, of the board, of the image's hash or of who flashed.
    #[serde(default)]
    q: String,
    /// `enrolled`, `flashed`, `failed`, or anything else for all.
    #[serde(default)]
    result: String,
    /// The receipt behind which the list goes on.
    #[serde(default)]
    after: String,
}

impl Filter {
    fn matches(&self, signed: &SignedReceipt) -> bool {
        let receipt = &signed.receipt;
        let wanted = self.q.trim().to_lowercase();
        let texts = [receipt.device.as_str(), &receipt.board, &receipt.image_sha256, receipt.by.as_str()];
        let found = wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted));
        let is_result = !matches!(self.result.as_str(), "enrolled" | "flashed" | "failed");
        found && (is_result || receipt.result.name() == self.result)
    }
}

/// `GET /lab/receipts`.
pub(crate) async fn list(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let page = Page::of(&reader, account, "lab-receipts-title", Section::Receipts);
    let (found, after) = find(&state, &filter).await?;
    let rows = found.iter().map(|signed| row(signed, &format)).collect();
    let next = after.map(|after| {
        render::query("/lab/receipts", &[("q", &filter.q), ("result", &filter.result), ("after", &after)])
    });
    render::html(&ReceiptsPage { page, filter, rows, next })
}

async fn find(state: &AppState, filter: &Filter) -> Result<(Vec<SignedReceipt>, Option<String>), Problem> {
    let mut after = Some(filter.after.clone()).filter(|after| !after.is_empty());
    let mut found: Vec<SignedReceipt> = Vec::new();
    for _ in 0..LOOK_THROUGH / PAGE {
        let part = state.service.receipts(after.as_deref(), PAGE).await?;
        let (len, last) = (part.len(), part.last().map(|signed| signed.receipt.id.clone()));
        found.extend(part.into_iter().filter(|signed| filter.matches(signed)));
        if found.len() > SHOWN {
            found.truncate(SHOWN);
            return Ok((found.clone(), found.last().map(|signed| signed.receipt.id.clone())));
        }
        if len < PAGE {
            return Ok((found, None));
        }
        after = last;
    }
    Ok((found, after))
}

/// `GET /lab/receipts/{receipt}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let localizer = format.localizer;
    let signed = state.service.receipt(&id).await?.ok_or_else(Problem::not_found)?;
    let holds = signed.verify(state.service.pki().receipts().public_pem()).is_ok();
    let receipt = &signed.receipt;
    let page = Page::of(&reader, account, "lab-receipt-title", Section::Receipts);
    let configuration = receipt.configuration_sha256.clone();
    let facts = [
        ("lab-receipt-when", format.date_time(receipt.at_ms)),
        ("devices-id", receipt.device.to_string()),
        ("lab-board", receipt.board.clone()),
        ("lab-receipt-image", receipt.image_sha256.clone()),
        ("lab-receipt-configuration", configuration.unwrap_or_else(|| localizer.text("lab-receipt-no-configuration"))),
        ("lab-receipt-tool", receipt.tool.clone()),
        ("lab-receipt-by", receipt.by.to_string()),
    ];
    render::html(&ReceiptPage {
        page,
        device_href: format!("/lab/devices/{}", receipt.device),
        badge: result(receipt.result, localizer),
        verified: if holds {
            Badge::new(localizer, "ok", "shield", "lab-receipt-holds")
        } else {
            Badge::new(localizer, "over", "stop", "lab-receipt-forged")
        },
        holds,
        facts: facts.into_iter().map(|(key, value)| Fact { name: localizer.text(key), value }).collect(),
        canonical: receipt.canonical(),
        signature: signed.signature.clone(),
        id,
    })
}

/// `GET /lab/receipts/{receipt}/download`.
pub(crate) async fn download(
    State(state): State<AppState>,
    _engineer: Engineer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let signed = state.service.receipt(&id).await?.ok_or_else(Problem::not_found)?;
    let text = serde_json::to_string_pretty(&signed).map_err(|error| Problem::internal(&error))?;
    let head = [
        (CONTENT_TYPE, "application/json".to_owned()),
        // An id has digits, letters, dashes and underscores alone.
        (CONTENT_DISPOSITION, format!("attachment; filename=\"flash-receipt-{}.json\"", signed.receipt.id)),
    ];
    Ok((head, text).into_response())
}

/// `GET /lab/receipts/key`: the public key, with which anybody can check a receipt.
pub(crate) async fn key(State(state): State<AppState>, _engineer: Engineer) -> Response {
    let head = [
        (CONTENT_TYPE, "application/x-pem-file"),
        (CONTENT_DISPOSITION, "attachment; filename=\"flash-receipts.pem\""),
    ];
    (head, state.service.pki().receipts().public_pem().to_owned()).into_response()
}

fn row(signed: &SignedReceipt, format: &Format) -> Row {
    let receipt = &signed.receipt;
    Row {
        href: format!("/lab/receipts/{}", receipt.id),
        when: format.date_time(receipt.at_ms),
        device: receipt.device.to_string(),
        board: receipt.board.clone(),
        image: receipt.image_sha256.chars().take(12).collect(),
        badge: result(receipt.result, format.localizer),
        by: receipt.by.to_string(),
    }
}

fn result(result: FlashResult, localizer: Localizer) -> Badge {
    match result {
        FlashResult::Enrolled => Badge::new(localizer, "ok", "check", "lab-result-enrolled"),
        FlashResult::Flashed => Badge::new(localizer, "accent", "check", "lab-result-flashed"),
        FlashResult::Failed => Badge::new(localizer, "over", "stop", "lab-result-failed"),
    }
}

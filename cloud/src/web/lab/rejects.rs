//! Envelopes that did not decode: which, from whom, why, and their bytes.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use milepost_protocol::DeviceId;
use serde::Deserialize;

use crate::accounts::Engineer;
use crate::api::Problem;
use crate::i18n::Format;
use crate::store::QuarantineRow;
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render};

/// The most envelopes that one look goes through: the newest.
pub(crate) const MOST: usize = 1_000;

/// How many envelopes the list shows.
const SHOWN: usize = 100;

/// How many bytes of an envelope are shown.
const BYTES: usize = 512;

/// How many bytes stand on a line.
const BYTES_A_LINE: usize = 16;

#[derive(Template)]
#[template(path = "lab/rejects.html")]
struct RejectsPage {
    page: Page,
    device: String,
    rows: Vec<Row>,
    devices: Vec<Count>,
    matching: usize,
    bounded: bool,
}

#[derive(Template)]
#[template(path = "lab/reject.html")]
struct RejectPage {
    page: Page,
    row: Row,
    hex: String,
    cut: Option<String>,
}

/// One envelope.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) device: String,
    pub(super) device_href: String,
    pub(super) when: String,
    pub(super) reason: String,
    pub(super) len: String,
}

struct Count {
    device: String,
    href: String,
    envelopes: String,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RejectFilter {
    #[serde(default)]
    device: String,
}

/// `GET /lab/rejects`.
pub(crate) async fn list(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Query(filter): Query<RejectFilter>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let page = Page::of(&reader, account, "lab-rejects-title", Section::Rejects);
    let all = state.service.quarantine(MOST).await?;
    let device = filter.device.trim().to_owned();
    let matching: Vec<_> = all.iter().filter(|row| device.is_empty() || row.device.as_str() == device).collect();
    let mut devices: Vec<(&DeviceId, i64)> = Vec::new();
    for row in &all {
        match devices.iter_mut().find(|(id, _)| **id == row.device) {
            Some((_, count)) => *count += 1,
            None => devices.push((&row.device, 1)),
        }
    }
    devices.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), (*id).clone()));
    let count = |(id, count): (&DeviceId, i64)| Count {
        device: id.to_string(),
        href: format!("/lab/rejects?device={id}"),
        envelopes: format.integer(count),
    };
    render::html(&RejectsPage {
        page,
        rows: matching.iter().take(SHOWN).map(|row| self::row(row, &format)).collect(),
        devices: devices.into_iter().map(count).collect(),
        matching: matching.len(),
        bounded: all.len() == MOST,
        device,
    })
}

/// `GET /lab/rejects/{received}/{device}/{serial}`.
pub(crate) async fn show(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    Path((received_ms, device, serial)): Path<(u64, String, u32)>,
) -> Result<Response, Problem> {
    let account = &engineer.0.account;
    let format = reader.format(account, None);
    let wanted =
        |row: &QuarantineRow| row.received_ms == received_ms && row.device.as_str() == device && row.serial == serial;
    let found = state.service.quarantine(MOST).await?.into_iter().find(wanted).ok_or_else(Problem::not_found)?;
    let page = Page::of(&reader, account, "lab-reject-title", Section::Rejects);
    let cut = found.bytes.len().checked_sub(BYTES).filter(|more| *more > 0);
    let cut = cut.map(|more| {
        format.localizer.with("lab-reject-cut", [("n", format.integer(i64::try_from(more).unwrap_or(i64::MAX)).into())])
    });
    let shown = found.bytes.get(..BYTES).unwrap_or(&found.bytes);
    render::html(&RejectPage { page, row: row(&found, &format), hex: dump(shown), cut })
}

/// The newest envelopes of one device.
pub(super) async fn of_device(
    state: &AppState,
    device: &DeviceId,
    format: &Format,
    limit: usize,
) -> Result<Vec<Row>, Problem> {
    let all = state.service.quarantine(MOST).await?;
    Ok(all.iter().filter(|row| row.device == *device).take(limit).map(|row| self::row(row, format)).collect())
}

fn row(row: &QuarantineRow, format: &Format) -> Row {
    let QuarantineRow { device, received_ms, serial, reason, bytes } = row;
    Row {
        href: format!("/lab/rejects/{received_ms}/{device}/{serial}"),
        device: device.to_string(),
        device_href: format!("/lab/devices/{device}"),
        when: format.date_time(*received_ms),
        reason: reason.clone(),
        len: format.bytes(bytes.len() as u64),
    }
}

/// Bytes as lines of an offset, hexadecimal pairs, and what of them is text.
fn dump(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (index, line) in bytes.chunks(BYTES_A_LINE).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain: String =
            line.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '·' }).collect();
        writeln!(text, "{:04x}  {:<47}  {plain}", index * BYTES_A_LINE, hex.join(" "))
            .expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_offset_pairs_and_text() {
        let lines = dump(b"\x01Milepost\x00\xff and more");
        assert_eq!(
            lines.lines().collect::<Vec<_>>(),
            [
                "0000  01 4d 69 6c 65 70 6f 73 74 00 ff 20 61 6e 64 20  ·Milepost···and·",
                "0010  6d 6f 72 65                                      more",
            ]
        );
        assert_eq!(dump(&[]), "");
    }
}

//! Receipts that an owner attaches to the entries of a service book.

use axum::Json;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use milepost_engine::service_book::EventId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own, Owner};
use crate::attachments::{Attachment, AttachmentId, Kind};
use crate::domain::Vehicle;
use crate::i18n::timestamp;
use crate::web::AppState;

/// The receipts of an entry, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptsBody {
    receipts: Vec<ReceiptBody>,
}

/// A receipt without its bytes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptBody {
    id: String,
    /// The entry of the service book that it belongs to.
    service: String,
    name: String,
    kind: Kind,
    bytes: usize,
    attached_at: Timestamp,
}

impl From<&Attachment> for ReceiptBody {
    fn from(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.to_string(),
            service: attachment.service.0.to_string(),
            name: attachment.name.clone(),
            kind: attachment.kind,
            bytes: attachment.len,
            attached_at: timestamp(attachment.at_ms),
        }
    }
}

/// A file as forms send it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub(crate) struct AttachBody {
    /// A PDF document or a JPEG or PNG picture.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The receipts of an entry of the service book.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/services/{service}/receipts", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id")), responses(
    (status = 200, body = ReceiptsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, service)): Path<(String, String)>,
) -> Result<Json<ReceiptsBody>, Problem> {
    let service = entry(&vehicle, &service)?;
    of_entry(&state, &vehicle, service).await
}

/// Attach a receipt to an entry that stands; what it is, is told by its bytes.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/services/{service}/receipts", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id")),
    request_body(content = AttachBody, content_type = "multipart/form-data"), responses(
    (status = 201, body = ReceiptsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 413, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn attach(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, service)): Path<(String, String)>,
    file: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<ReceiptsBody>), Problem> {
    let service = attached(&state, &owner, &vehicle, &service, file).await?;
    Ok((StatusCode::CREATED, of_entry(&state, &vehicle, service).await?))
}

/// A receipt's bytes.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/services/{service}/receipts/{receipt}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id"),
        ("receipt" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 200, body = Vec<u8>, content_type = "application/pdf"),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, service, receipt)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (service, receipt) = (entry(&vehicle, &service)?, attachment(&receipt)?);
    let found = state.attachments.read(&vehicle, service, &receipt).await?;
    let (attachment, bytes) = found.ok_or_else(Problem::not_found)?;
    let head = [
        (CONTENT_TYPE, attachment.kind.media_type().to_owned()),
        (CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", plain(&attachment))),
        (CACHE_CONTROL, "no-store".to_owned()),
        // Whatever stands in a file from outside, nothing of it runs as a page of ours.
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin".to_owned()),
    ];
    Ok((head, bytes).into_response())
}

/// Take a receipt away for good.
#[utoipa::path(delete, path = "/api/v1/vehicles/{vehicle}/services/{service}/receipts/{receipt}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id"),
        ("receipt" = String, Path, description = "16 hexadecimal digits")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn remove(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, service, receipt)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    removed(&state, &vehicle, &service, &receipt).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a receipt away; "not found" if there is none.
pub(crate) async fn removed(state: &AppState, vehicle: &Vehicle, service: &str, receipt: &str) -> Result<(), Problem> {
    let was_there = state.attachments.remove(vehicle, entry(vehicle, service)?, &attachment(receipt)?).await?;
    if was_there { Ok(()) } else { Err(Problem::not_found()) }
}

/// Takes the file of a form in, and answers the entry that it belongs to.
pub(crate) async fn attached(
    state: &AppState,
    owner: &Owner,
    vehicle: &Vehicle,
    service: &str,
    file: Result<Multipart, MultipartRejection>,
) -> Result<EventId, Problem> {
    let service = entry(vehicle, service)?;
    let stands = vehicle.book.services().iter().any(|known| known.id == service && known.stands);
    if !stands {
        return Err(Problem::not_found());
    }
    let mut file = file.map_err(|_| Problem::invalid_at("multipart/form-data".to_owned()))?;
    while let Some(mut field) = file.next_field().await.map_err(|error| broken(&error))? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
            if bytes.len() + chunk.len() > state.attachments.most_bytes() {
                return Err(Problem::receipt_size(state.attachments.most_bytes()));
            }
            bytes.extend_from_slice(&chunk);
        }
        state.attachments.attach(vehicle, &owner.0.account.id, service, &name, &bytes).await?;
        return Ok(service);
    }
    Err(Problem::invalid_at("file".to_owned()))
}

/// A form that does not read, or is too long to be read.
fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::receipt_too_long()
    } else {
        Problem::invalid_at(error.body_text())
    }
}

async fn of_entry(state: &AppState, vehicle: &Vehicle, service: EventId) -> Result<Json<ReceiptsBody>, Problem> {
    let attachments = state.attachments.of_vehicle(vehicle).await?;
    let receipts =
        attachments.iter().filter(|attachment| attachment.service == service).map(ReceiptBody::from).collect();
    Ok(Json(ReceiptsBody { receipts }))
}

/// An entry of the vehicle's service book.
fn entry(vehicle: &Vehicle, service: &str) -> Result<EventId, Problem> {
    let id = service.parse().map(EventId).map_err(|_| Problem::not_found())?;
    let is_known = vehicle.book.services().iter().any(|known| known.id == id);
    if is_known { Ok(id) } else { Err(Problem::not_found()) }
}

fn attachment(text: &str) -> Result<AttachmentId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// The name in characters that every header takes.
fn plain(attachment: &Attachment) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_ ()".contains(c) { c } else { '_' };
    attachment.name.chars().map(plain).collect()
}

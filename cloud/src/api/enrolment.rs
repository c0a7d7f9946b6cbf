//! The engineer's bench: certificates for keys that boards made, the receipts of what was flashed, and serial numbers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use milepost_protocol::DeviceId;
use milepost_protocol::certificate::Refusal;
use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::events::Certified;
use crate::flash_receipts::{Flashing, SignedReceipt};
use crate::i18n::timestamp;
use crate::pki::{Expected, PkiError, Unknown};
use crate::web::AppState;

/// The most receipts of one answer.
const MAX: usize = 200;

/// A certificate, and whom to trust.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateBody {
    certificate: IssuedBody,
}

/// What a device needs beside its key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IssuedBody {
    device: String,
    /// The certificate's serial number in hexadecimal.
    serial: String,
    /// The device's certificate, which the device authority signed itself: the whole chain.
    certificate_pem: String,
    /// The one authority to expect behind the server's certificate.
    server_ca_pem: String,
}

/// Sign a certificate request that a board at the bench made; the old certificate counts until the new one was used.
#[utoipa::path(post, path = "/api/v1/devices/{id}/certificate", tag = "engineer",
    params(("id" = String, Path, description = "The device's id, which the request has to name")),
    request_body(content = String, content_type = "application/pkcs10", description = "PKCS #10, PEM or DER: a key on P-256, no attributes"),
    responses(
    (status = 201, body = CertificateBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
pub(crate) async fn certify(
    State(state): State<AppState>,
    _engineer: Engineer,
    Path(id): Path<String>,
    request: Bytes,
) -> Result<(StatusCode, Json<CertificateBody>), Problem> {
    let device: DeviceId = id.parse().map_err(|_| Problem::invalid())?;
    let der = if request.starts_with(b"-----BEGIN") {
        CertificateSigningRequestDer::from_pem_slice(&request).map_err(|_| Problem::certificate_request())?.to_vec()
    } else {
        request.to_vec()
    };
    let (pki, now_ms) = (state.service.pki().clone(), state.wall.now_ms());
    let server_ca_pem = pki.server_ca_pem().to_owned();
    let verdict = blocking(move || {
        let verdict = pki.certify(&device, &der, now_ms);
        Certified::of(&device, &verdict).emit();
        verdict
    });
    let leaf = verdict.await?.map_err(Problem::from)?;
    let certificate =
        IssuedBody { device: leaf.device.to_string(), serial: leaf.serial, certificate_pem: leaf.pem, server_ca_pem };
    Ok((StatusCode::CREATED, Json(CertificateBody { certificate })))
}

/// One flash receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlashReceiptBody {
    flash_receipt: SignedReceipt,
}

/// Flash receipts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlashReceiptsBody {
    flash_receipts: Vec<SignedReceipt>,
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only receipts older than the one with this id.
    after: Option<String>,
    /// At most so many; 50 if absent, never more than 200.
    limit: Option<usize>,
}

/// Hand in what was flashed; the answer is the signed receipt, which is kept for ever.
#[utoipa::path(post, path = "/api/v1/flash-receipts", tag = "engineer", request_body = Flashing, responses(
    (status = 201, body = FlashReceiptBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn hand_in(
    State(state): State<AppState>,
    engineer: Engineer,
    Json(told): Json<Flashing>,
) -> Result<(StatusCode, Json<FlashReceiptBody>), Problem> {
    if !told.is_valid() {
        return Err(Problem::invalid());
    }
    let signed = state.service.pki().receipts().sign(told, engineer.0.account.id, state.wall.now_ms());
    let flash_receipt = signed.map_err(|error| Problem::internal(&error))?;
    state.service.keep_receipt(&flash_receipt).await?;
    Ok((StatusCode::CREATED, Json(FlashReceiptBody { flash_receipt })))
}

/// Flash receipts, newest first.
#[utoipa::path(get, path = "/api/v1/flash-receipts", tag = "engineer", params(Part), responses(
    (status = 200, body = FlashReceiptsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn receipts(
    State(state): State<AppState>,
    _engineer: Engineer,
    Query(part): Query<Part>,
) -> Result<Json<FlashReceiptsBody>, Problem> {
    let limit = part.limit.unwrap_or(50).min(MAX);
    let flash_receipts = state.service.receipts(part.after.as_deref(), limit).await?;
    Ok(Json(FlashReceiptsBody { flash_receipts }))
}

/// One flash receipt.
#[utoipa::path(get, path = "/api/v1/flash-receipts/{receipt}", tag = "engineer",
    params(("receipt" = String, Path, description = "The receipt's id")), responses(
    (status = 200, body = FlashReceiptBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn receipt(
    State(state): State<AppState>,
    _engineer: Engineer,
    Path(id): Path<String>,
) -> Result<Json<FlashReceiptBody>, Problem> {
    let found = state.service.receipt(&id).await?;
    Ok(Json(FlashReceiptBody { flash_receipt: found.ok_or_else(Problem::not_found)? }))
}

/// Hardware serial numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SerialsBody {
    /// Announced ones, whether they have enrolled or not.
    serials: Vec<SerialBody>,
    /// Ones that came with a claim and that nobody announced.
    unknown: Vec<UnknownBody>,
}

/// An announced serial number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SerialBody {
    serial: String,
    device: String,
    expected_at: Timestamp,
    /// Absent as long as it has not enrolled.
    enrolled_at: Option<Timestamp>,
    /// With which batch's claim.
    batch: Option<String>,
    /// How often another key tried to enrol with it: a clone, or a board that lost its key.
    repeats: u64,
}

/// A serial number that nobody announced.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnknownBody {
    serial: String,
    batch: String,
    count: u64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl From<Expected> for SerialBody {
    fn from(expected: Expected) -> Self {
        Self {
            serial: expected.serial.to_string(),
            device: expected.device.to_string(),
            expected_at: timestamp(expected.expected_ms),
            enrolled_at: expected.enrolled.as_ref().map(|enrolled| timestamp(enrolled.at_ms)),
            batch: expected.enrolled.map(|enrolled| enrolled.batch.to_string()),
            repeats: expected.repeats,
        }
    }
}

impl From<Unknown> for UnknownBody {
    fn from(unknown: Unknown) -> Self {
        Self {
            serial: unknown.serial.to_string(),
            batch: unknown.batch.to_string(),
            count: unknown.count,
            first_at: timestamp(unknown.first_ms),
            last_at: timestamp(unknown.last_ms),
        }
    }
}

/// Serial numbers: announced, enrolled, tried again, and unknown.
#[utoipa::path(get, path = "/api/v1/serials", tag = "engineer", responses(
    (status = 200, body = SerialsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn serials(State(state): State<AppState>, _engineer: Engineer) -> Result<Json<SerialsBody>, Problem> {
    let pki = state.service.pki().clone();
    let (expected, unknown) = blocking(move || Ok((pki.expected()?, pki.unknown()?))).await?;
    let serials = expected.into_iter().map(Into::into).collect();
    Ok(Json(SerialsBody { serials, unknown: unknown.into_iter().map(Into::into).collect() }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany => Self::too_many(86_400_000),
            Refusal::Unavailable => Self::unavailable(),
            _ => Self::certificate_request(),
        }
    }
}

/// Does what reads and writes files beside the requests that wait for nothing.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PkiError> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))?;
    done.map_err(|error| Problem::internal(&error))
}

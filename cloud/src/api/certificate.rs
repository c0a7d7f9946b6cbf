//! The certificate of a used car, and the link to it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use milepost_engine::service_book::Source;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own};
use crate::certificate::{Certificate, Work};
use crate::i18n::timestamp;
use crate::web::{AppState, certificate_address, certificates};

/// A car's verified record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateBody {
    certificate: CertificateDetail,
}

/// What a buyer may know.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CertificateDetail {
    read_at: Timestamp,
    odometer_m: Option<u32>,
    /// Readings of the odometer that were not believed, because they fell or jumped.
    disbelieved_readings: usize,
    /// Records that somebody else than the owner vouches for.
    vouched: usize,
    /// Records whose odometer contradicts a later one.
    contradicted: usize,
    /// The newest first.
    records: Vec<WorkBody>,
    /// Service items that are due or overdue.
    due: Vec<u16>,
    /// Campaigns of recalls that are open.
    recalls: Vec<String>,
    /// Trouble codes that stand.
    trouble_codes: Vec<String>,
    /// The traction battery's share of its new capacity.
    battery_health: Option<f32>,
    /// How often the car changed hands while it was with us.
    hands: usize,
    known_since: Timestamp,
    /// When the link ends that stands now.
    shared_until: Option<Timestamp>,
}

/// One record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkBody {
    at: Timestamp,
    odometer_m: Option<u32>,
    /// The service item; 0 is other work.
    item: u16,
    title: String,
    place: String,
    /// `owner`, `workshop`, `import` or `car`.
    source: &'static str,
    contradicted: bool,
}

/// A link, which is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkBody {
    link: LinkDetail,
}

/// Its address and its end.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkDetail {
    url: String,
    until: Timestamp,
}

/// The verified record of one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/certificate", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = CertificateBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn certificate(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<Json<CertificateBody>, Problem> {
    let shared = certificates(&state).shared(&vehicle).await?;
    let certificate = Certificate::of(&vehicle, state.now_ms());
    Ok(Json(CertificateBody {
        certificate: CertificateDetail {
            read_at: timestamp(certificate.at_ms),
            odometer_m: certificate.odometer.map(|(metres, _)| metres),
            disbelieved_readings: certificate.disbelieved,
            vouched: certificate.vouched(),
            contradicted: certificate.contradicted(),
            due: certificate.due.iter().map(|(item, _)| item.0).collect(),
            battery_health: certificate.battery,
            hands: certificate.hands,
            known_since: timestamp(certificate.since_ms),
            shared_until: shared.map(|shared| timestamp(shared.until_ms)),
            records: certificate.works.into_iter().map(work).collect(),
            recalls: certificate.recalls,
            trouble_codes: certificate.troubles,
        },
    }))
}

/// Make a link to the certificate that anybody can open for 30 days; the one before it ends.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/certificate/link", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 201, body = LinkBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn share(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<LinkBody>), Problem> {
    let (secret, shared) = certificates(&state).share(&vehicle).await?;
    let url = certificate_address(&state, &headers, &vehicle, &secret);
    Ok((StatusCode::CREATED, Json(LinkBody { link: LinkDetail { url, until: timestamp(shared.until_ms) } })))
}

/// End the link to the certificate.
#[utoipa::path(delete, path = "/api/v1/vehicles/{vehicle}/certificate/link", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn end(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
) -> Result<StatusCode, Problem> {
    certificates(&state).end(&vehicle).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn work(work: Work) -> WorkBody {
    let source = match work.source {
        Source::Owner => "owner",
        Source::Workshop => "workshop",
        Source::Import => "import",
        Source::DetectedReset => "car",
    };
    WorkBody {
        at: timestamp(work.at_ms),
        odometer_m: work.odometer_m,
        item: work.item.0,
        title: work.title,
        place: work.place,
        source,
        contradicted: work.contradicted,
    }
}

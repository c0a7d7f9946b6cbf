//! The service book: what was done, corrected, taken back, imported and exported; which items apply; who owns the car.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use milepost_engine::service_book::{EventId, Source};
use milepost_protocol::plan::ItemId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemBody};
use crate::accounts::{Account, Advisor, Granted, Own, Owner};
use crate::domain::{Actor, Intent, OTHER_WORK, Remarks, Service, Vehicle};
use crate::i18n::{item_name, timestamp};
use crate::sheets::{self, Layout};
use crate::web::{AppState, Opened, Reader};

/// The service book's records, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServicesBody {
    services: Vec<ServiceBody>,
}

/// Work that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceBody {
    /// The record's id, decimal digits.
    id: String,
    /// The item's number; 0 is other work.
    item: u16,
    name: String,
    at: Timestamp,
    odometer_m: Option<u32>,
    title: String,
    note: String,
    place: String,
    cost_cents: Option<u64>,
    /// `owner`, `workshop`, `import` or `detected_reset`.
    source: &'static str,
    told_at: Timestamp,
    /// Whether it was not taken back.
    stands: bool,
    edits: u32,
}

/// A record as somebody writes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorkBody {
    /// The item's number; 0 or absent is other work, which needs a title.
    #[serde(default)]
    item: u16,
    /// When; now, or as it reads, if absent.
    at: Option<Timestamp>,
    /// The odometer then, in metres; what the car knows of that time if absent.
    odometer_m: Option<u32>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    place: String,
    cost_cents: Option<u64>,
}

/// Records of another system.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportBody {
    /// The file's text: `LubeLogger`'s service records, or our own table.
    csv: String,
}

/// How many records were read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedBody {
    imported: ImportedCount,
}

/// What an import came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportedCount {
    /// Rows of the file.
    rows: usize,
    /// Whether any of them was new.
    changed: bool,
}

/// Which table is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `milepost` or `lubelogger`; the former if absent.
    layout: Option<String>,
}

/// Who gets the car.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TransferBody {
    /// The account of the new owner.
    account: String,
}

/// The longest text beside a record, in characters.
const MAX_TEXT: usize = 500;

impl WorkBody {
    fn parts(self) -> Result<(Option<u64>, Option<u32>, Remarks), Problem> {
        let at_ms = match self.at {
            None => None,
            Some(at) => Some(u64::try_from(at.as_millisecond()).map_err(|_| Problem::completion())?),
        };
        let remarks = Remarks { title: self.title, note: self.note, place: self.place, cost_cents: self.cost_cents };
        if [&remarks.title, &remarks.note, &remarks.place].iter().any(|text| text.chars().count() > MAX_TEXT) {
            return Err(Problem::invalid());
        }
        Ok((at_ms, self.odometer_m, remarks))
    }
}

/// The service book of one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/services", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
) -> Result<Json<ServicesBody>, Problem> {
    Ok(listed(&reader, &owner.0.account, &vehicle))
}

/// Enter work that was done, on an item or other work.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/services", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = WorkBody, responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn enter(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Json(work): Json<WorkBody>,
) -> Result<Json<ServicesBody>, Problem> {
    entered(&state, &reader, &owner.0.account, &vehicle, work, owner.actor()).await
}

/// Correct a record; everything that followed from it is derived anew.
#[utoipa::path(put, path = "/api/v1/vehicles/{vehicle}/services/{service}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id")),
    request_body = WorkBody, responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn edit(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Path((_, service)): Path<(String, String)>,
    Json(work): Json<WorkBody>,
) -> Result<Json<ServicesBody>, Problem> {
    let of = parse(&service)?;
    let (at_ms, odometer_m, remarks) = work.parts()?;
    state.service.edit(&vehicle.device, of, at_ms, odometer_m, remarks, owner.actor()).await?;
    let vehicle = owner.vehicle(&state, vehicle.device.as_str()).await?;
    Ok(listed(&reader, &owner.0.account, &vehicle))
}

/// Take a record back; its receipts go for good.
#[utoipa::path(delete, path = "/api/v1/vehicles/{vehicle}/services/{service}", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id")), responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Path((_, service)): Path<(String, String)>,
) -> Result<Json<ServicesBody>, Problem> {
    stand(&state, &owner, &reader, &vehicle, &service, false).await
}

/// Let a record that was taken back stand again.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/services/{service}/restore", tag = "owner",
    params(
        ("vehicle" = String, Path, description = "The device's id"),
        ("service" = String, Path, description = "The record's id")), responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn restore(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    reader: Reader,
    Path((_, service)): Path<(String, String)>,
) -> Result<Json<ServicesBody>, Problem> {
    stand(&state, &owner, &reader, &vehicle, &service, true).await
}

async fn stand(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    service: &str,
    stands: bool,
) -> Result<Json<ServicesBody>, Problem> {
    set_standing(state, vehicle, parse(service)?, stands, owner.actor()).await?;
    let vehicle = owner.vehicle(state, vehicle.device.as_str()).await?;
    Ok(listed(reader, &owner.0.account, &vehicle))
}

/// Take over records of another system, all or none; rows that are there already change nothing.
///
/// An error says row and column in `at`.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/services/import", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = ImportBody, responses(
    (status = 200, body = ImportedBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn import(
    State(state): State<AppState>,
    Opened { owner, vehicle, format, .. }: Opened<Own>,
    Json(file): Json<ImportBody>,
) -> Result<Json<ImportedBody>, Problem> {
    let records = sheets::read(&file.csv, &format).map_err(|error| Problem::sheet(&error))?;
    let rows = records.len();
    let changed = state.service.import(&vehicle.device, records, owner.actor()).await?.changed;
    Ok(Json(ImportedBody { imported: ImportedCount { rows, changed } }))
}

/// The service book as a CSV file.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/services/export", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id"), Wanted), responses(
    (status = 200, body = String, content_type = "text/csv"),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn export(
    Opened { vehicle, format, .. }: Opened<Own>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let layout = Layout::from_code(wanted.layout.as_deref().unwrap_or("milepost")).ok_or_else(Problem::invalid)?;
    let text = sheets::write(&vehicle.book.services(), layout, &format);
    let name = format!("attachment; filename=\"services-{}.csv\"", vehicle.device);
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

/// Hand one of the caller's vehicles to another owner, with its service book and without anything personal.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/transfer", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = TransferBody, responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn transfer(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Json(to): Json<TransferBody>,
) -> Result<StatusCode, Problem> {
    crate::web::hand_over(&state, &vehicle, &to.account, owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Note that one of the caller's vehicles was sold to somebody who is not with us; nobody is told anything any more.
#[utoipa::path(post, path = "/api/v1/vehicles/{vehicle}/sell", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn sell(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
) -> Result<StatusCode, Problem> {
    crate::web::sold(&state, &vehicle, owner.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The service book of a vehicle that its owner shares with the workshop.
#[utoipa::path(get, path = "/api/v1/queue/{vehicle}/services", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn of_queue(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Json<ServicesBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    Ok(listed(&reader, &advisor.0.account, &vehicle))
}

/// Enter work that the workshop did; it outranks what the owner or an import says of the same work.
#[utoipa::path(post, path = "/api/v1/queue/{vehicle}/services", tag = "advisor",
    params(("vehicle" = String, Path, description = "The device's id")), request_body = WorkBody, responses(
    (status = 200, body = ServicesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn enter_of_queue(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Path(id): Path<String>,
    Json(work): Json<WorkBody>,
) -> Result<Json<ServicesBody>, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let by = Actor::Advisor(advisor.0.account.id.clone());
    entered(&state, &reader, &advisor.0.account, &vehicle, work, by).await
}

/// The service book as an account reads it.
fn listed(reader: &Reader, account: &Account, vehicle: &Vehicle) -> Json<ServicesBody> {
    Json(body(vehicle, &reader.format(account, Some(vehicle))))
}

/// Enters work, and answers the service book as it is then.
async fn entered(
    state: &AppState,
    reader: &Reader,
    account: &Account,
    vehicle: &Vehicle,
    work: WorkBody,
    by: Actor,
) -> Result<Json<ServicesBody>, Problem> {
    let item = ItemId(work.item);
    let (at_ms, odometer_m, remarks) = work.parts()?;
    if item == OTHER_WORK && remarks.title.trim().is_empty() {
        return Err(Problem::invalid());
    }
    state.service.complete(&vehicle.device, item, at_ms, odometer_m, remarks, by).await?;
    let vehicle = state.service.vehicle(&vehicle.device).await?.ok_or_else(Problem::not_found)?;
    Ok(listed(reader, account, &vehicle))
}

/// Takes a record back, with its receipts, or lets it stand again.
pub(crate) async fn set_standing(
    state: &AppState,
    vehicle: &Vehicle,
    of: EventId,
    stands: bool,
    by: Actor,
) -> Result<(), Problem> {
    let docs = if stands { Vec::new() } else { state.attachments.without(&vehicle.device, Some(of)).await? };
    state.service.submit_with(&vehicle.device, Intent::Stand { of, stands }, docs, by).await?;
    Ok(())
}

fn parse(service: &str) -> Result<EventId, Problem> {
    service.parse().map(EventId).map_err(|_| Problem::not_found())
}

fn body(vehicle: &Vehicle, format: &crate::i18n::Format) -> ServicesBody {
    let one = |service: Service| ServiceBody {
        id: service.id.0.to_string(),
        item: service.item.0,
        name: item_name(format.localizer, service.item),
        at: timestamp(service.done.at_ms),
        odometer_m: service.done.odometer_m,
        title: service.remarks.title,
        note: service.remarks.note,
        place: service.remarks.place,
        cost_cents: service.remarks.cost_cents,
        source: match service.source {
            Source::Owner => "owner",
            Source::Workshop => "workshop",
            Source::Import => "import",
            Source::DetectedReset => "detected_reset",
        },
        told_at: timestamp(service.told_ms),
        stands: service.stands,
        edits: service.edits,
    };
    ServicesBody { services: vehicle.book.services().into_iter().map(one).collect() }
}

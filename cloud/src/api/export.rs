//! Everything that is stored about one vehicle, for its owner to take along.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use milepost_engine::journey::estimate;
use milepost_protocol::RecordId;
use serde::Serialize;
use utoipa::ToSchema;

use super::attachments::ReceiptBody;
use super::care::ContactBody;
use super::family::FamilyDetail;
use super::journey::{ShareBody, share};
use super::reads::ReadBody;
use super::session::Me;
use super::{Problem, ProblemBody, care, family, reads};
use crate::accounts::{Granted, Own};
use crate::booking::{Booking, Visit};
use crate::care::{Call, FollowUp};
use crate::i18n::timestamp;
use crate::store::{DecisionRow, History, TelemetryRow};
use crate::web::{AppState, names};

/// How many envelopes are read at a time.
const PAGE: usize = 500;

/// The most envelopes of one file; the newest stay out, and the file says so.
const MAX_ENVELOPES: usize = 100_000;

/// How many bytes of receipts one file has at most; those behind stay out, and the file says so.
const MAX_RECEIPT_BYTES: usize = 64 << 20;

/// The most calls, and looks at the vehicle, of one file.
const MAX_OF_WORKSHOP: usize = 10_000;

/// The export.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportBody {
    export: Export,
}

/// Everything about one vehicle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Export {
    made_at: Timestamp,
    /// The vehicle's document as it is stored: profile, state, plan, notices, consent, offers.
    #[schema(value_type = Object)]
    vehicle: crate::domain::Vehicle,
    /// Decisions on offers as they are stored.
    #[schema(value_type = Vec<Object>)]
    decisions: Vec<DecisionRow>,
    /// What was told of its notices outside of the car and the account, as it is stored.
    #[schema(value_type = Vec<Object>)]
    deliveries: Vec<crate::channels::Delivery>,
    /// How its owner is reached, as it is stored.
    #[schema(value_type = Object)]
    contact: crate::channels::Contact,
    /// The owner's browsers that take notifications, as they are stored.
    #[schema(value_type = Vec<Object>)]
    push_subscriptions: Vec<crate::channels::Subscription>,
    /// What the car sent, byte for byte.
    envelopes: Vec<EnvelopeBody>,
    /// Whether every envelope is in.
    complete: bool,
    /// Its owner's visits at workshops, as they are stored, the latest first.
    #[schema(value_type = Vec<Object>)]
    visits: Vec<Visit>,
    /// Every recorded contact with its owner, as it is stored, the newest first; programmes and their runs are in the vehicle.
    #[schema(value_type = Vec<Object>)]
    contacts: Vec<crate::journey::Row>,
    /// Where its owner is taken to stand, over this vehicle.
    stages: Vec<ShareBody>,
    /// Its owner's receipts, in the order of their entries.
    receipts: Vec<ExportedReceipt>,
    /// Who its owner is to the service.
    account: Me,
    /// Who else has access to it, and who is invited to it.
    family: FamilyDetail,
    /// Every time that its owner was told something, by which way, by whom and what came of it, the newest first.
    told: Vec<ContactBody>,
    /// What the workshop's people meant to do about it, as it is stored.
    #[schema(value_type = Vec<Object>)]
    follow_ups: Vec<FollowUp>,
    /// Calls and talks that the workshop's people noted, as they are stored, the newest first.
    #[schema(value_type = Vec<Object>)]
    calls: Vec<Call>,
    /// Who of the workshop looked at it, the newest first.
    reads: Vec<ReadBody>,
    /// What the people of the workshop who are named above are called, by account.
    people: BTreeMap<String, String>,
}

/// A receipt with its bytes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExportedReceipt {
    receipt: ReceiptBody,
    /// The bytes in base64; absent when the file would grow too large by them.
    content: Option<String>,
}

/// One message of the car.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnvelopeBody {
    boot: u32,
    first: u32,
    received_at: Timestamp,
    /// The bytes in hexadecimal.
    bytes: String,
}

/// Everything that is stored about one of the caller's vehicles.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/export", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = ExportBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn export(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
) -> Result<Response, Problem> {
    let device = vehicle.device.clone();
    let mut envelopes: Vec<EnvelopeBody> = Vec::new();
    let mut from: Option<RecordId> = None;
    let complete = loop {
        let rows = state.service.history(History::ascending(device.clone(), from, PAGE)).await?;
        // What the car sent while it was somebody else's is not this owner's.
        let theirs = rows.iter().filter(|row| row.received_ms >= vehicle.book.owned_since_ms);
        envelopes.extend(theirs.map(envelope));
        let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else { break true };
        if envelopes.len() >= MAX_ENVELOPES {
            break false;
        }
        from = Some(match last.first.number.checked_add(1) {
            Some(number) => RecordId { boot: last.first.boot, number },
            None => RecordId { boot: last.first.boot.saturating_add(1), number: 0 },
        });
    };
    let mut decisions = state.service.decisions(&device, usize::MAX).await?;
    decisions.retain(|row| row.at_ms >= vehicle.book.owned_since_ms);
    let visits = Booking::new(state.service.clone()).of_vehicle(&vehicle).await?;
    let receipts = receipts(&state, &vehicle).await?;
    let account = &owner.0.account.id;
    let contacts = state.journeys.contacts(account, &device).await?;
    let stages = estimate(&vehicle.journey.evidence, state.now_ms()).shares;
    let follow_ups = state.care().of_vehicle(&vehicle).await?;
    let calls = state.care().calls(&vehicle, MAX_OF_WORKSHOP).await?;
    let mut deliveries = state.channels.deliveries(&device).await?;
    // What an earlier owner was told is not the present one's to see.
    deliveries.retain(|delivery| delivery.owner == *account);
    let export = Export {
        made_at: timestamp(state.now_ms()),
        account: (&owner.0.account).into(),
        family: family::detail(&state, &vehicle).await?,
        told: care::told(&state, &vehicle).await?,
        reads: reads::of(&state, &vehicle, MAX_OF_WORKSHOP).await?,
        people: people(&state, &follow_ups, &calls).await?,
        follow_ups,
        calls,
        vehicle,
        decisions,
        deliveries,
        contact: state.channels.contact(account).await?.1,
        push_subscriptions: state.channels.subscriptions(account).await?,
        envelopes,
        complete,
        visits,
        contacts,
        stages: stages.iter().map(share).collect(),
        receipts,
    };
    let name = format!("attachment; filename=\"milepost-{device}.json\"");
    Ok(([(CONTENT_DISPOSITION, name)], Json(ExportBody { export })).into_response())
}

async fn people(
    state: &AppState,
    follow_ups: &[FollowUp],
    calls: &[Call],
) -> Result<BTreeMap<String, String>, Problem> {
    let steps = follow_ups.iter().flat_map(|one| &one.steps).flat_map(|step| [&step.by, &step.assignee]);
    let done = follow_ups.iter().filter_map(|one| one.done.as_ref()).map(|done| &done.by);
    let ids: BTreeSet<_> = steps.chain(done).chain(calls.iter().map(|call| &call.by)).cloned().collect();
    let names = names(state, ids.clone()).await?;
    Ok(ids.iter().map(|id| (id.to_string(), names.of(id))).collect())
}

async fn receipts(state: &AppState, vehicle: &crate::domain::Vehicle) -> Result<Vec<ExportedReceipt>, Problem> {
    let (mut receipts, mut room) = (Vec::new(), MAX_RECEIPT_BYTES);
    for attachment in state.attachments.of_vehicle(vehicle).await? {
        let mut content = None;
        if attachment.len <= room
            && let Some((_, bytes)) = state.attachments.read(vehicle, attachment.service, &attachment.id).await?
        {
            room -= attachment.len;
            content = Some(STANDARD.encode(bytes));
        }
        receipts.push(ExportedReceipt { receipt: ReceiptBody::from(&attachment), content });
    }
    Ok(receipts)
}

fn envelope(row: &TelemetryRow) -> EnvelopeBody {
    use std::fmt::Write;
    let bytes = row.bytes.iter().fold(String::with_capacity(row.bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    EnvelopeBody { boot: row.first.boot, first: row.first.number, received_at: timestamp(row.received_ms), bytes }
}

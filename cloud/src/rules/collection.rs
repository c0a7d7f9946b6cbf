//! A collection plan on its way: decided by a person, sent to the device, told back by it.
//!
//! Invariant: a plan that breaks a rule is never sent.

use milepost_protocol::collection::{CollectionPlan, CollectionRow, MAX_ROWS};
use milepost_protocol::{Downlink, Record};

use super::Effects;
use crate::domain::{Actor, Agreement, ChangeKind, DecidedPlan, IntentError, ReportedPlan, Vehicle};

/// Carries out what a person decided; answers whether anything changed.
pub(super) fn collect(
    vehicle: &mut Vehicle,
    rows: &[CollectionRow],
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    if vehicle.collection.desired.as_ref().is_some_and(|decided| decided.plan.rows == *rows) {
        return Ok(false);
    }
    if rows.len() > MAX_ROWS {
        return Err(IntentError::OutOfRange);
    }
    let plan = CollectionPlan { version: vehicle.collection.next_version(), rows: rows.iter().copied().collect() };
    if plan.check().is_err() {
        return Err(IntentError::OutOfRange);
    }
    if plan.encode().is_none() {
        return Err(IntentError::TooLong);
    }
    vehicle.collection.desired = Some(DecidedPlan { plan, at_ms: now_ms, by: by.clone() });
    send(vehicle, effects);
    effects.note(ChangeKind::Configuration);
    Ok(true)
}

/// Takes in what the device tells about its plan; other records are none of its business.
pub fn collection_record(vehicle: &mut Vehicle, record: &Record, at_ms: u64, effects: &mut Effects) {
    match record {
        Record::CollectionReport(report) => {
            vehicle.collection.reported = Some(ReportedPlan { report: *report, at_ms });
            effects.note(ChangeKind::Configuration);
        }
        // A start may have come with a new board or an empty disk; what waits is sent again, and told back only by who collects.
        Record::Boot(_) if vehicle.collection.agreement() != Agreement::AsBuilt => send(vehicle, effects),
        _ => {}
    }
}

fn send(vehicle: &mut Vehicle, effects: &mut Effects) {
    let encoded = vehicle.collection.desired.as_ref().and_then(|decided| decided.plan.encode());
    if let Some(plan) = encoded {
        effects.send(vehicle, Downlink::Collection(plan));
    }
}

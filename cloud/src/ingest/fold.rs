//! One envelope into one vehicle.
//!
//! Invariant: a record changes the vehicle once, however often it comes; nothing is passed over without being counted.

use bytes::Bytes;
use milepost_protocol::envelope::{EnvelopeWriter, Header};
use milepost_protocol::{Envelope, MAX_ENVELOPE_LEN, Record, RecordId};

use super::place;
use crate::domain::Vehicle;
use crate::events::{Committed, Quarantined};
use crate::rules::{Effects, collection_record, configuration_record, journey_record, notice_record, update_record};
use crate::store::{QuarantineRow, TelemetryRow};

/// The most envelopes that are set aside of one vehicle; more are only counted.
const MAX_QUARANTINED: u64 = 100;

/// Which numbers an envelope named; the device is told about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) boot: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// What an envelope leads to beside the changed vehicle.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) telemetry: Option<TelemetryRow>,
    pub(super) quarantine: Option<QuarantineRow>,
    pub(super) named: Option<Named>,
}

/// Folds an envelope in.
///
/// One that does not parse is set aside with its reason. It is acknowledged all the same, because it would never parse and the device would send it for ever;
/// as far as its frames can be walked their numbers count as received, so that the device lets go of them.
pub(super) fn fold(
    vehicle: &mut Vehicle,
    bytes: &Bytes,
    now_ms: u64,
    tolerance_ms: u64,
    count: &mut Committed,
    effects: &mut Effects,
) -> Folded {
    let envelope = match Envelope::parse(bytes) {
        Ok(envelope) => envelope,
        Err(error) => {
            Quarantined { device: &vehicle.device, reason: error.reason(), len_bytes: bytes.len() }.emit();
            return set_aside(vehicle, bytes, now_ms, error.to_string());
        }
    };
    let header = envelope.header;
    let mut fresh = Vec::new();
    let mut named: Option<Named> = None;
    for entry in envelope.entries() {
        let named = named.get_or_insert(Named { boot: header.boot, first: entry.number, last: entry.number });
        named.last = entry.number;
        if !vehicle.received.insert(header.boot, entry.number) {
            vehicle.counts.duplicates += 1;
            count.duplicates += 1;
            continue;
        }
        fresh.push(entry.number);
        let (times, clamped) = place(&header, entry.at_ms, now_ms, tolerance_ms);
        let record = entry.record();
        if let Record::Gap(gap) = &record {
            vehicle.received.insert_lost(gap);
        }
        if let Record::CertificateRequest(request) = &record {
            effects.requests.push(request.der.to_vec());
        }
        let unknown = u64::from(matches!(record, Record::Unknown(_)));
        vehicle.counts.unknown_kinds += unknown;
        vehicle.counts.clamped += u64::from(clamped);
        vehicle.counts.records += 1;
        count.unknown_kinds += unknown;
        count.clamped += u64::from(clamped);
        count.records += 1;
        vehicle.state.apply(header.boot, times, &record);
        notice_record(vehicle, &record, times.when_ms(), now_ms, effects);
        update_record(vehicle, &record, now_ms, effects);
        configuration_record(vehicle, &record, times.when_ms(), now_ms, effects);
        journey_record(vehicle, &record, times.when_ms());
        collection_record(vehicle, &record, times.when_ms(), effects);
    }
    if !fresh.is_empty() {
        vehicle.clock = Some(header.quality);
    }
    let telemetry = keep(vehicle, &envelope, bytes, &fresh, now_ms);
    Folded { telemetry, quarantine: None, named }
}

/// The row for the records that are new: the envelope as it came, or without those that were known.
fn keep(
    vehicle: &mut Vehicle,
    envelope: &Envelope<'_>,
    bytes: &Bytes,
    fresh: &[u32],
    now_ms: u64,
) -> Option<TelemetryRow> {
    let first = RecordId { boot: envelope.header.boot, number: *fresh.first()? };
    vehicle.counts.envelopes += 1;
    let whole = envelope.entries().count() == fresh.len();
    let bytes = if whole { bytes.clone() } else { only(envelope, fresh) };
    Some(TelemetryRow { device: vehicle.device.clone(), first, received_ms: now_ms, bytes })
}

fn only(envelope: &Envelope<'_>, fresh: &[u32]) -> Bytes {
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let header: Header = envelope.header;
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).expect("the header fitted before");
    for entry in envelope.entries().filter(|entry| fresh.binary_search(&entry.number).is_ok()) {
        // A frame's head grows by at most as many bytes as the frames left out before it took, so what fitted still fits.
        writer.push_body(entry.number, entry.at_ms, entry.kind, entry.body).expect("fewer records than fitted before");
    }
    Bytes::copy_from_slice(writer.finish())
}

fn set_aside(vehicle: &mut Vehicle, bytes: &Bytes, now_ms: u64, reason: String) -> Folded {
    let serial = u32::try_from(vehicle.counts.quarantined).unwrap_or(u32::MAX);
    vehicle.counts.quarantined += 1;
    let quarantine = (vehicle.counts.quarantined <= MAX_QUARANTINED).then(|| QuarantineRow {
        device: vehicle.device.clone(),
        received_ms: now_ms,
        serial,
        reason,
        bytes: bytes.to_vec(),
    });
    let mut named: Option<Named> = None;
    if let Some((header, numbers)) = Envelope::salvage(bytes) {
        for number in numbers {
            vehicle.received.insert(header.boot, number);
            named.get_or_insert(Named { boot: header.boot, first: number, last: number }).last = number;
        }
    }
    Folded { telemetry: None, quarantine, named }
}

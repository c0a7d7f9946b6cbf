//! The keys of the one ordered tree: a prefix byte, then fields whose byte order is their order.
//!
//! Device ids, account ids and document keys have no zero byte, so a zero byte ends them.
//! Invariant: prefixes are never reused, and a key's shape never changes; another shape takes another prefix.

use milepost_protocol::{DeviceId, RecordId};

use super::{DocKey, StoreError};

/// The format's number, checked when a store opens.
pub(super) const FORMAT: &[u8] = b"F";
const VEHICLE: u8 = b'V';
const INDEX: u8 = b'I';
const TELEMETRY: u8 = b'T';
const MESSAGE: u8 = b'M';
const DECISION: u8 = b'D';
const QUARANTINE: u8 = b'Q';
const TIMER: u8 = b'W';
const URGENCY: u8 = b'U';
const OWNER: u8 = b'O';
const FAMILY: u8 = b'A';
const DOC: u8 = b'C';

fn of_device(prefix: u8, device: &DeviceId) -> Vec<u8> {
    let mut key = vec![prefix];
    key.extend_from_slice(device.as_str().as_bytes());
    key.push(0);
    key
}

fn with(mut key: Vec<u8>, end: &[u8]) -> Vec<u8> {
    key.extend_from_slice(end);
    key
}

/// The vehicle's document.
pub(super) fn vehicle(device: &DeviceId) -> Vec<u8> {
    of_device(VEHICLE, device)
}

/// What the index keys of all vehicles are built from.
pub(super) fn indices() -> Vec<u8> {
    vec![INDEX]
}

/// What the index keys of the vehicle are built from.
pub(super) fn index(device: &DeviceId) -> Vec<u8> {
    of_device(INDEX, device)
}

/// All telemetry of a vehicle.
pub(super) fn telemetry_of(device: &DeviceId) -> Vec<u8> {
    of_device(TELEMETRY, device)
}

/// One telemetry row.
pub(super) fn telemetry(device: &DeviceId, first: RecordId) -> Vec<u8> {
    with(with(telemetry_of(device), &first.boot.to_be_bytes()), &first.number.to_be_bytes())
}

/// The record that a telemetry key ends with.
pub(super) fn telemetry_record(key: &[u8]) -> Result<RecordId, StoreError> {
    let end = key.last_chunk::<8>().ok_or_else(|| unknown(key))?;
    let (boot, number) = end.split_at(4);
    Ok(RecordId { boot: be_u32(boot), number: be_u32(number) })
}

/// All messages to a vehicle.
pub(super) fn messages_of(device: &DeviceId) -> Vec<u8> {
    of_device(MESSAGE, device)
}

/// One message to a vehicle.
pub(super) fn message(device: &DeviceId, number: u64) -> Vec<u8> {
    with(messages_of(device), &number.to_be_bytes())
}

/// All decisions of a vehicle.
pub(super) fn decisions_of(device: &DeviceId) -> Vec<u8> {
    of_device(DECISION, device)
}

/// One decision of a vehicle.
pub(super) fn decision(device: &DeviceId, number: u64) -> Vec<u8> {
    with(decisions_of(device), &number.to_be_bytes())
}

/// All envelopes that were set aside.
pub(super) fn quarantines() -> Vec<u8> {
    vec![QUARANTINE]
}

/// One envelope that was set aside.
pub(super) fn quarantine(received_ms: u64, device: &DeviceId, serial: u32) -> Vec<u8> {
    let key = with(with(quarantines(), &received_ms.to_be_bytes()), device.as_str().as_bytes());
    with(with(key, &[0]), &serial.to_be_bytes())
}

/// All timers.
pub(super) fn timers() -> Vec<u8> {
    vec![TIMER]
}

/// One vehicle's timer.
pub(super) fn timer(at_ms: u64, device: &DeviceId) -> Vec<u8> {
    with(with(timers(), &at_ms.to_be_bytes()), device.as_str().as_bytes())
}

/// The time and vehicle of a timer key.
pub(super) fn timer_parts(key: &[u8]) -> Result<(u64, DeviceId), StoreError> {
    let (at, device) = key.get(1..).and_then(|rest| rest.split_at_checked(8)).ok_or_else(|| unknown(key))?;
    Ok((be_u64(at), device_id(device).ok_or_else(|| unknown(key))?))
}

/// The whole advisor's list.
pub(super) fn urgencies() -> Vec<u8> {
    vec![URGENCY]
}

/// One vehicle's place in the advisor's list: the most urgent sorts first.
pub(super) fn urgency(score: u16, device: &DeviceId) -> Vec<u8> {
    with(with(urgencies(), &(!score).to_be_bytes()), device.as_str().as_bytes())
}

/// The score and vehicle of a key of the advisor's list.
pub(super) fn urgency_parts(key: &[u8]) -> Result<(u16, DeviceId), StoreError> {
    let (score, device) = key.get(1..).and_then(|rest| rest.split_at_checked(2)).ok_or_else(|| unknown(key))?;
    Ok((!u16::from_be_bytes([score[0], score[1]]), device_id(device).ok_or_else(|| unknown(key))?))
}

/// All vehicles of an account.
pub(super) fn owned_by(account: &str) -> Vec<u8> {
    with(with(vec![OWNER], account.as_bytes()), &[0])
}

/// One vehicle of an account.
pub(super) fn owner(account: &str, device: &DeviceId) -> Vec<u8> {
    with(owned_by(account), device.as_str().as_bytes())
}

/// All vehicles that an account may see by their owners' word.
pub(super) fn shared_with(account: &str) -> Vec<u8> {
    with(with(vec![FAMILY], account.as_bytes()), &[0])
}

/// One vehicle that an account may see by its owner's word.
pub(super) fn member(account: &str, device: &DeviceId) -> Vec<u8> {
    with(shared_with(account), device.as_str().as_bytes())
}

/// The vehicle behind the first `prefix` bytes of a key.
pub(super) fn device_behind(key: &[u8], prefix: usize) -> Result<DeviceId, StoreError> {
    key.get(prefix..).and_then(device_id).ok_or_else(|| unknown(key))
}

/// All documents of a collection.
pub(super) fn docs_of(collection: &str) -> Vec<u8> {
    with(with(vec![DOC], collection.as_bytes()), &[0])
}

/// One document.
pub(super) fn doc(key: &DocKey) -> Vec<u8> {
    with(docs_of(key.collection.0), key.key.as_bytes())
}

/// The text behind the first `prefix` bytes of a key.
pub(super) fn text_behind(key: &[u8], prefix: usize) -> Result<String, StoreError> {
    let text = key.get(prefix..).and_then(|rest| std::str::from_utf8(rest).ok());
    text.map(str::to_owned).ok_or_else(|| unknown(key))
}

fn device_id(bytes: &[u8]) -> Option<DeviceId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn be_u32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// Reads big-endian bytes, at most eight.
pub(super) fn be_u64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The error for a key of another shape.
pub(super) fn unknown(key: &[u8]) -> StoreError {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(key.len() * 2);
    for byte in key {
        write!(hex, "{byte:02x}").expect("writing into a string does not fail");
    }
    StoreError::Key { key: hex }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_whose_id_begins_with_another_has_no_keys_in_its_range() {
        let short: DeviceId = "dev-1".parse().unwrap();
        let long: DeviceId = "dev-10".parse().unwrap();
        assert!(!telemetry(&long, RecordId { boot: 1, number: 1 }).starts_with(&telemetry_of(&short)));
    }

    #[test]
    fn keys_sort_as_their_fields_do() {
        let device: DeviceId = "d".parse().unwrap();
        let id = |boot, number| telemetry(&device, RecordId { boot, number });
        assert!(id(1, 256) > id(1, 255));
        assert!(id(2, 0) > id(1, u32::MAX));
        assert!(urgency(900, &device) < urgency(100, &device), "the most urgent comes first");
        assert_eq!(urgency_parts(&urgency(900, &device)).unwrap(), (900, device.clone()));
        assert_eq!(timer_parts(&timer(7, &device)).unwrap(), (7, device));
    }
}

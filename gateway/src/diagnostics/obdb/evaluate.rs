//! How a signal reads from the data of an answer.

use serde::Serialize;

use super::set::Format;

/// What a signal reads as.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// In the set's unit.
    Number(f64),
    /// A name of the set.
    Text(String),
}

/// Reads a signal; `None` if the data are too short for it or mean that there is no value.
pub(super) fn read(format: &Format, data: &[u8]) -> Option<Value> {
    let raw = if format.blsb {
        bits(&turned(data, format.bix, format.len)?, format.bix, format.len)?
    } else {
        bits(data, format.bix, format.len)?
    };
    if let Some(map) = &format.map {
        return map.get(&raw.to_string()).map(|mapped| Value::Text(mapped.value.clone()));
    }
    let spare = 64 - format.len;
    let integer = if format.sign { ((raw << spare).cast_signed() >> spare) as f64 } else { raw as f64 };
    let value = integer * format.mul.unwrap_or(1.0) / format.div.filter(|div| *div != 0.0).unwrap_or(1.0)
        + format.add.unwrap_or(0.0);
    if format.nullmin.is_some_and(|least| value <= least) || format.nullmax.is_some_and(|most| value >= most) {
        return None;
    }
    // Sets bound what a value can be; a car that says more is taken at the bound, as OBDb's own tool does.
    let value = format.min.map_or(value, |min| value.max(min));
    Some(Value::Number(format.max.map_or(value, |max| value.min(max))))
}

/// Data with the bytes of a value in reverse: as many as its bits fill, from the byte in which it begins.
fn turned(data: &[u8], first: usize, len: usize) -> Option<Vec<u8>> {
    let mut data = data.to_vec();
    let from = first / 8;
    let to = from.checked_add(len.div_ceil(8))?;
    data.get_mut(from..to)?.reverse();
    Some(data)
}

/// Bits of big-endian data, 1 to 64 of them.
fn bits(data: &[u8], first: usize, len: usize) -> Option<u64> {
    if !(1..=64).contains(&len) {
        return None;
    }
    let end = first.checked_add(len)?;
    let bytes = data.get(first / 8..end.div_ceil(8))?;
    let whole = bytes.iter().fold(0_u128, |whole, &byte| whole << 8 | u128::from(byte));
    let behind = bytes.len() * 8 - first % 8 - len;
    Some((whole >> behind) as u64 & (u64::MAX >> (64 - len)))
}

//! As much of the protobuf wire format as the peers' messages need.

/// Appends a number, seven bits a byte.
pub(crate) fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Folds the sign into the lowest bit.
pub(crate) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// Appends a field that is a number.
pub(crate) fn number(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(field << 3);
    varint(out, number);
}

/// Appends a field that is a double.
pub(crate) fn double(out: &mut Vec<u8>, field: u8, number: f64) {
    out.push(field << 3 | 1);
    out.extend(number.to_le_bytes());
}

/// Appends a field that is a float.
pub(crate) fn float(out: &mut Vec<u8>, field: u8, number: f32) {
    out.push(field << 3 | 5);
    out.extend(number.to_le_bytes());
}

/// Appends a field that is text, bytes or a message.
pub(crate) fn bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

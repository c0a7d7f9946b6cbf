//! Service 01 parameters: what each data byte means.
//!
//! Scales follow SAE J1979-DA; the table is data, with one test vector a row.
//! Invariant: a response is walked by the known lengths of its parameters and stops at the first one that does not fit.

use milepost_protocol::SignalId;

/// What a parameter's field measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A signal of the catalogue, in its unit.
    Signal(SignalId),
    /// Fuel into the engine by mass, in kilograms per second; the catalogue has volume, and the density depends on the fuel.
    FuelMassRate,
    /// The odometer, in steps of a hundred metres; it counts further than a single-precision number does.
    Odometer,
}

/// One field of a parameter: value = big-endian unsigned integer × scale + offset.
#[derive(Debug, Clone, Copy)]
struct Field {
    pid: u8,
    byte: u8,
    bytes: u8,
    /// Which bits of a single byte count; 0 for all of the integer.
    mask: u8,
    /// The field counts only if this bit of data byte A is set; 0xFF for always.
    if_bit: u8,
    quantity: Quantity,
    scale: f32,
    offset: f32,
}

const fn field(pid: u8, signal: SignalId, bytes: u8, scale: f32, offset: f32) -> Field {
    Field { pid, quantity: Quantity::Signal(signal), byte: 0, bytes, mask: 0, scale, offset, if_bit: 0xFF }
}

const fn bits(pid: u8, signal: SignalId, mask: u8, scale: f32) -> Field {
    Field { mask, ..field(pid, signal, 1, scale, 0.0) }
}

const fn percent(pid: u8, signal: SignalId) -> Field {
    field(pid, signal, 1, 1.0 / 255.0, 0.0)
}

const fn trim(pid: u8, signal: SignalId) -> Field {
    field(pid, signal, 1, 1.0 / 128.0, -1.0)
}

const fn celsius(pid: u8, signal: SignalId) -> Field {
    field(pid, signal, 1, 1.0, -40.0)
}

const fn torque(pid: u8, signal: SignalId) -> Field {
    field(pid, signal, 1, 0.01, -1.25)
}

/// PID A6 counts in 0.1 km.
const ODOMETER_STEP_M: u32 = 100;

/// The fields of all parameters, in the order of these.
const FIELDS: &[Field] = &[
    bits(0x01, SignalId::MIL, 0x80, 1.0 / 128.0),
    bits(0x01, SignalId::TROUBLE_CODE_COUNT, 0x7F, 1.0),
    field(0x03, SignalId::FUEL_SYSTEM_STATUS, 1, 1.0, 0.0),
    percent(0x04, SignalId::ENGINE_LOAD),
    celsius(0x05, SignalId::COOLANT_TEMPERATURE),
    trim(0x06, SignalId::FUEL_TRIM_SHORT_1),
    trim(0x07, SignalId::FUEL_TRIM_LONG_1),
    trim(0x08, SignalId::FUEL_TRIM_SHORT_2),
    trim(0x09, SignalId::FUEL_TRIM_LONG_2),
    field(0x0B, SignalId::MANIFOLD_PRESSURE, 1, 1000.0, 0.0),
    field(0x0C, SignalId::ENGINE_SPEED, 2, 0.25, 0.0),
    field(0x0D, SignalId::SPEED, 1, 1.0 / 3.6, 0.0),
    celsius(0x0F, SignalId::INTAKE_TEMPERATURE),
    field(0x10, SignalId::MASS_AIR_FLOW, 2, 1e-5, 0.0),
    percent(0x11, SignalId::THROTTLE),
    field(0x1F, SignalId::ENGINE_RUN_TIME, 2, 1.0, 0.0),
    field(0x21, SignalId::DISTANCE_WITH_MIL, 2, 1000.0, 0.0),
    percent(0x2F, SignalId::FUEL_LEVEL),
    field(0x30, SignalId::WARM_UPS_SINCE_CLEAR, 1, 1.0, 0.0),
    field(0x31, SignalId::DISTANCE_SINCE_CLEAR, 2, 1000.0, 0.0),
    field(0x33, SignalId::BAROMETRIC_PRESSURE, 1, 1000.0, 0.0),
    field(0x3C, SignalId::CATALYST_TEMPERATURE, 2, 0.1, -40.0),
    field(0x42, SignalId::BATTERY_12V, 2, 0.001, 0.0),
    celsius(0x46, SignalId::OUTSIDE_TEMPERATURE),
    field(0x4D, SignalId::TIME_WITH_MIL, 2, 60.0, 0.0),
    field(0x4E, SignalId::TIME_SINCE_CLEAR, 2, 60.0, 0.0),
    field(0x51, SignalId::FUEL_TYPE, 1, 1.0, 0.0),
    percent(0x52, SignalId::ETHANOL),
    // J1979-DA: "remaining charge"; older lists say "remaining life" and mean the same byte.
    percent(0x5B, SignalId::STATE_OF_CHARGE),
    celsius(0x5C, SignalId::OIL_TEMPERATURE),
    // 0.05 L/h a step.
    field(0x5E, SignalId::FUEL_RATE, 2, 0.05e-3 / 3600.0, 0.0),
    torque(0x61, SignalId::TORQUE_DEMAND),
    torque(0x62, SignalId::TORQUE_ACTUAL),
    field(0x63, SignalId::TORQUE_REFERENCE, 2, 1.0, 0.0),
    Field { byte: 1, if_bit: 0, ..field(0x7C, SignalId::PARTICULATE_FILTER_TEMPERATURE, 2, 0.1, -40.0) },
    Field { quantity: Quantity::FuelMassRate, ..field(0x9D, SignalId::FUEL_RATE, 2, 0.02e-3, 0.0) },
    Field { quantity: Quantity::Odometer, ..field(0xA6, SignalId::ODOMETER, 4, ODOMETER_STEP_M as f32, 0.0) },
];

/// How many data bytes a parameter of service 01 has; `None` if this build does not know it.
pub fn data_len(pid: u8) -> Option<usize> {
    LENGTHS.get(usize::from(pid)).copied().filter(|&len| len > 0).map(usize::from)
}

/// The highest parameter whose length is known: the last support mask.
const LAST: usize = 0xC0;

/// The lengths by parameter, 0 where this build does not know it; a table takes less room than the comparisons that it comes from.
static LENGTHS: [u8; LAST + 1] = {
    let mut lengths = [0; LAST + 1];
    let mut pid = 0;
    while pid <= LAST {
        lengths[pid] = len_of(pid as u8);
        pid += 1;
    }
    lengths
};

const fn len_of(pid: u8) -> u8 {
    match pid {
        0x04..=0x0B
        | 0x0D..=0x0F
        | 0x11..=0x13
        | 0x1C..=0x1E
        | 0x2C..=0x30
        | 0x33
        | 0x45..=0x4C
        | 0x51..=0x52
        | 0x5A..=0x5C
        | 0x5F
        | 0x61..=0x62 => 1,
        0x02
        | 0x03
        | 0x0C
        | 0x10
        | 0x14..=0x1B
        | 0x1F
        | 0x21..=0x23
        | 0x31..=0x32
        | 0x3C..=0x3F
        | 0x42..=0x44
        | 0x4D..=0x4E
        | 0x53..=0x59
        | 0x5D..=0x5E
        | 0x63 => 2,
        0x00
        | 0x01
        | 0x20
        | 0x24..=0x2B
        | 0x34..=0x3B
        | 0x40
        | 0x41
        | 0x4F
        | 0x50
        | 0x60
        | 0x80
        | 0x9D
        | 0xA0
        | 0xA6
        | 0xC0 => 4,
        0x64 => 5,
        0x7C => 9,
        _ => 0,
    }
}

/// Why a response is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// What a response of service 01 yields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item {
    /// A value.
    Value(Quantity, f32),
    /// The odometer, in metres; all ones if it has no value.
    Odometer(u32),
    /// Which parameters exist behind `base`: the most significant bit is `base + 1`.
    Supported {
        /// 0x00, 0x20, and so on.
        base: u8,
        /// The mask.
        mask: u32,
    },
}

/// Walks a positive response of service 01 (its first byte is 0x41) and hands on every value.
pub fn decode(response: &[u8], mut take: impl FnMut(Item)) -> Result<(), Malformed> {
    let [0x41, rest @ ..] = response else { return Err(Malformed) };
    if rest.is_empty() {
        return Err(Malformed);
    }
    let mut rest = rest;
    while let Some((&pid, tail)) = rest.split_first() {
        let Some(len) = data_len(pid) else {
            // A parameter that this build does not know: its length is unknown too, so nothing behind it can be read.
            return Ok(());
        };
        let Some((data, behind)) = tail.split_at_checked(len) else { return Err(Malformed) };
        parameter(pid, data, &mut take);
        rest = behind;
    }
    Ok(())
}

fn parameter(pid: u8, data: &[u8], take: &mut impl FnMut(Item)) {
    if pid.is_multiple_of(0x20) {
        take(Item::Supported { base: pid, mask: number(data) });
        return;
    }
    for field in FIELDS.iter().filter(|field| field.pid == pid) {
        let present = field.if_bit == 0xFF || data.first().is_some_and(|a| a >> field.if_bit & 1 == 1);
        let start = usize::from(field.byte);
        if let Some(bytes) = data.get(start..start + usize::from(field.bytes)).filter(|_| present) {
            let raw = number(bytes);
            let raw = if field.mask == 0 { raw } else { raw & u32::from(field.mask) };
            take(match field.quantity {
                Quantity::Odometer => Item::Odometer(raw.saturating_mul(ODOMETER_STEP_M)),
                quantity => Item::Value(quantity, raw as f32 * field.scale + field.offset),
            });
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    fn values(response: &[u8]) -> Vec<(Quantity, f64)> {
        let mut values = Vec::new();
        decode(response, |item| match item {
            Item::Value(quantity, value) => values.push((quantity, f64::from(value))),
            Item::Odometer(metres) => values.push((Quantity::Odometer, f64::from(metres))),
            Item::Supported { .. } => {}
        })
        .unwrap();
        values
    }

    #[test]
    fn every_parameter_reads_as_sae_j1979_defines_it() {
        use Quantity::{FuelMassRate, Odometer, Signal};
        type Vector = (&'static [u8], &'static [(Quantity, f64)]);
        let vectors: &[Vector] = &[
            (
                &[0x41, 0x01, 0x83, 7, 0xE5, 0],
                &[(Signal(SignalId::MIL), 1.0), (Signal(SignalId::TROUBLE_CODE_COUNT), 3.0)],
            ),
            (&[0x41, 0x03, 2, 0], &[(Signal(SignalId::FUEL_SYSTEM_STATUS), 2.0)]),
            (&[0x41, 0x04, 0xFF], &[(Signal(SignalId::ENGINE_LOAD), 1.0)]),
            (&[0x41, 0x05, 0x40], &[(Signal(SignalId::COOLANT_TEMPERATURE), 24.0)]),
            (&[0x41, 0x06, 0x80], &[(Signal(SignalId::FUEL_TRIM_SHORT_1), 0.0)]),
            (&[0x41, 0x07, 0x90], &[(Signal(SignalId::FUEL_TRIM_LONG_1), 0.125)]),
            (&[0x41, 0x08, 0x00], &[(Signal(SignalId::FUEL_TRIM_SHORT_2), -1.0)]),
            (&[0x41, 0x09, 0xC0], &[(Signal(SignalId::FUEL_TRIM_LONG_2), 0.5)]),
            (&[0x41, 0x0B, 0x63], &[(Signal(SignalId::MANIFOLD_PRESSURE), 99_000.0)]),
            (&[0x41, 0x0C, 0x1A, 0xF8], &[(Signal(SignalId::ENGINE_SPEED), 1726.0)]),
            (&[0x41, 0x0D, 90], &[(Signal(SignalId::SPEED), 25.0)]),
            (&[0x41, 0x0F, 0x3C], &[(Signal(SignalId::INTAKE_TEMPERATURE), 20.0)]),
            (&[0x41, 0x10, 0x01, 0xF4], &[(Signal(SignalId::MASS_AIR_FLOW), 0.005)]),
            (&[0x41, 0x11, 0x33], &[(Signal(SignalId::THROTTLE), 0.2)]),
            (&[0x41, 0x1F, 0x01, 0x2C], &[(Signal(SignalId::ENGINE_RUN_TIME), 300.0)]),
            (&[0x41, 0x21, 0x00, 0x07], &[(Signal(SignalId::DISTANCE_WITH_MIL), 7000.0)]),
            (&[0x41, 0x2F, 0x66], &[(Signal(SignalId::FUEL_LEVEL), 0.4)]),
            (&[0x41, 0x30, 9], &[(Signal(SignalId::WARM_UPS_SINCE_CLEAR), 9.0)]),
            (&[0x41, 0x31, 0x01, 0x00], &[(Signal(SignalId::DISTANCE_SINCE_CLEAR), 256_000.0)]),
            (&[0x41, 0x33, 0x64], &[(Signal(SignalId::BAROMETRIC_PRESSURE), 100_000.0)]),
            (&[0x41, 0x3C, 0x11, 0x30], &[(Signal(SignalId::CATALYST_TEMPERATURE), 400.0)]),
            (&[0x41, 0x42, 0x2F, 0x6C], &[(Signal(SignalId::BATTERY_12V), 12.14)]),
            (&[0x41, 0x46, 0x1E], &[(Signal(SignalId::OUTSIDE_TEMPERATURE), -10.0)]),
            (&[0x41, 0x4D, 0x01, 0x2C], &[(Signal(SignalId::TIME_WITH_MIL), 18_000.0)]),
            (&[0x41, 0x4E, 0x00, 0x0A], &[(Signal(SignalId::TIME_SINCE_CLEAR), 600.0)]),
            (&[0x41, 0x51, 0x04], &[(Signal(SignalId::FUEL_TYPE), 4.0)]),
            (&[0x41, 0x52, 0x33], &[(Signal(SignalId::ETHANOL), 0.2)]),
            (&[0x41, 0x5B, 0xCC], &[(Signal(SignalId::STATE_OF_CHARGE), 0.8)]),
            (&[0x41, 0x5C, 0x82], &[(Signal(SignalId::OIL_TEMPERATURE), 90.0)]),
            (&[0x41, 0x5E, 0x01, 0x68], &[(Signal(SignalId::FUEL_RATE), 5e-6)]),
            (&[0x41, 0x61, 0x7D], &[(Signal(SignalId::TORQUE_DEMAND), 0.0)]),
            (&[0x41, 0x62, 0xAF], &[(Signal(SignalId::TORQUE_ACTUAL), 0.5)]),
            (&[0x41, 0x63, 0x01, 0x90], &[(Signal(SignalId::TORQUE_REFERENCE), 400.0)]),
            (
                &[0x41, 0x7C, 0x01, 0x17, 0x70, 0, 0, 0, 0, 0, 0],
                &[(Signal(SignalId::PARTICULATE_FILTER_TEMPERATURE), 560.0)],
            ),
            (&[0x41, 0x7C, 0x00, 0x17, 0x70, 0, 0, 0, 0, 0, 0], &[]),
            (&[0x41, 0x9D, 0x00, 0x64, 0, 0x66], &[(FuelMassRate, 0.002)]),
            (&[0x41, 0xA6, 0x00, 0x12, 0xD6, 0x87], &[(Odometer, 123_456_700.0)]),
        ];
        for (response, expected) in vectors {
            let read = values(response);
            assert_eq!(read.len(), expected.len(), "{response:02X?}");
            for (read, expected) in read.iter().zip(*expected) {
                assert_eq!(read.0, expected.0, "{response:02X?}");
                let precision = expected.1.abs() * 1e-6 + 1e-9;
                assert!((read.1 - expected.1).abs() <= precision, "{response:02X?}: {} is not {}", read.1, expected.1);
            }
        }
        for field in FIELDS {
            assert!(vectors.iter().any(|(response, _)| response[1] == field.pid), "{:02X} has no vector", field.pid);
        }
    }

    #[test]
    fn a_response_to_several_parameters_yields_each() {
        assert_eq!(values(&[0x41, 0x0C, 0x0C, 0x80, 0x0D, 36]).len(), 2);
    }

    #[test]
    fn a_support_mask_is_not_a_value() {
        let mut mask = None;
        decode(&[0x41, 0x00, 0xBE, 0x1F, 0xA8, 0x13], |item| mask = Some(item)).unwrap();
        assert_eq!(mask, Some(Item::Supported { base: 0, mask: 0xBE1F_A813 }));
    }

    #[test]
    fn fields_are_in_order_and_lie_within_their_parameters() {
        for pair in FIELDS.windows(2) {
            assert!(pair[0].pid <= pair[1].pid);
        }
        for field in FIELDS {
            assert!(usize::from(field.byte + field.bytes) <= data_len(field.pid).unwrap(), "{:02X}", field.pid);
            assert!(field.mask == 0 || field.bytes == 1, "{:02X}", field.pid);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_responses_never_panic(mut response in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&response, |_| {});
            if let Some(first) = response.first_mut() {
                *first = 0x41;
            }
            let _ = decode(&response, |_| {});
        }
    }
}

//! The CAN matrix of our own demonstration car, by which a fresh device and the generated fleet understand each other.
//!
//! It has both byte orders, signed fields and a multiplexed frame on purpose, so that it exercises what real matrices need.
//! No real car uses it: identifiers from 0x300 on one bus, eight bytes a frame.

use milepost_protocol::SignalId;

use super::bits::{Field, Order};
use super::table::{ANY_BUS, Multiplexor, Number, Row, Table};

/// Speed and engine speed; every 100 ms or slower.
pub const MOTION: u32 = 0x300;
/// Ignition, parking brake, charging.
pub const STATES: u32 = 0x301;
/// The odometer.
pub const ODOMETER: u32 = 0x310;
/// 12 V battery, outside temperature, coolant.
pub const CONDITIONS: u32 = 0x311;
/// Fuel level, state of charge, state of health.
pub const ENERGY: u32 = 0x312;
/// Traction power and fuel rate.
pub const FLOW: u32 = 0x313;
/// One tyre at a time: the first byte is the wheel, 0 front left, 1 front right, 2 rear left, 3 rear right.
pub const TYRES: u32 = 0x340;

const fn intel(start: u16, length: u8) -> Field {
    Field { start, length, order: Order::Intel }
}

const fn motorola(start: u16, length: u8) -> Field {
    Field { start, length, order: Order::Motorola }
}

const fn row(id: u32, signal: SignalId, field: Field, scale: f64, offset: f64, min: f32, max: f32) -> Row {
    Row { id, bus: ANY_BUS, signal, field, number: Number::Unsigned, scale, offset, min, max, multiplexor: None }
}

const fn tyre(wheel: u32, signal: SignalId, field: Field, scale: f64, offset: f64, min: f32, max: f32) -> Row {
    let mut row = row(TYRES, signal, field, scale, offset, min, max);
    row.multiplexor = Some(Multiplexor { field: intel(0, 8), value: wheel });
    row
}

const fn pressure(wheel: u32, signal: SignalId) -> Row {
    tyre(wheel, signal, motorola(15, 16), 10.0, 0.0, 0.0, 640_000.0)
}

const fn temperature(wheel: u32, signal: SignalId) -> Row {
    tyre(wheel, signal, intel(24, 8), 1.0, -50.0, -50.0, 200.0)
}

const fn sensor(wheel: u32, signal: SignalId) -> Row {
    tyre(wheel, signal, intel(32, 24), 1.0, 0.0, 1.0, 16_777_214.0)
}

const fn signed(mut row: Row) -> Row {
    row.number = Number::Signed;
    row
}

/// The demonstration car's rows, in the order of identifiers and signals.
pub const ROWS: &[Row] = &[
    row(MOTION, SignalId::SPEED, motorola(7, 16), 0.01 / 3.6, 0.0, 0.0, 180.0),
    row(MOTION, SignalId::ENGINE_SPEED, motorola(23, 16), 0.25, 0.0, 0.0, 16_000.0),
    row(STATES, SignalId::IGNITION, intel(0, 3), 1.0, 0.0, 0.0, 3.0),
    row(STATES, SignalId::PARKING_BRAKE, intel(3, 1), 1.0, 0.0, 0.0, 1.0),
    row(STATES, SignalId::CHARGING, intel(4, 1), 1.0, 0.0, 0.0, 1.0),
    row(ODOMETER, SignalId::ODOMETER, intel(0, 32), 1.0, 0.0, 0.0, 4.2e9),
    row(CONDITIONS, SignalId::BATTERY_12V, intel(0, 16), 0.001, 0.0, 0.0, 40.0),
    row(CONDITIONS, SignalId::OUTSIDE_TEMPERATURE, intel(16, 8), 0.5, -40.0, -40.0, 87.0),
    row(CONDITIONS, SignalId::COOLANT_TEMPERATURE, intel(24, 8), 1.0, -40.0, -40.0, 214.0),
    row(ENERGY, SignalId::FUEL_LEVEL, intel(0, 10), 0.001, 0.0, 0.0, 1.0),
    row(ENERGY, SignalId::STATE_OF_CHARGE, intel(16, 10), 0.001, 0.0, 0.0, 1.0),
    row(ENERGY, SignalId::STATE_OF_HEALTH, intel(32, 10), 0.001, 0.0, 0.0, 1.0),
    signed(row(FLOW, SignalId::TRACTION_POWER, motorola(7, 16), 10.0, 0.0, -327_000.0, 327_000.0)),
    row(FLOW, SignalId::FUEL_RATE, intel(16, 16), 1e-9, 0.0, 0.0, 65e-6),
    pressure(0, SignalId::TYRE_PRESSURE_FRONT_LEFT),
    pressure(1, SignalId::TYRE_PRESSURE_FRONT_RIGHT),
    pressure(2, SignalId::TYRE_PRESSURE_REAR_LEFT),
    pressure(3, SignalId::TYRE_PRESSURE_REAR_RIGHT),
    temperature(0, SignalId::TYRE_TEMPERATURE_FRONT_LEFT),
    temperature(1, SignalId::TYRE_TEMPERATURE_FRONT_RIGHT),
    temperature(2, SignalId::TYRE_TEMPERATURE_REAR_LEFT),
    temperature(3, SignalId::TYRE_TEMPERATURE_REAR_RIGHT),
    sensor(0, SignalId::TYRE_SENSOR_FRONT_LEFT),
    sensor(1, SignalId::TYRE_SENSOR_FRONT_RIGHT),
    sensor(2, SignalId::TYRE_SENSOR_REAR_LEFT),
    sensor(3, SignalId::TYRE_SENSOR_REAR_RIGHT),
];

/// The first four bytes of the SHA-256 of the encoded table.
pub const SHORT_HASH: u32 = 0x04CD_FD8C;

/// The demonstration car's table.
pub fn table() -> Table {
    Table::new(ROWS).expect("the built-in rows keep every rule; a test reads them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::table::{MAX_TABLE_LEN, hash};

    #[test]
    fn the_rows_stand_in_the_order_of_a_table() {
        assert_eq!(table().rows(), ROWS);
    }

    #[test]
    fn the_short_hash_is_that_of_the_encoded_table() {
        let mut buffer = [0; MAX_TABLE_LEN];
        let hash = hash(table().encode_to(&mut buffer).unwrap());
        assert_eq!(hash.first_chunk().copied().map(u32::from_be_bytes), Some(SHORT_HASH), "{hash:02X?}");
    }
}

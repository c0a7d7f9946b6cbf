//! The car's state as CAN frames, packed by the core's own built-in signal table.
//!
//! Invariant: a signal that the car does not have is left out of its frame's readings by an invalid pattern, or its frame is not sent.

use milepost_firmware::Frame;
use milepost_firmware::frame::unraw;
use milepost_firmware::signal::builtin::{self, CONDITIONS, ENERGY, FLOW, MOTION, ODOMETER, STATES, TYRES};
use milepost_firmware::signal::table::{Number, Table};
use milepost_protocol::SignalId;

use super::tyres::Tyre;

/// Everything that the car's units know at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// Supply state: 0 off, 1 accessory, 2 on, 3 start.
    pub ignition: u8,
    /// Metres a second.
    pub speed_mps: f64,
    /// Metres.
    pub odometer_m: f64,
    /// Volts.
    pub battery_v: f64,
    /// Degrees Celsius.
    pub outside_c: f64,
    /// Whether the parking brake is on.
    pub parked: bool,
    /// Whether the traction battery charges.
    pub charging: bool,
    /// The engine, for a car that burns.
    pub engine: Option<Engine>,
    /// The traction battery, for an electric car.
    pub traction: Option<Traction>,
    /// Front left first.
    pub tyres: [Tyre; 4],
}

/// What only a combustion car has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Engine {
    /// Revolutions a minute.
    pub rpm: f64,
    /// Degrees Celsius.
    pub coolant_c: f64,
    /// The share of the tank.
    pub fuel: f64,
    /// Millilitres a second.
    pub fuel_mlps: f64,
}

/// What only an electric car has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traction {
    /// State of charge, 0 to 1.
    pub charge: f64,
    /// State of health, 0 to 1.
    pub health: f64,
    /// Watts into the battery.
    pub power_w: f64,
}

/// How much of the state goes out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Speed, engine speed and what flows.
    Motion,
    /// Also odometer, voltages, temperatures, levels.
    Usual,
    /// Also the tyres.
    Whole,
}

/// Packs states.
#[derive(Debug)]
pub struct Matrix {
    table: Table,
    bus: u8,
}

impl Default for Matrix {
    fn default() -> Self {
        Self { table: builtin::table(), bus: 0 }
    }
}

impl Matrix {
    /// Appends the frames that tell `state`.
    pub fn pack(&self, state: &State, detail: Detail, frames: &mut Vec<Frame>) {
        let engine = state.engine;
        let traction = state.traction;
        if detail >= Detail::Usual {
            // The state of the supply comes first, so that the core knows what the rest happens under.
            self.put(
                STATES,
                [
                    (SignalId::IGNITION, Some(f64::from(state.ignition))),
                    (SignalId::PARKING_BRAKE, Some(f64::from(u8::from(state.parked)))),
                    (SignalId::CHARGING, traction.map(|_| f64::from(u8::from(state.charging)))),
                ],
                frames,
            );
            self.put(ODOMETER, [(SignalId::ODOMETER, Some(state.odometer_m))], frames);
            self.put(
                CONDITIONS,
                [
                    (SignalId::BATTERY_12V, Some(state.battery_v)),
                    (SignalId::OUTSIDE_TEMPERATURE, Some(state.outside_c)),
                    (SignalId::COOLANT_TEMPERATURE, engine.map(|engine| engine.coolant_c)),
                ],
                frames,
            );
            self.put(
                ENERGY,
                [
                    (SignalId::FUEL_LEVEL, engine.map(|engine| engine.fuel)),
                    (SignalId::STATE_OF_CHARGE, traction.map(|traction| traction.charge)),
                    (SignalId::STATE_OF_HEALTH, traction.map(|traction| traction.health)),
                ],
                frames,
            );
        }
        self.put(
            MOTION,
            [(SignalId::SPEED, Some(state.speed_mps)), (SignalId::ENGINE_SPEED, engine.map(|engine| engine.rpm))],
            frames,
        );
        self.put(
            FLOW,
            [
                (SignalId::TRACTION_POWER, traction.map(|traction| traction.power_w)),
                (SignalId::FUEL_RATE, engine.map(|engine| engine.fuel_mlps * 1e-6)),
            ],
            frames,
        );
        if detail == Detail::Whole {
            const WHEELS: [(SignalId, SignalId, SignalId); 4] = [
                (
                    SignalId::TYRE_PRESSURE_FRONT_LEFT,
                    SignalId::TYRE_TEMPERATURE_FRONT_LEFT,
                    SignalId::TYRE_SENSOR_FRONT_LEFT,
                ),
                (
                    SignalId::TYRE_PRESSURE_FRONT_RIGHT,
                    SignalId::TYRE_TEMPERATURE_FRONT_RIGHT,
                    SignalId::TYRE_SENSOR_FRONT_RIGHT,
                ),
                (
                    SignalId::TYRE_PRESSURE_REAR_LEFT,
                    SignalId::TYRE_TEMPERATURE_REAR_LEFT,
                    SignalId::TYRE_SENSOR_REAR_LEFT,
                ),
                (
                    SignalId::TYRE_PRESSURE_REAR_RIGHT,
                    SignalId::TYRE_TEMPERATURE_REAR_RIGHT,
                    SignalId::TYRE_SENSOR_REAR_RIGHT,
                ),
            ];
            for (tyre, (pressure, air, sensor)) in state.tyres.iter().zip(WHEELS) {
                self.put(
                    TYRES,
                    [
                        (pressure, Some(tyre.pressure_pa)),
                        (air, Some(tyre.air_c)),
                        (sensor, Some(f64::from(tyre.sensor))),
                    ],
                    frames,
                );
            }
        }
    }

    /// One frame; signals without a value keep all their bits set, which the table calls invalid or which no reader asks for.
    fn put<const N: usize>(&self, id: u32, signals: [(SignalId, Option<f64>); N], frames: &mut Vec<Frame>) {
        if signals.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        let mut payload = [0; 8];
        for (signal, value) in signals {
            let row = self.table.row(signal);
            let packed = value.and_then(|value| self.table.encode(signal, value, &mut payload));
            if let (None, Some(row)) = (packed, row) {
                // "Not available" is all ones, or the lowest number of a signed field; one bit has no room for it and stays at zero.
                let absent = match row.number {
                    Number::Signed => 1 << (row.field.length - 1),
                    _ => u64::MAX,
                };
                if row.field.length > 1 {
                    row.field.insert(absent, &mut payload).expect("the built-in rows fit eight bytes");
                }
            }
        }
        frames.extend(Frame::new(self.bus, unraw(id), &payload));
    }
}

#[cfg(test)]
mod tests {
    use milepost_firmware::signal::table::Reading;

    use super::*;

    fn state() -> State {
        let tyre = Tyre { pressure_pa: 241_230.0, air_c: 11.0, sensor: 0x00AB_CDEF };
        State {
            ignition: 2,
            speed_mps: 13.9,
            odometer_m: 123_456_789.0,
            battery_v: 14.312,
            outside_c: -7.5,
            parked: false,
            charging: false,
            engine: Some(Engine { rpm: 2_150.0, coolant_c: 88.0, fuel: 0.431, fuel_mlps: 1.234 }),
            traction: None,
            tyres: [tyre; 4],
        }
    }

    fn read(state: &State, detail: Detail) -> Vec<Reading> {
        let mut frames = Vec::new();
        Matrix::default().pack(state, detail, &mut frames);
        let table = builtin::table();
        frames.iter().flat_map(|frame| table.decode(0, frame.raw_id(), frame.data()).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn the_core_reads_what_the_car_told() {
        let readings = read(&state(), Detail::Whole);
        for (signal, expected, within) in [
            (SignalId::SPEED, 13.9, 0.01),
            (SignalId::ODOMETER, 123_456_789.0, 0.5),
            (SignalId::BATTERY_12V, 14.312, 0.001),
            (SignalId::OUTSIDE_TEMPERATURE, -7.5, 0.25),
            (SignalId::ENGINE_SPEED, 2_150.0, 0.25),
            (SignalId::FUEL_RATE, 1.234e-6, 1e-9),
            (SignalId::TYRE_PRESSURE_REAR_RIGHT, 241_230.0, 5.0),
            (SignalId::TYRE_SENSOR_FRONT_LEFT, f64::from(0x00AB_CDEF), 0.0),
        ] {
            assert!(
                readings.iter().any(|reading| match reading {
                    Reading::Value(found, value) => *found == signal && (f64::from(*value) - expected).abs() <= within,
                    Reading::Odometer(metres) => {
                        signal == SignalId::ODOMETER && (f64::from(*metres) - expected).abs() <= within
                    }
                    Reading::Invalid(_) => false,
                }),
                "{signal:?} in {readings:?}"
            );
        }
    }

    #[test]
    fn what_a_car_does_not_have_never_reads_as_a_value() {
        for reading in read(&state(), Detail::Whole) {
            if let Reading::Value(signal, _) = reading {
                assert!(
                    ![SignalId::STATE_OF_CHARGE, SignalId::STATE_OF_HEALTH, SignalId::TRACTION_POWER].contains(&signal),
                    "{signal:?} of a car without a traction battery"
                );
            }
        }
    }
}

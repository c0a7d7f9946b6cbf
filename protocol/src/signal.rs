//! Signals: a u16 on the wire stands for a COVESA VSS 6.0 path.
//!
//! Ids are append-only and never reused; ids from 0x8000 are our own branch, for what VSS does not name.
//! Values travel as `f32` in SI units (metres, seconds, metres per second, volts, pascals, degrees Celsius, watts; ratios from 0 to 1),
//! with one exception that the field expects: engine speed stays in revolutions per minute.

use serde::{Deserialize, Serialize};

/// A signal's number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignalId(pub u16);

/// One entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// The number on the wire.
    pub id: SignalId,
    /// The VSS 6.0 path, or a path of ours below `Vehicle.Milepost`.
    pub path: &'static str,
    /// The unit of the value on the wire.
    pub unit: &'static str,
}

macro_rules! catalogue {
    ($(
        kept { $($(#[$doc:meta])* $name:ident = $id:literal, $path:literal, $unit:literal;)* }
        collected { $($(#[$other_doc:meta])* $other:ident = $other_id:literal, $other_path:literal, $other_unit:literal;)* }
    )*) => {
        impl SignalId {
            $(
                $($(#[$doc])* pub const $name: Self = Self($id);)*
                $($(#[$other_doc])* pub const $other: Self = Self($other_id);)*
            )*
        }

        /// Every signal that has a number, in the order of the numbers.
        pub const CATALOGUE: &[Signal] = &[
            $(
                $(Signal { id: SignalId($id), path: $path, unit: $unit },)*
                $(Signal { id: SignalId($other_id), path: $other_path, unit: $other_unit },)*
            )*
        ];

        /// The numbers of what a device keeps the newest value of, for devices that have no room for paths.
        ///
        /// The others of [`CATALOGUE`] it only hands on, in the series that a collection plan asks for.
        pub const IDS: &[SignalId] = &[$($(SignalId($id),)*)*];
    };
}

catalogue! {
    kept {
        /// Odometer.
        ODOMETER = 1, "Vehicle.TraveledDistance", "m";
        /// Vehicle speed.
        SPEED = 2, "Vehicle.Speed", "m/s";
        /// Supply state: 0 off, 1 accessory, 2 on, 3 start.
        IGNITION = 3, "Vehicle.LowVoltageSystemState", "state";
        /// 12 V battery voltage.
        BATTERY_12V = 4, "Vehicle.LowVoltageBattery.CurrentVoltage", "V";
        /// Outside air temperature.
        OUTSIDE_TEMPERATURE = 5, "Vehicle.Exterior.AirTemperature", "°C";
        /// Whether the parking brake is engaged, 0 or 1.
        PARKING_BRAKE = 6, "Vehicle.Chassis.ParkingBrake.IsEngaged", "state";
        /// Engine speed.
        ENGINE_SPEED = 16, "Vehicle.Powertrain.CombustionEngine.Speed", "1/min";
        /// Engine coolant temperature.
        COOLANT_TEMPERATURE = 17, "Vehicle.Powertrain.CombustionEngine.EngineCoolant.Temperature", "°C";
        /// Engine oil temperature.
        OIL_TEMPERATURE = 18, "Vehicle.Powertrain.CombustionEngine.EngineOil.Temperature", "°C";
        /// Mass air flow.
        MASS_AIR_FLOW = 19, "Vehicle.Powertrain.CombustionEngine.MAF", "kg/s";
        /// Manifold absolute pressure.
        MANIFOLD_PRESSURE = 20, "Vehicle.Powertrain.CombustionEngine.MAP", "Pa";
        /// Throttle position.
        THROTTLE = 21, "Vehicle.Powertrain.CombustionEngine.TPS", "ratio";
        /// Fuel level relative to the tank.
        FUEL_LEVEL = 32, "Vehicle.Powertrain.FuelSystem.RelativeLevel", "ratio";
        /// Traction battery state of charge.
        STATE_OF_CHARGE = 48, "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", "ratio";
        /// Traction battery state of health.
        STATE_OF_HEALTH = 49, "Vehicle.Powertrain.TractionBattery.StateOfHealth", "ratio";
        /// Traction battery power; positive flows in.
        TRACTION_POWER = 50, "Vehicle.Powertrain.TractionBattery.CurrentPower", "W";
        /// Whether the traction battery charges, 0 or 1.
        CHARGING = 51, "Vehicle.Powertrain.TractionBattery.Charging.IsCharging", "state";
        /// Front left tyre pressure.
        TYRE_PRESSURE_FRONT_LEFT = 64, "Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", "Pa";
        /// Front right tyre pressure.
        TYRE_PRESSURE_FRONT_RIGHT = 65, "Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure", "Pa";
        /// Rear left tyre pressure.
        TYRE_PRESSURE_REAR_LEFT = 66, "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", "Pa";
        /// Rear right tyre pressure.
        TYRE_PRESSURE_REAR_RIGHT = 67, "Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure", "Pa";
        /// Front left tyre air temperature.
        TYRE_TEMPERATURE_FRONT_LEFT = 68, "Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.AirTemperature", "°C";
        /// Front right tyre air temperature.
        TYRE_TEMPERATURE_FRONT_RIGHT = 69, "Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.AirTemperature", "°C";
        /// Rear left tyre air temperature.
        TYRE_TEMPERATURE_REAR_LEFT = 70, "Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.AirTemperature", "°C";
        /// Rear right tyre air temperature.
        TYRE_TEMPERATURE_REAR_RIGHT = 71, "Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.AirTemperature", "°C";
    }
    collected {
        /// Whether the car asks for service of any kind, 0 or 1.
        SERVICE_DUE = 128, "Vehicle.Service.IsServiceDue", "state";
        /// Distance that the car leaves until service of any kind; negative behind it.
        DISTANCE_TO_SERVICE = 129, "Vehicle.Service.DistanceToService", "m";
        /// Time that the car leaves until service of any kind; negative behind it.
        TIME_TO_SERVICE = 130, "Vehicle.Service.TimeToService", "s";
        /// Time that the car leaves the engine oil; negative behind it.
        OIL_TIME_REMAINING = 131, "Vehicle.Powertrain.CombustionEngine.EngineOil.LifeRemaining", "s";
        /// Front left brake pad wear: 0 new, 1 worn.
        PAD_WEAR_FRONT_LEFT = 132, "Vehicle.Chassis.Axle.Row1.Wheel.Left.Brake.PadWear", "ratio";
        /// Front right brake pad wear.
        PAD_WEAR_FRONT_RIGHT = 133, "Vehicle.Chassis.Axle.Row1.Wheel.Right.Brake.PadWear", "ratio";
        /// Rear left brake pad wear.
        PAD_WEAR_REAR_LEFT = 134, "Vehicle.Chassis.Axle.Row2.Wheel.Left.Brake.PadWear", "ratio";
        /// Rear right brake pad wear.
        PAD_WEAR_REAR_RIGHT = 135, "Vehicle.Chassis.Axle.Row2.Wheel.Right.Brake.PadWear", "ratio";
    }
    kept {
        /// Calculated engine load.
        ENGINE_LOAD = 0x8001, "Vehicle.Milepost.Engine.Load", "ratio";
        /// Intake air temperature.
        INTAKE_TEMPERATURE = 0x8002, "Vehicle.Milepost.Engine.IntakeAirTemperature", "°C";
        /// Barometric pressure.
        BAROMETRIC_PRESSURE = 0x8003, "Vehicle.Milepost.BarometricPressure", "Pa";
        /// Engine run time since its start.
        ENGINE_RUN_TIME = 0x8004, "Vehicle.Milepost.Engine.RunTimeSinceStart", "s";
        /// Engine fuel rate, as volume.
        FUEL_RATE = 0x8005, "Vehicle.Milepost.Engine.FuelRate", "m3/s";
        /// Distance driven with the malfunction indicator lit.
        DISTANCE_WITH_MIL = 0x8006, "Vehicle.Milepost.Diagnostics.DistanceWithMil", "m";
        /// Distance since codes were cleared.
        DISTANCE_SINCE_CLEAR = 0x8007, "Vehicle.Milepost.Diagnostics.DistanceSinceClear", "m";
        /// Whether the malfunction indicator is lit, 0 or 1.
        MIL = 0x8008, "Vehicle.Milepost.Diagnostics.IsMilOn", "state";
        /// How many trouble codes the engine reports.
        TROUBLE_CODE_COUNT = 0x8009, "Vehicle.Diagnostics.DTCCount", "count";
        /// Actual engine torque relative to the reference torque.
        TORQUE_ACTUAL = 0x800A, "Vehicle.Milepost.Engine.TorqueActual", "ratio";
        /// Torque demanded by the driver relative to the reference torque.
        TORQUE_DEMAND = 0x800B, "Vehicle.Milepost.Engine.TorqueDemand", "ratio";
        /// Reference engine torque.
        TORQUE_REFERENCE = 0x800C, "Vehicle.Milepost.Engine.TorqueReference", "Nm";
        /// Short-term fuel trim, bank 1.
        FUEL_TRIM_SHORT_1 = 0x800D, "Vehicle.Milepost.Engine.FuelTrim.ShortBank1", "ratio";
        /// Long-term fuel trim, bank 1.
        FUEL_TRIM_LONG_1 = 0x800E, "Vehicle.Milepost.Engine.FuelTrim.LongBank1", "ratio";
        /// Short-term fuel trim, bank 2.
        FUEL_TRIM_SHORT_2 = 0x800F, "Vehicle.Milepost.Engine.FuelTrim.ShortBank2", "ratio";
        /// Long-term fuel trim, bank 2.
        FUEL_TRIM_LONG_2 = 0x8010, "Vehicle.Milepost.Engine.FuelTrim.LongBank2", "ratio";
        /// Minutes run with the malfunction indicator lit, in seconds.
        TIME_WITH_MIL = 0x8011, "Vehicle.Milepost.Diagnostics.TimeWithMil", "s";
        /// Time since codes were cleared.
        TIME_SINCE_CLEAR = 0x8012, "Vehicle.Milepost.Diagnostics.TimeSinceClear", "s";
        /// Warm-ups since codes were cleared.
        WARM_UPS_SINCE_CLEAR = 0x8013, "Vehicle.Milepost.Diagnostics.WarmUpsSinceClear", "count";
        /// Ethanol share of the fuel.
        ETHANOL = 0x8014, "Vehicle.Milepost.Fuel.Ethanol", "ratio";
        /// Fuel type, as SAE J1979 numbers it.
        FUEL_TYPE = 0x8015, "Vehicle.Milepost.Fuel.Type", "state";
        /// Catalyst temperature, bank 1 sensor 1.
        CATALYST_TEMPERATURE = 0x8016, "Vehicle.Milepost.Engine.CatalystTemperature", "°C";
        /// Particulate filter inlet temperature, bank 1.
        PARTICULATE_FILTER_TEMPERATURE = 0x8017, "Vehicle.Milepost.Engine.ParticulateFilterTemperature", "°C";
        /// Fuel system status bits, as SAE J1979 numbers them.
        FUEL_SYSTEM_STATUS = 0x8018, "Vehicle.Milepost.Engine.FuelSystemStatus", "state";
        /// Front left tyre pressure sensor id, 24 bits.
        TYRE_SENSOR_FRONT_LEFT = 0x8020, "Vehicle.Milepost.Tyre.FrontLeft.SensorId", "id";
        /// Front right tyre pressure sensor id, 24 bits.
        TYRE_SENSOR_FRONT_RIGHT = 0x8021, "Vehicle.Milepost.Tyre.FrontRight.SensorId", "id";
        /// Rear left tyre pressure sensor id, 24 bits.
        TYRE_SENSOR_REAR_LEFT = 0x8022, "Vehicle.Milepost.Tyre.RearLeft.SensorId", "id";
        /// Rear right tyre pressure sensor id, 24 bits.
        TYRE_SENSOR_REAR_RIGHT = 0x8023, "Vehicle.Milepost.Tyre.RearRight.SensorId", "id";
    }
    collected {
        /// The share of the engine oil's life that is left, as makers' oil life monitors show it; VSS has it as a time only.
        OIL_LIFE_REMAINING = 0x8030, "Vehicle.Milepost.Engine.OilLifeRemaining", "ratio";
    }
}

impl SignalId {
    /// The catalogue's entry, if the number is known to this build.
    pub fn entry(self) -> Option<&'static Signal> {
        CATALOGUE.iter().find(|signal| signal.id == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_paths_are_unique_and_ascending() {
        for pair in CATALOGUE.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} before {}", pair[0].path, pair[1].path);
            assert!(CATALOGUE.iter().filter(|s| s.path == pair[0].path).count() == 1, "{}", pair[0].path);
        }
    }
}

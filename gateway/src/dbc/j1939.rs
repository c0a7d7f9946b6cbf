//! The parameters of heavy vehicles that are worth reading without any file (SAE J1939-71, J1939-73).
//!
//! Invariant: every parameter lies in the eight bytes of its group, and no two of one group overlap; a test reads the whole table.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use milepost_firmware::frame::EXTENDED;
use milepost_firmware::signal::bits::{Field, Order};
use milepost_firmware::signal::table::Number;

use super::matrix::{Matrix, Message, Signal};

/// Name, parameter number, byte from 1, bit from 1, bits, scale, offset, unit.
type Row = (&'static str, u32, u16, u16, u8, f64, f64, &'static str);

const TEMPERATURE: (f64, f64) = (0.031_25, -273.0);

const GROUPS: &[(u32, &str, &[Row])] = &[
    (
        0xF000,
        "ERC1",
        &[
            ("EngRetarderTorqueMode", 900, 1, 1, 4, 1.0, 0.0, ""),
            ("ActualRetarderPercentTorque", 520, 2, 1, 8, 1.0, -125.0, "%"),
        ],
    ),
    (
        0xF001,
        "EBC1",
        &[
            ("ASREngCtrlActive", 561, 1, 1, 2, 1.0, 0.0, ""),
            ("ASRBrakeCtrlActive", 562, 1, 3, 2, 1.0, 0.0, ""),
            ("AntiLockBrakingActive", 563, 1, 5, 2, 1.0, 0.0, ""),
            ("EBSBrakeSwitch", 1121, 1, 7, 2, 1.0, 0.0, ""),
            ("BrakePedalPos", 521, 2, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
    (
        0xF002,
        "ETC1",
        &[
            ("TransDrivelineEngaged", 560, 1, 1, 2, 1.0, 0.0, ""),
            ("TransTorqueConverterLockupEngaged", 573, 1, 3, 2, 1.0, 0.0, ""),
            ("TransShiftInProcess", 574, 1, 5, 2, 1.0, 0.0, ""),
            ("TransOutputShaftSpeed", 191, 2, 1, 16, 0.125, 0.0, "rpm"),
            ("PercentClutchSlip", 522, 4, 1, 8, 0.4, 0.0, "%"),
            ("TransInputShaftSpeed", 161, 6, 1, 16, 0.125, 0.0, "rpm"),
        ],
    ),
    (
        0xF003,
        "EEC2",
        &[
            ("AccelPedal1LowIdleSwitch", 558, 1, 1, 2, 1.0, 0.0, ""),
            ("AccelPedalKickdownSwitch", 559, 1, 3, 2, 1.0, 0.0, ""),
            ("RoadSpeedLimitStatus", 1437, 1, 5, 2, 1.0, 0.0, ""),
            ("AccelPedal2LowIdleSwitch", 2970, 1, 7, 2, 1.0, 0.0, ""),
            ("AccelPedalPos1", 91, 2, 1, 8, 0.4, 0.0, "%"),
            ("EngPercentLoadAtCurrentSpeed", 92, 3, 1, 8, 1.0, 0.0, "%"),
            ("RemoteAccelPedalPos", 974, 4, 1, 8, 0.4, 0.0, "%"),
            ("AccelPedalPos2", 29, 5, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
    (
        0xF004,
        "EEC1",
        &[
            ("EngTorqueMode", 899, 1, 1, 4, 1.0, 0.0, ""),
            ("DriversDemandEngPercentTorque", 512, 2, 1, 8, 1.0, -125.0, "%"),
            ("ActualEngPercentTorque", 513, 3, 1, 8, 1.0, -125.0, "%"),
            ("EngSpeed", 190, 4, 1, 16, 0.125, 0.0, "rpm"),
            ("SrcAddrssOfCtrllngDvcForEngCtrl", 1483, 6, 1, 8, 1.0, 0.0, ""),
            ("EngStarterMode", 1675, 7, 1, 4, 1.0, 0.0, ""),
            ("EngDemandPercentTorque", 2432, 8, 1, 8, 1.0, -125.0, "%"),
        ],
    ),
    (
        0xF005,
        "ETC2",
        &[
            ("TransSelectedGear", 524, 1, 1, 8, 1.0, -125.0, ""),
            ("TransActualGearRatio", 526, 2, 1, 16, 0.001, 0.0, ""),
            ("TransCurrentGear", 523, 4, 1, 8, 1.0, -125.0, ""),
        ],
    ),
    (
        0xFD09,
        "HRLFC",
        &[
            ("HghRslutionEngTripFuel", 5053, 1, 1, 32, 0.001, 0.0, "L"),
            ("HghRslutionEngTotalFuelUsed", 5054, 5, 1, 32, 0.001, 0.0, "L"),
        ],
    ),
    (
        0xFE56,
        "AT1T1I",
        &[
            ("AftertreatmentDEFTankLevel", 1761, 1, 1, 8, 0.4, 0.0, "%"),
            ("AftertreatmentDEFTankTemp", 3031, 2, 1, 8, 1.0, -40.0, "deg C"),
        ],
    ),
    (
        0xFE6C,
        "TCO1",
        &[
            ("Driver1WorkingState", 1612, 1, 1, 3, 1.0, 0.0, ""),
            ("Driver2WorkingState", 1613, 1, 4, 3, 1.0, 0.0, ""),
            ("VehicleMotion", 1611, 1, 7, 2, 1.0, 0.0, ""),
            ("TachographOutputShaftSpeed", 1623, 5, 1, 16, 0.125, 0.0, "rpm"),
            ("TachographVehicleSpeed", 1624, 7, 1, 16, 1.0 / 256.0, 0.0, "km/h"),
        ],
    ),
    (
        0xFEBD,
        "FD",
        &[
            ("EstPercentFanSpeed", 975, 1, 1, 8, 0.4, 0.0, "%"),
            ("FanDriveState", 977, 2, 1, 4, 1.0, 0.0, ""),
            ("FanSpeed", 1639, 3, 1, 16, 0.125, 0.0, "rpm"),
        ],
    ),
    (
        0xFEBF,
        "EBC2",
        &[
            ("FrontAxleSpeed", 904, 1, 1, 16, 1.0 / 256.0, 0.0, "km/h"),
            ("RelativeSpeedFrontAxleLeftWheel", 905, 3, 1, 8, 0.0625, -7.8125, "km/h"),
            ("RelativeSpeedFrontAxleRightWheel", 906, 4, 1, 8, 0.0625, -7.8125, "km/h"),
            ("RelativeSpeedRearAxle1LeftWheel", 907, 5, 1, 8, 0.0625, -7.8125, "km/h"),
            ("RelativeSpeedRearAxle1RightWheel", 908, 6, 1, 8, 0.0625, -7.8125, "km/h"),
            ("RelativeSpeedRearAxle2LeftWheel", 909, 7, 1, 8, 0.0625, -7.8125, "km/h"),
            ("RelativeSpeedRearAxle2RightWheel", 910, 8, 1, 8, 0.0625, -7.8125, "km/h"),
        ],
    ),
    (
        0xFEC0,
        "SERV",
        &[
            ("ServiceComponentIdentification", 911, 1, 1, 8, 1.0, 0.0, ""),
            ("ServiceDistance", 914, 2, 1, 16, 5.0, -160_635.0, "km"),
            ("ServiceComponentIdentification2", 912, 4, 1, 8, 1.0, 0.0, ""),
            ("ServiceDelayCalendarTimeBased", 915, 5, 1, 8, 1.0, -125.0, "weeks"),
            ("ServiceComponentIdentification3", 913, 6, 1, 8, 1.0, 0.0, ""),
            ("ServiceDelayOperationalTimeBased", 916, 7, 1, 16, 1.0, -32_127.0, "h"),
        ],
    ),
    (
        0xFEC1,
        "VDHR",
        &[
            ("HghRslutionTotalVehicleDistance", 917, 1, 1, 32, 5.0, 0.0, "m"),
            ("HghRslutionTripDistance", 918, 5, 1, 32, 5.0, 0.0, "m"),
        ],
    ),
    (
        0xFECA,
        "DM1",
        &[
            ("ProtectLampStatus", 987, 1, 1, 2, 1.0, 0.0, ""),
            ("AmberWarningLampStatus", 624, 1, 3, 2, 1.0, 0.0, ""),
            ("RedStopLampStatus", 623, 1, 5, 2, 1.0, 0.0, ""),
            ("MalfunctionIndicatorLampStatus", 1213, 1, 7, 2, 1.0, 0.0, ""),
        ],
    ),
    (
        0xFEDF,
        "EEC3",
        &[
            ("NominalFrictionPercentTorque", 514, 1, 1, 8, 1.0, -125.0, "%"),
            ("EngDesiredOperatingSpeed", 515, 2, 1, 16, 0.125, 0.0, "rpm"),
        ],
    ),
    (
        0xFEE0,
        "VD",
        &[("TripDistance", 244, 1, 1, 32, 0.125, 0.0, "km"), ("TotalVehicleDistance", 245, 5, 1, 32, 0.125, 0.0, "km")],
    ),
    (
        0xFEE5,
        "HOURS",
        &[
            ("EngTotalHoursOfOperation", 247, 1, 1, 32, 0.05, 0.0, "h"),
            ("EngTotalRevolutions", 249, 5, 1, 32, 1000.0, 0.0, "r"),
        ],
    ),
    (
        0xFEE6,
        "TD",
        &[
            ("Seconds", 959, 1, 1, 8, 0.25, 0.0, "s"),
            ("Minutes", 960, 2, 1, 8, 1.0, 0.0, "min"),
            ("Hours", 961, 3, 1, 8, 1.0, 0.0, "h"),
            ("Month", 963, 4, 1, 8, 1.0, 0.0, "month"),
            ("Day", 962, 5, 1, 8, 0.25, 0.0, "day"),
            ("Year", 964, 6, 1, 8, 1.0, 1985.0, "year"),
            ("LocalMinuteOffset", 1601, 7, 1, 8, 1.0, -125.0, "min"),
            ("LocalHourOffset", 1602, 8, 1, 8, 1.0, -125.0, "h"),
        ],
    ),
    (
        0xFEE9,
        "LFC",
        &[("EngTripFuel", 182, 1, 1, 32, 0.5, 0.0, "L"), ("EngTotalFuelUsed", 250, 5, 1, 32, 0.5, 0.0, "L")],
    ),
    (
        0xFEEA,
        "VW",
        &[
            ("AxleLocation", 928, 1, 1, 8, 1.0, 0.0, ""),
            ("AxleWeight", 582, 2, 1, 16, 0.5, 0.0, "kg"),
            ("TrailerWeight", 180, 4, 1, 16, 2.0, 0.0, "kg"),
            ("CargoWeight", 181, 6, 1, 16, 2.0, 0.0, "kg"),
        ],
    ),
    (
        0xFEEE,
        "ET1",
        &[
            ("EngCoolantTemp", 110, 1, 1, 8, 1.0, -40.0, "deg C"),
            ("EngFuelTemp1", 174, 2, 1, 8, 1.0, -40.0, "deg C"),
            ("EngOilTemp1", 175, 3, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("EngTurboOilTemp", 176, 5, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("EngIntercoolerTemp", 52, 7, 1, 8, 1.0, -40.0, "deg C"),
            ("EngIntercoolerThermostatOpening", 1134, 8, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
    (
        0xFEEF,
        "EFL_P1",
        &[
            ("EngFuelDeliveryPress", 94, 1, 1, 8, 4.0, 0.0, "kPa"),
            ("EngExCrankcaseBlowbyPress", 22, 2, 1, 8, 0.05, 0.0, "kPa"),
            ("EngOilLevel", 98, 3, 1, 8, 0.4, 0.0, "%"),
            ("EngOilPress", 100, 4, 1, 8, 4.0, 0.0, "kPa"),
            ("EngCrankcasePress", 101, 5, 1, 16, 1.0 / 128.0, -250.0, "kPa"),
            ("EngCoolantPress", 109, 7, 1, 8, 2.0, 0.0, "kPa"),
            ("EngCoolantLevel", 111, 8, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
    (
        0xFEF1,
        "CCVS",
        &[
            ("TwoSpeedAxleSwitch", 69, 1, 1, 2, 1.0, 0.0, ""),
            ("ParkingBrakeSwitch", 70, 1, 3, 2, 1.0, 0.0, ""),
            ("CruiseCtrlPauseSwitch", 1633, 1, 5, 2, 1.0, 0.0, ""),
            ("WheelBasedVehicleSpeed", 84, 2, 1, 16, 1.0 / 256.0, 0.0, "km/h"),
            ("CruiseCtrlActive", 595, 4, 1, 2, 1.0, 0.0, ""),
            ("CruiseCtrlEnableSwitch", 596, 4, 3, 2, 1.0, 0.0, ""),
            ("BrakeSwitch", 597, 4, 5, 2, 1.0, 0.0, ""),
            ("ClutchSwitch", 598, 4, 7, 2, 1.0, 0.0, ""),
            ("CruiseCtrlSetSpeed", 86, 6, 1, 8, 1.0, 0.0, "km/h"),
            ("PTOState", 976, 7, 1, 5, 1.0, 0.0, ""),
            ("CruiseCtrlStates", 527, 7, 6, 3, 1.0, 0.0, ""),
        ],
    ),
    (
        0xFEF2,
        "LFE",
        &[
            ("EngFuelRate", 183, 1, 1, 16, 0.05, 0.0, "L/h"),
            ("EngInstantaneousFuelEconomy", 184, 3, 1, 16, 1.0 / 512.0, 0.0, "km/L"),
            ("EngAverageFuelEconomy", 185, 5, 1, 16, 1.0 / 512.0, 0.0, "km/L"),
            ("EngThrottlePos", 51, 7, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
    (
        0xFEF3,
        "VP",
        &[("Latitude", 584, 1, 1, 32, 1e-7, -210.0, "deg"), ("Longitude", 585, 5, 1, 32, 1e-7, -210.0, "deg")],
    ),
    (
        0xFEF4,
        "TIRE",
        &[
            ("TireLocation", 929, 1, 1, 8, 1.0, 0.0, ""),
            ("TirePress", 241, 2, 1, 8, 4.0, 0.0, "kPa"),
            ("TireTemp", 242, 3, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
        ],
    ),
    (
        0xFEF5,
        "AMB",
        &[
            ("BarometricPress", 108, 1, 1, 8, 0.5, 0.0, "kPa"),
            ("CabInteriorTemp", 170, 2, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("AmbientAirTemp", 171, 4, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("EngAirInletTemp", 172, 6, 1, 8, 1.0, -40.0, "deg C"),
            ("RoadSurfaceTemp", 79, 7, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
        ],
    ),
    (
        0xFEF6,
        "IC1",
        &[
            ("ParticulateTrapInletPress", 81, 1, 1, 8, 0.5, 0.0, "kPa"),
            ("BoostPress", 102, 2, 1, 8, 2.0, 0.0, "kPa"),
            ("IntakeManifold1Temp", 105, 3, 1, 8, 1.0, -40.0, "deg C"),
            ("AirInletPress", 106, 4, 1, 8, 2.0, 0.0, "kPa"),
            ("AirFilter1DiffPress", 107, 5, 1, 8, 0.05, 0.0, "kPa"),
            ("ExhaustGasTemp", 173, 6, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("CoolantFilterDiffPress", 112, 8, 1, 8, 0.5, 0.0, "kPa"),
        ],
    ),
    (
        0xFEF7,
        "VEP1",
        &[
            ("NetBatteryCurrent", 114, 1, 1, 8, 1.0, -125.0, "A"),
            ("AltCurrent", 115, 2, 1, 8, 1.0, 0.0, "A"),
            ("ChargingSystemPotential", 167, 3, 1, 16, 0.05, 0.0, "V"),
            ("BatteryPotential_PowerInput1", 168, 5, 1, 16, 0.05, 0.0, "V"),
            ("KeyswitchBatteryPotential", 158, 7, 1, 16, 0.05, 0.0, "V"),
        ],
    ),
    (
        0xFEF8,
        "TRF1",
        &[
            ("ClutchPress", 123, 1, 1, 8, 16.0, 0.0, "kPa"),
            ("TransOilLevel", 124, 2, 1, 8, 0.4, 0.0, "%"),
            ("TransFilterDiffPress", 126, 3, 1, 8, 2.0, 0.0, "kPa"),
            ("TransOilPress", 127, 4, 1, 8, 16.0, 0.0, "kPa"),
            ("TransOilTemp", 177, 5, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
        ],
    ),
    (
        0xFEFC,
        "DD",
        &[
            ("WasherFluidLevel", 80, 1, 1, 8, 0.4, 0.0, "%"),
            ("FuelLevel1", 96, 2, 1, 8, 0.4, 0.0, "%"),
            ("EngFuelFilterDiffPress", 95, 3, 1, 8, 2.0, 0.0, "kPa"),
            ("EngOilFilterDiffPress", 99, 4, 1, 8, 0.5, 0.0, "kPa"),
            ("CargoAmbientTemp", 169, 5, 1, 16, TEMPERATURE.0, TEMPERATURE.1, "deg C"),
            ("FuelLevel2", 38, 7, 1, 8, 0.4, 0.0, "%"),
        ],
    ),
];

/// The table as a matrix of parameter groups.
pub fn matrix() -> Matrix {
    let file = Arc::new(PathBuf::from("SAE J1939"));
    let message = |&(group, name, rows): &(u32, &str, &[Row])| Message {
        // Priority 6, and the address that stands for no sender.
        id: EXTENDED | 6 << 26 | group << 8 | 0xFE,
        group: true,
        name: name.to_owned(),
        length: 8,
        signals: rows.iter().map(signal).collect(),
        file: file.clone(),
        line: 0,
    };
    Matrix { messages: GROUPS.iter().map(message).collect() }
}

fn signal(&(name, parameter, byte, bit, length, scale, offset, unit): &Row) -> Signal {
    let top = u64::MAX >> (64 - u32::from(length));
    // Ranges of values say that there is none (SAE J1939-71, 5.1.4); the last of each is what is sent.
    let error = if length < 8 { top.checked_sub(1) } else { Some(0xFE << (length - 8)) };
    let labels = [(Some(top), "not available"), (error, "error")];
    Signal {
        name: name.to_owned(),
        field: Field { start: (byte - 1) * 8 + bit - 1, length, order: Order::Intel },
        number: Number::Unsigned,
        scale,
        offset,
        limits: None,
        unit: unit.to_owned(),
        labels: if length == 1 {
            BTreeMap::new()
        } else {
            labels.iter().filter_map(|&(raw, text)| Some((i128::from(raw?), text.to_owned()))).collect()
        },
        branch: None,
        switch: false,
        parameter: Some(parameter),
        line: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbc::check;

    #[test]
    fn the_built_in_parameters_lie_within_their_groups_and_apart() {
        let mut matrix = matrix();
        let messages = matrix.messages.len();
        assert_eq!(check(&mut matrix), []);
        assert_eq!(matrix.messages.len(), messages);
    }
}

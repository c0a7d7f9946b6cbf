//! The sentence of a trouble code: from the tables where they know it, from the standard's areas where they do not.

use milepost_protocol::trouble::TroubleCode;

use super::series::{in_numbered, in_series};
use super::{failure_type, powertrain, vehicle};

/// What a trouble code means, a plain sentence or two.
pub fn text(code: TroubleCode) -> String {
    let text = cause(code.code);
    match code.failure_type.filter(|&byte| byte != 0) {
        None => text,
        Some(byte) => match failure_type::text(byte) {
            Some(failure) => format!("{text} How it fails: {failure}."),
            None => format!("{text} How it fails is the manufacturer's to say (type {byte:02X})."),
        },
    }
}

fn cause(code: u16) -> String {
    if is_manufacturers(code) {
        return format!("A code of the manufacturer's own, {}; no standard says what it means.", system(code));
    }
    in_series(powertrain::SERIES, code)
        .or_else(|| in_numbered(powertrain::NUMBERED, code))
        .or_else(|| vehicle::text(code))
        .unwrap_or_else(|| format!("A code of the standard, {}: {}.", system(code), area(code)))
}

/// Which ranges SAE J2012 leaves to manufacturers.
fn is_manufacturers(code: u16) -> bool {
    match (code >> 14, code >> 12 & 3) {
        // P34xx and above are the standard's again.
        (0, 3) => code & 0xFFF < 0x400,
        (0, digit) => digit == 1,
        (_, digit) => digit == 1 || digit == 2,
    }
}

fn system(code: u16) -> &'static str {
    ["powertrain", "chassis", "body", "network"][usize::from(code >> 14)]
}

fn area(code: u16) -> &'static str {
    match (code >> 14, code >> 8 & 0x3F) {
        (0, 0x00 | 0x20 | 0x22) => "fuel and air metering, and auxiliary emission controls",
        (0, 0x01) => "fuel and air metering",
        (0, 0x02 | 0x21) => "fuel and air metering, injection",
        (0, 0x03 | 0x23) => "ignition or misfire",
        (0, 0x04 | 0x24 | 0x25) => "auxiliary emission controls",
        (0, 0x05) => "vehicle speed, idle control and auxiliary inputs",
        (0, 0x06 | 0x26) => "the control unit and its outputs",
        (0, 0x07..=0x09 | 0x27..=0x29) => "the transmission",
        (0, 0x0A..=0x0F) => "the hybrid or electric drive",
        (0, 0x34..=0x35) => "cylinder deactivation",
        (0, _) => "an area that the standard keeps for later",
        (1, _) => "brakes, steering or suspension",
        (2, _) => "the body or its restraints",
        (_, 0x00) => "the wiring of a bus",
        (_, 0x01 | 0x02) => "communication with a control unit is lost",
        (_, 0x03) => "software of two control units does not fit together",
        (_, 0x04 | 0x05) => "a control unit sends invalid data",
        _ => "a control unit or its supply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16) -> String {
        text(TroubleCode { code, failure_type: None })
    }

    #[test]
    fn codes_that_every_workshop_knows_say_what_is_meant() {
        for (code, words) in [
            (0x0101, "Air mass sensor: its signal is implausible"),
            (0x0118, "Coolant temperature sensor A: its signal is too high"),
            (0x0171, "bank 1: the mixture is too lean"),
            (0x0205, "Cylinder 5: the injector's circuit"),
            (0x0270, "Injector of cylinder 4: the control circuit is at low"),
            (0x0304, "Cylinder 4: misfires"),
            (0x0312, "Cylinder 12: misfires"),
            (0x0420, "bank 1: its efficiency is too low"),
            (0x0455, "leak is large"),
            (0x0562, "voltage is too low"),
            (0x0700, "transmission control unit asks for the warning lamp"),
            (0x0A80, "traction battery"),
            (0x0AA6, "isolation"),
            (0xC100, "engine control unit A"),
            (0xC121, "anti-lock brakes"),
            (0x4035, "Wheel speed sensor front left"),
            (0x2563, "Turbocharger"),
        ] {
            assert!(of(code).contains(words), "{}: {}", TroubleCode { code, failure_type: None }, of(code));
        }
    }

    #[test]
    fn a_manufacturers_code_is_called_one() {
        for code in [0x1101, 0x3100, 0x5812, 0x9603, 0xD123] {
            assert!(of(code).starts_with("A code of the manufacturer's own"), "{code:04X}");
        }
        for code in [0x0001, 0x2000, 0x3400, 0x4035, 0x8001, 0xC001, 0xF003] {
            assert!(!of(code).contains("manufacturer"), "{code:04X}: {}", of(code));
        }
    }

    #[test]
    fn the_failure_type_is_told_behind_the_cause() {
        let code = TroubleCode { code: 0x5812, failure_type: Some(0x87) };
        assert!(text(code).ends_with("How it fails: a message is missing."));
    }

    #[test]
    fn no_two_tables_claim_the_same_code() {
        for code in 0..=u16::MAX {
            let claims = [
                in_series(powertrain::SERIES, code).is_some(),
                in_numbered(powertrain::NUMBERED, code).is_some(),
                vehicle::text(code).is_some(),
            ];
            let claims = claims.iter().filter(|claim| **claim).count();
            assert!(claims <= 1, "{} stands in {claims} tables", TroubleCode { code, failure_type: None });
        }
    }
}

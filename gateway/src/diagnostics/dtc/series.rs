//! How the tables of trouble codes are written: a thing, and the faults that follow each other from a code on.
//!
//! Invariant: numbers inside a series count in decimal, as SAE J2012 counts them, although they travel as hexadecimal digits.

/// A thing whose faults have consecutive codes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    /// The code of the first fault.
    pub(super) first: u16,
    /// The thing.
    pub(super) thing: &'static str,
    /// What is wrong with it, code by code; an empty text leaves the code out.
    pub(super) faults: &'static [&'static str],
}

pub(super) const fn series(first: u16, thing: &'static str, faults: &'static [&'static str]) -> Series {
    Series { first, thing, faults }
}

/// A numbered thing that takes a number of codes each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    /// The code of the first fault of the first thing.
    pub(super) first: u16,
    /// How many there are, counted from 1.
    pub(super) count: u16,
    /// What stands before the number.
    pub(super) thing: &'static str,
    /// The faults of each.
    pub(super) faults: &'static [&'static str],
}

pub(super) const fn numbered(first: u16, count: u16, thing: &'static str, faults: &'static [&'static str]) -> Numbered {
    Numbered { first, count, thing, faults }
}

const CIRCUIT: &str = "the circuit has a fault";
const RANGE: &str = "its signal is implausible or out of range";
const LOW: &str = "its signal is too low";
const HIGH: &str = "its signal is too high";
const INTERMITTENT: &str = "its signal comes and goes";
const OPEN: &str = "the circuit is interrupted";
const SHORTED: &str = "the circuit is shorted";
const CONTROL_LOW: &str = "the control circuit is at low voltage";
const CONTROL_HIGH: &str = "the control circuit is at high voltage";
const PERFORMANCE: &str = "it does not do what it is told to";
const STUCK_OFF: &str = "it does not switch on, or sticks open";
const STUCK_ON: &str = "it does not switch off, or sticks closed";
const ELECTRICAL: &str = "it has an electrical fault";

/// A sensor's five faults.
pub(super) const SENSOR: &[&str] = &[CIRCUIT, RANGE, LOW, HIGH, INTERMITTENT];
/// A sensor's four faults, without the one that comes and goes.
pub(super) const SENSOR_4: &[&str] = &[CIRCUIT, RANGE, LOW, HIGH];
/// A speed sensor's four faults.
pub(super) const SPEED: &[&str] = &[CIRCUIT, RANGE, "it gives no signal", INTERMITTENT];
/// A driven part's four faults.
pub(super) const ACTUATOR: &[&str] = &[OPEN, PERFORMANCE, CONTROL_LOW, CONTROL_HIGH];
/// A driven part's three electrical faults.
pub(super) const DRIVEN: &[&str] = &[CIRCUIT, CONTROL_LOW, CONTROL_HIGH];
/// A valve whose circuit is interrupted or shorted.
pub(super) const VALVE: &[&str] = &[CIRCUIT, OPEN, SHORTED];
/// A solenoid's five faults.
pub(super) const SOLENOID: &[&str] = &[CIRCUIT, STUCK_OFF, STUCK_ON, ELECTRICAL, INTERMITTENT];
/// An oxygen sensor's six faults.
pub(super) const OXYGEN: &[&str] =
    &[CIRCUIT, LOW, HIGH, "it reacts too slowly", "it does not react at all", "the circuit of its heater has a fault"];
/// Too little or too much advance of a camshaft.
pub(super) const CAMSHAFT: &[&str] =
    &[CIRCUIT, "timing is too far advanced, or it does not move", "timing is too far retarded"];
/// The circuit alone.
pub(super) const ONLY_CIRCUIT: &[&str] = &[CIRCUIT];
/// An injector's three faults.
pub(super) const INJECTOR: &[&str] =
    &[CONTROL_LOW, CONTROL_HIGH, "the cylinder contributes less or more power than the others"];

/// The decimal number that the digits of a code spell; `None` where a digit is above nine.
pub(super) fn decimal(code: u16) -> Option<u16> {
    [12, 8, 4, 0].iter().try_fold(0, |number, shift| {
        let digit = code >> shift & 0xF;
        (digit <= 9).then(|| number * 10 + digit)
    })
}

/// What the series say of a code.
pub(super) fn in_series(all: &[Series], code: u16) -> Option<String> {
    all.iter().find_map(|series| {
        let at = usize::from(offset(series.first, code)?);
        let fault = series.faults.get(at).filter(|fault| !fault.is_empty())?;
        Some(format!("{}: {fault}.", series.thing))
    })
}

/// What the numbered things say of a code.
pub(super) fn in_numbered(all: &[Numbered], code: u16) -> Option<String> {
    all.iter().find_map(|numbered| {
        let at = offset(numbered.first, code)?;
        let each = numbered.faults.len() as u16;
        let number = at / each + 1;
        let fault = numbered.faults.get(usize::from(at % each)).filter(|_| number <= numbered.count)?;
        Some(format!("{} {number}: {fault}.", numbered.thing))
    })
}

fn offset(first: u16, code: u16) -> Option<u16> {
    decimal(code)?.checked_sub(decimal(first)?)
}

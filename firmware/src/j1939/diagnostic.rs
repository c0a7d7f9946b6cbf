//! DM1 (active) and DM2 (previously active) trouble codes (SAE J1939-73).
//!
//! Invariant: a code of all zeros or all ones is padding, and a message that is shorter than its lamps is none.

/// A lamp's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LampState {
    /// Off.
    Off,
    /// On.
    On,
    /// Faulty, or reserved.
    Fault,
    /// Not there.
    Absent,
}

/// Which lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lamp {
    /// Protect: a fault that is not of the electronics.
    Protect,
    /// Amber warning: the vehicle may go on.
    AmberWarning,
    /// Red stop.
    RedStop,
    /// Malfunction indicator: emissions.
    Malfunction,
}

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TroubleEntry {
    /// Suspect parameter number: what.
    pub spn: u32,
    /// Failure mode identifier: how.
    pub fmi: u8,
    /// How often; 127 for unknown.
    pub count: u8,
    /// Whether the number is in the older order of bits.
    pub old_order: bool,
}

/// A DM1 or DM2 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diagnostic<'d> {
    lamps: u8,
    records: &'d [u8],
}

impl<'d> Diagnostic<'d> {
    /// The parameter group of active codes.
    pub const DM1: u32 = 0xFECA;
    /// The parameter group of codes that were active.
    pub const DM2: u32 = 0xFECB;

    /// Reads a message's data.
    pub fn parse(data: &'d [u8]) -> Option<Self> {
        let [lamps, _flash, records @ ..] = data else { return None };
        Some(Self { lamps: *lamps, records })
    }

    /// A lamp's state.
    pub fn lamp(&self, lamp: Lamp) -> LampState {
        let shift = match lamp {
            Lamp::Protect => 0,
            Lamp::AmberWarning => 2,
            Lamp::RedStop => 4,
            Lamp::Malfunction => 6,
        };
        match self.lamps >> shift & 3 {
            0 => LampState::Off,
            1 => LampState::On,
            2 => LampState::Fault,
            _ => LampState::Absent,
        }
    }

    /// The codes.
    pub fn entries(&self) -> impl Iterator<Item = TroubleEntry> + use<'d> {
        self.records.as_chunks::<4>().0.iter().filter(|record| **record != [0; 4] && **record != [0xFF; 4]).map(
            |&[a, b, c, d]| TroubleEntry {
                spn: u32::from(a) | u32::from(b) << 8 | u32::from(c >> 5) << 16,
                fmi: c & 0x1F,
                count: d & 0x7F,
                old_order: d & 0x80 != 0,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn lamps_and_codes_are_read_and_padding_is_not() {
        let message =
            Diagnostic::parse(&[0x44, 0xFF, 0x6E, 0x00, 0x03, 0x05, 0x9C, 0xF3, 0xE2, 0x01, 0xFF, 0xFF]).unwrap();
        assert_eq!(message.lamp(Lamp::AmberWarning), LampState::On);
        assert_eq!(message.lamp(Lamp::Malfunction), LampState::On);
        assert_eq!(message.lamp(Lamp::RedStop), LampState::Off);
        let entries: Vec<_> = message.entries().map(|entry| (entry.spn, entry.fmi, entry.count)).collect();
        assert_eq!(entries, [(110, 3, 5), (0x7_F39C, 2, 1)]);
        assert_eq!(Diagnostic::parse(&[0x00, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF]).unwrap().entries().count(), 0);
        assert_eq!(Diagnostic::parse(&[0]), None);
    }
}

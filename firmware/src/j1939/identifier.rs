//! Who says what to whom: the parts of a 29-bit identifier (SAE J1939-21).

/// The address of everybody.
pub const GLOBAL: u8 = 0xFF;

/// The parts of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier {
    /// 0 goes first.
    pub priority: u8,
    /// The parameter group, without a destination in it.
    pub pgn: u32,
    /// Who says it.
    pub source: u8,
    /// To whom; [`GLOBAL`] for everybody.
    pub destination: u8,
}

impl Identifier {
    /// Takes the 29 bits of an identifier apart.
    pub const fn of(bits: u32) -> Self {
        let format = (bits >> 16) as u8;
        let specific = (bits >> 8) as u8;
        let pages = bits >> 8 & 0x3_0000;
        // Below 240 the second byte is the destination; from there on it belongs to the group.
        let (pgn, destination) = if format < 0xF0 {
            (pages | (format as u32) << 8, specific)
        } else {
            (pages | (format as u32) << 8 | specific as u32, GLOBAL)
        };
        Self { priority: (bits >> 26 & 7) as u8, pgn, source: bits as u8, destination }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_apart_as_the_standard_lays_them_out() {
        assert_eq!(
            Identifier::of(0x18FE_CA00),
            Identifier { priority: 6, pgn: 0xFECA, source: 0, destination: GLOBAL }
        );
        assert_eq!(
            Identifier::of(0x1CEC_FF21),
            Identifier { priority: 7, pgn: 0xEC00, source: 0x21, destination: 0xFF }
        );
        assert_eq!(Identifier::of(0x0CF0_0400).pgn, 61_444);
        assert_eq!(Identifier::of(0x19FE_CA00).pgn, 0x1_FECA);
    }
}

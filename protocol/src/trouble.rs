//! Diagnostic trouble codes: SAE J2012 two-byte codes and ISO 14229 three-byte codes.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A trouble code as ECUs send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TroubleCode {
    /// The two bytes of SAE J2012: two bits of system (P, C, B, U), two of first digit, three hexadecimal digits.
    pub code: u16,
    /// The failure type byte of a three-byte ISO 14229 code.
    pub failure_type: Option<u8>,
}

impl fmt::Display for TroubleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = ['P', 'C', 'B', 'U'][usize::from(self.code >> 14)];
        write!(f, "{system}{}{:03X}", self.code >> 12 & 3, self.code & 0xFFF)?;
        match self.failure_type {
            Some(failure_type) => write!(f, "-{failure_type:02X}"),
            None => Ok(()),
        }
    }
}

/// What is known of a trouble code at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TroubleStatus {
    /// Seen once, not confirmed (SAE J1979 service 07).
    Pending,
    /// Confirmed and stored (service 03).
    Confirmed,
    /// Permanent until the monitor passes (service 0A).
    Permanent,
    /// No longer reported.
    Cleared,
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn codes_print_as_sae_j2012_writes_them() {
        for (code, failure_type, text) in [
            (0x0301, None, "P0301"),
            (0x4A12, None, "C0A12"),
            (0xD123, None, "U1123"),
            (0x9234, Some(0x1F), "B1234-1F"),
        ] {
            assert_eq!(TroubleCode { code, failure_type }.to_string(), text);
        }
    }
}

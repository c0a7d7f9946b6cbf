//! OBD-II: SAE J1979 services over ISO 15765-4, understood whether we asked or somebody else did.

pub mod pids;
pub mod poll;
pub mod service;
pub mod trouble;

use crate::frame::EXTENDED;

/// The identifier on which every control unit listens, 11 bits.
pub const FUNCTIONAL: u32 = 0x7DF;

/// The identifier on which every control unit listens, 29 bits.
pub const FUNCTIONAL_29: u32 = 0x18DB_33F1 | EXTENDED;

/// Whether frames with this identifier (as [`crate::frame::raw`] writes it) answer a tester.
pub fn is_response(id: u32) -> bool {
    matches!(id, 0x7E8..=0x7EF) || id & 0xFFFF_FF00 == (0x18DA_F100 | EXTENDED)
}

/// The identifier on which the control unit that answers on `response` listens.
pub fn request_id(response: u32) -> u32 {
    if response & EXTENDED == 0 { response.saturating_sub(8) } else { 0x18DA_00F1 | EXTENDED | (response & 0xFF) << 8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_names_where_its_control_unit_listens() {
        assert_eq!(request_id(0x7E8), 0x7E0);
        assert_eq!(request_id(0x18DA_F110 | EXTENDED), 0x18DA_10F1 | EXTENDED);
        assert!(is_response(0x7EF) && is_response(0x18DA_F1FF | EXTENDED));
        assert!(!is_response(0x7E0) && !is_response(0x18DA_F110) && !is_response(FUNCTIONAL));
    }
}

//! Who called whom, read off a stack without any tables.
//!
//! A panic says only where it stands: texts and places of all panics of an image would take a sixth of its flash. What an image's symbols
//! make of these addresses says as much. Invariant: an address that is told stands behind a call instruction; a leftover of an earlier
//! call may be among them, and nothing here fails.

use core::ops::Range;

use heapless::String;

use crate::hex;

/// How many calls are told.
const DEPTH: usize = 8;

/// The longest text: a space and an address for each.
const TEXT_LEN: usize = DEPTH * 11;

/// Return addresses, the innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers(heapless::Vec<u32, DEPTH>);

impl Callers {
    /// Looks for return addresses into `code` among the words of a stack, from its top on; `instruction` reads a half word of the code.
    pub fn among(words: impl Iterator<Item = u32>, code: &Range<u32>, instruction: impl Fn(u32) -> u16) -> Self {
        let mut found = heapless::Vec::new();
        for word in words {
            // Bit 0 says that Thumb code goes on there.
            let Some(at) = word.checked_sub(1).filter(|at| at.is_multiple_of(2) && code.contains(at)) else { continue };
            let before = |bytes| at.checked_sub(bytes).filter(|at| code.contains(at)).map(&instruction);
            if is_call(before(4), before(2)) && found.push(at).is_err() {
                break;
            }
        }
        Self(found)
    }

    /// Each address behind a space.
    pub fn text(&self) -> String<TEXT_LEN> {
        let mut text = String::new();
        for at in &self.0 {
            // There is room for as many as are told.
            let _ = text.push(' ');
            let _ = text.push_str(&hex::word(*at));
        }
        text
    }
}

/// Whether an address behind these two half words follows a call: `BL` with an offset or `BLX` with a register (Armv7-M, A7.7.18 and 19).
fn is_call(first: Option<u16>, second: Option<u16>) -> bool {
    let by_offset =
        first.is_some_and(|half| half & 0xF800 == 0xF000) && second.is_some_and(|half| half & 0xD000 == 0xD000);
    by_offset || second.is_some_and(|half| half & 0xFF87 == 0x4780)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code from address 0x100 on.
    const CODE: [u16; 8] = [
        0xBF00, // NOP
        0xF000, 0xF801, // BL
        0xBF00, //
        0x4798, // BLX r3
        0xBF00, //
        0xF000, 0x8001, // B, and no call
    ];

    fn among(words: &[u32]) -> Callers {
        let code = 0x100..0x110;
        Callers::among(words.iter().copied(), &code, |at| CODE[((at - 0x100) / 2) as usize])
    }

    #[test]
    fn only_what_stands_behind_a_call_is_a_caller() {
        let words = [0x107, 0xDEAD_BEEF, 0x10B, 0x106, 0x109, 0x110 | 1, 0x101, 0x103, 1, 0, u32::MAX];
        assert_eq!(among(&words).text(), " 0x106 0x10a");
    }

    #[test]
    fn no_more_are_told_than_there_is_room_for() {
        assert_eq!(among(&[0x107; 50]).0.len(), DEPTH);
        assert_eq!(among(&[]).text(), "");
    }
}

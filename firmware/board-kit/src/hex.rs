//! Hexadecimal digits.
//!
//! The language's own come with all that a number can be formatted to, which is 2 KB of an image that needs nothing else of it.
//! Invariant: what is written reads back as the same number.

use core::fmt::{self, Write};

/// A number as `0x1a2b4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex(pub u32);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        let last = self.0.checked_ilog(16).unwrap_or(0);
        (0..=last).rev().try_for_each(|place| f.write_char(digit(self.0 >> place.saturating_mul(4))))
    }
}

/// Both digits of a byte.
pub fn digits(byte: u8) -> [char; 2] {
    [digit(u32::from(byte >> 4)), digit(byte.into())]
}

/// The digit of a number's lowest four bits.
fn digit(number: u32) -> char {
    char::from_digit(number & 0xF, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::{String, ToString};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_writes_what_the_language_would(number in any::<u32>(), shift in 0_u32..32, byte in any::<u8>()) {
            let number = number >> shift;
            prop_assert_eq!(Hex(number).to_string(), format!("{number:#x}"));
            prop_assert_eq!(String::from_iter(digits(byte)), format!("{byte:02x}"));
        }
    }
}

//! Hexadecimal digits.
//!
//! The language's own come with all that can be formatted, which is 1 KB and more of an image that needs nothing else of it.
//! Invariant: what is written reads back as the same number.

use heapless::String;

/// A number as `0x1a2b4`.
pub fn word(number: u32) -> String<10> {
    let mut text = String::new();
    let last = number.checked_ilog(16).unwrap_or(0);
    let digits = (0..=last).rev().map(|place| digit(number >> place.saturating_mul(4)));
    for character in ['0', 'x'].into_iter().chain(digits) {
        // Eight digits are the most, so there is room.
        let _ = text.push(character);
    }
    text
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
    use std::string::String;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_writes_what_the_language_would(number in any::<u32>(), shift in 0_u32..32, byte in any::<u8>()) {
            let number = number >> shift;
            let text = word(number);
            prop_assert_eq!(text.as_str(), format!("{number:#x}"));
            prop_assert_eq!(String::from_iter(digits(byte)), format!("{byte:02x}"));
        }
    }
}

//! Vehicle identification numbers: what is one, and what a wrongly typed one is caught by.
//!
//! Sources: ISO 3779 (17 letters and digits without I, O and Q), ISO 3780 (who built it), 49 CFR 565.15 (the check digit at
//! the ninth place, binding for cars of North America, and by GB 16735 for those of China; elsewhere the place is the
//! maker's own).
//! Invariant: a VIN that was read is upper case, and its check digit is right where it has to be.

use core::fmt;
use core::str::FromStr;

use alloc::string::String;

use serde::{Deserialize, Serialize};

/// How many letters and digits one has.
pub const VIN_LEN: usize = 17;

/// What each place weighs in the check digit; its own weighs nothing.
const WEIGHTS: [u32; VIN_LEN] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// A vehicle identification number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Vin(String);

/// Why a text is no VIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VinError {
    /// It does not have 17 letters and digits.
    Length(usize),
    /// A character that no VIN has, counted from 1: I, O and Q are left out because they look like 1 and 0.
    Letter(usize),
    /// The check digit does not belong to the rest; the one that would.
    Check(char),
}

impl fmt::Display for VinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(len) => write!(f, "{len} characters where a VIN has {VIN_LEN}"),
            Self::Letter(place) => write!(f, "character {place} is none that a VIN has"),
            Self::Check(digit) => write!(f, "the check digit at place 9 would have to be {digit}"),
        }
    }
}

impl core::error::Error for VinError {}

impl Vin {
    /// The 17 letters and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the check digit is binding where the car was built: North America (1 to 5) and China (L).
    pub fn is_checked(&self) -> bool {
        self.0.starts_with(['1', '2', '3', '4', '5', 'L'])
    }
}

impl fmt::Display for Vin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Vin {
    type Err = VinError;

    /// Reads a VIN as people type it: in any case, with blanks or hyphens between its parts.
    fn from_str(text: &str) -> Result<Self, VinError> {
        let typed = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
        let plain: String = typed.map(|letter| letter.to_ascii_uppercase()).collect();
        let count = plain.chars().count();
        if count != VIN_LEN {
            return Err(VinError::Length(count));
        }
        if let Some(at) = plain.chars().position(|letter| value(letter).is_none()) {
            return Err(VinError::Letter(at + 1));
        }
        let digit = check_digit(&plain).unwrap_or('0');
        let vin = Self(plain);
        if vin.is_checked() && vin.0.chars().nth(8) != Some(digit) {
            return Err(VinError::Check(digit));
        }
        Ok(vin)
    }
}

impl<'de> Deserialize<'de> for Vin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The digit that belongs into the ninth place of an upper-case number; `None` if a character is none that a VIN has.
pub fn check_digit(vin: &str) -> Option<char> {
    let sum: u32 = vin.chars().zip(WEIGHTS).map(|(letter, weight)| Some(weight * value(letter)?)).sum::<Option<_>>()?;
    match sum % 11 {
        10 => Some('X'),
        rest => char::from_digit(rest, 10),
    }
}

/// What a letter counts for: A to H, J to R and S to Z count from 1, 1 and 2; `None` for one that no VIN has.
pub fn value(letter: char) -> Option<u32> {
    match letter {
        '0'..='9' => letter.to_digit(10),
        'A'..='H' => Some(letter as u32 - 'A' as u32 + 1),
        'J'..='N' | 'P' | 'R' => Some(letter as u32 - 'J' as u32 + 1),
        'S'..='Z' => Some(letter as u32 - 'S' as u32 + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned;
    use std::string::ToString;

    use super::*;

    fn parse(text: &str) -> Result<Vin, VinError> {
        text.parse()
    }

    #[test]
    fn a_vin_is_read_as_people_type_it() {
        let vin = parse(" 1m8gd-m9axk p042788 ").expect("the example of the regulation");
        assert_eq!((vin.as_str(), vin.is_checked()), ("1M8GDM9AXKP042788", true));
        assert_eq!(parse("11111111111111111").map(|vin| vin.to_string()), Ok("11111111111111111".to_owned()));
        assert!(parse("WVWZZZ1KZAW000001").is_ok(), "a European maker fills the ninth place as it likes");
    }

    #[test]
    fn each_way_to_be_wrong_is_told() {
        for (text, error) in [
            ("1M8GDM9AXKP04278", VinError::Length(16)),
            ("1M8GDM9AXKP0427888", VinError::Length(18)),
            ("WVWZZZ1KZAW00000O", VinError::Letter(17)),
            ("1M8GDM9A1KP042788", VinError::Check('X')),
            ("1M8GDM9AXKP042789", VinError::Check('1')),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn any_two_neighbours_that_change_places_are_caught_or_count_the_same() {
        let right: std::vec::Vec<char> = "1M8GDM9AXKP042788".chars().collect();
        for at in (0..VIN_LEN - 1).filter(|at| *at != 7 && *at != 8 && right[*at] != right[*at + 1]) {
            let mut wrong = right.clone();
            wrong.swap(at, at + 1);
            let text: String = wrong.iter().collect();
            let same = value(right[at]) == value(right[at + 1]);
            assert_eq!(parse(&text).is_ok(), same || !"12345L".contains(wrong[0]), "{text}");
        }
    }
}

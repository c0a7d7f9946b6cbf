//! Vehicle identification numbers: check digit, maker and model year (ISO 3779, ISO 3780, 49 CFR 565).
//!
//! Invariant: what a number leaves open stays open; only makers for North America must fill in the check digit and the year,
//! so a wrong digit is told, not refused, and every year that the letter may stand for is named.

use milepost_engine::vin::{VIN_LEN, check_digit, value};
use serde::Serialize;

use super::makers::maker;

/// What a number tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The number, upper case.
    pub vin: String,
    /// Whether the ninth character is the check digit of the others, in a number whose tenth can be a model year.
    pub check_digit_ok: bool,
    /// The world manufacturer identifier: the first three characters.
    pub wmi: String,
    /// Who that is, where the common ones know it.
    pub maker: Option<&'static str>,
    /// The model years that the tenth character may stand for, the latest first.
    pub years: Vec<u16>,
}

/// Why a word is no vehicle identification number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VinError {
    /// Not 17 characters.
    #[error("a vehicle identification number has 17 characters, {0}")]
    Length(String),
    /// A character that ISO 3779 does not allow; I, O and Q look like digits.
    #[error("'{character}' does not occur in vehicle identification numbers, {vin}")]
    Character {
        /// The number.
        vin: String,
        /// The first such character.
        character: char,
    },
}

/// Reads a number; `latest_year` is the last model year that a car can have by now.
pub fn tell(word: &str, latest_year: u16) -> Result<Told, VinError> {
    let vin = word.trim().to_ascii_uppercase();
    if vin.chars().count() != VIN_LEN {
        return Err(VinError::Length(word.to_owned()));
    }
    if let Some(character) = vin.chars().find(|&character| value(character).is_none()) {
        return Err(VinError::Character { vin, character });
    }
    let at = |index: usize| char::from(vin.as_bytes()[index]);
    let wmi = vin[..3].to_owned();
    // U, Z and 0 are no model years: a number with one of them follows a scheme that has no check digit either.
    let has_year = YEARS.contains(at(9));
    Ok(Told {
        check_digit_ok: has_year && check_digit(&vin) == Some(at(8)),
        maker: maker(&wmi),
        // Ford in Australia writes year and month behind the plant.
        years: years(at(if wmi == "6FP" { 10 } else { 9 }), latest_year),
        wmi,
        vin,
    })
}

/// The letters of the model years from 1980 on; after thirty years they begin anew.
const YEARS: &str = "ABCDEFGHJKLMNPRSTVWXY123456789";

fn years(code: char, latest_year: u16) -> Vec<u16> {
    let Some(at) = YEARS.find(code) else { return Vec::new() };
    let mut years: Vec<u16> = (1980 + at as u16..=latest_year).step_by(YEARS.len()).collect();
    years.reverse();
    years
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_tells_maker_years_and_whether_its_digit_fits() {
        let told = tell("1m8gdm9axkp042788", 2027).unwrap();
        assert!(told.check_digit_ok);
        assert_eq!((told.wmi.as_str(), told.years), ("1M8", vec![2019, 1989]));
        assert!(!tell("WBY21CF090CU47924", 2027).unwrap().check_digit_ok);
        assert_eq!(tell("WBY21CF090CU47924", 2027).unwrap().years, Vec::<u16>::new());
    }

    #[test]
    fn a_year_that_has_not_come_is_no_candidate() {
        assert_eq!(years('W', 2027), [1998]);
        assert_eq!(years('1', 2031), [2031, 2001]);
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        assert_eq!(tell("123", 2027), Err(VinError::Length("123".into())));
        assert!(matches!(tell("1M8GDM9AXKP04278O", 2027), Err(VinError::Character { character: 'O', .. })));
        assert!(matches!(tell("1M8GDM9AXKP04278ß", 2027), Err(VinError::Character { character: 'ß', .. })));
    }

    proptest! {
        #[test]
        fn any_word_is_told_or_refused(word in "\\PC{0,20}") {
            let _ = tell(&word, 2027);
        }

        #[test]
        fn every_wrong_digit_in_a_numbers_place_is_found(
            number in "[A-HJ-NPR-Z0-9]{9}[A-HJ-NPR-TV-Y1-9][A-HJ-NPR-Z0-9]{7}", place in 0_usize..17, digit in 0_u32..10,
        ) {
            let mut characters: Vec<char> = number.chars().collect();
            characters[8] = '0';
            let right = check_digit(&characters.iter().collect::<String>()).unwrap();
            characters[8] = right;
            let number: String = characters.iter().collect();
            prop_assert!(tell(&number, 2027).unwrap().check_digit_ok);
            let new = char::from_digit(digit, 10).unwrap();
            if place != 8 && value(characters[place]) != value(new) {
                characters[place] = new;
                let wrong: String = characters.iter().collect();
                prop_assert!(!tell(&wrong, 2027).unwrap().check_digit_ok);
            }
        }
    }
}

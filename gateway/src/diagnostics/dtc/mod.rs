//! Trouble codes by hand: bytes in hexadecimal, or a code as it is spoken, to its sentence.
//!
//! Invariant: every code has a text; what the standard leaves to a manufacturer is said to be a manufacturer's.

mod failure_type;
mod powertrain;
mod series;
mod text;
mod vehicle;

use milepost_protocol::trouble::TroubleCode;
use serde::Serialize;

pub use text::text;

/// A trouble code, spelled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The bytes as they were given, upper case.
    pub raw: String,
    /// As SAE J2012 writes it, with the failure type behind a dash.
    pub code: String,
    /// What it means, a plain sentence or two.
    pub text: String,
    /// The status byte of ISO 14229, where it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Why a word is no trouble code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Neither digits nor a spoken code.
    #[error("not a trouble code in hexadecimal, {0}")]
    Digits(String),
    /// Too few or too many digits.
    #[error("a trouble code has two bytes, three with a failure type, four with a status, {0}")]
    Length(String),
}

/// Spells a trouble code out: `0301`, `581287`, `58128728` (with status), `P0301` or `C1812-87`.
pub fn tell(word: &str) -> Result<Told, WordError> {
    let raw = spoken(word).unwrap_or_else(|| word.trim_start_matches("0x").to_ascii_uppercase());
    if raw.is_empty() || !raw.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(WordError::Digits(word.to_owned()));
    }
    let number = u32::from_str_radix(&raw, 16).map_err(|_| WordError::Length(word.to_owned()))?;
    let [a, b, c, d] = number.to_be_bytes();
    let (code, failure_type, status) = match raw.len() {
        4 => (u16::from_be_bytes([c, d]), None, None),
        6 => (u16::from_be_bytes([b, c]), Some(d), None),
        8 => (u16::from_be_bytes([a, b]), Some(c), Some(d)),
        _ => return Err(WordError::Length(word.to_owned())),
    };
    let code = TroubleCode { code, failure_type };
    Ok(Told { raw, code: code.to_string(), text: text(code), status: status.map(|status| format!("{status:02X}")) })
}

/// The bytes of a code as it is spoken; it has five digits, so it is never mistaken for bytes.
fn spoken(word: &str) -> Option<String> {
    let (code, failure_type) = word.split_once('-').unwrap_or((word, ""));
    let mut characters = code.chars();
    let system = match characters.next()?.to_ascii_uppercase() {
        'P' => 0,
        'C' => 1,
        'B' => 2,
        'U' => 3,
        _ => return None,
    };
    let digits = characters.as_str();
    let number = u16::from_str_radix(digits, 16).ok().filter(|number| digits.len() == 4 && *number < 0x4000)?;
    Some(format!("{:04X}{}", system << 14 | number, failure_type.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_three_and_four_bytes_are_told_apart_by_their_number() {
        let told = |word| tell(word).unwrap();
        assert_eq!(told("c1aa").code, "U01AA");
        assert_eq!(told("581287").code, "C1812-87");
        assert_eq!(told("58128728").status.as_deref(), Some("28"));
        assert_eq!(told("P0301").raw, "0301");
        assert_eq!(told("b1603-00").raw, "960300");
        assert_eq!(tell("03"), Err(WordError::Length("03".into())));
        assert_eq!(tell("0301030103"), Err(WordError::Length("0301030103".into())));
        assert_eq!(tell("P9"), Err(WordError::Digits("P9".into())));
    }

    proptest! {
        #[test]
        fn any_word_is_told_or_refused(word in "\\PC{0,12}") {
            let _ = tell(&word);
        }

        #[test]
        fn every_code_has_a_sentence_and_is_spoken_back_to_its_bytes(code: u16, failure_type: Option<u8>) {
            let code = TroubleCode { code, failure_type };
            let told = tell(&code.to_string()).unwrap();
            prop_assert_eq!(&told.code, &code.to_string());
            prop_assert!(told.text.len() > 10 && told.text.ends_with('.'));
        }
    }
}

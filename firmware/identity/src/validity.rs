//! From when until when a certificate is valid, read from its DER.
//!
//! Source: RFC 5280 §4.1. Invariant: bytes that do not follow it have no validity; nothing is guessed.

use crate::der::{Reader, tag};

/// A certificate's first and last second, Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first.
    pub from_s: u64,
    /// The last.
    pub until_s: u64,
}

/// Reads the validity out of its place in a certificate.
pub fn read(reader: &mut Reader<'_>) -> Option<Validity> {
    let mut times = reader.enter(tag::SEQUENCE)?;
    let (from_s, until_s) = (time(&mut times)?, time(&mut times)?);
    times.is_empty().then_some(Validity { from_s, until_s })
}

fn time(reader: &mut Reader<'_>) -> Option<u64> {
    let (kind, text) = reader.any()?;
    let (year, text) = match kind {
        // Two digits: 50 to 99 lie in the last century (RFC 5280 §4.1.2.5.1).
        tag::UTC_TIME => {
            let (year, text) = number(text, 2)?;
            (if year < 50 { year.checked_add(2000)? } else { year.checked_add(1900)? }, text)
        }
        tag::GENERALIZED_TIME => number(text, 4)?,
        _ => return None,
    };
    let (month, text) = number(text, 2)?;
    let (day, text) = number(text, 2)?;
    let (hour, text) = number(text, 2)?;
    let (minute, text) = number(text, 2)?;
    let (second, text) = number(text, 2)?;
    let plausible = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61
        && text == b"Z";
    if !plausible {
        return None;
    }
    let seconds = days(year, month, day)?.checked_mul(86_400)?;
    let of_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    seconds.checked_add(of_day)
}

fn number(text: &[u8], digits: usize) -> Option<(u64, &[u8])> {
    let (head, rest) = text.split_at_checked(digits)?;
    let mut value = 0_u64;
    for digit in head {
        let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some((value, rest))
}

/// Days since 1970 of a date of the Gregorian calendar, after Howard Hinnant's "chrono-compatible low-level date algorithms".
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    // The year begins in March, so that the leap day is its last.
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let month = month.checked_add(9)? % 12;
    let of_year = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?.checked_sub(1)?;
    let leap = (year / 4).checked_sub(year / 100)?.checked_add(year / 400)?;
    year.checked_mul(365)?.checked_add(leap)?.checked_add(of_year)?.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from([tag, content.len() as u8]);
        bytes.extend_from_slice(content);
        bytes
    }

    fn of(times: &[&[u8]]) -> Option<Validity> {
        read(&mut Reader::new(&value(tag::SEQUENCE, &times.concat())))
    }

    #[test]
    fn both_forms_of_time_are_read_across_centuries_and_leap_days() {
        for (form, text, expected) in [
            (tag::UTC_TIME, "700101000000Z", 0),
            (tag::UTC_TIME, "240229235959Z", 1_709_251_199),
            (tag::GENERALIZED_TIME, "20000301000000Z", 951_868_800),
            (tag::GENERALIZED_TIME, "20991231235959Z", 4_102_444_799),
        ] {
            let at = value(form, text.as_bytes());
            assert_eq!(of(&[&at, &at]), Some(Validity { from_s: expected, until_s: expected }), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_makes_no_validity() {
        let good = value(tag::UTC_TIME, b"240229235959Z");
        for text in ["24022923595Z", "241329235959Z", "2402292359590", "24022923595xZ", "240229245959Z", ""] {
            assert_eq!(of(&[&good, &value(tag::UTC_TIME, text.as_bytes())]), None, "{text}");
        }
        assert_eq!(of(&[&good, &value(tag::INTEGER, b"240229235959Z")]), None, "another type");
        assert_eq!(of(&[&good]), None, "no end");
        assert_eq!(of(&[&good, &good, &good]), None, "a third time");
    }
}

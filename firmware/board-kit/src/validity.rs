//! From when until when a certificate is valid, read from its DER.
//!
//! Source: RFC 5280 §4.1. Invariant: bytes that do not follow it have no validity; nothing is guessed.

/// A certificate's first and last second, Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from_s: u64,
    pub(crate) until_s: u64,
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// Reads the validity of a certificate.
pub(crate) fn of(certificate: &[u8]) -> Option<Validity> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if let Some((_, behind)) = expect(rest, VERSION) {
        rest = behind;
    }
    // Serial number, signature algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, rest) = expect(rest, tag)?;
    }
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (from_s, rest) = time(validity)?;
    let (until_s, _) = time(rest)?;
    Some(Validity { from_s, until_s })
}

/// The content of the first element, which has to carry `tag`, and what stands behind it.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81 => rest.split_first().map(|(&len, rest)| (usize::from(len), rest))?,
        0x82 => rest.split_first_chunk::<2>().map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (tag, text, rest) = element(bytes)?;
    let (year, text) = match tag {
        // Two digits: 50 to 99 lie in the last century (RFC 5280 §4.1.2.5.1).
        UTC_TIME => {
            let (year, text) = number(text, 2)?;
            (if year < 50 { year.checked_add(2000)? } else { year.checked_add(1900)? }, text)
        }
        GENERALIZED_TIME => number(text, 4)?,
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
    Some((seconds.checked_add(of_day)?, rest))
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

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from([tag, 0x82]);
        bytes.extend_from_slice(&(content.len() as u16).to_be_bytes());
        bytes.extend_from_slice(content);
        bytes
    }

    fn certificate(from: &[u8], until: &[u8]) -> Vec<u8> {
        let validity = der(SEQUENCE, &[from, until].concat());
        let parts = [der(VERSION, &[]), der(INTEGER, &[1]), der(SEQUENCE, &[]), der(SEQUENCE, &[]), validity];
        der(SEQUENCE, &der(SEQUENCE, &parts.concat()))
    }

    #[test]
    fn both_forms_of_time_are_read_across_centuries_and_leap_days() {
        for (form, text, expected) in [
            (UTC_TIME, "700101000000Z", 0),
            (UTC_TIME, "240229235959Z", 1_709_251_199),
            (GENERALIZED_TIME, "20000301000000Z", 951_868_800),
            (GENERALIZED_TIME, "20991231235959Z", 4_102_444_799),
        ] {
            let at = der(form, text.as_bytes());
            assert_eq!(of(&certificate(&at, &at)), Some(Validity { from_s: expected, until_s: expected }), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_no_certificate_has_no_validity() {
        let good = der(UTC_TIME, b"240229235959Z");
        for text in ["24022923595Z", "241329235959Z", "2402292359590", "24022923595xZ", "240229245959Z"] {
            assert_eq!(of(&certificate(&good, &der(UTC_TIME, text.as_bytes()))), None, "{text}");
        }
        let whole = certificate(&good, &good);
        for len in 0..whole.len() {
            assert_eq!(of(&whole[..len]), None, "{len} bytes");
        }
    }
}

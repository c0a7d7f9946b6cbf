//! The small pieces that all formats of logs are made of: times, identifiers, bytes.
//!
//! Invariant: every function takes any text, and none fails otherwise than by its answer.

use embedded_can::{ExtendedId, Id, StandardId};

use super::entry::{LineError, Payload};

/// The most data of a classic frame, in bytes.
pub(super) const CLASSIC: usize = 8;
/// The most data of a CAN FD frame, in bytes.
pub(super) const FD: usize = 64;

/// A number of seconds without a sign, as microseconds; digits behind the sixth are cut off.
pub(super) fn seconds(text: &str) -> Option<u64> {
    scaled(text, 6)
}

/// A decimal number without a sign, times ten to the power of `places`.
pub(super) fn scaled(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.get(..places).unwrap_or(fraction);
    let scale = 10_u64.pow((places - fraction.len()) as u32);
    let behind = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()?.checked_mul(scale)? };
    whole.parse::<u64>().ok()?.checked_mul(10_u64.pow(places as u32))?.checked_add(behind)
}

/// `year-month-day hours:minutes:seconds` as microseconds since 1970.
pub(super) fn date_time(date: &str, time: &str) -> Option<u64> {
    let mut parts = date.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let mut parts = time.splitn(3, ':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let within = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !within || hours > 23 || minutes > 59 {
        return None;
    }
    // Days since 1970 in the Gregorian calendar, with years that begin in March.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1 - 719_468;
    (days * 86_400 + hours * 3_600 + minutes * 60).checked_mul(1_000_000)?.checked_add(seconds(parts.next()?)?)
}

/// An identifier of 11 or 29 bits.
pub(super) fn identifier(raw: u32, extended: bool) -> Result<Id, LineError> {
    let id = if extended {
        ExtendedId::new(raw).map(Id::from)
    } else {
        u16::try_from(raw).ok().and_then(StandardId::new).map(Id::from)
    };
    id.ok_or(LineError::IdentifierRange)
}

/// A whole number in base 10 or 16; a sign is none.
pub(super) fn number(text: &str, base: u32) -> Option<u32> {
    if text.is_empty() || text.starts_with(['+', '-']) { None } else { u32::from_str_radix(text, base).ok() }
}

/// A hexadecimal number, with or without `0x` before it.
pub(super) fn hex(text: &str) -> Option<u32> {
    number(text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text), 16)
}

/// As many bytes of the words as `length` says; it is an error if there are fewer.
pub(super) fn bytes<'t>(words: impl Iterator<Item = &'t str>, length: usize, base: u32) -> Result<Payload, LineError> {
    if length > FD {
        return Err(LineError::Length);
    }
    let mut data = Vec::with_capacity(length);
    for word in words.take(length) {
        let byte = number(word, base).and_then(|number| u8::try_from(number).ok()).ok_or(LineError::Data)?;
        // A byte of one digit is what is left of two; no writer leaves the nought away.
        if base == 16 && word.len() != 2 {
            return Err(if data.len() + 1 < length { LineError::Data } else { LineError::Cut });
        }
        data.push(byte);
    }
    if data.len() < length { Err(LineError::Cut) } else { Ok(Payload::Data(data)) }
}

/// Bytes written as digits without a gap.
pub(super) fn packed(text: &str) -> Result<Vec<u8>, LineError> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(LineError::Data);
    }
    let digit = |byte: u8| (byte as char).to_digit(16).ok_or(LineError::Data);
    let pairs = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => Ok((digit(*high)? << 4 | digit(*low)?) as u8),
        _ => Err(LineError::Data),
    });
    pairs.collect()
}

/// The length that a data length code stands for (ISO 11898-1).
pub(super) fn length_of_code(code: u32) -> Option<usize> {
    const LONG: [usize; 7] = [12, 16, 20, 24, 32, 48, 64];
    match code {
        0..=8 => Some(code as usize),
        _ => LONG.get(code as usize - 9).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_to_the_microsecond_and_never_guessed() {
        assert_eq!(seconds("1436509052.249713"), Some(1_436_509_052_249_713));
        assert_eq!(seconds("1.0000019"), Some(1_000_001));
        assert_eq!(seconds("7"), Some(7_000_000));
        assert_eq!(scaled("1059.9", 3), Some(1_059_900));
        for wrong in ["", ".", "-1", "1e5", "99999999999999999999"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_date_becomes_the_seconds_that_unix_counts() {
        assert_eq!(date_time("1970-01-01", "00:00:00"), Some(0));
        assert_eq!(date_time("2024-02-29", "12:34:56.5"), Some(1_709_210_096_500_000));
        assert_eq!(date_time("2024-13-01", "00:00:00"), None);
    }

    #[test]
    fn codes_beyond_eight_are_the_lengths_of_can_fd() {
        assert_eq!([8, 9, 13, 15].map(length_of_code), [Some(8), Some(12), Some(32), Some(64)]);
        assert_eq!(length_of_code(16), None);
    }
}

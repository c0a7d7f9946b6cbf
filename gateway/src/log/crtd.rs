//! CRTD, the log of OVMS modules: `seconds [bus]KIND ID DD DD …`, one record a line.
//!
//! Invariant: records that begin with `C` are the module's own remarks and never frames.

use super::entry::{Entry, LineError, Payload};
use super::parse::{self, FD};

/// Whether a line is one that only such a file has.
pub(super) fn is_one(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let timed = words.next().is_some_and(|word| parse::seconds(word).is_some());
    timed && words.next().is_some_and(|word| kind(word).is_some())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Frame { extended: bool },
    Remark,
}

/// The bus and the kind of a record.
fn kind(word: &str) -> Option<(&str, Kind)> {
    let at = word.find(|character: char| !character.is_ascii_digit())?;
    let (bus, name) = word.split_at_checked(at)?;
    let kind = match name {
        "R11" | "T11" => Kind::Frame { extended: false },
        "R29" | "T29" => Kind::Frame { extended: true },
        _ if name.len() == 3 && name.starts_with('C') && name.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            Kind::Remark
        }
        _ => return None,
    };
    // A record without a bus is of the first.
    Some((if bus.is_empty() { "1" } else { bus }, kind))
}

/// Reads one line; `None` if it is not meant to carry a frame.
pub fn line(line: &str) -> Result<Option<Entry>, LineError> {
    let mut words = line.split_whitespace();
    let Some(stamp) = words.next() else { return Ok(None) };
    let at_us = parse::seconds(stamp).ok_or(LineError::Time)?;
    let (bus, kind) = words.next().and_then(kind).ok_or(LineError::Event)?;
    let Kind::Frame { extended } = kind else { return Ok(None) };
    let id = words.next().ok_or(LineError::Cut)?;
    let id = parse::identifier(parse::number(id, 16).ok_or(LineError::Identifier)?, extended)?;
    let count = words.clone().count();
    if count > FD {
        return Err(LineError::Length);
    }
    Ok(Some(Entry { at_us, channel: bus.to_owned(), id, payload: data(words, count)? }))
}

fn data<'t>(words: impl Iterator<Item = &'t str>, count: usize) -> Result<Payload, LineError> {
    parse::bytes(words, count, 16)
}

#[cfg(test)]
mod tests {
    use embedded_can::{ExtendedId, StandardId};

    use super::*;

    #[test]
    fn frames_of_both_widths_read_and_remarks_are_passed_over() {
        let short = Entry {
            at_us: 1_542_473_901_020_305,
            channel: "1".into(),
            id: StandardId::new(0x7E8).unwrap().into(),
            payload: Payload::Data(vec![4, 0x41]),
        };
        assert_eq!(line("1542473901.020305 1R11 7E8 04 41"), Ok(Some(short.clone())));
        assert_eq!(line("1542473901.020305 R11 7E8 04 41"), Ok(Some(short)));
        let long = Entry {
            at_us: 100_000,
            channel: "2".into(),
            id: ExtendedId::new(0x18DA_F110).unwrap().into(),
            payload: Payload::Data(vec![]),
        };
        assert_eq!(line("0.1 2T29 18DAF110"), Ok(Some(long)));
        assert_eq!(line("0.1 CXX OVMS CRTD"), Ok(None));
        assert_eq!(line("0.1 1CEV vehicle.on"), Ok(None));
    }

    #[test]
    fn cut_and_unknown_records_are_named() {
        assert_eq!(line("0.1 1R11 7E8 04 4"), Err(LineError::Cut));
        assert_eq!(line("0.1 1R11"), Err(LineError::Cut));
        assert_eq!(line("0.1 1X11 7E8 04"), Err(LineError::Event));
        assert_eq!(line("soon 1R11 7E8 04"), Err(LineError::Time));
    }
}

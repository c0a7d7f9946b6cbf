//! What `candump` of can-utils writes: `(seconds) interface ID#DATA` to files, `interface ID [n] DD DD` to terminals.
//!
//! Also read: CAN FD (`ID##fDATA`), remote frames, the time stamps of `-t a` and `-t A`, the flags of `-x`, dots between bytes.
//! Invariant: three digits are an 11-bit identifier and eight a 29-bit one, as can-utils writes them.

use embedded_can::Id;

use super::entry::{Entry, LineError, Payload};
use super::parse::{self, CLASSIC, FD};

/// Set in the identifier of an error frame, as Linux writes it into logs.
const ERROR_FLAG: u32 = 0x2000_0000;

/// Reads one line; `None` for an empty line or a comment.
pub fn parse_line(line: &str) -> Result<Option<Entry>, LineError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (at_us, rest) = match line.strip_prefix('(') {
        Some(rest) => {
            let (time, rest) = rest.split_once(')').ok_or(LineError::Time)?;
            (stamp(time.trim()).ok_or(LineError::Time)?, rest)
        }
        // A terminal without `-t` shows no time; a file always does.
        None if is_terminal(line) => (0, line),
        None => return Err(LineError::Time),
    };
    let (channel, rest) = rest.trim_start().split_once(char::is_whitespace).ok_or(LineError::Channel)?;
    let frame = rest.trim_start();
    let (id, payload) = match frame.split_once('#') {
        Some((id, data)) if !id.contains(char::is_whitespace) => (identifier(id)?, file_data(data)?),
        _ => terminal_frame(frame)?,
    };
    Ok(Some(Entry { at_us, channel: channel.to_owned(), id, payload }))
}

/// Whether a line without a time is one that a terminal showed.
pub(super) fn is_terminal(line: &str) -> bool {
    line.split_whitespace().take(7).any(|word| length(word).is_some())
}

fn stamp(text: &str) -> Option<u64> {
    match text.split_once(' ') {
        Some((date, time)) => parse::date_time(date, time.trim()),
        None => parse::seconds(text),
    }
}

fn file_data(data: &str) -> Result<Payload, LineError> {
    match data.strip_prefix('#') {
        // The digit behind the second '#' holds the bit-rate and error flags, which say nothing about the data.
        Some(fd) => {
            let mut digits = fd.chars();
            digits.next().filter(char::is_ascii_hexdigit).ok_or(LineError::Data)?;
            Ok(Payload::Data(joined(digits.as_str(), FD)?))
        }
        None if data.starts_with(['R', 'r']) => Ok(Payload::Remote),
        None => Ok(Payload::Data(joined(data, CLASSIC)?)),
    }
}

/// `[RX B E] ID [n] DD DD …`, as a terminal shows it.
fn terminal_frame(text: &str) -> Result<(Id, Payload), LineError> {
    let mut words = text.split_whitespace();
    let mut before = None;
    let length = loop {
        let word = words.next().ok_or(LineError::Identifier)?;
        match length(word) {
            Some(length) => break length,
            None => before = Some(word),
        }
    };
    if text.ends_with("ERRORFRAME") {
        return Err(LineError::ErrorFrame);
    }
    let id = identifier(before.ok_or(LineError::Identifier)?)?;
    let mut words = words.peekable();
    if words.peek() == Some(&"remote") {
        return Ok((id, Payload::Remote));
    }
    parse::bytes(words, length, 16).map(|payload| (id, payload))
}

/// The number in `[n]`.
fn length(word: &str) -> Option<usize> {
    let digits = word.strip_prefix('[')?.strip_suffix(']')?;
    parse::number(digits, 10).map(|length| length as usize)
}

fn identifier(text: &str) -> Result<Id, LineError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LineError::Identifier);
    }
    let raw = parse::number(text, 16).ok_or(LineError::IdentifierRange)?;
    match text.len() {
        8 if raw & !(ERROR_FLAG | 0x1FFF_FFFF) == 0 && raw & ERROR_FLAG != 0 => Err(LineError::ErrorFrame),
        1..=3 => parse::identifier(raw, false),
        4..=8 => parse::identifier(raw, true),
        _ => Err(LineError::IdentifierRange),
    }
}

fn joined(text: &str, most: usize) -> Result<Vec<u8>, LineError> {
    // Some writers append the direction after a blank, and `_8` style raw DLC suffixes exist.
    let text = text.split_once('_').map_or(text, |(data, _)| data);
    let mut data = Vec::with_capacity(most);
    let mut high = None;
    for character in text.chars() {
        if character == '.' {
            continue;
        }
        if character.is_whitespace() {
            break;
        }
        let digit = character.to_digit(16).ok_or(LineError::Data)? as u8;
        match high.take() {
            None => high = Some(digit),
            Some(high) if data.len() < most => data.push(high << 4 | digit),
            Some(_) => return Err(LineError::Length),
        }
    }
    if high.is_some() { Err(LineError::Data) } else { Ok(data) }
}

#[cfg(test)]
mod tests {
    use embedded_can::{ExtendedId, StandardId};

    use super::*;

    #[test]
    fn what_a_terminal_shows_reads_like_what_a_file_holds() {
        let frame =
            |at_us, channel: &str, id: Id, payload| Ok(Some(Entry { at_us, channel: channel.to_owned(), id, payload }));
        let short: Id = StandardId::new(0x123).unwrap().into();
        let long: Id = ExtendedId::new(0x18DA_F110).unwrap().into();
        for (line, expected) in [
            (" (000.000100)  can0  123   [2]  11 22", frame(100, "can0", short, Payload::Data(vec![0x11, 0x22]))),
            ("  can0  123   [2]  11 22   '..'", frame(0, "can0", short, Payload::Data(vec![0x11, 0x22]))),
            ("  can0  RX - -  18DAF110   [1]  3E", frame(0, "can0", long, Payload::Data(vec![0x3E]))),
            ("  can0  123  [02]  11 22", frame(0, "can0", short, Payload::Data(vec![0x11, 0x22]))),
            ("  can0  123   [0]  remote request", frame(0, "can0", short, Payload::Remote)),
            (
                " (2024-02-29 12:34:56.500000)  can0  123   [0] ",
                frame(1_709_210_096_500_000, "can0", short, Payload::Data(vec![])),
            ),
            ("  can0  20000088   [8]  00 00 00 19 00 00 00 00   ERRORFRAME", Err(LineError::ErrorFrame)),
            ("(1.0) can0 20000088#0000001900000000", Err(LineError::ErrorFrame)),
            ("  can0  123   [8]  11 22", Err(LineError::Cut)),
            ("  can0  123   [2]  11 2", Err(LineError::Cut)),
        ] {
            assert_eq!(parse_line(line), expected, "{line}");
        }
    }
}

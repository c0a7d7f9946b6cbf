//! PEAK TRC, written by `PCAN-View` and PCAN-Explorer, versions 1.0 to 2.1: the columns are those of the version or those that the file names.
//!
//! Invariant: an identifier of four digits or fewer has 11 bits, a longer one 29, as PEAK writes them.

use super::entry::{Entry, LineError, Payload};
use super::parse;

/// Reads the lines of one file.
#[derive(Debug, Clone)]
pub struct Trc {
    /// PEAK's letters: N number, O offset, T type, B bus, I identifier, d direction, R reserved, L code or l length, D data.
    columns: Vec<char>,
    version: u32,
}

impl Default for Trc {
    fn default() -> Self {
        Self { columns: columns_of(10), version: 10 }
    }
}

/// Whether a line is one that only such a file has.
pub(super) fn is_one(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(";$") || line.split_whitespace().next().is_some_and(is_numbered)
}

fn is_numbered(word: &str) -> bool {
    word.strip_suffix(')').is_some_and(|digits| parse::number(digits, 10).is_some())
}

fn columns_of(version: u32) -> Vec<char> {
    match version {
        ..=10 => "NOIlD",
        11 => "NOdIlD",
        12 => "NOBdIlD",
        13..=19 => "NOBdIRlD",
        20 => "NOTIdlD",
        _ => "NOTBIdRlD",
    }
    .chars()
    .collect()
}

impl Trc {
    /// Reads one line; `None` if it is not meant to carry a frame.
    pub fn line(&mut self, line: &str) -> Result<Option<Entry>, LineError> {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix(';') {
            self.head(comment.trim());
            return Ok(None);
        }
        if line.is_empty() { Ok(None) } else { self.frame(line).map(Some) }
    }

    fn head(&mut self, comment: &str) {
        if let Some(version) = comment.strip_prefix("$FILEVERSION=") {
            self.version =
                parse::scaled(version.trim(), 1).and_then(|version| u32::try_from(version).ok()).unwrap_or(10);
            self.columns = columns_of(self.version);
        } else if let Some(columns) = comment.strip_prefix("$COLUMNS=") {
            self.columns = columns.trim().chars().filter(char::is_ascii_alphabetic).collect();
        }
    }

    fn frame(&self, line: &str) -> Result<Entry, LineError> {
        let mut words = line.split_whitespace();
        let (mut at_us, mut channel, mut id, mut length) = (None, "1", None, None);
        let mut kind = "";
        for column in &self.columns {
            if *column == 'D' {
                break;
            }
            let word = words.next().ok_or(LineError::Cut)?;
            match column {
                'O' => at_us = Some(parse::scaled(word, 3).ok_or(LineError::Time)?),
                'B' => channel = word,
                'T' => kind = word,
                // In files of version 1 the direction also says what is no frame.
                'd' => match word.to_ascii_lowercase().as_str() {
                    "rx" | "tx" => {}
                    "error" => return Err(LineError::ErrorFrame),
                    _ => return Err(LineError::Event),
                },
                'I' => match word.to_ascii_uppercase().as_str() {
                    "FFFFFFFF" => return Err(LineError::Event),
                    // Events of version 2 have no identifier.
                    "-" => return Err(not_a_frame(kind)),
                    _ => id = Some(word),
                },
                'L' | 'l' => {
                    let number = parse::number(word, 10).ok_or(LineError::Length)?;
                    let coded = *column == 'L';
                    length = Some(if coded { parse::length_of_code(number) } else { Some(number as usize) });
                }
                _ => {}
            }
        }
        let remote = match kind {
            "" | "DT" | "FD" | "FB" | "FE" | "BI" => false,
            "RR" => true,
            _ => return Err(not_a_frame(kind)),
        };
        let at_us = at_us.ok_or(LineError::Time)?;
        let digits = id.ok_or(LineError::Identifier)?;
        let raw = parse::number(digits, 16).ok_or(LineError::Identifier)?;
        let id = parse::identifier(raw, digits.len() > 4)?;
        let length = length.ok_or(LineError::Cut)?.ok_or(LineError::Length)?;
        let mut words = words.peekable();
        let payload =
            if remote || words.peek() == Some(&"RTR") { Payload::Remote } else { parse::bytes(words, length, 16)? };
        Ok(Entry { at_us, channel: channel.to_owned(), id, payload })
    }
}

fn not_a_frame(kind: &str) -> LineError {
    if matches!(kind, "ER" | "EC") { LineError::ErrorFrame } else { LineError::Event }
}

#[cfg(test)]
mod tests {
    use embedded_can::{ExtendedId, Id, StandardId};

    use super::*;

    fn read(head: &[&str], line: &str) -> Result<Option<Entry>, LineError> {
        let mut trc = Trc::default();
        for line in head {
            assert_eq!(trc.line(line), Ok(None));
        }
        trc.line(line)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside what a line reads as")]
    fn entry(at_us: u64, channel: &str, id: Id, payload: Payload) -> Result<Option<Entry>, LineError> {
        Ok(Some(Entry { at_us, channel: channel.to_owned(), id, payload }))
    }

    #[test]
    fn every_version_has_its_own_columns() {
        let short: Id = StandardId::new(0x300).unwrap().into();
        let long: Id = ExtendedId::new(0x300).unwrap().into();
        let data = || Payload::Data(vec![0xA0, 0x0B]);
        for (head, line, expected) in [
            (&[][..], "    1)      1059  0300  2  A0 0B", entry(1_059_000, "1", short, data())),
            (
                &[";$FILEVERSION=1.1", ";$STARTTIME=39878.6772258947"],
                "     1)      1059.9  Rx         0300  2  A0 0B",
                entry(1_059_900, "1", short, data()),
            ),
            (&[";$FILEVERSION=1.1"], "1) 1.0 Tx 00000300 0 RTR", entry(1_000, "1", long, Payload::Remote)),
            (&[";$FILEVERSION=1.2"], "1) 1.0 2 Rx 0300 2 A0 0B", entry(1_000, "2", short, data())),
            (&[";$FILEVERSION=1.3"], "1) 1.0 2 Rx 00000300 - 2 A0 0B", entry(1_000, "2", long, data())),
            (&[";$FILEVERSION=2.0"], "1 1.0 DT 0300 Rx 2 A0 0B", entry(1_000, "1", short, data())),
            (
                &[";$FILEVERSION=2.1", ";$COLUMNS=N,O,T,B,I,d,R,L,D"],
                "1 1.0 FB 3 0300 Rx - 9 00 01 02 03 04 05 06 07 08 09 0A 0B",
                entry(1_000, "3", short, Payload::Data((0..12).collect())),
            ),
            (&[";$FILEVERSION=2.0"], "1 1.0 RR 0300 Rx 8", entry(1_000, "1", short, Payload::Remote)),
        ] {
            assert_eq!(read(head, line), expected, "{line}");
        }
    }

    #[test]
    fn warnings_and_errors_of_the_bus_are_no_frames() {
        for (head, line, error) in [
            (";$FILEVERSION=1.1", "1) 1.0 Warng FFFFFFFF 4 00 00 00 08 BUSHEAVY", LineError::Event),
            (";$FILEVERSION=1.1", "1) 1.0 Error 0008 4 00 19 08 08", LineError::ErrorFrame),
            (";$FILEVERSION=2.0", "1 1.0 ST - Rx 4 00 00 00 04", LineError::Event),
            (";$FILEVERSION=2.0", "1 1.0 ER - Rx 5 04 00 02 00 00", LineError::ErrorFrame),
            (";$FILEVERSION=2.0", "1 1.0 DT 0300 Rx 8 00 01", LineError::Cut),
            (";$FILEVERSION=2.0", "1 one DT 0300 Rx 8 00 01", LineError::Time),
        ] {
            assert_eq!(read(&[head], line), Err(error), "{line}");
        }
    }
}

//! Vector ASC, written by `CANalyzer`, `CANoe` and many others: classic and CAN FD frames, in hexadecimal or decimal, in absolute or relative time.
//!
//! Invariant: what the header says (base, time stamps) holds until another header; without one, hexadecimal and absolute are taken.

use super::entry::{Entry, LineError, Payload};
use super::parse::{self, CLASSIC};

/// Reads the lines of one file.
#[derive(Debug, Clone)]
pub struct Asc {
    base: u32,
    relative: bool,
    at_us: u64,
}

impl Default for Asc {
    fn default() -> Self {
        Self { base: 16, relative: false, at_us: 0 }
    }
}

/// Whether a line is one that only such a file has: its head, or a frame.
pub(super) fn is_one(line: &str) -> bool {
    let lower = line.trim().to_ascii_lowercase();
    is_head(&lower) || lower.starts_with("// version") || {
        let mut words = lower.split_whitespace();
        let timed = words.next().is_some_and(|word| word.contains('.') && parse::seconds(word).is_some());
        let channel = words.next().is_some_and(|word| word == "canfd" || parse::number(word, 10).is_some());
        timed && channel && words.any(|word| matches!(word, "rx" | "tx" | "txrq" | "errorframe"))
    }
}

fn is_head(lower: &str) -> bool {
    const HEADS: [&str; 6] =
        ["date ", "base ", "internal events logged", "no internal events logged", "begin trigger", "end trigger"];
    HEADS.iter().any(|head| lower.starts_with(head))
}

impl Asc {
    /// Reads one line; `None` if it is not meant to carry a frame.
    pub fn line(&mut self, line: &str) -> Result<Option<Entry>, LineError> {
        let line = line.trim();
        let lower = line.to_ascii_lowercase();
        if line.is_empty() || line.starts_with("//") {
            return Ok(None);
        }
        if is_head(&lower) {
            self.head(&lower);
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let stamp = words.next().and_then(parse::seconds).ok_or(LineError::Time)?;
        self.at_us = if self.relative { self.at_us.saturating_add(stamp) } else { stamp };
        let second = words.next().ok_or(LineError::Channel)?;
        if second.eq_ignore_ascii_case("canfd") {
            return self.fd(words).map(Some);
        }
        if parse::number(second, 10).is_none() {
            return if lower.contains("start of measurement") { Ok(None) } else { Err(LineError::Event) };
        }
        self.classic(second, words).map(Some)
    }

    fn head(&mut self, lower: &str) {
        let mut words = lower.split_whitespace();
        while let Some(word) = words.next() {
            match (word, words.clone().next()) {
                ("base", Some("dec")) => self.base = 10,
                ("base", Some("hex")) => self.base = 16,
                ("timestamps", Some(kind)) => self.relative = kind == "relative",
                _ => {}
            }
        }
    }

    /// `ID Rx d LENGTH DD …` behind the time and the channel.
    fn classic<'t>(&self, channel: &str, mut words: impl Iterator<Item = &'t str>) -> Result<Entry, LineError> {
        let id = words.next().ok_or(LineError::Identifier)?;
        if id.eq_ignore_ascii_case("errorframe") {
            return Err(LineError::ErrorFrame);
        }
        if id.ends_with(':') {
            return Err(LineError::Event);
        }
        let direction = words.next().ok_or(LineError::Cut)?;
        if !is_direction(direction) {
            return Err(LineError::Event);
        }
        let kind = words.next().ok_or(LineError::Cut)?;
        let payload = match kind {
            "r" | "R" => Payload::Remote,
            "d" | "D" => {
                let code = words.next().ok_or(LineError::Cut)?;
                let code = parse::number(code, self.base).filter(|&code| code <= 15).ok_or(LineError::Length)?;
                // Codes above eight are allowed on a classic bus and stand for eight bytes.
                parse::bytes(words, (code as usize).min(CLASSIC), self.base)?
            }
            _ => return Err(LineError::Event),
        };
        self.entry(channel, id, payload)
    }

    /// `CHANNEL Rx ID [NAME] BRS ESI CODE LENGTH DD …` behind the time.
    fn fd<'t>(&self, mut words: impl Iterator<Item = &'t str>) -> Result<Entry, LineError> {
        let channel = words.next().ok_or(LineError::Channel)?;
        let direction = words.next().ok_or(LineError::Cut)?;
        if !is_direction(direction) {
            return Err(LineError::Event);
        }
        let id = words.next().ok_or(LineError::Identifier)?;
        if id.eq_ignore_ascii_case("errorframe") {
            return Err(LineError::ErrorFrame);
        }
        let mut rate_switch = words.next().ok_or(LineError::Cut)?;
        if !matches!(rate_switch, "0" | "1") {
            rate_switch = words.next().ok_or(LineError::Cut)?;
        }
        let state = words.next().ok_or(LineError::Cut)?;
        let code = words.next().ok_or(LineError::Cut)?;
        let length = words.next().ok_or(LineError::Cut)?;
        let length = parse::number(length, 10).ok_or(LineError::Length)?;
        if !matches!(rate_switch, "0" | "1") || !matches!(state, "0" | "1") {
            return Err(LineError::Data);
        }
        let code = parse::number(code, 16).and_then(parse::length_of_code).ok_or(LineError::Length)?;
        // A request for data announces them by its code and brings none.
        let payload =
            if length == 0 && code > 0 { Payload::Remote } else { parse::bytes(words, length as usize, self.base)? };
        self.entry(channel, id, payload)
    }

    fn entry(&self, channel: &str, id: &str, payload: Payload) -> Result<Entry, LineError> {
        let (digits, extended) = match id.strip_suffix(['x', 'X']) {
            Some(digits) => (digits, true),
            None => (id, false),
        };
        // Names stand here where the tool was told to write them; what they stand for is in its database alone.
        let raw = parse::number(digits, self.base).ok_or(LineError::Identifier)?;
        let id = parse::identifier(raw, extended)?;
        Ok(Entry { at_us: self.at_us, channel: channel.to_owned(), id, payload })
    }
}

fn is_direction(word: &str) -> bool {
    ["rx", "tx", "txrq"].iter().any(|direction| word.eq_ignore_ascii_case(direction))
}

#[cfg(test)]
mod tests {
    use embedded_can::{ExtendedId, Id, StandardId};

    use super::*;

    fn standard(raw: u16) -> Id {
        StandardId::new(raw).unwrap().into()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside what a line reads as")]
    fn entry(at_us: u64, channel: &str, id: Id, data: &[u8]) -> Result<Option<Entry>, LineError> {
        Ok(Some(Entry { at_us, channel: channel.to_owned(), id, payload: Payload::Data(data.to_vec()) }))
    }

    #[test]
    fn classic_frames_read_in_both_bases() {
        let mut asc = Asc::default();
        assert_eq!(asc.line("date Thu Apr 20 10:44:45 AM 2017"), Ok(None));
        assert_eq!(asc.line("base hex  timestamps absolute"), Ok(None));
        assert_eq!(asc.line("Begin Triggerblock Thu Apr 20 10:44:45 AM 2017"), Ok(None));
        assert_eq!(asc.line("   0.000000 Start of measurement"), Ok(None));
        assert_eq!(
            asc.line("   0.015991 1  10A             Rx   d 2 1F A0  Length = 228000 BitCount = 118 ID = 266"),
            entry(15_991, "1", standard(0x10A), &[0x1F, 0xA0])
        );
        let long = ExtendedId::new(0x18EB_FF00).unwrap().into();
        assert_eq!(asc.line("   1.000000 2  18EBFF00x  Tx   d 1 01"), entry(1_000_000, "2", long, &[1]));
        asc.line("base dec timestamps absolute").unwrap();
        assert_eq!(asc.line("2.0 1 266 Rx d 2 31 160"), entry(2_000_000, "1", standard(266), &[31, 160]));
    }

    #[test]
    fn relative_stamps_add_up_over_every_event() {
        let mut asc = Asc::default();
        asc.line("base hex  timestamps relative").unwrap();
        assert_eq!(asc.line("0.5 1 100 Rx d 1 01"), entry(500_000, "1", standard(0x100), &[1]));
        assert_eq!(asc.line("0.25 1 ErrorFrame"), Err(LineError::ErrorFrame));
        assert_eq!(asc.line("0.25 1 100 Rx d 1 02"), entry(1_000_000, "1", standard(0x100), &[2]));
    }

    #[test]
    fn can_fd_frames_read_with_and_without_a_name() {
        let mut asc = Asc::default();
        for line in [
            "21.671796 CANFD   1 Tx        333  1 0 9 12 00 01 02 03 04 05 06 07 08 09 0A 0B 140000 73 200050 7a60",
            "21.671796 CANFD   1 Tx   333  Some_Name  1 0 9 12 00 01 02 03 04 05 06 07 08 09 0A 0B 140000 73",
        ] {
            let data: Vec<u8> = (0..12).collect();
            assert_eq!(asc.line(line), entry(21_671_796, "1", standard(0x333), &data), "{line}");
        }
    }

    #[test]
    fn lines_that_carry_no_frame_are_named() {
        let mut asc = Asc::default();
        for (line, error) in [
            ("0.5 1 Statistic: D 0 R 0 XD 0 XR 0 E 0 O 0 B 0.00%", LineError::Event),
            ("0.5 CAN 1 Status:chip status error active", LineError::Event),
            ("0.5 1 100 Rx d 8 01 02", LineError::Cut),
            ("0.5 1 100 Rx d 8 01 02 0", LineError::Data),
            ("0.5 1 100 Rx", LineError::Cut),
            ("0.5 1 800 Rx d 0", LineError::IdentifierRange),
            ("half a line", LineError::Time),
        ] {
            assert_eq!(asc.line(line), Err(error), "{line}");
        }
    }
}

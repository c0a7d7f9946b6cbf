//! Which program wrote a log, found by its first lines, and the one reader for all of them.
//!
//! Invariant: once a line was understood, the format stays; until then every line is tried against all of them.

use super::entry::{Entry, LineError};
use super::{asc, candump, crtd, csv, trc};

/// Who writes such a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `candump` of can-utils.
    Candump,
    /// Vector tools.
    Asc,
    /// PEAK tools.
    Trc,
    /// OVMS.
    Crtd,
    /// Any table.
    Csv,
}

/// Reads the lines of one log, whatever wrote it.
#[derive(Debug, Clone, Default)]
pub struct Parser(State);

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Unknown,
    Candump,
    Asc(asc::Asc),
    Trc(trc::Trc),
    Crtd,
    Csv(csv::Csv),
}

impl Parser {
    /// Who wrote the log, once a line has told.
    pub fn format(&self) -> Option<Format> {
        Some(match &self.0 {
            State::Unknown => return None,
            State::Candump => Format::Candump,
            State::Asc(_) => Format::Asc,
            State::Trc(_) => Format::Trc,
            State::Crtd => Format::Crtd,
            State::Csv(_) => Format::Csv,
        })
    }

    /// Reads one line; `None` if it is not meant to carry a frame.
    pub fn line(&mut self, line: &str) -> Result<Option<Entry>, LineError> {
        match &mut self.0 {
            State::Unknown => self.recognise(line),
            State::Candump => candump::parse_line(line),
            State::Asc(asc) => asc.line(line),
            State::Trc(trc) => trc.line(line),
            State::Crtd => crtd::line(line),
            State::Csv(csv) => csv.line(line),
        }
    }

    fn recognise(&mut self, line: &str) -> Result<Option<Entry>, LineError> {
        let line = line.trim_start_matches('\u{FEFF}');
        let read = candump::parse_line(line);
        if let Ok(entry) = read {
            if entry.is_some() {
                self.0 = State::Candump;
            }
            return Ok(entry);
        }
        if let Some(csv) = csv::Csv::head(line) {
            self.0 = State::Csv(csv);
            return Ok(None);
        }
        self.0 = if trc::is_one(line) {
            State::Trc(trc::Trc::default())
        } else if asc::is_one(line) {
            State::Asc(asc::Asc::default())
        } else if crtd::is_one(line) {
            State::Crtd
        } else {
            return read;
        };
        self.line(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_log_is_known_by_what_stands_in_it() {
        for (line, format) in [
            ("(0.0) can0 123#00", Format::Candump),
            ("  can0  123   [1]  00", Format::Candump),
            ("date Thu Apr 20 10:44:45 AM 2017", Format::Asc),
            ("   0.015991 1  10A             Rx   d 1 1F", Format::Asc),
            (";$FILEVERSION=1.1", Format::Trc),
            ("     1)      1059.9  0300  1  A0", Format::Trc),
            ("169.126000 CXX OVMS CRTD", Format::Crtd),
            ("169.126000 1R11 7E8 04", Format::Crtd),
            ("Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8", Format::Csv),
        ] {
            let mut parser = Parser::default();
            assert!(parser.line("what somebody wrote above it").is_err());
            assert!(parser.line(line).is_ok(), "{line}");
            assert_eq!(parser.format(), Some(format), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_any_reader_panic(lines in proptest::collection::vec(".{0,60}", 0..8), head in 0_usize..6) {
            const HEADS: [&str; 6] = [
                "base dec timestamps relative", ";$FILEVERSION=2.1", "0.1 CXX", "(0.0) can0 123#00", "t,id,len,d0,d1,d2", "",
            ];
            let mut parser = Parser::default();
            let _ = parser.line(HEADS[head]);
            for line in &lines {
                let _ = parser.line(line);
            }
        }

        #[test]
        fn no_line_cut_anywhere_makes_a_reader_panic(at in 0_usize..120, junk in "[0-9A-Fx .,;()#\\[\\]]{0,12}") {
            for whole in [
                "(1436509052.249713) vcan0 044#2A366C2BBA",
                " (000.000100)  can0  18DAF110  [12]  11 22 33 44 55 66 77 88 99 AA BB CC",
                "21.671796 CANFD   1 Tx   333  Name  1 0 9 12 00 01 02 03 04 05 06 07 08 09 0A 0B 140000 73",
                "     1)      1059.9  Rx         0300  2  A0 0B",
                "1542473901.020305 1R29 18DAF110 04 41",
                "166064000,0000010D,false,Rx,0,3,1F,A0,0B",
            ] {
                let mut cut: String = whole.chars().take(at).collect();
                cut.push_str(&junk);
                for head in ["base hex timestamps relative", ";$FILEVERSION=1.1", "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3"] {
                    let mut parser = Parser::default();
                    let _ = parser.line(head);
                    let _ = parser.line(&cut);
                }
                let _ = Parser::default().line(&cut);
            }
        }
    }
}

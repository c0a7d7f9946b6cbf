//! One line of what an adapter says: a frame, a complaint, or text.
//!
//! Words follow the ELM327 data sheet, "Error Messages and Alerts"; clones write some of them without a blank or behind data.
//! Invariant: a line with any doubt in it is never a frame.

use milepost_firmware::Frame;
use milepost_firmware::frame::{EXTENDED, unraw};

/// What an adapter complains of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// Nobody answered in time.
    NoData,
    /// No protocol was found, or the bus could not be started.
    Unable,
    /// The bus is faulty or busy.
    Bus,
    /// A line came damaged.
    Data,
    /// It was interrupted.
    Stopped,
    /// It does not know the command.
    Unknown,
    /// Its buffer overflowed; lines are missing.
    Full,
    /// It restarted or is about to, or is broken.
    Restarted,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A frame of the bus.
    Frame(Frame),
    /// A complaint.
    Complaint(Complaint),
    /// Anything else, such as the answer to a command.
    Text(String),
}

const COMPLAINTS: &[(&str, Complaint)] = &[
    ("NODATA", Complaint::NoData),
    ("UNABLETOCONNECT", Complaint::Unable),
    ("CANERROR", Complaint::Bus),
    ("BUSERROR", Complaint::Bus),
    ("BUSBUSY", Complaint::Bus),
    ("FBERROR", Complaint::Bus),
    ("DATAERROR", Complaint::Data),
    ("RXERROR", Complaint::Data),
    ("STOPPED", Complaint::Stopped),
    ("BUFFERFULL", Complaint::Full),
    ("LVRESET", Complaint::Restarted),
    ("ACTALERT", Complaint::Restarted),
    ("LPALERT", Complaint::Restarted),
    ("ERR94", Complaint::Restarted),
];

impl Line {
    /// Reads a line without its end; `None` if there is nothing in it.
    pub fn read(line: &str, bus: u8) -> Option<Self> {
        // The data sheet asks for null bytes to be passed over.
        let text: String = line.chars().filter(|character| character.is_ascii_graphic() || *character == ' ').collect();
        let text = text.trim();
        let joined: String =
            text.chars().filter(|&character| character != ' ').collect::<String>().to_ascii_uppercase();
        let mut rest = joined.as_str();
        if let Some(behind) = rest.strip_prefix("SEARCHING") {
            rest = behind.trim_start_matches('.');
        }
        if let Some(behind) = rest.strip_prefix("BUSINIT") {
            rest = behind.trim_start_matches([':', '.']);
            if rest.contains("ERROR") {
                return Some(Self::Complaint(Complaint::Unable));
            }
            rest = rest.strip_prefix("OK").unwrap_or(rest);
        }
        if rest.is_empty() {
            return None;
        }
        if rest == "?" {
            return Some(Self::Complaint(Complaint::Unknown));
        }
        if let Some(&(_, complaint)) = COMPLAINTS.iter().find(|(words, _)| rest.contains(words)) {
            return Some(Self::Complaint(complaint));
        }
        Some(frame(rest, bus).map_or_else(|| Self::Text(text.to_owned()), Self::Frame))
    }
}

/// Eleven bits are three digits, so the whole is odd; 29 bits are eight.
fn frame(digits: &str, bus: u8) -> Option<Frame> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let (head, mark) = if digits.len() % 2 == 1 { (3, 0) } else { (8, EXTENDED) };
    let (id, data) = digits.split_at_checked(head)?;
    let id = u32::from_str_radix(id, 16).ok().filter(|&id| id < 1 << 29 && (mark > 0 || id < 1 << 11))?;
    let (pairs, _) = data.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let bytes = bytes.filter(|bytes| (1..=8).contains(&bytes.len()))?;
    Frame::new(bus, unraw(id | mark), &bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame_of(line: &str) -> Option<(u32, Vec<u8>)> {
        match Line::read(line, 0) {
            Some(Line::Frame(frame)) => Some((frame.raw_id(), frame.data().to_vec())),
            _ => None,
        }
    }

    #[test]
    fn frames_read_with_and_without_blanks_and_of_either_length_of_identifier() {
        for (line, id, data) in [
            ("7E8064100BE3FA813", 0x7E8, vec![6, 0x41, 0, 0xBE, 0x3F, 0xA8, 0x13]),
            ("7E8 02 43 00", 0x7E8, vec![2, 0x43, 0]),
            ("18DAF110034105 7B", 0x18DA_F110 | EXTENDED, vec![3, 0x41, 5, 0x7B]),
            ("18 DA F1 10 02 47 00 ", 0x18DA_F110 | EXTENDED, vec![2, 0x47, 0]),
            ("SEARCHING...7E8024300", 0x7E8, vec![2, 0x43, 0]),
            ("SEARCHING: \0", 0, vec![]),
        ] {
            assert_eq!(frame_of(line), (id > 0).then_some((id, data)), "{line}");
        }
    }

    #[test]
    fn every_complaint_of_the_data_sheet_is_known() {
        for (line, complaint) in [
            ("NO DATA", Complaint::NoData),
            ("UNABLE TO CONNECT", Complaint::Unable),
            ("BUS INIT: ...ERROR", Complaint::Unable),
            ("BUS INIT: ERROR", Complaint::Unable),
            ("CAN ERROR", Complaint::Bus),
            ("BUS BUSY", Complaint::Bus),
            ("BUS ERROR", Complaint::Bus),
            ("FB ERROR", Complaint::Bus),
            ("7E8 06 41 00 BE <DATA ERROR", Complaint::Data),
            ("7E806410<RX ERROR", Complaint::Data),
            ("STOPPED", Complaint::Stopped),
            ("?", Complaint::Unknown),
            ("7E8 21 01 BUFFER FULL", Complaint::Full),
            ("LV RESET", Complaint::Restarted),
            ("!ACT ALERT", Complaint::Restarted),
            ("ERR94", Complaint::Restarted),
        ] {
            assert_eq!(Line::read(line, 0), Some(Line::Complaint(complaint)), "{line}");
        }
    }

    #[test]
    fn what_is_no_frame_is_text_and_what_is_empty_is_nothing() {
        for line in [
            "OK",
            "ELM327 v1.5",
            "13.1V",
            "A6",
            "0100",
            "48 6B 10 41 00 BE 3E B8 11 FA",
            "7E8",
            "7E8001122334455667788",
        ] {
            assert!(matches!(Line::read(line, 0), Some(Line::Text(_))), "{line}");
        }
        for line in ["", "  ", "SEARCHING...", "BUS INIT: ...", "BUS INIT: OK"] {
            assert_eq!(Line::read(line, 0), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,40}|[0-9A-F ]{0,40}") {
            let _ = Line::read(&line, 0);
        }
    }
}

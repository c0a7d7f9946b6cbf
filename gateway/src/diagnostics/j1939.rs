//! Overheard J1939 messages of more than eight bytes and diagnostic messages, one line of JSON each.
//!
//! Invariant: each channel has transports of its own.

use std::collections::BTreeMap;
use std::path::Path;

use milepost_firmware::frame::EXTENDED;
use milepost_firmware::j1939::{Assembler, Diagnostic, Fault, Identifier, Lamp, LampState};
use serde::Serialize;

use super::log::{Log, hex, seconds};
use crate::log::{Broken, LogError};

/// How many senders are followed at once on a channel.
const SENDERS: usize = 32;

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    t: f64,
    pgn: u32,
    source: u8,
    destination: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    /// The lamps that are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    lamps: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dtcs: Option<Vec<Entry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    spn: u32,
    fmi: u8,
    count: u8,
}

impl Line {
    fn message(at_us: u64, pgn: u32, source: u8, destination: u8, data: &[u8]) -> Self {
        let diagnostic = Diagnostic::parse(data).filter(|_| matches!(pgn, Diagnostic::DM1 | Diagnostic::DM2));
        let lamps = diagnostic.map(|message| {
            let all = [
                (Lamp::Protect, "protect"),
                (Lamp::AmberWarning, "amber_warning"),
                (Lamp::RedStop, "red_stop"),
                (Lamp::Malfunction, "malfunction"),
            ];
            all.into_iter().filter(|(lamp, _)| message.lamp(*lamp) == LampState::On).map(|(_, name)| name).collect()
        });
        let dtcs = diagnostic.map(|message| {
            message.entries().map(|entry| Entry { spn: entry.spn, fmi: entry.fmi, count: entry.count }).collect()
        });
        let (len, payload) = (Some(data.len()), Some(hex(data)));
        Self { t: seconds(at_us), pgn, source, destination, len, payload, lamps, dtcs, error: None }
    }

    fn failed(at_us: u64, id: Identifier, fault: Fault) -> Self {
        let error = match fault {
            Fault::WrongSequence => "wrong_sequence",
            Fault::Timeout => "timeout",
            Fault::Interrupted => "interrupted",
            Fault::Aborted => "aborted",
            Fault::Length => "length",
            Fault::TooMany => "too_many_senders",
        };
        Self {
            t: seconds(at_us),
            pgn: id.pgn,
            source: id.source,
            destination: id.destination,
            len: None,
            payload: None,
            lamps: None,
            dtcs: None,
            error: Some(error),
        }
    }
}

/// Reads a log and hands on every diagnostic message, every message that was transported, and every failure.
pub fn listen<E: From<LogError>>(path: &Path, mut take: impl FnMut(Line) -> Result<(), E>) -> Result<Broken, E> {
    let mut log = Log::open(path)?;
    let mut channels = BTreeMap::<String, Box<Assembler<SENDERS>>>::new();
    while let Some(frame) = log.next_frame()? {
        if frame.id & EXTENDED == 0 {
            continue;
        }
        let id = Identifier::of(frame.id & !EXTENDED);
        if matches!(id.pgn, Diagnostic::DM1 | Diagnostic::DM2) {
            take(Line::message(frame.at_us, id.pgn, id.source, id.destination, &frame.data))?;
            continue;
        }
        match channels.entry(frame.channel).or_default().accept(frame.at_us / 1_000, id, &frame.data) {
            Ok(Some(whole)) => {
                take(Line::message(frame.at_us, whole.pgn, whole.source, whole.destination, whole.data))?;
            }
            Ok(None) => {}
            Err(fault) => take(Line::failed(frame.at_us, id, fault))?,
        }
    }
    Ok(log.broken().clone())
}

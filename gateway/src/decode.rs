//! Every value of a log as CSV: the matrix of the car, read by the core's own program.
//!
//! Invariant: rows stand in the order of frames, and within a frame in the order of the bits; a frame of no known message has no row.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use milepost_firmware::frame::{EXTENDED, raw};
use milepost_firmware::signal::table::Number;

use crate::dbc::{self, Compiled, Diagnostic, LoadError, Matrix, Signal};
use crate::decimal::{Line, Value};
use crate::log::{Entry, LogError, Payload, Reader};

/// The first line of what is written.
pub const HEADER: &str = "n,t,chan,id_hex,message,signal,raw,value,unit,label\n";

/// How many frames pass between two calls for progress.
const PROGRESS: u64 = 1 << 16;

/// Why a log was not decoded to its end.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What was decoded cannot be written.
    #[error("cannot write what was decoded")]
    Write(#[from] io::Error),
}

/// A matrix ready to decode with.
#[derive(Debug)]
pub struct Decoder {
    matrix: Matrix,
    compiled: Compiled,
    /// For each message, the place of each signal among the rows of a frame, and its conversion.
    signals: Vec<Vec<(u32, Line)>>,
}

/// Reads DBC files into one matrix and checks it.
pub fn load(files: &[PathBuf]) -> Result<(Matrix, Vec<Diagnostic>), LoadError> {
    let mut matrix = Matrix::default();
    let mut diagnostics = Vec::new();
    for file in files {
        let (messages, found) = dbc::load(file)?;
        matrix.messages.extend(messages);
        diagnostics.extend(found);
    }
    diagnostics.extend(dbc::check(&mut matrix));
    Ok((matrix, diagnostics))
}

impl Decoder {
    /// A decoder for a checked matrix. `all_groups` lets every 29-bit identifier of it stand for its parameter group.
    pub fn new(matrix: Matrix, all_groups: bool) -> Self {
        let compiled = dbc::compile(&matrix, all_groups);
        let signals = matrix.messages.iter().map(|message| {
            let lines = message.signals.iter().map(|signal| Line::new(signal.scale, signal.offset));
            ranks(message).into_iter().zip(lines).collect()
        });
        let signals = signals.collect();
        Self { matrix, compiled, signals }
    }

    /// The program that it reads by.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// Every value of a payload with its signal, in the order of rows.
    pub fn values<'d>(&'d self, id: u32, data: &[u8], found: &mut Vec<Found<'d>>) {
        found.clear();
        let program = self.compiled.program();
        let Some(number) = program.find(id) else { return };
        let (Some(message), Some(signals)) = (self.matrix.messages.get(number), self.signals.get(number)) else {
            return;
        };
        program.each(number, data, |step, bits| {
            if let Some(source) = self.compiled.source(step)
                && let (Some(signal), Some(step)) = (message.signals.get(source), program.steps.get(step))
                && let Some((rank, line)) = signals.get(source)
            {
                let raw = match signal.number {
                    Number::Unsigned => Raw::Integer(bits.into()),
                    Number::Signed => Raw::Integer(step.signed(bits).into()),
                    Number::Float32 | Number::Float64 => Raw::Float(step.number(bits)),
                };
                found.push(Found { message: &message.name, signal, raw, value: value(line, raw), rank: *rank });
            }
        });
        found.sort_unstable_by_key(|found| found.rank);
    }

    /// Writes the header and every value of a log; `progress` is told how many frames were read, now and then.
    pub fn decode(&self, log: &mut Reader, out: &mut impl Write, progress: impl Fn(u64)) -> Result<(), DecodeError> {
        out.write_all(HEADER.as_bytes())?;
        let mut number = 0_u64;
        let mut found = Vec::new();
        let (mut head, mut line) = (String::new(), String::new());
        while let Some(entry) = log.next_entry()? {
            if let Payload::Data(data) = &entry.payload {
                self.values(raw(entry.id), data, &mut found);
                if !found.is_empty() {
                    head.clear();
                    prefix(&mut head, number, &entry);
                    line.clear();
                    for found in &found {
                        line.push_str(&head);
                        found.write(&mut line);
                    }
                    out.write_all(line.as_bytes())?;
                }
            }
            number += 1;
            if number.is_multiple_of(PROGRESS) {
                progress(number);
            }
        }
        out.flush()?;
        Ok(())
    }
}

/// The integer of a raw value, or the number of a float.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw {
    /// An integer, of either sign.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
}

/// A value in a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'d> {
    /// The message's name.
    pub message: &'d str,
    /// Which signal.
    pub signal: &'d Signal,
    /// Before scaling.
    pub raw: Raw,
    /// After.
    pub value: Raw,
    rank: u32,
}

impl Found<'_> {
    /// What the raw value is called.
    pub fn label(&self) -> Option<&str> {
        match self.raw {
            Raw::Integer(raw) => self.signal.labels.get(&raw).map(String::as_str),
            Raw::Float(_) => None,
        }
    }

    fn write(&self, line: &mut String) {
        field(line, self.message);
        line.push(',');
        field(line, &self.signal.name);
        line.push(',');
        number(line, self.raw);
        line.push(',');
        number(line, self.value);
        line.push(',');
        field(line, &self.signal.unit);
        line.push(',');
        field(line, self.label().unwrap_or_default());
        line.push('\n');
    }
}

fn value(line: &Line, raw: Raw) -> Raw {
    match raw {
        Raw::Float(raw) => Raw::Float(line.of_float(raw)),
        Raw::Integer(raw) => match line.of(raw) {
            Value::Whole(value) => Raw::Integer(value),
            Value::Number(value) => Raw::Float(value),
        },
    }
}

/// The place of each signal among the rows of a frame: by its first bit, and behind its multiplexor's level.
fn ranks(message: &dbc::Message) -> Vec<u32> {
    let mut order: Vec<usize> = (0..message.signals.len()).collect();
    let key = |&at: &usize| (message.branches(at).count(), dbc::position(message.signals[at].field));
    order.sort_by_key(key);
    let mut ranks = vec![0; order.len()];
    for (rank, &signal) in order.iter().enumerate() {
        ranks[signal] = rank as u32;
    }
    ranks
}

/// Number, time, channel and identifier.
fn prefix(line: &mut String, number: u64, entry: &Entry) {
    let id = raw(entry.id);
    let (seconds, micros) = (entry.at_us / 1_000_000, entry.at_us % 1_000_000);
    // Writing to a string cannot fail.
    let _ = write!(line, "{number},{seconds}.{micros:06},");
    field(line, channel(&entry.channel));
    let _ = if id & EXTENDED == 0 { write!(line, ",{id:03X},") } else { write!(line, ",{:08X},", id & !EXTENDED) };
}

/// The number at the end of a channel's name; the name itself if there is none.
fn channel(name: &str) -> &str {
    let digits = name.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    name.get(digits..).filter(|digits| !digits.is_empty()).unwrap_or(name)
}

fn number(line: &mut String, number: Raw) {
    let _ = match number {
        Raw::Integer(number) => write!(line, "{number}"),
        // The shortest digits that read back as the same number.
        Raw::Float(number) => write!(line, "{number:?}"),
    };
}

/// A field of CSV, in quotes where it needs them (RFC 4180).
fn field(line: &mut String, text: &str) {
    if text.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

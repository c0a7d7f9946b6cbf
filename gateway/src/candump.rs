//! Reads CAN logs in the format of `candump -l`: `(seconds) interface ID#DATA`, plain or gzip.
//!
//! Gzip is recognised by content, not by name. Also read: CAN FD (`ID##fDATA`), remote frames (`ID#R`), spaces or dots between bytes.
//! Invariant: a broken line is counted and told with its number, and the rest of the log is read; a log without any frame is an error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use embedded_can::{ExtendedId, Id, StandardId};
use flate2::bufread::MultiGzDecoder;

/// The longest line that is read; a longer one is broken.
const MAX_LINE: usize = 1024;

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Time in microseconds, on the log's own scale.
    pub at_us: u64,
    /// The channel's name.
    pub channel: String,
    /// The identifier, 11 or 29 bits.
    pub id: Id,
    /// What the frame carries.
    pub payload: Payload,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// 0 to 8 bytes, or up to 64 with CAN FD.
    Data(Vec<u8>),
    /// A request for data, which no core uses.
    Remote,
}

/// Why a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LineError {
    /// It does not begin with `(seconds)`.
    #[error("no time in parentheses")]
    Time,
    /// There is no channel behind the time.
    #[error("no channel")]
    Channel,
    /// There is no `#`.
    #[error("no identifier before '#'")]
    Identifier,
    /// The identifier is not 3 or 8 hexadecimal digits within range.
    #[error("identifier out of range")]
    IdentifierRange,
    /// The data are not whole hexadecimal bytes.
    #[error("data are not hexadecimal bytes")]
    Data,
    /// There are more data than the frame format holds.
    #[error("more data than the frame holds")]
    Length,
    /// The line is not text, or far too long.
    #[error("not a line of text")]
    Text,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened or read.
    #[error("cannot read the log, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The compressed data are damaged.
    #[error("compressed log is damaged after line {line}, {}", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The last whole line.
        line: u64,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// No line of it is a CAN frame.
    #[error("not a CAN log ({error}), {}:{line}", path.display())]
    NoFrames {
        /// The file.
        path: PathBuf,
        /// The first line that is not empty.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
    /// There is nothing in it.
    #[error("log is empty, {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads one line; `None` for an empty line or a comment.
pub fn parse_line(line: &str) -> Result<Option<Entry>, LineError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let rest = line.strip_prefix('(').ok_or(LineError::Time)?;
    let (time, rest) = rest.split_once(')').ok_or(LineError::Time)?;
    let at_us = parse_time(time.trim()).ok_or(LineError::Time)?;
    let (channel, rest) = rest.trim_start().split_once(char::is_whitespace).ok_or(LineError::Channel)?;
    let frame = rest.trim_start();
    let (id, data) = frame.split_once('#').ok_or(LineError::Identifier)?;
    let id = parse_id(id)?;
    let payload = match data.strip_prefix('#') {
        // The digit behind the second '#' holds the bit-rate and error flags, which say nothing about the data.
        Some(fd) => {
            let mut digits = fd.chars();
            digits.next().filter(char::is_ascii_hexdigit).ok_or(LineError::Data)?;
            Payload::Data(parse_data(digits.as_str(), 64)?)
        }
        None if data.starts_with(['R', 'r']) => Payload::Remote,
        None => Payload::Data(parse_data(data, 8)?),
    };
    Ok(Some(Entry { at_us, channel: channel.to_owned(), id, payload }))
}

fn parse_time(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !all_digits(seconds) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let scale = 10_u64.pow(6 - fraction.len() as u32);
    let micros = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? * scale };
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

/// Three digits are an 11-bit identifier, eight a 29-bit one, as candump writes them.
fn parse_id(text: &str) -> Result<Id, LineError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LineError::Identifier);
    }
    let raw = u32::from_str_radix(text, 16).map_err(|_| LineError::IdentifierRange)?;
    let id = match text.len() {
        1..=3 => StandardId::new(raw as u16).map(Id::from),
        4..=8 => ExtendedId::new(raw).map(Id::from),
        _ => None,
    };
    id.ok_or(LineError::IdentifierRange)
}

fn parse_data(text: &str, most: usize) -> Result<Vec<u8>, LineError> {
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

/// What a log held besides frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Broken {
    /// How many lines were broken, by reason.
    pub counts: BTreeMap<LineError, u64>,
    /// The first few of them.
    pub examples: Vec<(u64, LineError)>,
}

impl Broken {
    /// How many examples are kept.
    pub const EXAMPLES: usize = 5;

    /// How many lines were broken.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    fn note(&mut self, line: u64, error: LineError) {
        *self.counts.entry(error).or_default() += 1;
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push((line, error));
        }
    }
}

/// A log that is being read.
pub struct Reader {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    buffer: Vec<u8>,
    line: u64,
    frames: u64,
    gzip: bool,
    broken: Broken,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a log; nothing of it is parsed yet.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let io_error = |source| LogError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io_error)?;
        Self::new(path, BufReader::with_capacity(1 << 16, file)).map_err(io_error)
    }

    /// Reads a log from anywhere; `path` is only its name.
    pub fn new(path: &Path, mut input: impl BufRead + Send + 'static) -> io::Result<Self> {
        let gzip = input.fill_buf()?.starts_with(&[0x1F, 0x8B]);
        let input: Box<dyn BufRead + Send> =
            if gzip { Box::new(BufReader::new(MultiGzDecoder::new(input))) } else { Box::new(input) };
        Ok(Self {
            path: path.to_owned(),
            input,
            buffer: Vec::new(),
            line: 0,
            frames: 0,
            gzip,
            broken: Broken::default(),
        })
    }

    /// The next frame, or `None` at the end of a log that held at least one.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, LogError> {
        loop {
            let Some(parsed) = self.read_line()? else {
                return self.finished().map(|()| None);
            };
            match parsed {
                Ok(Some(entry)) => {
                    self.frames += 1;
                    return Ok(Some(entry));
                }
                Ok(None) => {}
                Err(error) => self.broken.note(self.line, error),
            }
        }
    }

    /// The lines that were no frames, so far.
    pub fn broken(&self) -> &Broken {
        &self.broken
    }

    /// The log's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read_line(&mut self) -> Result<Option<Result<Option<Entry>, LineError>>, LogError> {
        self.buffer.clear();
        let read = self.input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|source| self.failed(source))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read == MAX_LINE && self.buffer.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Some(Err(LineError::Text)));
        }
        Ok(Some(match std::str::from_utf8(&self.buffer) {
            Ok(text) => parse_line(text),
            Err(_) => Err(LineError::Text),
        }))
    }

    /// Passes over the rest of a line without keeping it.
    fn skip_line(&mut self) -> Result<(), LogError> {
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(source) => return Err(self.failed(source)),
            };
            let newline = available.iter().position(|&byte| byte == b'\n');
            let (used, done) = match newline {
                Some(at) => (at + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    fn failed(&self, source: io::Error) -> LogError {
        let path = self.path.clone();
        if self.gzip { LogError::Gzip { path, line: self.line, source } } else { LogError::Io { path, source } }
    }

    fn finished(&self) -> Result<(), LogError> {
        if self.frames > 0 {
            return Ok(());
        }
        Err(match self.broken.examples.first() {
            Some(&(line, error)) => LogError::NoFrames { path: self.path.clone(), line, error },
            None => LogError::Empty { path: self.path.clone() },
        })
    }
}

/// Numbers channels in the order in which they appear.
#[derive(Debug, Default)]
pub struct Channels(Vec<String>);

impl Channels {
    /// Channels with given numbers, the first being bus 0.
    pub fn fixed(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The bus number of a channel; a new one takes the next number, and the 256th shares the last.
    pub fn bus(&mut self, channel: &str) -> u8 {
        let at = self.0.iter().position(|name| name == channel).unwrap_or_else(|| {
            self.0.push(channel.to_owned());
            self.0.len() - 1
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }
}

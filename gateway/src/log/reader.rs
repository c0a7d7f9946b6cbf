//! Reads CAN logs line by line, plain or gzip, whatever tool wrote them.
//!
//! Gzip is recognised by content, not by name.
//! Invariant: a broken line is counted and told with its number, and the rest of the log is read; a log without any frame is an error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::entry::{Broken, Entry, LineError, LogError};
use super::format::{Format, Parser};

/// The longest line that is read; a longer one is broken.
const MAX_LINE: usize = 4096;

/// How a measurement file begins (ASAM MDF 3 and 4), finished or not.
const MDF: [&[u8]; 2] = [b"MDF     ", b"UnFinMF "];

/// A log that is being read.
pub struct Reader {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    buffer: Vec<u8>,
    line: u64,
    frames: u64,
    gzip: bool,
    parser: Parser,
    last_us: u64,
    broken: Broken,
    doubts: Broken,
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
            parser: Parser::default(),
            last_us: 0,
            broken: Broken::default(),
            doubts: Broken::default(),
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
                    self.doubt(&entry);
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

    /// The lines whose frames were kept although something about them is doubtful, so far.
    pub fn doubts(&self) -> &Broken {
        &self.doubts
    }

    /// Who wrote the log, once a line has told.
    pub fn format(&self) -> Option<Format> {
        self.parser.format()
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
        if self.line == 1 && MDF.iter().any(|magic| self.buffer.starts_with(magic)) {
            return Err(LogError::Mdf { path: self.path.clone() });
        }
        if read == MAX_LINE && self.buffer.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Some(Err(LineError::Text)));
        }
        Ok(Some(match std::str::from_utf8(&self.buffer) {
            Ok(text) => self.parser.line(text),
            // Remarks of other tools may be in the code page of their country; a frame never needs it.
            Err(_) => match self.parser.line(&String::from_utf8_lossy(&self.buffer)) {
                Ok(None) => Ok(None),
                Ok(Some(_)) | Err(_) => Err(LineError::Text),
            },
        }))
    }

    fn doubt(&mut self, entry: &Entry) {
        if entry.at_us < self.last_us {
            self.doubts.note(self.line, LineError::ClockBack);
        }
        self.last_us = entry.at_us;
        if self.buffer.last() != Some(&b'\n') {
            self.doubts.note(self.line, LineError::Unended);
        }
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

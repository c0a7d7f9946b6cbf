//! The file: commands and the signals in their answers.
//!
//! Invariant: a set that does not parse is refused whole; fields that only displays need are passed over.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::log::unhex;

/// Why there is no set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The file cannot be read.
    #[error("cannot read the signal set, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no set.
    #[error("not a signal set, {}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
}

/// A signal set.
#[derive(Debug, Clone, Deserialize)]
pub struct SignalSet {
    pub(super) commands: Vec<Command>,
}

/// What to ask.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Command {
    /// The request's identifier.
    pub(super) hdr: String,
    /// The answer's identifier.
    #[serde(default)]
    pub(super) rax: Option<String>,
    /// The address byte of extended addressing.
    #[serde(default)]
    pub(super) eax: Option<String>,
    /// Service and parameter, in hexadecimal.
    pub(super) cmd: BTreeMap<String, String>,
    /// Seconds between two requests.
    #[serde(default)]
    pub(super) freq: Option<f64>,
    #[serde(default)]
    pub(super) filter: Option<Filter>,
    #[serde(default)]
    pub(super) signals: Vec<Signal>,
}

/// For which model years a command is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    from: Option<u16>,
    #[serde(default)]
    to: Option<u16>,
    #[serde(default)]
    years: Vec<u16>,
}

impl Filter {
    /// As the options of a question write it.
    fn option(&self) -> String {
        let year = |year: Option<u16>| year.map(|year| year.to_string()).unwrap_or_default();
        let range =
            (self.from.is_some() || self.to.is_some()).then(|| format!("{}-{}", year(self.from), year(self.to)));
        let parts: Vec<_> = range.into_iter().chain(self.years.iter().map(ToString::to_string)).collect();
        parts.join(";")
    }
}

/// A signal.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Signal {
    pub(super) id: String,
    pub(super) fmt: Format,
}

/// Where a signal stands and how it reads.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Format {
    /// The first bit, the most significant of the first byte being 0.
    #[serde(default)]
    pub(super) bix: usize,
    /// How many bits.
    pub(super) len: usize,
    #[serde(default)]
    pub(super) sign: bool,
    /// The least significant byte stands first.
    #[serde(default)]
    pub(super) blsb: bool,
    #[serde(default)]
    pub(super) mul: Option<f64>,
    #[serde(default)]
    pub(super) div: Option<f64>,
    #[serde(default)]
    pub(super) add: Option<f64>,
    #[serde(default)]
    pub(super) min: Option<f64>,
    #[serde(default)]
    pub(super) max: Option<f64>,
    /// Values up to here mean that there is none.
    #[serde(default)]
    pub(super) nullmin: Option<f64>,
    /// Values from here on mean that there is none.
    #[serde(default)]
    pub(super) nullmax: Option<f64>,
    #[serde(default)]
    pub(super) map: Option<BTreeMap<String, Mapped>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mapped {
    pub(super) value: String,
}

/// A question, taken apart: `7E0.7E8.2203AF|e=2A,f=2009-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    header: String,
    /// The identifier that must answer.
    pub(super) response: Option<String>,
    request: Vec<u8>,
    /// What a positive answer begins with.
    pub(super) answer: Vec<u8>,
    /// Whether an address byte stands in front of each frame.
    pub(super) extended: bool,
    years: Option<String>,
}

impl Asked {
    /// Takes a question apart; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, options) = text.split_once('|').unwrap_or((text, ""));
        let (header, rest) = place.split_once('.')?;
        let (response, request) =
            rest.split_once('.').map_or((None, rest), |(response, request)| (Some(response), request));
        let request = unhex(request)?;
        let (&service, parameter) = request.split_first()?;
        let mut answer = vec![service.checked_add(0x40)?];
        answer.extend_from_slice(parameter);
        let option = |name: &str| options.split(',').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        Some(Self {
            header: header.to_owned(),
            response: response.map(str::to_owned),
            request,
            answer,
            extended: option("e").is_some(),
            years: option("f").map(str::to_owned),
        })
    }
}

impl Command {
    /// The request's bytes.
    pub(super) fn request(&self) -> Option<Vec<u8>> {
        let (service, parameter) = self.cmd.first_key_value()?;
        unhex(&format!("{service}{parameter}"))
    }

    fn answers(&self, asked: &Asked) -> bool {
        self.hdr.eq_ignore_ascii_case(&asked.header)
            && self.eax.is_some() == asked.extended
            && asked
                .response
                .as_ref()
                .is_none_or(|response| self.rax.as_ref().is_none_or(|rax| rax.eq_ignore_ascii_case(response)))
            && self.request().as_ref() == Some(&asked.request)
    }
}

impl SignalSet {
    /// Reads a set from its text.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Reads a set from its file.
    pub fn read(path: &Path) -> Result<Self, SetError> {
        let text = std::fs::read_to_string(path).map_err(|source| SetError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|source| SetError::Json { path: path.to_owned(), source })
    }

    /// The signals in the answer to a question; of commands for different model years, those that the question names.
    pub(super) fn signals(&self, asked: &Asked) -> Vec<&Signal> {
        let all: Vec<_> = self.commands.iter().filter(|command| command.answers(asked)).collect();
        let years = asked.years.as_deref().unwrap_or_default();
        let named = |command: &&&Command| command.filter.as_ref().map(Filter::option).unwrap_or_default() == years;
        let exact: Vec<_> = all.iter().filter(named).copied().collect();
        let commands = if exact.is_empty() { all } else { exact };
        commands.into_iter().flat_map(|command| &command.signals).collect()
    }
}

//! The file: commands and the signals in their answers.
//!
//! Invariant: a set that does not parse is refused whole; fields that only displays need are passed over.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::log::unhex;
use super::address;
use super::asked::Asked;
use super::years::Years;

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
    /// The request's identifier, or the middle of one of 29 bits.
    hdr: String,
    /// The answer's identifier, or its end.
    #[serde(default)]
    rax: Option<String>,
    /// The address byte of extended addressing.
    #[serde(default)]
    pub(super) eax: Option<String>,
    /// The priority, which a 29-bit identifier begins with.
    #[serde(default)]
    pri: Option<String>,
    /// The address of who asks.
    #[serde(default)]
    tst: Option<String>,
    /// The protocol, where it is not the car's own.
    #[serde(default)]
    proto: Option<String>,
    /// Service and parameter, in hexadecimal.
    cmd: BTreeMap<String, String>,
    /// Seconds between two requests.
    #[serde(default)]
    pub(super) freq: Option<f64>,
    #[serde(default)]
    filter: Option<Years>,
    #[serde(default)]
    pub(super) signals: Vec<Signal>,
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

/// A name for a value: alone, or in an object beside its description.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub(super) struct Mapped {
    pub(super) value: String,
}

impl TryFrom<serde_json::Value> for Mapped {
    type Error = &'static str;

    fn try_from(mut json: serde_json::Value) -> Result<Self, Self::Error> {
        let name = json.get_mut("value").map(serde_json::Value::take).unwrap_or(json);
        let serde_json::Value::String(value) = name else { return Err("a value of a map has no name") };
        Ok(Self { value })
    }
}

impl Command {
    /// The request's bytes.
    pub(super) fn request(&self) -> Option<Vec<u8>> {
        let (service, parameter) = self.cmd.first_key_value()?;
        unhex(&format!("{service}{parameter}"))
    }

    /// The identifier to ask on.
    pub(super) fn asks_on(&self) -> String {
        if self.proto.as_deref() == Some("9141-2") {
            return self.hdr.clone();
        }
        address::request(&self.hdr, self.pri.as_deref(), self.tst.as_deref())
    }

    /// The identifier that answers.
    pub(super) fn answers_on(&self) -> Option<String> {
        self.rax.as_ref().map(|rax| address::response(&self.hdr, rax, self.pri.as_deref()))
    }

    fn answers(&self, asked: &Asked) -> bool {
        let same = |own: &Option<String>, asked: &Option<String>| match (own, asked) {
            (Some(own), Some(asked)) => own.eq_ignore_ascii_case(asked),
            (own, asked) => own.is_none() && asked.is_none(),
        };
        self.hdr.eq_ignore_ascii_case(&asked.header)
            && same(&self.eax, &asked.extended)
            && (self.rax.is_none() || asked.receive.is_none() || same(&self.rax, &asked.receive))
            && self.request().as_ref() == Some(&asked.request)
    }

    fn is_for(&self, year: u16) -> bool {
        self.filter.as_ref().is_none_or(|years| years.contain(year))
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

    /// The signals in the answer to a question; of commands for different model years, those that the question names,
    /// or else those for the car's.
    pub(super) fn signals(&self, asked: &Asked, model_year: Option<u16>) -> Vec<&Signal> {
        let mut commands: Vec<_> = self.commands.iter().filter(|command| command.answers(asked)).collect();
        if commands.iter().any(|command| command.filter == asked.years) {
            commands.retain(|command| command.filter == asked.years);
        } else if let Some(year) = model_year {
            commands.retain(|command| command.is_for(year));
        }
        commands.into_iter().flat_map(|command| &command.signals).collect()
    }
}

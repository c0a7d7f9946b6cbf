//! What DBC files say about a bus, apart from how they say it.
//!
//! Invariant: a [`Signal`] is well formed by itself: 1 to 64 bits within 64 bytes, a float has a float's length, a branch names a signal
//! of the same message, and branches have no cycles.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use milepost_firmware::signal::bits::Field;
use milepost_firmware::signal::table::Number;

/// A signal is there only while a multiplexor of its message has one of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The multiplexor, an index into the message's signals.
    pub switch: usize,
    /// Its raw values, first and last.
    pub ranges: Vec<(u64, u64)>,
}

/// One signal of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Where its bits lie.
    pub field: Field,
    /// What they are.
    pub number: Number,
    /// Value = number × scale + offset.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// The smallest and the largest value, if the file gives any: 0 to 0 is none.
    pub limits: Option<(f64, f64)>,
    /// The unit of the value, as the file writes it.
    pub unit: String,
    /// What raw values are called.
    pub labels: BTreeMap<i128, String>,
    /// Under which multiplexor it lies.
    pub branch: Option<Branch>,
    /// Whether it is a multiplexor.
    pub switch: bool,
    /// The parameter's number (SAE J1939), if it is known.
    pub parameter: Option<u32>,
    /// The line of the file.
    pub line: u32,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The identifier as [`milepost_firmware::frame::raw`] writes it.
    pub id: u32,
    /// Whether it stands for its whole parameter group (SAE J1939), whoever sends it.
    pub group: bool,
    /// Its name.
    pub name: String,
    /// How many bytes its frames have.
    pub length: u32,
    /// Its signals, in the order of the file.
    pub signals: Vec<Signal>,
    /// The file.
    pub file: Arc<PathBuf>,
    /// The line of the file.
    pub line: u32,
}

/// What is sent on a bus, of one file or several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// The messages, in the order of the files.
    pub messages: Vec<Message>,
}

/// What could not be taken as it was said, where, and what was done instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: Arc<PathBuf>,
    /// The line, from 1; nought where none is to be named.
    pub line: u32,
    /// What is wrong.
    pub what: String,
    /// What was done.
    pub done: &'static str,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}, {}", self.what, self.done, self.file.display())?;
        if self.line > 0 { write!(f, ":{}", self.line) } else { Ok(()) }
    }
}

impl Message {
    /// The signal of a name.
    pub fn signal(&self, name: &str) -> Option<usize> {
        self.signals.iter().position(|signal| signal.name == name)
    }

    /// The branches that lead to a signal, from its own outwards.
    pub fn branches(&self, signal: usize) -> impl Iterator<Item = &Branch> {
        let of = |at: usize| self.signals.get(at).and_then(|signal| signal.branch.as_ref());
        // There are no cycles; the bound only keeps a defect elsewhere from becoming an endless loop.
        std::iter::successors(of(signal), move |branch| of(branch.switch)).take(self.signals.len())
    }

    /// Whether two signals are never in the same frame.
    pub fn exclude(&self, one: usize, other: usize) -> bool {
        self.branches(one).any(|a| {
            self.branches(other).any(|b| {
                let apart = |x: &(u64, u64), y: &(u64, u64)| x.1 < y.0 || y.1 < x.0;
                a.switch == b.switch && a.ranges.iter().all(|x| b.ranges.iter().all(|y| apart(x, y)))
            })
        })
    }
}

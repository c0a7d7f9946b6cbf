//! deny.toml, which holds what may come into the dependency tree: the one source for cargo-deny and for tidy.

use anyhow::{Context, Result};
use serde::Deserialize;

/// The parts of deny.toml that tidy reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    pub(super) graph: Graph,
    pub(super) licenses: Licences,
    pub(super) bans: Bans,
}

/// The platforms that count.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Graph {
    pub(super) targets: Vec<String>,
}

/// The licences that may come in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Licences {
    pub(super) allow: Vec<String>,
    pub(super) exceptions: Vec<Exception>,
}

/// Further licences that one crate may come in under.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    #[serde(rename = "crate")]
    pub(super) name: String,
    pub(super) allow: Vec<String>,
}

/// The crates that may not come in, and the older lines that still may.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Bans {
    pub(super) deny: Vec<Denied>,
    pub(super) skip: Vec<Skip>,
}

/// A crate that may not come in.
#[derive(Debug, Deserialize)]
pub(super) struct Denied {
    pub(super) name: String,
    /// Crates that may bring it all the same.
    #[serde(default)]
    pub(super) wrappers: Vec<String>,
    #[serde(default)]
    pub(super) reason: String,
}

/// An older line of a crate that may stand beside the newest.
#[derive(Debug, Deserialize)]
pub(super) struct Skip {
    pub(super) name: String,
    /// `=` and as many parts of the version as matter.
    pub(super) version: String,
    #[serde(default)]
    pub(super) reason: String,
}

impl Policy {
    pub(super) fn read(text: &str) -> Result<Self> {
        toml::from_str(text).context("deny.toml does not read")
    }
}

impl Skip {
    /// Whether the entry means this version of its crate.
    pub(super) fn covers(&self, version: &str) -> bool {
        self.version
            .strip_prefix('=')
            .and_then(|wanted| version.strip_prefix(wanted))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_covers_its_own_line_only() {
        let skip = Skip { name: "a".into(), version: "=0.1".into(), reason: String::new() };
        assert!(skip.covers("0.1.3") && skip.covers("0.1"));
        assert!(!skip.covers("0.10.3") && !skip.covers("1.0.1"));
    }
}

//! Checks of the repository itself.
//!
//! Invariant: each check is a pure function from what was read once ([`Tree`], [`Metadata`]) to findings, and has a test with a bad example.

mod arrows;
mod assets;
mod bans;
mod boundaries;
mod contributing;
mod licences;
mod links;
mod locales;
mod metadata;
mod policy;
mod sizes;
mod templates;
mod texts;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use metadata::Metadata;
use policy::Policy;
use tree::Tree;

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// Where: a path, with a line where there is one.
    place: String,
    /// What is wrong.
    text: String,
    /// Whether it is worth a look only, and does not fail the run.
    note: bool,
}

impl Finding {
    fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into(), note: false }
    }

    fn at(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), text)
    }

    fn note(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { note: true, ..Self::new(place, text) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", if self.note { "note" } else { "error" }, self.place, self.text)
    }
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let policy = Policy::read(tree.text("deny.toml").unwrap_or_default())?;
    let metadata = Metadata::read(root, &policy.graph.targets)?;
    let checks: &[(&str, Vec<Finding>)] = &[
        ("licences", licences::check(&metadata, &policy)),
        ("banned crates", bans::banned(&metadata, &policy)),
        ("doubled crates", bans::doubled(&metadata, &policy)),
        ("arrows between crates", arrows::check(&metadata)),
        ("CONTRIBUTING.md", contributing::check(&metadata, &tree)),
        ("unused dependencies", contributing::unused(&metadata, &tree)),
        ("boundaries of modules", boundaries::check(&tree)),
        ("file sizes", sizes::check(&tree)),
        ("links", links::check(&tree)),
        ("translations", locales::check(&tree)),
        ("templates", templates::check(&tree)),
        ("vendored assets", assets::check(&tree)),
        ("texts", texts::check(&tree)),
    ];
    let mut bad = 0;
    for (name, findings) in checks {
        let errors = findings.iter().filter(|finding| !finding.note).count();
        println!("{name}: {}", if errors == 0 { "ok".to_owned() } else { format!("{errors} wrong") });
        for finding in findings {
            println!("  {finding}");
        }
        bad += errors;
    }
    if bad > 0 {
        bail!("tidy found {bad} things wrong");
    }
    Ok(())
}

//! Where results go: lines or JSON on standard output, and a page where one is asked for.
//!
//! Invariant: JSON, lines and page are made of the same findings, and a page never takes the place of the other two.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::page::Page;

/// How results are wanted.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Output {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write a page with pictures, too: one HTML file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Output {
    /// Writes the page if it is asked for, and prints the rest.
    pub(crate) fn give(&self, json: &Value, lines: &[String], page: impl FnOnce() -> Page) -> anyhow::Result<()> {
        if let Some(path) = &self.report {
            page().write(path)?;
        }
        if self.json {
            return line(&json.to_string());
        }
        lines.iter().try_for_each(|text| line(text))
    }
}

/// A line on standard output; a pipe that was closed early is an error.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// A number as JSON; what is none is null.
pub(crate) fn number(value: f64) -> Value {
    if value.is_finite() { Value::from(value) } else { Value::Null }
}

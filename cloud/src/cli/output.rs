//! The one place that writes to the terminal.

use std::io::Write as _;

/// A line on standard output; a pipe that was closed early is an error.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// An error with its causes on standard error.
pub(super) fn error(error: &anyhow::Error) {
    // Without a standard error there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
}

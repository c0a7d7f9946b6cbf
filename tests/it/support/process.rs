//! Real processes under a test: found beside the test's own executable, read line by line, ended by process id.
//!
//! Invariant: a process never outlives the value that stands for it.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running process whose standard output is JSON lines.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// The executable `name` of this build.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the test's own executable has no path")?;
    let folder = own.parent().and_then(|deps| deps.parent()).context("the test's executable has no build folder")?;
    let path = folder.join(name);
    if !path.exists() {
        bail!("{} is not built; `cargo xtask test` builds it first", path.display());
    }
    Ok(path)
}

impl Process {
    /// Starts `name` with `arguments`.
    pub(crate) fn start<S: AsRef<std::ffi::OsStr>>(
        name: &'static str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut child = Command::new(binary(name)?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        let stdout = child.stdout.take().context("the child's output is piped")?;
        Ok(Self { name, child, lines: BufReader::new(stdout).lines() })
    }

    /// The next line, as JSON; `None` when the output has ended.
    pub(crate) async fn line<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let Some(line) = self.lines.next_line().await? else { return Ok(None) };
        serde_json::from_str(&line).map(Some).with_context(|| format!("{} printed {line:?}", self.name))
    }

    /// Ends the process without a chance to tidy up.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) -> Result<()> {
        let id = self.child.id().with_context(|| format!("{} has already ended", self.name))?;
        let pid = Pid::from_raw(id.cast_signed()).context("a process id is positive")?;
        rustix::process::kill_process(pid, Signal::TERM).with_context(|| format!("failed to stop {}", self.name))
    }

    /// Waits for the end; an exit code other than 0 is an error.
    pub(crate) async fn wait(mut self) -> Result<()> {
        // An output that nobody reads would fill its pipe and keep the process from ending.
        while self.lines.next_line().await?.is_some() {}
        let status = self.child.wait().await?;
        if !status.success() {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }
}

//! Real processes under a test: found beside the test's own executable, read line by line, ended by process id.
//!
//! What a process says on standard error goes to a file, and is told only when the process ends badly.
//! Invariant: a process never outlives the value that stands for it.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything that is bound to happen may take; only a failing test ever waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A running process whose standard output is JSON lines.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    errors: PathBuf,
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

/// Runs `name` with `arguments` to its end, whatever its exit code.
pub(crate) async fn output<S: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>) -> Result<Output> {
    output_within(DEADLINE, name, arguments).await
}

/// The same for what may take longer.
pub(crate) async fn output_within<S: AsRef<OsStr>>(
    deadline: Duration,
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Output> {
    let run = Command::new(binary(name)?).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let ended = tokio::time::timeout(deadline, run).await;
    ended.with_context(|| format!("the end of {name} did not come"))?.with_context(|| format!("failed to run {name}"))
}

/// Waits for `what`, which is bound to happen.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(DEADLINE, future).await.with_context(|| format!("{what} did not come"))
}

/// Asks again and again until the answer is yes; for what cannot be waited for because nobody tells of it.
pub(crate) async fn until<F: Future<Output = Result<bool>>>(what: &str, mut ask: impl FnMut() -> F) -> Result<()> {
    let asked = async {
        let mut turns = tokio::time::interval(Duration::from_millis(20));
        loop {
            turns.tick().await;
            if ask().await? {
                return Ok(());
            }
        }
    };
    within(what, asked).await?
}

impl Process {
    /// Starts `name` with `arguments`; standard error goes to a file in `folder`.
    pub(crate) fn start<S: AsRef<OsStr>>(
        name: &'static str,
        arguments: impl IntoIterator<Item = S>,
        folder: &Path,
    ) -> Result<Self> {
        let errors = folder.join(format!("{name}.stderr"));
        let file = File::options().create(true).append(true).open(&errors).context("failed to open a log")?;
        let mut child = Command::new(binary(name)?)
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        let stdout = child.stdout.take().context("the child's output is piped")?;
        Ok(Self { name, child, lines: BufReader::new(stdout).lines(), errors })
    }

    /// The next line, as JSON; `None` when the output has ended.
    pub(crate) async fn line<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let Some(line) = self.lines.next_line().await? else { return Ok(None) };
        serde_json::from_str(&line).map(Some).with_context(|| format!("{} printed {line:?}", self.name))
    }

    /// Ends the process without a chance to tidy up.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) -> Result<()> {
        let id = self.child.id().with_context(|| format!("{} has already ended", self.name))?;
        let pid = Pid::from_raw(id.cast_signed()).context("a process id is positive")?;
        rustix::process::kill_process(pid, Signal::TERM).with_context(|| format!("failed to stop {}", self.name))
    }

    /// Waits for the end.
    pub(crate) async fn status(&mut self) -> Result<ExitStatus> {
        // An output that nobody reads would fill its pipe and keep the process from ending.
        while self.lines.next_line().await?.is_some() {}
        Ok(within(&format!("the end of {}", self.name), self.child.wait()).await??)
    }

    /// Waits for the end; an exit code other than 0 is an error that says what the process said last.
    pub(crate) async fn wait(&mut self) -> Result<()> {
        let status = self.status().await?;
        if !status.success() {
            bail!("{} ended with {status}: {}", self.name, self.said());
        }
        Ok(())
    }

    /// The end of what the process said on standard error.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read(&self.errors).unwrap_or_default();
        let tail = &text[text.len().saturating_sub(4_000)..];
        String::from_utf8_lossy(tail).into_owned()
    }
}

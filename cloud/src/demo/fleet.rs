//! The second process: `milepost-gateway fleet`, found beside our own executable, heard through JSON lines.
//!
//! Invariant: the process ends with the demonstration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What the fleet tells as it happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// A car crossed a threshold and raised a reminder by itself.
    Raised { vehicle: String, notice: String, at_us: u64 },
    /// A car's display showed a notice.
    Shown {},
    /// Somebody answered at a car's display.
    Answered { vehicle: String, notice: String },
    /// A car heard of a change from the cloud.
    Updated { vehicle: String, notice: String, at_us: u64 },
    /// Once a second.
    Progress { records_created: u64, records_waiting: u64, virtual_ms: u64 },
}

/// What the fleet found out by its end.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FleetReport {
    pub(super) records_created: u64,
    pub(super) records_waiting: u64,
    pub(super) vehicles: Vec<FleetVehicle>,
}

/// One car at the end.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FleetVehicle {
    pub(super) id: String,
    /// Records numbered, by boot.
    pub(super) created: BTreeMap<u32, u64>,
}

/// What the fleet is started with.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) server: std::net::SocketAddr,
    pub(super) identities: PathBuf,
    pub(super) state: PathBuf,
    pub(super) report: PathBuf,
    pub(super) vehicles: usize,
    pub(super) seed: u64,
    pub(super) epoch_ms: u64,
    pub(super) started_ms: u64,
    pub(super) speed: f64,
    /// `None`: until it is told to stop.
    pub(super) seconds: Option<f64>,
}

/// The running fleet.
#[derive(Debug)]
pub(super) struct Fleet {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

const BINARY: &str = "milepost-gateway";

impl Fleet {
    /// Starts the process.
    pub(super) fn start(launch: &Launch) -> Result<Self> {
        let binary = beside_ourselves()?;
        let mut command = Command::new(&binary);
        command.arg("fleet");
        for (flag, value) in [
            ("--server", launch.server.to_string()),
            ("--server-name", "localhost".to_owned()),
            ("--identities", launch.identities.display().to_string()),
            ("--state", launch.state.display().to_string()),
            ("--report", launch.report.display().to_string()),
            ("--vehicles", launch.vehicles.to_string()),
            ("--seed", launch.seed.to_string()),
            ("--epoch", launch.epoch_ms.to_string()),
            ("--started", launch.started_ms.to_string()),
            ("--speed", launch.speed.to_string()),
        ] {
            command.args([flag, &value]);
        }
        if let Some(seconds) = launch.seconds {
            command.args(["--for", &seconds.to_string()]);
        }
        command.arg("--events").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        // A Ctrl-C at the terminal is for us; the fleet is stopped by us, after its outboxes have drained.
        command.process_group(0);
        let mut child = command.spawn().with_context(|| format!("failed to start {}", binary.display()))?;
        let stdout = child.stdout.take().context("the fleet's output is piped")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// The next event; `None` when the fleet has ended its output.
    pub(super) async fn event(&mut self) -> Result<Option<Event>> {
        let Some(line) = self.lines.next_line().await? else { return Ok(None) };
        serde_json::from_str(&line).map(Some).with_context(|| format!("the fleet printed {line:?}"))
    }

    /// Asks the fleet to stop driving, drain and report.
    pub(super) fn stop(&self) -> Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        let pid = Pid::from_raw(id.cast_signed()).context("a process id is positive")?;
        rustix::process::kill_process(pid, Signal::TERM).context("failed to stop the fleet")
    }

    /// Waits for the end and reads the report.
    pub(super) async fn finish(mut self, report: &Path) -> Result<FleetReport> {
        let status: ExitStatus = self.child.wait().await.context("failed to wait for the fleet")?;
        if !status.success() {
            bail!("the fleet ended with {status}");
        }
        let text = std::fs::read(report).with_context(|| format!("the fleet left no report, {}", report.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("the fleet's report is no report, {}", report.display()))
    }
}

fn beside_ourselves() -> Result<PathBuf> {
    let own = std::env::current_exe().context("our own executable has no path")?;
    let path = own.with_file_name(BINARY);
    if !path.exists() {
        bail!("{BINARY} is not beside {}; `cargo demo` builds both", own.display());
    }
    Ok(path)
}

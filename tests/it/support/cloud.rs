//! The service as a process of its own.
//!
//! Invariant: it is known to listen, or known to have ended.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::process::{Process, within};

/// A running service.
pub(crate) struct Cloud {
    process: Process,
    /// Where it listens.
    pub(crate) at: Listening,
}

/// The line that says where the service listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", rename = "listening")]
pub(crate) struct Listening {
    /// For vehicles.
    pub(crate) front_door: SocketAddr,
    /// For people.
    pub(crate) http: SocketAddr,
    /// For operators.
    pub(crate) admin: SocketAddr,
}

impl Cloud {
    /// Starts the service over a configuration and waits until it listens.
    pub(crate) async fn start(config: &Path, folder: &Path) -> Result<Self> {
        let mut process = Self::launch(config, folder)?;
        let line = within("the service's line", process.line::<Listening>()).await?;
        let at = line?.with_context(|| format!("the service did not start: {}", process.said()))?;
        Ok(Self { process, at })
    }

    /// Starts the service and does not wait for anything.
    pub(crate) fn launch(config: &Path, folder: &Path) -> Result<Process> {
        Process::start("milepost", ["serve".as_ref(), "--config".as_ref(), config.as_os_str()], folder)
    }

    /// Kills it: SIGKILL, whatever it is doing.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Stops it in order; it must end well.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.terminate()?;
        self.process.wait().await
    }

    /// The value of a counter, summed over its labels that contain `labels`; 0 if it was never counted.
    pub(crate) async fn counter(&self, name: &str, labels: &str) -> Result<f64> {
        let text = reqwest::get(format!("http://{}/metrics", self.at.admin)).await?.error_for_status()?.text().await?;
        let mut sum = 0.0;
        for line in text.lines() {
            let Some((key, value)) = line.rsplit_once(' ') else { continue };
            let (found, its_labels) = key.split_once('{').unwrap_or((key, ""));
            if found == name && its_labels.contains(labels) {
                sum += value.parse::<f64>().with_context(|| format!("{line:?} has no value"))?;
            }
        }
        Ok(sum)
    }
}

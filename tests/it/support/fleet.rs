//! The simulated fleet as a process of its own, and everything it told.
//!
//! Invariant: every line is read as it comes, so the fleet never waits for its reader.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::process::{Process, within};
use super::stage::Stage;

/// One line of the fleet.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Raised { vehicle: String, notice: String },
    Shown { vehicle: String, notice: String },
    Answered {},
    Updated {},
    Progress { records_created: u64 },
}

/// What the fleet told about its notices: (vehicle, notice), as often as it was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Reminders that cars raised by themselves.
    pub(crate) raised: Vec<(String, String)>,
    /// Notices that displays showed.
    pub(crate) shown: Vec<(String, String)>,
    /// How many were answered at a display.
    pub(crate) answered: u64,
}

/// What the fleet found out by its end.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// The cars by id.
    pub(crate) vehicles: Vec<Car>,
    /// Records numbered, by all cars in all boots.
    pub(crate) records_created: u64,
    /// Records without a receipt.
    pub(crate) records_waiting: u64,
}

/// One car at the end.
#[derive(Debug, Deserialize)]
pub(crate) struct Car {
    /// Its device id.
    pub(crate) id: String,
    /// Records numbered, by boot.
    pub(crate) created: BTreeMap<u32, u32>,
}

/// How a fleet is to end.
enum End {
    Orderly,
    Killed,
}

/// A running fleet.
pub(crate) struct Fleet {
    report: PathBuf,
    created: watch::Receiver<u64>,
    end: oneshot::Sender<End>,
    reader: JoinHandle<Result<Told>>,
}

impl Fleet {
    /// Starts the cars of a stage; they connect to `server`.
    pub(crate) fn start(stage: &Stage, server: SocketAddr) -> Result<Self> {
        Self::start_with(stage, server, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(stage: &Stage, server: SocketAddr, more: &[&str]) -> Result<Self> {
        let report = stage.folder().join("report.json");
        let mut arguments = vec!["fleet".to_owned(), "--events".to_owned()];
        for (flag, value) in [
            ("--server", server.to_string()),
            ("--server-name", "localhost".to_owned()),
            ("--identities", stage.identities().display().to_string()),
            ("--state", stage.fleet_state().display().to_string()),
            ("--report", report.display().to_string()),
            ("--vehicles", stage.devices.len().to_string()),
            ("--seed", stage.seed.to_string()),
            ("--epoch", stage.time.epoch_ms.to_string()),
            ("--started", stage.time.started_ms.to_string()),
            ("--speed", stage.time.speed.to_string()),
        ] {
            arguments.extend([flag.to_owned(), value]);
        }
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let process = Process::start("milepost-gateway", arguments, stage.folder())?;
        let (created_sender, created) = watch::channel(0);
        let (end, ended) = oneshot::channel();
        let reader = tokio::spawn(read(process, created_sender, ended));
        Ok(Self { report, created, end, reader })
    }

    /// Waits until the cars have numbered at least `records` records.
    pub(crate) async fn has_made(&mut self, records: u64) -> Result<()> {
        within("the fleet's progress", self.created.wait_for(|created| *created >= records)).await??;
        Ok(())
    }

    /// Waits until the cars have numbered a record that they have not yet told of.
    pub(crate) async fn makes_another(&mut self) -> Result<()> {
        let told = *self.created.borrow_and_update();
        self.has_made(told + 1).await
    }

    /// Kills it: SIGKILL, whatever it is doing. What it told last may be lost with it.
    pub(crate) async fn kill(self) -> Result<Told> {
        // A fleet that has ended by itself says why through its reader.
        let _ = self.end.send(End::Killed);
        self.reader.await.context("reading the fleet panicked")?
    }

    /// Lets the cars stop and send what they have, and reads the report.
    pub(crate) async fn stop(self) -> Result<(Told, Report)> {
        // A fleet that has ended by itself says why through its reader.
        let _ = self.end.send(End::Orderly);
        let told = self.reader.await.context("reading the fleet panicked")??;
        let text = std::fs::read(&self.report).context("the fleet left no report")?;
        Ok((told, serde_json::from_slice(&text).context("the fleet's report is no report")?))
    }
}

async fn read(mut process: Process, created: watch::Sender<u64>, mut ended: oneshot::Receiver<End>) -> Result<Told> {
    let mut told = Told::default();
    let mut stopping = false;
    loop {
        let line = tokio::select! {
            line = process.line::<Line>() => line?,
            end = &mut ended, if !stopping => {
                match end {
                    Ok(End::Orderly) => process.terminate()?,
                    Ok(End::Killed) | Err(_) => {
                        process.kill().await?;
                        return Ok(told);
                    }
                }
                stopping = true;
                continue;
            }
        };
        match line {
            Some(Line::Raised { vehicle, notice }) => told.raised.push((vehicle, notice)),
            Some(Line::Shown { vehicle, notice }) => told.shown.push((vehicle, notice)),
            Some(Line::Answered {}) => told.answered += 1,
            Some(Line::Updated {}) => {}
            Some(Line::Progress { records_created }) => {
                created.send_replace(records_created);
            }
            None => break,
        }
    }
    process.wait().await?;
    if !stopping {
        bail!("the fleet ended by itself: {}", process.said());
    }
    Ok(told)
}

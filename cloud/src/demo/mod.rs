//! The demonstration: the whole loop in two processes, cars that live a year in a minute, owners who answer.
//!
//! The service runs in this process, the fleet in a second one; they meet over real mutual TLS, the owners over HTTP.
//! Invariant: it reports as lost whatever a car numbered and the store does not hold.

mod begin;
mod fleet;
mod latency;
mod owners;
mod report;
mod roster;
mod stage;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::server::Faces;
pub use begin::begin_under_way;
use fleet::{Fleet, FleetReport, Launch};
use report::{Latency, Notices, Records, Report};
use stage::Stage;
use watch::Watch;

/// What the demonstration is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many cars.
    pub vehicles: usize,
    /// How long they drive, in real seconds; `None` until it is told to stop.
    pub seconds: Option<f64>,
    /// How many times as fast as the machine's their time runs.
    pub speed: f64,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// The port of the pages; 0 takes a free one.
    pub port: u16,
    /// Where data are kept; without one a temporary folder is used and removed.
    pub folder: Option<PathBuf>,
    /// What the cars' lives follow from.
    pub seed: u64,
}

/// How long the service may take to bring the last changes to the cars and accounts after the fleet has ended.
const SETTLE: Duration = Duration::from_millis(300);

/// Runs the demonstration; `false` if records were lost.
pub async fn run(options: Options, faces: Faces) -> Result<bool> {
    let stop = stop_on_signals()?;
    let temporary = tempfile::tempdir().context("making a temporary folder failed")?;
    let folder = options.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    let stage = Stage::set(&options, &folder, faces).await?;
    stage.welcome()?;

    // The owners are there before the first car drives, so that what is measured is the way of a notice alone.
    let (mut people, steps) = stage.people();
    let mut watch = Watch::new(&stage, steps);
    watch.gather(&mut people).await;
    let watch_time = Clock::real().stopwatch();
    let launch = Launch {
        server: stage.server.front_door,
        identities: stage.identities.clone(),
        state: folder.join("fleet"),
        report: folder.join("fleet.json"),
        vehicles: options.vehicles,
        seed: options.seed,
        epoch_ms: stage.epoch_ms,
        started_ms: stage.started_ms,
        speed: options.speed,
        seconds: options.seconds,
    };
    let mut fleet = Fleet::start(&launch)?;
    watch.follow(&mut fleet, &stop).await?;
    let seconds = watch_time.elapsed().as_secs_f64();
    let driven = fleet.finish(&launch.report).await?;
    tokio::time::sleep(SETTLE).await;
    drop(people);

    let report = Report {
        records: records(&stage, &driven).await?,
        notices: notices(&stage).await?,
        latency_ms: Latency { car_to_account: watch.car_to_account(), account_to_car: watch.account_to_car() },
        vehicles: options.vehicles,
        seconds,
    };
    watch.end(&report)?;
    if let Some(path) = &options.report {
        report.write(path)?;
    }
    stage.server.stop().await.context("closing the store failed")?;
    Ok(report.records.lost == 0 && driven.records_waiting == 0)
}

fn stop_on_signals() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind).context("listening for signals failed")?;
        let stop = stop.clone();
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
        });
    }
    Ok(stop)
}

/// What the cars numbered against what the store holds.
async fn records(stage: &Stage, driven: &FleetReport) -> Result<Records> {
    let mut records = Records { created: driven.records_created, ..Records::default() };
    for car in &driven.vehicles {
        let created: u64 = car.created.values().sum();
        let counts = match stage.server.service.vehicle(&car.id.parse()?).await? {
            Some(vehicle) => vehicle.counts,
            None => crate::domain::Counts::default(),
        };
        records.committed += counts.records;
        records.duplicates += counts.duplicates;
        records.lost += created.saturating_sub(counts.records);
    }
    Ok(records)
}

/// What the store knows of every notice.
async fn notices(stage: &Stage) -> Result<Notices> {
    let mut notices = Notices::default();
    for participant in &stage.roster {
        let Some(vehicle) = stage.server.service.vehicle(&participant.device).await? else { continue };
        for notice in vehicle.notices.values() {
            notices.raised += 1;
            notices.shown_in_car += u64::from(notice.was_shown_in_car());
            notices.answered += u64::from(notice.was_answered());
        }
    }
    Ok(notices)
}

//! The fleet as a process: starts the cars, tells of them, stops them in order.
//!
//! Invariant: generation stops first, outboxes drain second, links close third; the report is written last and whole.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use milepost_protocol::DeviceId;
use tokio::task::JoinSet;

use super::board::Boards;
use super::car::{Car, CarError, Gauges, Shared};
use super::noise::Seed;
use super::past::Past;
use super::report::{Line, Notices, Report, write_line};
use crate::clock::{Clock, VirtualTime};
use crate::link::{Identity, Link, Options, Policy, TlsError, client_config};
use crate::stop::Stop;

/// How long outboxes may take to empty after generation has stopped.
const DRAIN: Duration = Duration::from_secs(20);

/// What a fleet is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The front door, with the name in its certificate and the identities; without it nothing is sent.
    pub server: Option<Server>,
    /// Where each car's files are.
    pub state: PathBuf,
    /// How many cars.
    pub vehicles: usize,
    /// What their lives follow from.
    pub seed: u64,
    /// Virtual time.
    pub time: VirtualTime,
    /// When generation stops by itself.
    pub duration: Option<Duration>,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// Whether events are written as lines to standard output.
    pub events: bool,
    /// What the boards have in common; without it the cars take no firmware updates.
    pub boards: Option<Boards>,
}

/// Where the fleet connects to.
#[derive(Debug, Clone)]
pub struct Server {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name in the server's certificate.
    pub name: String,
    /// The folder of identities: `ca.pem` and `<device-id>/{cert.pem,key.pem}`, perhaps with a `vehicle.json` of the car's past.
    pub identities: PathBuf,
}

/// Why a fleet does not run.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The folder of identities cannot be read.
    #[error("cannot read the identities, {}", path.display())]
    Identities {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There are fewer identities than cars.
    #[error("{found} identities for {wanted} vehicles, {}", path.display())]
    TooFew {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        found: usize,
        /// How many are needed.
        wanted: usize,
    },
    /// What is told of a car's past cannot be read.
    #[error("cannot read the vehicle's past, {}", path.display())]
    Past {
        /// The car's folder of identities.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// An identity cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The state folder cannot be made.
    #[error("cannot make the state folder, {}", path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A car failed.
    #[error("vehicle failed, {device}")]
    Car {
        /// Which.
        device: String,
        /// Why.
        #[source]
        source: CarError,
    },
    /// The report cannot be written.
    #[error("cannot write the report, {}", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Runs the fleet until its duration is over or the wish to stop, and answers its report.
pub async fn run(plan: Plan, clock: Clock, mut stop: Stop) -> Result<Report, FleetError> {
    std::fs::create_dir_all(&plan.state).map_err(|source| FleetError::State { path: plan.state.clone(), source })?;
    let devices = match &plan.server {
        Some(server) => identities(&server.identities, plan.vehicles)?,
        None => (1..=plan.vehicles).map(numbered).collect(),
    };
    let shared = Arc::new(Shared {
        clock: clock.clone(),
        time: plan.time,
        events: plan.events,
        // Once a process: the updaters borrow the keys for as long as the cars live.
        boards: plan.boards.map(|boards| &*Box::leak(Box::new(boards))),
        raised: 0.into(),
        shown: 0.into(),
        answered: 0.into(),
    });
    let (put_to_sleep, asleep) = Stop::new();
    let (end, ended) = Stop::new();
    let mut gauges = Vec::new();
    let mut cars = JoinSet::new();
    for device in devices {
        let link = plan.server.as_ref().map(|server| link(server, &device, plan.seed, &clock)).transpose()?;
        let name = device.as_str().to_owned();
        let past = plan.server.as_ref().map(|server| past(server, &device)).transpose()?.flatten();
        let car = Box::pin(Car::start(device, plan.seed, past, &plan.state, link, shared.clone()))
            .await
            .map_err(|source| FleetError::Car { device: name.clone(), source })?;
        gauges.push(car.gauges());
        let (asleep, ended) = (asleep.clone(), ended.clone());
        cars.spawn(async move {
            Box::pin(car.live(asleep, ended)).await.map_err(|source| FleetError::Car { device: name, source })
        });
    }

    let began = clock.elapsed();
    let mut progress = Progress::new(&shared, &gauges);
    let failed = loop {
        let left = plan.duration.map(|duration| (began + duration).saturating_sub(clock.elapsed()));
        tokio::select! {
            () = stop.wished() => break None,
            () = sleep_or_for_ever(left) => break None,
            () = tokio::time::sleep(Duration::from_secs(1)) => progress.tell(),
            Some(ended) = cars.join_next() => break Some(ended),
        }
    };
    put_to_sleep.stop();
    let mut vehicles = Vec::new();
    let mut failure = failed
        .map(|ended| ended.expect("a car does not panic"))
        .and_then(|ended| ended.map(|report| vehicles.push(report)).err());
    if plan.server.is_some() && failure.is_none() {
        let drained = async {
            while !gauges.iter().all(|gauge| gauge.drained.load(Ordering::Relaxed)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // What is not sent in time stays in the flash files.
        let _ = tokio::time::timeout(DRAIN, drained).await;
    }
    end.stop();
    while let Some(ended) = cars.join_next().await {
        match ended.expect("a car does not panic") {
            Ok(report) => vehicles.push(report),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    progress.tell();
    progress.end();
    if let Some(failure) = failure {
        return Err(failure);
    }
    vehicles.sort_by(|a, b| a.id.cmp(&b.id));
    let report = Report::new(vehicles, notices(&shared), slowest(&gauges));
    if let Some(path) = &plan.report {
        write(path, &report)?;
    }
    Ok(report)
}

fn notices(shared: &Shared) -> Notices {
    Notices {
        raised: shared.raised.load(Ordering::Relaxed),
        shown: shared.shown.load(Ordering::Relaxed),
        answered: shared.answered.load(Ordering::Relaxed),
    }
}

fn slowest(gauges: &[Arc<Gauges>]) -> u64 {
    gauges.iter().map(|gauge| gauge.virtual_ms.load(Ordering::Relaxed)).min().unwrap_or(0)
}

/// The ids of a fleet without identities.
fn numbered(number: usize) -> DeviceId {
    format!("car-{number:04}").parse().expect("letters, a dash and digits make a device id")
}

/// The first `wanted` devices of a folder of identities, by name.
fn identities(folder: &Path, wanted: usize) -> Result<Vec<DeviceId>, FleetError> {
    let fail = |source| FleetError::Identities { path: folder.to_owned(), source };
    let mut devices = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let device = entry.file_name().to_str().and_then(|name| name.parse::<DeviceId>().ok());
        if let Some(device) = device
            && entry.path().join("cert.pem").exists()
        {
            devices.push(device);
        }
    }
    if devices.len() < wanted {
        return Err(FleetError::TooFew { path: folder.to_owned(), found: devices.len(), wanted });
    }
    devices.sort();
    devices.truncate(wanted);
    Ok(devices)
}

/// What is told of a car beside its certificate.
fn past(server: &Server, device: &DeviceId) -> Result<Option<Past>, FleetError> {
    let path = server.identities.join(device.as_str());
    Past::told(&path).map_err(|source| FleetError::Past { path, source })
}

fn link(server: &Server, device: &DeviceId, seed: u64, clock: &Clock) -> Result<Link, FleetError> {
    let identity = Identity::in_folder(&server.identities, device.as_str());
    let options = Options {
        device: device.clone(),
        host: server.host.clone(),
        port: server.port,
        tls: Some(client_config(&identity, &server.name)?),
        keep_alive: Duration::from_mins(1),
    };
    let jitter = Seed(seed).named(device.as_str()).named("link").0;
    Ok(Link::new(options, Policy::fleet(), clock.clone(), jitter))
}

async fn sleep_or_for_ever(left: Option<Duration>) {
    match left {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}

fn write(path: &Path, report: &Report) -> Result<(), FleetError> {
    let mut text = serde_json::to_vec_pretty(report).expect("a report has only plain fields");
    text.push(b'\n');
    let unfinished = path.with_extension("new");
    std::fs::write(&unfinished, text)
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(|source| FleetError::Report { path: path.to_owned(), source })
}

/// The line of progress: as an event, or for a person at a terminal.
struct Progress<'a> {
    shared: &'a Shared,
    gauges: &'a [Arc<Gauges>],
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(shared: &'a Shared, gauges: &'a [Arc<Gauges>]) -> Self {
        Self { shared, gauges, terminal: std::io::stderr().is_terminal() }
    }

    #[expect(clippy::print_stderr, reason = "the line of progress on a terminal")]
    fn tell(&mut self) {
        let sum = |of: fn(&Gauges) -> u64| self.gauges.iter().map(|gauge| of(gauge)).sum::<u64>();
        let records_created = sum(|gauge| gauge.created.load(Ordering::Relaxed));
        let records_waiting = sum(|gauge| u64::from(gauge.waiting.load(Ordering::Relaxed)));
        let virtual_ms = slowest(self.gauges);
        if self.shared.events {
            write_line(&Line::Progress { records_created, records_waiting, virtual_ms });
        } else if self.terminal {
            let days = virtual_ms.saturating_sub(self.shared.time.epoch_ms) / milepost_protocol::plan::DAY_MS;
            eprint!("\rday {days}, {records_created} records, {records_waiting} waiting   ");
        }
    }

    #[expect(clippy::print_stderr, reason = "the end of the line of progress on a terminal")]
    fn end(&self) {
        if self.terminal && !self.shared.events {
            eprintln!();
        }
    }
}

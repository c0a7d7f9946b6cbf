//! What the core derives from a recording, without a network and without leaving anything behind.
//!
//! Invariant: every figure of a trip or a counter is the core's own; only what concerns the recording itself, its pauses and
//! its first and last readings, is looked at here.

mod histogram;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use milepost_firmware::signal::table::hash;
use milepost_firmware::{Device, Now, Settings, Status};
use milepost_protocol::downlink::{Command, Consent, MAX_CHUNK_LEN, Purposes, Task};
use milepost_protocol::record::{CommandOutcome, DistanceSource, ResetReason};
use milepost_protocol::{Downlink, Record};
use serde::Serialize;

use crate::flash_file::{Layout, Region, in_memory};
use crate::host::DeviceError;
use crate::log::{Broken, LogError};
use crate::loopback::{Received, drain, tell};
use crate::recording::{Input, Recording};

pub use histogram::Band;
use watch::Watch;

/// How many inputs pass between two looks into the outbox.
const DRAIN_EVERY: u32 = 2_000;

/// Why there is no usage.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The core does not take the signal table.
    #[error("the core refuses the signal table ({0:?})")]
    Table(CommandOutcome),
    /// The core failed; with a flash in memory this is a defect.
    #[error("the core failed")]
    Device(#[from] DeviceError),
}

/// One trip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trip {
    /// Seconds, as in the input.
    pub start: f64,
    /// Seconds, as in the input.
    pub end: f64,
    /// Metres.
    pub distance_m: u32,
    /// Metres a second.
    pub max_speed_mps: f64,
    /// Seconds with the engine or drive on and the car standing.
    pub idle_s: u32,
    /// Where the distance comes from.
    pub source: &'static str,
}

/// The 12 V battery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Battery12v {
    /// At rest, in volts: on a bus before the engine first ran, in a table the highest with everything off.
    pub rest_v: Option<f64>,
    /// The lowest, in volts.
    pub min_v: Option<f64>,
}

/// Energy that went into the car.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fill {
    /// When it was noticed, in seconds as in the input.
    pub at: f64,
    /// `tank` or `battery`.
    pub into: &'static str,
    /// The level before, in percent.
    pub before_percent: f64,
    /// And after.
    pub after_percent: f64,
}

/// A pause of the recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// The last frame before it, in seconds as in the input.
    pub from: f64,
    /// The first frame behind it.
    pub to: f64,
    /// How far the odometer went on meanwhile, where there is one.
    pub distance_m: Option<u32>,
}

/// What a recording amounts to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usage {
    /// In order.
    pub trips: Vec<Trip>,
    /// Metres, all of it.
    pub distance_m: u32,
    /// The first reading of the car's own odometer, in metres.
    pub odometer_start_m: Option<u32>,
    /// The last one.
    pub odometer_end_m: Option<u32>,
    /// Seconds with the engine running.
    pub engine_s: u32,
    /// Seconds with the engine or drive on and the car standing.
    pub idle_s: u32,
    /// The 12 V battery.
    pub battery_12v: Battery12v,
    /// From a cold start until the coolant reached 70 °C, in seconds.
    pub coolant_warmup_s: Option<u32>,
    /// Starts of the engine with the coolant below 40 °C.
    pub cold_starts: u32,
    /// Trips below 8 km.
    pub short_trips: u32,
    /// What was filled or charged.
    pub fills: Vec<Fill>,
    /// For how long each signal stood where; only signals that the recording has.
    pub histograms: BTreeMap<&'static str, Vec<Band>>,
    /// Pauses of the recording.
    pub gaps: Vec<Gap>,
    /// What did not count, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// Runs a recording through a fresh core. The broken lines come beside the figures, to be told to a person.
/// With a signal table, encoded, signals are read by it instead of by the built-in one.
pub async fn of_recording(
    path: &Path,
    channels: Vec<String>,
    table: Option<&[u8]>,
) -> Result<(Usage, Broken), UsageError> {
    let mut recording = Recording::open(path, channels)?;
    let first = recording.next_input()?;
    let mut now = at(first.map_or(0, |input| input.at_us()));
    let settings = Settings { reset: ResetReason::PowerOn, obd: false, local_reminders: false, ..Settings::default() };
    let mut device = Box::pin(Device::start(in_memory(Layout::GATEWAY), settings, now)).await?;
    // Who looks at a recording of their own needs nobody's leave to look at all of it.
    tell(&mut device, now, &Downlink::Consent(Consent { version: 1, purposes: Purposes(u8::MAX) })).await?;
    let mut records = Vec::new();
    if let Some(table) = table {
        install(&mut device, now, table, &mut records).await?;
    }
    let mut watch = Watch::default();
    let mut since_drain = 0;
    let mut next = first;
    while let Some(input) = next {
        now = at(input.at_us());
        match input {
            Input::Frame { at_us, frame } => {
                watch.before(at_us);
                device.frame(now, &frame).await?;
                watch.after(&device.status());
            }
            Input::Tick { .. } => device.tick(now).await?,
        }
        // What the core would put on the bus has nobody to go to.
        while device.request(now).is_some() {}
        since_drain += 1;
        if since_drain == DRAIN_EVERY {
            since_drain = 0;
            drain(&mut device, now, &mut records).await?;
        }
        next = recording.next_input()?;
    }
    device.finish(now).await?;
    drain(&mut device, now, &mut records).await?;
    let usage = summarise(&device.status(), &records, watch, &recording);
    Ok((usage, recording.broken().clone()))
}

/// Gives the core a signal table as the cloud would, and looks whether it took it.
async fn install(
    device: &mut Device<Region>,
    now: Now,
    table: &[u8],
    records: &mut Vec<Received>,
) -> Result<(), UsageError> {
    let begin = Task::TableBegin { len: table.len() as u32, sha256: hash(table) };
    let chunks = table.chunks(MAX_CHUNK_LEN).enumerate().map(|(index, part)| Task::TableChunk {
        offset: (index * MAX_CHUNK_LEN) as u32,
        bytes: heapless::Vec::from_slice(part).expect("a chunk has the length of a chunk"),
    });
    for (id, task) in std::iter::once(begin).chain(chunks).chain([Task::TableCommit]).enumerate() {
        let command = Command { id: id as u32 + 1, expires_ms: u64::MAX, task };
        tell(device, now, &Downlink::Command(command)).await?;
    }
    drain(device, now, records).await?;
    let refused = records.iter().find_map(|received| match &received.record {
        Record::CommandResult(result) if result.outcome != CommandOutcome::Done => Some(result.outcome),
        _ => None,
    });
    refused.map_or(Ok(()), |outcome| Err(UsageError::Table(outcome)))
}

fn at(at_us: u64) -> Now {
    Now { uptime_ms: at_us / 1_000, unix_ms: None }
}

fn summarise(status: &Status, records: &[Received], watch: Watch, recording: &Recording) -> Usage {
    let ended = || {
        records.iter().filter_map(|received| match &received.record {
            Record::TripEnded(trip) => Some((received.at_ms, trip)),
            _ => None,
        })
    };
    let trips = ended()
        .map(|(at_ms, trip)| Trip {
            start: at_ms.saturating_sub(trip.duration_ms) as f64 / 1_000.0,
            end: at_ms as f64 / 1_000.0,
            distance_m: trip.distance_m,
            max_speed_mps: f64::from(trip.max_speed_cmps) / 100.0,
            idle_s: trip.idle_s,
            source: source(trip.source),
        })
        .collect();
    let volts = |millivolts: u16| f64::from(millivolts) / 1_000.0;
    let drops = status.drops;
    let skipped = recording.skipped();
    let rejected = [
        ("broken_line", recording.broken().total()),
        ("stale", skipped.stale),
        ("remote_frame", skipped.remote),
        ("invalid_value", u64::from(drops.invalid_values)),
        ("consent", u64::from(drops.consent)),
        ("isotp", u64::from(drops.isotp)),
        ("obd", u64::from(drops.obd)),
        ("record", u64::from(drops.records)),
    ];
    Usage {
        trips,
        distance_m: status.counters.distance_m,
        odometer_start_m: watch.odometer_m.map(|(first, _)| first),
        odometer_end_m: watch.odometer_m.map(|(_, last)| last),
        engine_s: status.counters.engine_s,
        idle_s: status.counters.idle_s,
        battery_12v: Battery12v {
            rest_v: watch.rest_v.map(|volts| (volts * 1_000.0).round() / 1_000.0).or(status.battery.rest_mv.map(volts)),
            min_v: status.battery.lowest_mv.map(volts),
        },
        coolant_warmup_s: ended().find_map(|(_, trip)| trip.warmup_s),
        cold_starts: status.counters.cold_starts,
        short_trips: status.counters.short_trips,
        fills: records.iter().filter_map(fill).collect(),
        histograms: watch.histograms(),
        gaps: watch.gaps,
        rejected: rejected.into_iter().filter(|&(_, count)| count > 0).collect(),
    }
}

fn fill(received: &Received) -> Option<Fill> {
    let Record::Refuelled(fill) = &received.record else { return None };
    let percent = |share: f32| (f64::from(share) * 1_000.0).round() / 10.0;
    Some(Fill {
        at: received.at_ms as f64 / 1_000.0,
        into: if fill.electric { "battery" } else { "tank" },
        before_percent: percent(fill.before),
        after_percent: percent(fill.after),
    })
}

fn source(source: DistanceSource) -> &'static str {
    match source {
        DistanceSource::Odometer => "odometer",
        DistanceSource::ObdOdometer => "obd_odometer",
        DistanceSource::SpeedIntegral => "speed_integral",
        DistanceSource::Unknown => "unknown",
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>12} {:>12} {:>11} {:>10} {:>8}  source",
            "start s", "end s", "distance m", "max m/s", "idle s"
        )?;
        for trip in &self.trips {
            writeln!(
                f,
                "{:>12.1} {:>12.1} {:>11} {:>10.1} {:>8}  {}",
                trip.start, trip.end, trip.distance_m, trip.max_speed_mps, trip.idle_s, trip.source
            )?;
        }
        let metres = |value: Option<u32>| value.map_or_else(|| "unknown".to_owned(), |metres| format!("{metres} m"));
        let volts = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |volts| format!("{volts:.2} V"));
        writeln!(f)?;
        writeln!(f, "distance       {} m", self.distance_m)?;
        writeln!(f, "odometer       {} to {}", metres(self.odometer_start_m), metres(self.odometer_end_m))?;
        writeln!(f, "engine         {} s, of these idle {} s", self.engine_s, self.idle_s)?;
        writeln!(
            f,
            "12 V battery   rest {}, lowest {}",
            volts(self.battery_12v.rest_v),
            volts(self.battery_12v.min_v)
        )?;
        if let Some(warmup_s) = self.coolant_warmup_s {
            writeln!(f, "warm-up        {warmup_s} s")?;
        }
        writeln!(f, "starts         {} cold; {} trips below 8 km", self.cold_starts, self.short_trips)?;
        for Fill { at, into, before_percent, after_percent } in &self.fills {
            writeln!(f, "filled         {into} from {before_percent} % to {after_percent} %, at {at:.1} s")?;
        }
        for (signal, bands) in &self.histograms {
            let end = |bound: Option<f64>, open: &str| bound.map_or_else(|| open.to_owned(), |bound| bound.to_string());
            let told: Vec<_> = bands
                .iter()
                .map(|Band { from, to, s }| format!("{}..{}: {s:.0} s", end(*from, ""), end(*to, "")))
                .collect();
            writeln!(f, "{signal:<14} {}", told.join(", "))?;
        }
        for gap in &self.gaps {
            writeln!(f, "gap            {:.1} s to {:.1} s, {}", gap.from, gap.to, metres(gap.distance_m))?;
        }
        for (reason, count) in &self.rejected {
            writeln!(f, "rejected       {count} ({reason})")?;
        }
        Ok(())
    }
}

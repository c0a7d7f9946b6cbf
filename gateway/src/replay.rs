//! Plays a recording through a core as if it drove past now, with its outbox and uplink.
//!
//! Invariant: the core lives on the recording's own time scale; only the pace at which it passes is ours.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use milepost_firmware::{Device, Now, Settings};
use milepost_protocol::record::ResetReason;

use crate::agent::{AgentError, next_event, react};
use crate::clock::Clock;
use crate::collection::Collecting;
use crate::flash_file::{self, Layout, Sync};
use crate::host::Host;
use crate::link::Link;
use crate::log::{Broken, LogError};
use crate::recording::{Input, Recording};
use crate::stop::Stop;

/// How long the outbox may take to empty after the recording.
const DRAIN: Duration = Duration::from_secs(30);

/// How many inputs pass between two looks at the link when there is no pace.
const SLICE: u32 = 512;

/// Times of a log above this are Unix time: 2001-09-09, in microseconds.
const UNIX_FROM_US: u64 = 1_000_000_000_000_000;

/// How fast a recording passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// This many seconds of the recording a second.
    Times(f64),
    /// As fast as the core takes it.
    Unbounded,
}

/// Why a replay ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The flash or the core failed.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

impl From<crate::host::DeviceError> for ReplayError {
    fn from(error: crate::host::DeviceError) -> Self {
        Self::Agent(error.into())
    }
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Frames and seconds of silence.
    pub inputs: u64,
    /// Records that the core made.
    pub created: u32,
    /// Records without a receipt; they stay in the flash file.
    pub waiting: u32,
    /// Samples of a collection plan that found no room.
    pub samples_lost: u64,
    /// Lines that were no frames.
    pub broken: Broken,
}

/// Plays the recording at `path`.
pub async fn play(
    path: &Path,
    channels: Vec<String>,
    flash: Option<&Path>,
    pace: Pace,
    mut link: Option<Link>,
    clock: Clock,
    mut stop: Stop,
) -> Result<Played, ReplayError> {
    let mut recording = Recording::open(path, channels)?;
    let flash = match flash {
        Some(path) => flash_file::open(path, Layout::GATEWAY, Sync::Never).map_err(AgentError::Flash)?,
        None => flash_file::in_memory(Layout::GATEWAY),
    };
    let first = recording.next_input()?;
    let first_us = first.map_or(0, |input| input.at_us());
    let began = clock.elapsed();
    // A recording that names its day keeps it; any other happens now.
    let unix_at_zero_us = if first_us >= UNIX_FROM_US { 0 } else { clock.unix_us() - first_us };
    let at = |at_us: u64| Now { uptime_ms: at_us / 1_000, unix_ms: Some((at_us + unix_at_zero_us) / 1_000) };
    let mut now = at(first_us);
    let settings = Settings { reset: ResetReason::PowerOn, obd: false, ..Settings::default() };
    let mut host = Host::new(Box::pin(Device::start(flash, settings, now)).await?, Collecting::default());
    let show = std::io::stderr().is_terminal();
    let mut inputs = 0;
    let mut next = first;
    while let Some(input) = next {
        if stop.is_wished() {
            break;
        }
        let due = match pace {
            Pace::Times(speed) => began + Duration::from_micros(((input.at_us() - first_us) as f64 / speed) as u64),
            Pace::Unbounded => Duration::ZERO,
        };
        loop {
            let wait = due.saturating_sub(clock.elapsed());
            if wait.is_zero() && (link.is_none() || inputs % u64::from(SLICE) != 0) {
                break;
            }
            tokio::select! {
                biased;
                () = stop.wished() => break,
                event = next_event(link.as_mut()) => react(&mut host, event, link.as_mut(), now).await?,
                () = tokio::time::sleep(wait) => break,
            }
            if let Some(link) = link.as_mut() {
                host.upload(now, link).await?;
            }
        }
        now = at(input.at_us());
        match input {
            Input::Frame { frame, .. } => host.frame(now, &frame).await?,
            Input::Tick { .. } => host.tick(now).await?,
        }
        // What the core would put on the bus has nobody to go to.
        while host.device.request(now).is_some() {}
        inputs += 1;
        if inputs % u64::from(SLICE) == 0 {
            if let Some(link) = link.as_mut() {
                host.upload(now, link).await?;
            }
            if show {
                show_progress(input.at_us() - first_us, inputs);
            }
        }
        next = recording.next_input()?;
    }
    if show {
        end_progress();
    }
    host.device.finish(now).await?;
    host.settle(now).await?;
    if let Some(link) = link {
        drain(&mut host, link, now, &mut stop).await?;
    }
    let status = host.device.status();
    Ok(Played {
        inputs,
        created: status.created,
        waiting: status.stored,
        samples_lost: host.samples_lost(),
        broken: recording.broken().clone(),
    })
}

#[expect(clippy::print_stderr, reason = "the line of progress on a terminal")]
fn show_progress(since_us: u64, inputs: u64) {
    eprint!("\r{:.0} s, {inputs} frames", since_us as f64 / 1e6);
}

#[expect(clippy::print_stderr, reason = "the end of the line of progress on a terminal")]
fn end_progress() {
    eprintln!();
}

async fn drain(host: &mut Host, mut link: Link, now: Now, stop: &mut Stop) -> Result<(), ReplayError> {
    let emptied = async {
        while host.upload(now, &mut link).await? > 0 {
            let event = link.next().await;
            react(host, event, Some(&mut link), now).await?;
        }
        Ok::<(), ReplayError>(())
    };
    let result = tokio::select! {
        result = tokio::time::timeout(DRAIN, emptied) => result.unwrap_or(Ok(())),
        () = stop.wished() => Ok(()),
    };
    link.close().await;
    result
}

//! The task that holds an adapter's line: opens it, opens it again, and carries frames and requests between it and the core.
//!
//! Invariant: it ends only when nobody wants its frames any more or by the wish to stop; a line that closes is waited for.

use std::io;
use std::time::Duration;

use milepost_firmware::Frame;
use milepost_firmware::frame::unraw;
use milepost_firmware::isotp::{PADDING, Receiver};
use milepost_firmware::obd::FUNCTIONAL;
use milepost_firmware::obd::service::{Answer, Information, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};

use super::adapter::{Adapter, Counters, Event, Loss, Refused};
use super::port::Place;
use crate::clock::Clock;
use crate::diagnostics::vin;

/// How long to wait before a line is opened again; it doubles up to the most.
const REOPEN: Duration = Duration::from_secs(1);
const MOST_REOPEN: Duration = Duration::from_mins(1);

/// How often the voltage at the socket is measured.
const MEASURE_EVERY_MS: u64 = 10_000;

/// How often a car is asked for its number before that is left.
const ASK_VIN: u8 = 3;

/// No model year is later; which of two a letter means is not asked here.
const LATEST_YEAR: u16 = 2039;

/// What is known of an adapter and the car behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// What the adapter calls itself, while it is there.
    pub adapter: Option<String>,
    /// The protocol, as the adapter numbers them, once the car has answered.
    pub protocol: Option<char>,
    /// The vehicle identification number; it stays in the gateway.
    pub vin: Option<String>,
    /// The voltage at the socket, in millivolts.
    pub voltage_mv: Option<u16>,
    /// What became of requests and lines.
    pub counters: Counters,
    /// Frames that found no room on their way to the core.
    pub overflow: u64,
}

/// Why a session with an adapter ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The line failed or closed.
    #[error("the adapter's line failed")]
    Line(#[from] io::Error),
    /// The adapter is none, or answers no more.
    #[error(transparent)]
    Lost(#[from] Loss),
}

/// Where frames go to and requests come from.
#[derive(Debug)]
pub struct Ends {
    /// The bus that the frames are of.
    pub bus: u8,
    /// To the core.
    pub frames: mpsc::Sender<Frame>,
    /// From the core.
    pub requests: mpsc::Receiver<Frame>,
    /// What a person may see.
    pub status: watch::Sender<Status>,
}

/// Keeps a line open until nobody wants its frames.
pub async fn drive(place: Place, baud: u32, mut ends: Ends, clock: Clock) {
    let mut pause = REOPEN;
    while !ends.frames.is_closed() {
        let failed = match place.open(baud).await {
            Ok(line) => {
                let before = ends.status.borrow().counters.frames;
                let ended = session(line, &mut ends, &clock).await;
                if ends.status.borrow().counters.frames > before {
                    pause = REOPEN;
                }
                match ended {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error.into(),
        };
        ends.status.send_modify(|status| (status.adapter, status.voltage_mv) = (None, None));
        let cause = std::error::Error::source(&failed).map(ToString::to_string);
        tracing::warn!(%place, error = %failed, cause, retry_after_s = pause.as_secs(), "no adapter");
        tokio::select! {
            () = ends.frames.closed() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(MOST_REOPEN);
    }
}

/// Speaks with an adapter over an open line; `Ok` when nobody wants its frames any more.
pub async fn session(
    line: impl AsyncRead + AsyncWrite + Unpin,
    ends: &mut Ends,
    clock: &Clock,
) -> Result<(), SessionError> {
    let (mut reader, mut writer) = tokio::io::split(line);
    let mut adapter = Adapter::new(ends.bus);
    let counted = ends.status.borrow().counters;
    let mut vehicle = Vehicle::default();
    let mut measure_ms = 0;
    let mut buffer = [0; 512];
    loop {
        let now_ms = clock.elapsed().as_millis() as u64;
        if measure_ms <= now_ms {
            measure_ms = now_ms.saturating_add(MEASURE_EVERY_MS);
            adapter.measure();
        }
        if let Some(request) = vehicle.request(&adapter, ends.status.borrow().vin.is_some()) {
            // Ready and a service that reads: there is nothing to refuse.
            let _ = adapter.ask(&request);
        }
        while let Some(command) = adapter.poll(now_ms) {
            tracing::trace!(command = command.trim_end(), "to the adapter");
            writer.write_all(command.as_bytes()).await?;
            writer.flush().await?;
        }
        while let Some(event) = adapter.event() {
            take(event, now_ms, &mut vehicle, ends)?;
        }
        let counters = add(counted, adapter.counters());
        ends.status.send_if_modified(|status| std::mem::replace(&mut status.counters, counters) != counters);
        let next_ms = adapter.deadline_ms().map_or(measure_ms, |deadline_ms| deadline_ms.min(measure_ms));
        let pause = Duration::from_millis(next_ms.saturating_sub(now_ms).max(1));
        tokio::select! {
            read = reader.read(&mut buffer) => {
                let len = read?;
                if len == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                adapter.bytes(clock.elapsed().as_millis() as u64, buffer.get(..len).unwrap_or_default());
            }
            request = ends.requests.recv(), if adapter.is_ready() => match request {
                Some(request) => match adapter.ask(&request) {
                    Ok(()) => {}
                    Err(refused @ (Refused::Service(_) | Refused::Malformed | Refused::Busy)) => {
                        tracing::warn!(%refused, "request was not put to the car");
                    }
                },
                None => return Ok(()),
            },
            () = ends.frames.closed() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn take(event: Event, now_ms: u64, vehicle: &mut Vehicle, ends: &mut Ends) -> Result<(), SessionError> {
    match event {
        Event::Ready(name) => {
            tracing::info!(name, "adapter is set up");
            ends.status.send_modify(|status| status.adapter = Some(name));
        }
        Event::Protocol(protocol) => {
            tracing::info!(%protocol, "car answers");
            vehicle.found = true;
            ends.status.send_modify(|status| status.protocol = Some(protocol));
        }
        Event::Foreign(protocol) => tracing::warn!(%protocol, "car speaks a protocol that is not CAN"),
        Event::Unreachable(pause_ms) => tracing::info!(pause_ms, "car does not answer, left alone"),
        Event::Voltage(millivolts) => ends.status.send_modify(|status| status.voltage_mv = Some(millivolts)),
        Event::Frame(frame) => {
            if let Some(number) = vehicle.heard(now_ms, &frame) {
                tracing::info!("car has told its identification number");
                ends.status.send_modify(|status| status.vin = Some(number));
            }
            if ends.frames.try_send(frame).is_err() {
                ends.status.send_modify(|status| status.overflow += 1);
            }
        }
        Event::Done => {}
        Event::Lost(loss) => return Err(loss.into()),
    }
    Ok(())
}

/// Counters of earlier sessions and of this one.
fn add(before: Counters, now: Counters) -> Counters {
    Counters {
        asked: before.asked + now.asked,
        frames: before.frames + now.frames,
        no_data: before.no_data + now.no_data,
        bus: before.bus + now.bus,
        unable: before.unable + now.unable,
        damaged: before.damaged + now.damaged,
        full: before.full + now.full,
        stopped: before.stopped + now.stopped,
        unknown: before.unknown + now.unknown,
        unread: before.unread + now.unread,
        late: before.late + now.late,
        resets: before.resets + now.resets,
        refused: before.refused + now.refused,
    }
}

/// Who the car is: asked once it answers, and never told to anybody but who stands before the gateway.
#[derive(Debug, Default)]
struct Vehicle {
    found: bool,
    asked: u8,
    receivers: Vec<(u32, Receiver<64>)>,
}

impl Vehicle {
    /// The request for the number, while it is wanted and can leave.
    fn request(&mut self, adapter: &Adapter, known: bool) -> Option<Frame> {
        if !self.found || known || self.asked >= ASK_VIN || !adapter.is_ready() {
            return None;
        }
        self.asked += 1;
        let request = Request::Information(Information::Vin).bytes()?;
        let mut data = [PADDING; 8];
        for (to, from) in data.iter_mut().zip(std::iter::once(&(request.len() as u8)).chain(&request)) {
            *to = *from;
        }
        Frame::new(0, unraw(FUNCTIONAL), &data)
    }

    /// Takes a frame; answers the number with its last one.
    fn heard(&mut self, now_ms: u64, frame: &Frame) -> Option<String> {
        let id = frame.raw_id();
        let place = self.receivers.iter().position(|(of, _)| *of == id).or_else(|| {
            // As many as there are addresses for answers with eleven bits; a car with more tells its number early.
            (self.receivers.len() < 8).then(|| {
                self.receivers.push((id, Receiver::new()));
                self.receivers.len() - 1
            })
        })?;
        let (_, receiver) = self.receivers.get_mut(place)?;
        let message = receiver.accept(now_ms, frame.data()).message?;
        let Some(Answer::Information { kind: 2, data: [_, number @ ..] }) = Answer::parse(message) else { return None };
        // Shorter numbers are filled up with null bytes in front.
        let number: String = number.iter().filter(|&&byte| byte > 0).map(|&byte| char::from(byte)).collect();
        vin::tell(&number, LATEST_YEAR).ok().map(|told| told.vin)
    }
}

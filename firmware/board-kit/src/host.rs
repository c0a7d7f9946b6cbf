//! The task that owns the core: what comes in is handed to it one by one, what it wants to go out is passed on.
//!
//! Invariant: the core's own futures always run to their end; only waiting for the next input is ever given up.

use core::fmt;

use embassy_futures::select::{Either4, select4};
use embassy_time::{Instant, Timer};
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_firmware::update::concerns;
use milepost_firmware::{Device, DownlinkError, Error, Event, Frame, Now};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::update::UpdateReport;
use milepost_protocol::{MAX_ENVELOPE_LEN, NoticeId};

use crate::ports::{Envelope, Incoming, Input, Message, Outgoing, Ports, Sight};
use crate::supervisor::Member;
use crate::updates::{Restart, Updates};

/// The core hears of the time this often, in milliseconds.
const TICK_MS: u64 = 500;

/// How many waiting frames the core takes before it looks at everything else again.
const BATCH: usize = 64;

/// What the board may want to tell its log.
#[derive(Debug)]
pub enum News<'e> {
    /// The core tells something.
    Event(&'e Event),
    /// The session stands; envelopes leave from now on.
    LinkUp,
    /// A message from the cloud does not decode; it is dropped, and the core has counted it.
    BadMessage(usize),
    /// An update moved on.
    Update(&'e UpdateReport),
    /// The boot loader's state does not take what it is told; it is told again.
    BootLoader,
}

/// Why a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// [`Input::Finish`] was carried out.
    Finished,
    /// The board has to start anew, which is safe at this moment.
    Restart(Restart),
}

/// The core's task.
pub struct Host<'d, S: MultiwriteNorFlash> {
    device: &'d mut Device<S>,
    ports: &'static Ports,
    uplink: Outgoing<Envelope>,
    downlink: Incoming<Message>,
    /// Milliseconds of the core's clock for each millisecond; above 1 only in emulation.
    pace: u32,
    up: bool,
    finishing: bool,
    /// Whether the display may show anything, and which notice; `None` if it has to be told again.
    seen: Option<(bool, Option<NoticeId>)>,
    next_tick: Instant,
    updates: Option<Updates<'d, S>>,
}

impl<S: MultiwriteNorFlash> fmt::Debug for Host<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("up", &self.up).field("finishing", &self.finishing).finish_non_exhaustive()
    }
}

/// The core's clock at this moment.
pub fn now(pace: u32) -> Now {
    Now { uptime_ms: Instant::now().as_millis().saturating_mul(u64::from(pace)), unix_ms: None }
}

impl<'d, S: MultiwriteNorFlash> Host<'d, S> {
    /// A host of a started core.
    pub fn new(
        device: &'d mut Device<S>,
        ports: &'static Ports,
        uplink: Outgoing<Envelope>,
        downlink: Incoming<Message>,
        pace: u32,
    ) -> Self {
        let next_tick = Instant::now();
        Self {
            device,
            ports,
            uplink,
            downlink,
            pace,
            up: false,
            finishing: false,
            seen: None,
            next_tick,
            updates: None,
        }
    }

    /// With updates over the air.
    #[must_use]
    pub fn with_updates(self, updates: Option<Updates<'d, S>>) -> Self {
        Self { updates, ..self }
    }

    /// Runs until [`Input::Finish`] was carried out, an image wants a restart, or the core fails.
    pub async fn run(&mut self, mut tell: impl FnMut(News<'_>)) -> Result<End, Error<S::Error>> {
        loop {
            let wait = Timer::at(self.next_tick);
            let next =
                select4(self.ports.inputs.receive(), self.downlink.receive(), self.ports.frames.receive(), wait).await;
            match next {
                Either4::First(input) => {
                    if input == Input::LinkUp {
                        tell(News::LinkUp);
                    }
                    self.take(input).await?;
                }
                Either4::Second(message) => {
                    let now = now(self.pace);
                    let outcome = match &mut self.updates {
                        Some(updates) if concerns(message) => updates.downlink(now, message).await,
                        _ => self.device.downlink(now, message).await,
                    };
                    let len = message.len();
                    // Only now: the link acknowledges when the place is free again.
                    self.downlink.receive_done();
                    // It may have brought other words for the notice that is shown.
                    self.seen = None;
                    match outcome {
                        Ok(()) => {}
                        Err(DownlinkError::Decode(_)) => tell(News::BadMessage(len)),
                        Err(DownlinkError::Device(error)) => return Err(error),
                    }
                }
                Either4::Third(frame) => self.frames(frame).await?,
                Either4::Fourth(()) => {
                    self.next_tick = Instant::now().saturating_add(embassy_time::Duration::from_millis(TICK_MS));
                    self.device.tick(now(self.pace)).await?;
                }
            }
            if let Some(updates) = &mut self.updates
                && let Some(restart) = updates.step(self.device, now(self.pace), self.up, &mut tell).await?
            {
                return Ok(End::Restart(restart));
            }
            self.pass_on().await?;
            while let Some(event) = self.device.events() {
                tell(News::Event(&event));
            }
            if self.finishing && self.device.waiting() == 0 {
                return Ok(End::Finished);
            }
        }
    }

    async fn take(&mut self, input: Input) -> Result<(), Error<S::Error>> {
        let now = now(self.pace);
        match input {
            Input::LinkUp => self.up = true,
            Input::LinkDown => {
                self.up = false;
                self.device.link_lost();
            }
            Input::Answer(notice, answer) => {
                self.device.answer(now, notice, answer).await?;
            }
            Input::Finish => {
                self.device.finish(now).await?;
                self.finishing = true;
            }
        }
        Ok(())
    }

    async fn frames(&mut self, first: Frame) -> Result<(), Error<S::Error>> {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(frame) = next else { return Ok(()) };
            self.device.frame(now(self.pace), &frame).await?;
            next = self.ports.frames.try_receive().ok();
        }
        // A frame taken from the queue is never put back.
        match next {
            Some(frame) => self.device.frame(now(self.pace), &frame).await,
            None => Ok(()),
        }
    }

    /// Hands out requests, envelopes, the notice and the time.
    async fn pass_on(&mut self) -> Result<(), Error<S::Error>> {
        let now = now(self.pace);
        while !self.ports.requests.is_full() {
            let Some(request) = self.device.request(now) else { break };
            // There is room, and nobody else writes.
            let _ = self.ports.requests.try_send(request);
        }
        while self.up {
            let Some(place) = self.uplink.try_send() else { break };
            // Within the capacity, so it cannot fail.
            let _ = place.resize(MAX_ENVELOPE_LEN, 0);
            let Some(len) = self.device.envelope(now, place).await?.map(<[u8]>::len) else { break };
            place.truncate(len);
            self.uplink.send_done();
        }
        self.ports.set_waiting(self.device.waiting());
        let notice = self.device.display(now);
        let seen = (self.device.may_show(now), notice.map(|notice| notice.id));
        if self.seen != Some(seen) {
            self.seen = Some(seen);
            let (may_show, _) = seen;
            self.ports.sight.signal(if may_show { Sight::Standing(notice.cloned()) } else { Sight::Moving });
        }
        if let Some((unix_ms, quality)) = self.device.unix_ms(now) {
            // A clock that runs faster than the world says nothing about certificates.
            if self.pace == 1 {
                self.ports.time.learn(unix_ms, quality == ClockQuality::Network);
            }
        }
        self.ports.supervisor.beat(Member::Core, Instant::now().as_secs() as u32);
        Ok(())
    }
}

//! The task that owns the core: what comes in is handed to it one by one, what it wants to go out is passed on.
//!
//! Invariant: the core's own futures always run to their end; only waiting for the next input is ever given up.

use core::fmt;

use embassy_futures::select::{Either4, select4};
use embassy_time::{Duration, Instant, Timer};
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
#[cfg(feature = "screen")]
use milepost_firmware::Now;
use milepost_firmware::power::Draw;
use milepost_firmware::{Device, DownlinkError, Error, Event, Frame};
use milepost_protocol::MAX_ENVELOPE_LEN;
#[cfg(feature = "screen")]
use milepost_protocol::NoticeId;
#[cfg(feature = "tls")]
use milepost_protocol::envelope::ClockQuality;
#[cfg(feature = "tls")]
use milepost_protocol::update::UpdateReport;

#[cfg(feature = "screen")]
use crate::ports::Sight;
use crate::ports::{Envelope, Incoming, Input, Message, Outgoing, Ports};
use crate::power::{Clock, Hold, Pace, Power, Turn};
use crate::supervisor::Member;
use crate::upkeep::{Restart, Step, Upkeep};

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
    /// The board falls asleep or wakes.
    Power(Turn),
    /// What becomes of the board's certificate.
    Certificate(Step),
    /// A message from the cloud does not decode; it is dropped, and the core has counted it.
    BadMessage(usize),
    /// An update moved on.
    #[cfg(feature = "tls")]
    Update(&'e UpdateReport),
    /// The boot loader's state does not take what it is told; it is told again.
    #[cfg(feature = "tls")]
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
pub struct Host<'d, S: MultiwriteNorFlash, U> {
    device: &'d mut Device<S>,
    upkeep: U,
    ports: &'static Ports,
    uplink: Outgoing<Envelope>,
    downlink: Incoming<Message>,
    clock: Clock,
    power: Power,
    up: bool,
    finishing: bool,
    #[cfg(feature = "screen")]
    /// Whether the display may show anything, and which notice; `None` if it has to be told again.
    seen: Option<(bool, Option<NoticeId>)>,
    next_tick: Instant,
}

impl<S: MultiwriteNorFlash, U> fmt::Debug for Host<'_, S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("up", &self.up).field("finishing", &self.finishing).finish_non_exhaustive()
    }
}

/// What a certificate is judged by: a clock that runs faster than the world says nothing about it.
fn trusted_ms<S: MultiwriteNorFlash>(device: &Device<S>, clock: &Clock) -> Option<u64> {
    device.unix_ms(clock.now()).filter(|_| clock.is_real()).map(|(unix_ms, _)| unix_ms)
}

impl<'d, S: MultiwriteNorFlash, U: Upkeep<S>> Host<'d, S, U> {
    /// A host of a started core; without a draw it never sleeps.
    pub fn new(
        device: &'d mut Device<S>,
        upkeep: U,
        ports: &'static Ports,
        uplink: Outgoing<Envelope>,
        downlink: Incoming<Message>,
        pace: Pace,
        draw: Option<Draw>,
    ) -> Self {
        let next_tick = Instant::now();
        let clock = Clock::new(pace);
        Self {
            device,
            upkeep,
            ports,
            uplink,
            downlink,
            clock,
            power: Power::new(draw, clock.now()),
            up: false,
            finishing: false,
            #[cfg(feature = "screen")]
            seen: None,
            next_tick,
        }
    }

    /// The core.
    pub fn device(&self) -> &Device<S> {
        self.device
    }

    /// Runs until [`Input::Finish`] was carried out, an image wants a restart, or the core fails.
    pub async fn run(&mut self, mut tell: impl FnMut(News<'_>)) -> Result<End, Error<S::Error>> {
        loop {
            let wait = Timer::at(self.next_tick);
            let next =
                select4(self.ports.inputs.receive(), self.downlink.receive(), self.ports.frames.receive(), wait).await;
            match next {
                Either4::First(input) => {
                    if matches!(input, Input::LinkUp(_)) {
                        tell(News::LinkUp);
                    }
                    self.take(input, &mut tell).await?;
                }
                Either4::Second(message) => {
                    let step = self.upkeep.hear(message, trusted_ms(self.device, &self.clock)).await?;
                    if let Some(step) = step {
                        tell(News::Certificate(step));
                    }
                    let now = self.clock.now();
                    let outcome = match self.upkeep.take(now, message).await {
                        Some(outcome) => outcome,
                        None => self.device.downlink(now, message).await,
                    };
                    let len = message.len();
                    // Only now: the link acknowledges when the place is free again.
                    self.downlink.receive_done();
                    // It may have brought other words for the notice that is shown.
                    #[cfg(feature = "screen")]
                    {
                        self.seen = None;
                    }
                    match outcome {
                        Ok(()) => {}
                        Err(DownlinkError::Decode(_)) => tell(News::BadMessage(len)),
                        Err(DownlinkError::Device(error)) => return Err(error),
                    }
                }
                Either4::Third(frame) => self.frames(frame).await?,
                Either4::Fourth(()) => {
                    self.next_tick = Instant::now().saturating_add(Duration::from_millis(TICK_MS));
                    self.device.tick(self.clock.now()).await?;
                    let unix_ms = trusted_ms(self.device, &self.clock);
                    let step = self.upkeep.tick(self.device, self.clock.now(), unix_ms).await?;
                    if let Some(step) = step {
                        tell(News::Certificate(step));
                    }
                }
            }
            if let Some(restart) = self.upkeep.step(self.device, self.clock.now(), self.up, &mut tell).await? {
                return Ok(End::Restart(restart));
            }
            let hold = self.hold();
            if let Some(turn) = self.power.step(self.device, &mut self.clock, hold).await? {
                tell(News::Power(turn));
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

    /// What keeps the board awake.
    fn hold(&self) -> Hold {
        if self.finishing { Hold::Finish } else { self.upkeep.hold() }
    }

    async fn take(&mut self, input: Input, tell: &mut impl FnMut(News<'_>)) -> Result<(), Error<S::Error>> {
        let now = self.clock.now();
        let step = match input {
            Input::LinkUp(with) => {
                self.up = true;
                self.upkeep.connected(with).await?
            }
            Input::LinkDown => {
                self.up = false;
                self.device.link_lost();
                None
            }
            Input::Refused(with) => self.upkeep.refused(with, trusted_ms(self.device, &self.clock)).await?,
            Input::Renew => {
                self.upkeep.want();
                None
            }
            Input::Answer(notice, answer) => {
                self.device.answer(now, notice, answer).await?;
                None
            }
            Input::Finish => {
                self.device.finish(now).await?;
                self.finishing = true;
                None
            }
        };
        if let Some(step) = step {
            tell(News::Certificate(step));
        }
        Ok(())
    }

    async fn frames(&mut self, first: Frame) -> Result<(), Error<S::Error>> {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(frame) = next else { return Ok(()) };
            self.device.frame(self.clock.now(), &frame).await?;
            next = self.ports.frames.try_receive().ok();
        }
        // A frame taken from the queue is never put back.
        match next {
            Some(frame) => self.device.frame(self.clock.now(), &frame).await,
            None => Ok(()),
        }
    }

    /// Tells the display what it may show, whenever that changes.
    #[cfg(feature = "screen")]
    fn let_see(&mut self, now: Now) {
        let notice = self.device.display(now);
        let seen = (self.device.may_show(now), notice.map(|notice| notice.id));
        if self.seen != Some(seen) {
            self.seen = Some(seen);
            let (may_show, _) = seen;
            self.ports.sight.signal(if may_show { Sight::Standing(notice.cloned()) } else { Sight::Moving });
        }
    }

    /// Hands out requests, envelopes, the notice and the time.
    async fn pass_on(&mut self) -> Result<(), Error<S::Error>> {
        let now = self.clock.now();
        let leave = self.power.leave();
        self.ports.lead.want(leave.uplink);
        if leave.sleep {
            self.next_tick = Instant::now().saturating_add(self.power.wait(&self.clock));
        }
        while leave.poll && !self.ports.requests.is_full() {
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
        #[cfg(feature = "screen")]
        self.let_see(now);
        #[cfg(feature = "tls")]
        if let Some((unix_ms, quality)) = self.device.unix_ms(now) {
            // As for `trusted_ms`.
            if self.clock.is_real() {
                self.ports.time.learn(unix_ms, quality == ClockQuality::Network);
            }
        }
        self.ports.supervisor.beat(Member::Core, Instant::now().as_secs() as u32);
        Ok(())
    }
}

//! One car inside the test: the real core over a flash in memory, the real uplink over mutual TLS, and a person at its display.
//!
//! Invariant: it lives only while a test waits for something of it, so between two waits nothing happens in it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost_firmware::frame::unraw;
use milepost_firmware::{Device, Event as CoreEvent, Frame, Now, Settings};
use milepost_gateway::agent::look_after;
use milepost_gateway::clock::{Clock, VirtualTime};
use milepost_gateway::collection::Collecting;
use milepost_gateway::flash_file::{Layout, in_memory};
use milepost_gateway::host::Host;
use milepost_gateway::identity::Keeper;
use milepost_gateway::link::{Event, Identity, Link, Options, Policy};
use milepost_protocol::notice::{Answer, NoticeState};
use milepost_protocol::{DeviceId, NoticeId};

use super::process::within;
use super::stage::Stage;

/// How often the core hears of the time.
const TICK: Duration = Duration::from_millis(50);

/// Where an engine control unit answers OBD-II requests (ISO 15765-4).
const ANSWERS: u32 = 0x7E8;

/// A car that stands with its ignition on.
pub(crate) struct Car {
    /// Its id.
    pub(crate) id: DeviceId,
    /// Core and what was sent of it.
    pub(crate) host: Host,
    /// Notices that the display showed, in order.
    pub(crate) shown: Vec<NoticeId>,
    /// What the car heard of its notices, in order.
    pub(crate) updates: Vec<(NoticeId, NoticeState)>,
    /// Whether the uplink stands.
    pub(crate) is_up: bool,
    /// How many publishes were acknowledged.
    pub(crate) acknowledged: u64,
    link: Option<Link>,
    /// Its credentials.
    pub(crate) keeper: Keeper,
    clock: Clock,
    time: VirtualTime,
}

impl Car {
    /// Starts the first car of a stage, offline.
    pub(crate) async fn start(stage: &Stage) -> Result<Self> {
        let id = stage.devices.first().context("the stage has no car")?.clone();
        Self::with(stage, id, &stage.identities()).await
    }

    /// Starts a car with an identity of its own, offline.
    pub(crate) async fn with(stage: &Stage, id: DeviceId, identities: &Path) -> Result<Self> {
        let clock = Clock::system();
        let unix_ms = Some(stage.time.at_us(clock.unix_us()));
        let now = Now { uptime_ms: clock.elapsed().as_millis() as u64, unix_ms };
        let device = Box::pin(Device::start(in_memory(Layout::FLEET), Settings::default(), now)).await?;
        Ok(Self {
            host: Host::new(device, Collecting::default()),
            shown: Vec::new(),
            updates: Vec::new(),
            is_up: false,
            acknowledged: 0,
            link: None,
            keeper: Keeper::open(Identity::in_folder(identities, id.as_str()), "localhost", &id)?,
            id,
            clock,
            time: stage.time,
        })
    }

    /// Lets the car connect to `server` from now on.
    pub(crate) fn go_online(&mut self, server: SocketAddr) -> Result<()> {
        let options = Options {
            device: self.id.clone(),
            host: server.ip().to_string(),
            port: server.port(),
            tls: Some(self.keeper.tls()?),
            keep_alive: Duration::from_mins(1),
        };
        self.link = Some(Link::new(options, Policy::fleet(), self.clock.clone(), 1));
        Ok(())
    }

    /// Ends the connection; the car does not come back by itself.
    pub(crate) async fn go_offline(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        self.host.device.link_lost();
        self.is_up = false;
    }

    /// Publishes bytes as if the core had made them, and waits for their acknowledgement.
    pub(crate) async fn publish(&mut self, bytes: &[u8]) -> Result<()> {
        self.until("a link with room", |car| car.link.as_ref().is_some_and(Link::has_room)).await?;
        let link = self.link.as_mut().context("the car is offline")?;
        ensure!(link.publish(bytes).is_some(), "the link took no publish");
        let before = self.acknowledged;
        self.until("the acknowledgement", |car| car.acknowledged > before).await
    }

    /// Presses a button.
    pub(crate) async fn answer(&mut self, notice: NoticeId, answer: Answer) -> Result<()> {
        let taken = self.host.device.answer(self.now(), notice, answer).await?;
        ensure!(taken, "{notice} is not open in the car");
        Ok(())
    }

    /// What the display shows.
    pub(crate) fn display(&self) -> Option<NoticeId> {
        self.host.device.display(self.now()).map(|notice| notice.id)
    }

    /// Lives until `condition` holds.
    pub(crate) async fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) -> Result<()> {
        let lived = async {
            while !condition(self) {
                Box::pin(self.live()).await?;
            }
            Ok(())
        };
        within(what, lived).await?
    }

    /// Lives while a test waits for something else.
    pub(crate) async fn during<T>(&mut self, other: impl Future<Output = Result<T>>) -> Result<T> {
        let mut other = std::pin::pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                lived = Box::pin(self.live()) => lived?,
            }
        }
    }

    /// One thing happens, or a tick passes.
    async fn live(&mut self) -> Result<()> {
        let now = self.now();
        // The ignition is on and the car stands; a display without a bus is dark.
        let standing = Frame::new(0, unraw(ANSWERS), &[0x03, 0x41, 0x0D, 0x00]).context("the frame is well formed")?;
        self.host.device.frame(now, &standing).await?;
        self.host.device.tick(now).await?;
        let unix_ms = self.host.device.unix_ms(now).map(|(unix_ms, _)| unix_ms);
        if let Some(request) = self.keeper.request(unix_ms)? {
            self.host.device.request_certificate(now, request).await?;
        }
        if let Some(link) = &mut self.link {
            self.host.upload(now, link).await?;
        }
        let event = if let Some(link) = &mut self.link {
            tokio::time::timeout(TICK, link.next()).await.ok()
        } else {
            tokio::time::sleep(TICK).await;
            None
        };
        let now = self.now();
        let event = match (event, &mut self.link) {
            (Some(event), Some(link)) => Some(look_after(&mut self.keeper, event, link, &mut self.host, now).await?),
            (event, _) => event,
        };
        match &event {
            Some(Event::Up) => self.is_up = true,
            Some(Event::Down(_)) => self.is_up = false,
            Some(Event::Acknowledged(_)) => self.acknowledged += 1,
            Some(Event::Message(_)) | None => {}
        }
        if let (Some(event), Some(link)) = (event, &mut self.link) {
            self.host.react(now, event, link).await?;
        }
        while let Some(event) = self.host.device.events() {
            match event {
                CoreEvent::NoticeShown { id } => self.shown.push(id),
                CoreEvent::NoticeUpdated { id, state } => self.updates.push((id, state)),
                CoreEvent::NoticeRaised { .. } | CoreEvent::TripEnded(_) => {}
            }
        }
        Ok(())
    }

    fn now(&self) -> Now {
        let unix_ms = Some(self.time.at_us(self.clock.unix_us()));
        Now { uptime_ms: self.clock.elapsed().as_millis() as u64, unix_ms }
    }
}

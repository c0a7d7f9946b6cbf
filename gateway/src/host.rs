//! One core with its flash and its uplink: what a board does around the core, done by a process.
//!
//! Invariant: a message is acknowledged only after the core has it in flash, and a lost link always tells the core so.

use milepost_firmware::{Device, DownlinkError, Error as CoreError, Frame, Now};
use milepost_protocol::collection::EncodedPlan;
use milepost_protocol::record::LogLevel;
use milepost_protocol::{Downlink, MAX_ENVELOPE_LEN};

use crate::collection::Collecting;
use crate::flash_file::{FlashError, Region};
use crate::link::{Event, Link, Loss};

/// The core's failure over a flash file.
pub type DeviceError = CoreError<FlashError>;

/// The most requests that the core may put on the bus between two frames.
const MAX_REQUESTS: usize = 16;

/// A core, what it collects besides, and what was sent of it.
#[derive(Debug)]
pub struct Host {
    /// The core.
    pub device: Device<Region>,
    collecting: Collecting,
    buffer: Box<[u8; MAX_ENVELOPE_LEN]>,
    sent_since_up: bool,
}

impl Host {
    /// A host of a started core, and of what it collects.
    pub fn new(device: Device<Region>, collecting: Collecting) -> Self {
        Self { device, collecting, buffer: Box::new([0; MAX_ENVELOPE_LEN]), sent_since_up: false }
    }

    /// Hands a frame to the core, and what the core reads of it to the collector.
    pub async fn frame(&mut self, now: Now, frame: &Frame) -> Result<(), DeviceError> {
        let Self { device, collecting, .. } = self;
        let consent = device.consent();
        device.frame_to(now, frame, &mut |reading| collecting.reading(now.uptime_ms, consent, reading)).await
    }

    /// Lets time pass for the core, and puts samples that have waited long enough where they are durable.
    pub async fn tick(&mut self, now: Now) -> Result<(), DeviceError> {
        self.device.tick(now).await?;
        self.series(now, self.device.is_parked(now)).await
    }

    /// Puts every sample that waits where it is durable; for a host that is about to end.
    pub async fn settle(&mut self, now: Now) -> Result<(), DeviceError> {
        self.series(now, true).await
    }

    async fn series(&mut self, now: Now, all: bool) -> Result<(), DeviceError> {
        while let Some(series) = self.collecting.block(now.uptime_ms, all) {
            self.device.series(now, &series).await?;
        }
        Ok(())
    }

    async fn new_plan(&mut self, now: Now, plan: &EncodedPlan) -> Result<(), DeviceError> {
        self.series(now, true).await?;
        match self.collecting.take(plan) {
            Ok(report) => self.device.report(now, report).await,
            // Nothing is told, so that the cloud sees that the plan is not in force.
            Err(error) => {
                tracing::error!(%error, "collection plan cannot be kept");
                Ok(())
            }
        }
    }

    /// The frames that the core wants on the bus now.
    pub fn requests(&mut self, now: Now) -> impl Iterator<Item = Frame> {
        std::iter::from_fn(move || self.device.request(now)).take(MAX_REQUESTS)
    }

    /// Sends what is unsent, as far as the window and the cloud's credit reach. Answers how many records wait for a receipt.
    pub async fn upload(&mut self, now: Now, link: &mut Link) -> Result<u32, DeviceError> {
        while link.has_room() {
            let Some(envelope) = self.device.envelope(now, &mut self.buffer[..]).await? else { break };
            if link.publish(envelope).is_none() {
                // The core takes it for sent; only telling it of a loss makes it send again.
                self.device.link_lost();
                break;
            }
            self.sent_since_up = true;
        }
        let waiting = self.device.status().stored;
        link.awaiting_receipt(waiting > 0 && self.sent_since_up);
        Ok(waiting)
    }

    /// Takes what happened on the link; answers the loss if it was one.
    pub async fn react(&mut self, now: Now, event: Event, link: &mut Link) -> Result<Option<Loss>, DeviceError> {
        match event {
            Event::Acknowledged(_) => {}
            Event::Up => self.device.log(now, LogLevel::Info, "the session with the cloud stands").await?,
            Event::Down(loss) => {
                self.device.link_lost();
                self.sent_since_up = false;
                return Ok(Some(loss));
            }
            Event::Message(message) => {
                let before = self.device.settings();
                match self.device.downlink(now, message.payload()).await {
                    Ok(()) => {
                        let settings = self.device.settings();
                        if settings != before {
                            let text = format!("settings {} are in force", settings.version);
                            self.device.log(now, LogLevel::Info, &text).await?;
                        }
                        if let Some(plan) = Collecting::plan_in(message.payload()) {
                            self.new_plan(now, &plan).await?;
                        }
                        if has_receipt(message.payload()) {
                            link.receipt();
                        }
                    }
                    // It would not decode the next time either; the core has counted it.
                    Err(DownlinkError::Decode(error)) => {
                        tracing::warn!(%error, bytes = message.payload().len(), "downlink message does not decode");
                    }
                    Err(DownlinkError::Device(error)) => return Err(error),
                }
                link.acknowledge(&message);
            }
        }
        Ok(None)
    }
}

fn has_receipt(payload: &[u8]) -> bool {
    Downlink::parse(payload).is_ok_and(|mut messages| messages.any(|message| matches!(message, Downlink::Receipt(_))))
}

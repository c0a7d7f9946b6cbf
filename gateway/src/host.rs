//! One core with its flash and its uplink: what a board does around the core, done by a process.
//!
//! Invariant: a message is acknowledged only after the core has it in flash, a lost link always tells the core so, and samples that
//! found no room are told to the log here and to the cloud.

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
    /// How many lost samples were told.
    told_lost: u64,
    buffer: Box<[u8; MAX_ENVELOPE_LEN]>,
    sent_since_up: bool,
}

impl Host {
    /// A host of a started core, and of what it collects.
    pub fn new(device: Device<Region>, collecting: Collecting) -> Self {
        let buffer = Box::new([0; MAX_ENVELOPE_LEN]);
        Self { device, collecting, told_lost: 0, buffer, sent_since_up: false }
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
        let lost = self.samples_lost();
        if lost > self.told_lost {
            let samples = lost - self.told_lost;
            self.told_lost = lost;
            tracing::warn!(samples, since_start = lost, "samples found no room");
            let text = format!("{samples} samples found no room, {lost} since the start");
            self.device.log(now, LogLevel::Error, &text).await?;
        }
        Ok(())
    }

    /// How many samples that a collection plan asks for found no room since the process began.
    pub fn samples_lost(&self) -> u64 {
        self.collecting.lost()
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

#[cfg(test)]
mod tests {
    use milepost_firmware::Settings;
    use milepost_firmware::collection::MAX_WAITING;
    use milepost_firmware::signal::table::Reading;
    use milepost_protocol::collection::{CollectionPlan, CollectionRow, MIN_EVERY_MS};
    use milepost_protocol::downlink::{Consent, Purposes};
    use milepost_protocol::series::Resolution;
    use milepost_protocol::{Envelope, Record, SignalId};

    use super::*;
    use crate::flash_file::{Layout, in_memory};

    fn plan(version: u32) -> EncodedPlan {
        let row = CollectionRow {
            signal: SignalId::SPEED,
            resolution: Resolution::ONE,
            every_ms: MIN_EVERY_MS,
            change: 0,
            trigger: None,
            purposes: Purposes::FUNCTION,
        };
        CollectionPlan { version, rows: heapless::Vec::from_slice(&[row]).unwrap() }.encode().unwrap()
    }

    /// Reads a speed so many times, without a moment in which a block could be made.
    fn read(host: &mut Host, from_ms: u64, times: usize) {
        let consent = Consent { version: 1, purposes: Purposes::FUNCTION };
        for at in 0..times as u64 {
            let reading = Reading::Value(SignalId::SPEED, at as f32);
            host.collecting.reading(from_ms + at * u64::from(MIN_EVERY_MS), consent, reading);
        }
    }

    async fn logged(host: &mut Host, now: Now) -> Vec<(LogLevel, String)> {
        let mut found = Vec::new();
        let mut buffer = [0; MAX_ENVELOPE_LEN];
        while let Some(envelope) = host.device.envelope(now, &mut buffer).await.unwrap() {
            for entry in Envelope::parse(envelope).unwrap().entries() {
                if let Record::LogChunk(chunk) = entry.record() {
                    found.push((chunk.level, chunk.text.as_str().to_owned()));
                }
            }
        }
        found
    }

    #[tokio::test]
    async fn samples_that_find_no_room_are_told_to_the_cloud_once_and_counted_over_plans() {
        let at = |uptime_ms| Now { uptime_ms, unix_ms: Some(1_800_000_000_000 + uptime_ms) };
        let device = Device::start(in_memory(Layout::FLEET), Settings::default(), at(0)).await.unwrap();
        let mut host = Host::new(device, Collecting::default());
        host.new_plan(at(0), &plan(1)).await.unwrap();
        read(&mut host, 0, MAX_WAITING + 5);
        for uptime_ms in [10_000, 10_500] {
            host.tick(at(uptime_ms)).await.unwrap();
        }
        let told = |text: &str| (LogLevel::Error, text.to_owned());
        assert_eq!(logged(&mut host, at(10_500)).await, [told("5 samples found no room, 5 since the start")]);
        host.new_plan(at(20_000), &plan(2)).await.unwrap();
        read(&mut host, 20_000, MAX_WAITING + 2);
        host.settle(at(30_000)).await.unwrap();
        assert_eq!(logged(&mut host, at(30_000)).await, [told("2 samples found no room, 7 since the start")]);
        assert_eq!(host.samples_lost(), 7);
    }
}

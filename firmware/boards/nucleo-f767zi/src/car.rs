//! The task that runs the core over the NOR chip.
//!
//! Invariant: the chip belongs to this task; nobody waits for flash but the core.

use cortex_m::peripheral::SCB;
use embassy_time::Instant;
use milepost_board_kit::crash::{Cause, Crash};
use milepost_board_kit::host::{self, End, Host, News};
use milepost_board_kit::ports::{Envelope, Incoming, Message, Outgoing};
use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::updates::Restart;
use milepost_firmware::configuration::Bus;
use milepost_firmware::layout::Layout;
use milepost_firmware::{Device, Event, Settings};
use milepost_protocol::record::{LogLevel, ResetReason};
use static_cell::StaticCell;

use crate::nor::Nor;
use crate::{PORTS, fault, updates};

/// The core's clock is the board's.
const PACE: u32 = 1;

/// What the task is given.
pub(crate) struct Parts {
    pub(crate) nor: Nor,
    pub(crate) bus: Bus,
    pub(crate) reason: ResetReason,
    pub(crate) crash: Option<Crash>,
    pub(crate) uplink: Outgoing<Envelope>,
    pub(crate) downlink: Incoming<Message>,
}

/// Runs the core until it fails.
#[embassy_executor::task]
pub(crate) async fn run(parts: Parts) -> ! {
    static CHIP: StaticCell<Chip<Nor>> = StaticCell::new();
    let Parts { nor, bus, reason, crash, uplink, downlink } = parts;
    let chip: &'static Chip<Nor> = CHIP.init(Chip::new(nor));
    let reset = crash.as_ref().map_or(reason, |crash| crash.cause.reset_reason());
    let header = updates::header();
    let updates = updates::start(chip, header, reset, PACE).await;
    let settings = Settings { firmware: header.version().0, reset, obd: bus.ask, ..Settings::default() };
    let device = make(chip, settings);
    if let Err(error) = device.begin(host::now(PACE)).await {
        fault::end(Cause::Software, format_args!("the core does not start: {error}"));
    }
    if let Some(crash) = crash
        && let Err(error) = device.log(host::now(PACE), LogLevel::Error, &crash.text).await
    {
        fault::end(Cause::Software, format_args!("the core failed: {error}"));
    }
    let (boot, waiting) = (device.status().boot, device.waiting());
    defmt::info!("core: boot {=u32}, {=u32} records wait, {=u64} ms", boot, waiting, Instant::now().as_millis());
    let mut host = Host::new(device, &PORTS, uplink, downlink, PACE).with_updates(updates);
    match host.run(|news| tell(&news)).await {
        Ok(End::Finished) => fault::end(Cause::Software, format_args!("the core ended")),
        Ok(End::Restart(Restart::Install(_))) => SCB::sys_reset(),
        Ok(End::Restart(Restart::TrialOver)) => {
            fault::end(Cause::Software, format_args!("on trial the cloud was not heard of"))
        }
        Err(error) => fault::end(Cause::Software, format_args!("the core failed: {error}")),
    }
}

/// The core, in its place; by itself, so that what it is made from leaves the stack before anything else needs it.
#[inline(never)]
fn make(chip: &'static Chip<Nor>, settings: Settings) -> &'static mut Device<Region<'static, Nor>> {
    static DEVICE: StaticCell<Device<Region<'static, Nor>>> = StaticCell::new();
    match Device::new(Region::of_core(chip, &Layout::NOR), settings) {
        Ok(device) => DEVICE.init(device),
        Err(error) => fault::end(Cause::Software, format_args!("the core is not made: {error}")),
    }
}

fn tell(news: &News<'_>) {
    match news {
        News::Event(Event::NoticeRaised { id }) => defmt::info!("notice {=u64:016x}: raised", id.0),
        News::Event(Event::NoticeShown { id }) => defmt::info!("notice {=u64:016x}: shown", id.0),
        News::Event(Event::NoticeUpdated { id, .. }) => defmt::info!("notice {=u64:016x}: updated", id.0),
        News::Event(Event::TripEnded(trip)) => {
            defmt::info!("trip {=u32} ended after {=u32} m", trip.trip, trip.distance_m);
        }
        News::LinkUp => defmt::info!("link: up"),
        News::BadMessage(len) => defmt::warn!("a message of {=usize} bytes does not decode", len),
        News::Update(report) => {
            let [major, minor, patch] = report.version.0;
            let state = defmt::Debug2Format(&report.state);
            defmt::info!("update {=u32}: {=u16}.{=u16}.{=u16} {}", report.update, major, minor, patch, state);
        }
        News::BootLoader => defmt::error!("the boot loader's state is not written"),
    }
}

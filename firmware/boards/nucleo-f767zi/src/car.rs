//! The task that runs the core over the NOR chip, or has the board enrolled first.
//!
//! Invariant: the chip belongs to this task; nobody waits for flash but the core.

use embassy_time::Instant;
use milepost_board_kit::crash::{Cause, Crash};
use milepost_board_kit::host::{Host, News};
use milepost_board_kit::keeper::Keeper;
use milepost_board_kit::ports::{Envelope, Incoming, Message, Outgoing};
use milepost_board_kit::power::{Clock, Pace};
use milepost_board_kit::region::{Chip, Region};
use milepost_firmware::configuration::{Configuration, Copy};
use milepost_firmware::layout::Layout;
use milepost_firmware::power::Draw;
use milepost_firmware::{Device, Event, Settings};
use milepost_protocol::record::{LogLevel, ResetReason};
use static_cell::StaticCell;

use crate::nor::Nor;
use crate::trial::{self, Verdict};
use crate::{PORTS, enrolment, fault, levels, spawn};

/// What the board draws, debugger included, estimated from the makers' tables for the chip and the transceiver, not measured: asleep
/// its clocks run on. It is far above what a car may lose, so a parked board reports once a day only.
const DRAW: Draw = Draw { awake_ua: 250_000, asleep_ua: 150_000, ..Draw::TYPICAL };

/// What there is to do about the cloud.
pub(crate) enum Way {
    /// The board knows it.
    Enrolled(&'static Configuration, &'static mut Copy),
    /// The bench has to come first.
    Bench(enrolment::Parts),
}

/// What the task is given.
pub(crate) struct Parts {
    pub(crate) nor: Nor,
    pub(crate) way: Way,
    pub(crate) reason: ResetReason,
    pub(crate) crash: Option<Crash>,
    pub(crate) uplink: Outgoing<Envelope>,
    pub(crate) downlink: Incoming<Message>,
}

/// Runs the core until it fails.
#[embassy_executor::task]
pub(crate) async fn run(parts: Parts) -> ! {
    static CHIP: StaticCell<Chip<Nor>> = StaticCell::new();
    let Parts { nor, way, reason, crash, uplink, downlink } = parts;
    let chip: &'static Chip<Nor> = CHIP.init(Chip::new(nor));
    spawn(levels::mine().await, trial(chip));
    let (configuration, copy) = match way {
        Way::Enrolled(configuration, copy) => (configuration, copy),
        Way::Bench(parts) => enrolment::run(chip, parts).await,
    };
    let settings = Settings {
        reset: crash.as_ref().map_or(reason, |crash| crash.cause.reset_reason()),
        obd: configuration.bus.ask,
        ..Settings::default()
    };
    let device = make(chip, settings);
    let clock = Clock::new(Pace::REAL);
    if let Err(error) = device.begin(clock.now()).await {
        fault::end(Cause::Software, format_args!("the core does not start: {error}"));
    }
    if let Some(crash) = crash
        && let Err(error) = device.log(clock.now(), LogLevel::Error, &crash.text).await
    {
        fault::end(Cause::Software, format_args!("the core failed: {error}"));
    }
    let keeper = keeper(chip, configuration, copy).await;
    let (boot, waiting) = (device.status().boot, device.waiting());
    defmt::info!("core: boot {=u32}, {=u32} records wait, {=u64} ms", boot, waiting, Instant::now().as_millis());
    match Host::new(device, keeper, &PORTS, uplink, downlink, Pace::REAL, Some(DRAW)).run(|news| tell(&news)).await {
        Ok(()) => fault::end(Cause::Software, format_args!("the core ended")),
        Err(error) => fault::end(Cause::Software, format_args!("the core failed: {error}")),
    }
}

async fn keeper(
    chip: &'static Chip<Nor>,
    configuration: &'static Configuration,
    copy: &'static mut Copy,
) -> Option<Keeper<Region<'static, Nor>>> {
    match Keeper::open(Region::new(chip, Layout::NOR.identity), copy, configuration).await {
        Ok(keeper) => Some(keeper),
        Err(error) => {
            defmt::error!("no link: {}", defmt::Display2Format(&error));
            None
        }
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

#[embassy_executor::task]
async fn trial(chip: &'static Chip<Nor>) {
    match trial::run(chip, &PORTS).await {
        Ok(Verdict::Settled) => {}
        Ok(Verdict::Confirmed) => defmt::info!("this image stays"),
        Ok(Verdict::Failed) => fault::end(Cause::Software, format_args!("on trial the cloud was not heard of")),
        Err(error) => defmt::error!("boot state: {}", defmt::Debug2Format(&error)),
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
        News::Power(turn) => defmt::info!("power: {}", defmt::Display2Format(turn)),
        News::Certificate(step) => defmt::info!("certificate: {}", defmt::Display2Format(step)),
        News::LinkUp => defmt::info!("link: up"),
        News::BadMessage(len) => defmt::warn!("a message of {=usize} bytes does not decode", len),
    }
}

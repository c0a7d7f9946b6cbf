//! The task that runs the core over the NOR chip, or has the board enrolled first.
//!
//! Its parts are set apart from each other, so that the stack has to hold the deepest of them and not all.
//! Invariant: the chip belongs to this task; nobody waits for flash but the core.

use core::pin::pin;

use cortex_m::peripheral::SCB;
use embassy_time::Instant;
use milepost_board_kit::apart::apart;
use milepost_board_kit::crash::{Cause, Crash};
use milepost_board_kit::host::{End, Host, News};
use milepost_board_kit::keeper::Keeper;
use milepost_board_kit::kept::Kept;
use milepost_board_kit::ports::{Envelope, Incoming, Message, Outgoing};
use milepost_board_kit::power::{Clock, Pace};
use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::updates::Restart;
use milepost_firmware::configuration::{Configuration, Copy};
use milepost_firmware::layout::Layout;
use milepost_firmware::power::Draw;
use milepost_firmware::{Device, Error, Event, Settings};
use milepost_protocol::record::{LogLevel, ResetReason};
use static_cell::StaticCell;

use crate::nor::Nor;
use crate::{PORTS, enrolment, fault, header, updates};

/// The core's view of the chip.
type Flash = Region<'static, Nor>;

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

/// The chip and what is known of this start.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    pub(crate) chip: &'static Chip<Nor>,
    pub(crate) reset: ResetReason,
}

/// Runs the core until it fails, or an image wants a restart.
#[embassy_executor::task]
pub(crate) async fn run(parts: Parts) -> ! {
    static CHIP: StaticCell<Chip<Nor>> = StaticCell::new();
    let Parts { nor, way, reason, crash, uplink, downlink } = parts;
    let reset = crash.as_ref().map_or(reason, |crash| crash.cause.reset_reason());
    let start = Start { chip: CHIP.init(Chip::new(nor)), reset };
    let mut place = None;
    let host = match way {
        Way::Enrolled(configuration, copy) => {
            let known = (configuration, copy);
            apart(pin!(prepare(start, known, crash, (uplink, downlink), &mut place))).await
        }
        Way::Bench(parts) => {
            apart(pin!(enrolment::run(start, parts))).await;
            SCB::sys_reset()
        }
    };
    match host.run(|news| tell(&news)).await {
        Ok(End::Finished) => fault::end(Cause::Software, &["the core ended"]),
        Ok(End::Restart(Restart::Install(_))) => SCB::sys_reset(),
        Ok(End::Restart(Restart::TrialOver)) => fault::end(Cause::Software, &["on trial the cloud was not heard of"]),
        Err(error) => failed("the core failed: ", &error),
    }
}

/// The core, started, and everything around it.
async fn prepare<'p>(
    Start { chip, reset }: Start,
    (configuration, copy): (&'static Configuration, &'static mut Copy),
    crash: Option<Crash>,
    (uplink, downlink): (Outgoing<Envelope>, Incoming<Message>),
    place: &'p mut Option<Host<'static, Flash, Kept<'static, Flash>>>,
) -> &'p mut Host<'static, Flash, Kept<'static, Flash>> {
    let clock = Clock::new(Pace::REAL);
    let header = header::header();
    let updates = apart(pin!(updates::start(chip, header, reset, clock.now()))).await;
    let settings = Settings { firmware: header.version().0, reset, obd: configuration.bus.ask, ..Settings::default() };
    let device = make(chip, settings);
    if let Err(error) = apart(pin!(device.begin(clock.now()))).await {
        failed("the core does not start: ", &error);
    }
    if let Some(crash) = crash
        && let Err(error) = device.log(clock.now(), LogLevel::Error, &crash.text).await
    {
        failed("the core failed: ", &error);
    }
    let keeper = apart(pin!(keeper(chip, configuration, copy))).await;
    let (boot, waiting) = (device.boot(), device.waiting());
    defmt::info!("core: boot {=u32}, {=u32} records wait, {=u64} ms", boot, waiting, Instant::now().as_millis());
    let kept = || Kept::new(keeper, &PORTS.lead, updates);
    seat(place, || Host::new(device, kept(), &PORTS, uplink, downlink, Pace::REAL, Some(DRAW)))
}

async fn keeper(
    chip: &'static Chip<Nor>,
    configuration: &'static Configuration,
    copy: &'static mut Copy,
) -> Option<Keeper<Flash>> {
    match Keeper::open(Region::new(chip, Layout::NOR.identity), copy, configuration).await {
        Ok(keeper) => Some(keeper),
        Err(error) => {
            defmt::error!("no link: {=str}", error.text());
            None
        }
    }
}

/// Puts the host into its place; by itself, so that what it is made from leaves the stack before anything else needs it.
#[inline(never)]
fn seat<T>(place: &mut Option<T>, make: impl FnOnce() -> T) -> &mut T {
    place.insert(make())
}

/// The core, in its place; by itself, so that what it is made from leaves the stack before anything else needs it.
#[inline(never)]
fn make(chip: &'static Chip<Nor>, settings: Settings) -> &'static mut Device<Flash> {
    static DEVICE: StaticCell<Device<Flash>> = StaticCell::new();
    match Device::new_in(DEVICE.uninit(), Region::of_core(chip, &Layout::NOR), settings) {
        Ok(device) => device,
        Err(error) => failed("the core is not made: ", &error),
    }
}

/// Ends the run because of the core's flash.
fn failed<E>(what: &str, error: &Error<E>) -> ! {
    let [how, doing] = error.words();
    fault::end(Cause::Software, &[what, how, doing])
}

fn tell(news: &News<'_>) {
    match news {
        News::Event(Event::NoticeRaised { id }) => defmt::info!("notice {=u64:016x}: raised", id.0),
        News::Event(Event::NoticeShown { id }) => defmt::info!("notice {=u64:016x}: shown", id.0),
        News::Event(Event::NoticeUpdated { id, .. }) => defmt::info!("notice {=u64:016x}: updated", id.0),
        News::Event(Event::TripEnded(trip)) => {
            defmt::info!("trip {=u32} ended after {=u32} m", trip.trip, trip.distance_m);
        }
        News::Power(turn) => defmt::info!("power: {=str}", turn.text()),
        News::Certificate(step) => {
            let [what, why, closer] = step.words();
            defmt::info!("certificate: {=str}{=str}{=str}", what, why, closer);
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

//! The task that runs the core over the NOR chip, or has the board enrolled first.
//!
//! Its parts are set apart from each other, so that the stack has to hold the deepest of them and not all.
//! Invariant: the chip belongs to this task; nobody waits for flash but the core.

use core::mem::MaybeUninit;
use core::pin::pin;

use milepost_board_kit::Configuration;
use milepost_board_kit::apart::apart;
use milepost_board_kit::crash::{Cause, Crash};
use milepost_board_kit::host::{End, Host, News};
#[cfg(feature = "full")]
use milepost_board_kit::keeper::Keeper;
#[cfg(feature = "full")]
use milepost_board_kit::kept::Kept;
use milepost_board_kit::ports::{Envelope, Incoming, Message, Outgoing};
use milepost_board_kit::power::{Clock, Pace};
use milepost_board_kit::region::{Chip, Region};
#[cfg(not(feature = "full"))]
use milepost_board_kit::upkeep::Fixed;
#[cfg(feature = "full")]
use milepost_board_kit::upkeep::Restart;
#[cfg(not(feature = "full"))]
use milepost_firmware::configuration::COPY_LEN;
use milepost_firmware::configuration::Copy;
use milepost_firmware::layout::Layout;
use milepost_firmware::power::Draw;
use milepost_firmware::update::Header;
use milepost_firmware::{Device, Error, Event, Settings};
use milepost_protocol::record::{LogLevel, ResetReason};
#[cfg(feature = "full")]
use milepost_protocol::update::{UpdateReport, UpdateState, Version};
use static_cell::StaticCell;

use crate::arguments::Arguments;
use crate::nor::Nor;
use crate::{PORTS, fault, stack};
#[cfg(feature = "full")]
use crate::{enrolment, updates, words};

/// The core's view of the chip.
type Flash = Region<'static, Nor>;

/// What the board does beside its core.
#[cfg(feature = "full")]
type Upkeep = Kept<'static, Flash>;
#[cfg(not(feature = "full"))]
type Upkeep = Fixed;

/// Where the core is made.
pub(crate) type Place = MaybeUninit<Device<Flash>>;

/// The one place for a core.
pub(crate) fn place() -> &'static mut Place {
    static DEVICE: StaticCell<Device<Flash>> = StaticCell::new();
    DEVICE.uninit()
}

/// The place for a core as a buffer, before there is a core.
#[cfg(not(feature = "full"))]
pub(crate) fn copy(place: &mut Place) -> &mut Copy {
    const { assert!(size_of::<Place>() >= COPY_LEN) };
    let copy = place.as_mut_ptr().cast::<Copy>();
    #[expect(unsafe_code, reason = "memory that is used for two things, one after the other, saves a tenth of it")]
    // SAFETY: the place is at least as long, bytes may stand anywhere, they are written before they are lent, and nobody else has the
    // place meanwhile. It promises nothing of what it holds, so it may hold them.
    unsafe {
        copy.write([0; COPY_LEN]);
        &mut *copy
    }
}

/// What the task is given.
pub(crate) struct Parts {
    pub(crate) chip: &'static Chip<Nor>,
    pub(crate) header: &'static Header,
    /// Without it the bench has to come first.
    pub(crate) configuration: Option<&'static Configuration>,
    #[cfg(feature = "full")]
    pub(crate) copy: &'static mut Copy,
    pub(crate) core: &'static mut Place,
    pub(crate) uplink: Outgoing<Envelope>,
    pub(crate) downlink: Incoming<Message>,
    pub(crate) arguments: Arguments,
    pub(crate) crash: Option<Crash>,
}

/// Runs the core to its end, which is the emulation's.
#[embassy_executor::task]
pub(crate) async fn run(parts: Parts) -> ! {
    let mut place = None;
    let Some(configuration) = parts.configuration else {
        #[cfg(feature = "full")]
        apart(pin!(enrolment::run(parts))).await;
        leave()
    };
    let host = apart(pin!(prepare(parts, configuration, &mut place))).await;
    match host.run(|news| tell(&news)).await {
        Ok(End::Finished) => {}
        #[cfg(feature = "full")]
        Ok(End::Restart(Restart::Install(install))) => {
            let [major, minor, patch] = install.version.0;
            defmt::info!("installing {=u16}.{=u16}.{=u16}", major, minor, patch);
            fault::restart()
        }
        #[cfg(feature = "full")]
        Ok(End::Restart(Restart::TrialOver)) => fault::end(Cause::Software, &["on trial the cloud was not heard of"]),
        Err(error) => failed("the core failed: ", &error),
    }
    let device = host.device();
    defmt::info!(
        "core: boot {=u32} created {=u32} records, dropped {=u32}, lost {=u32} frames",
        device.boot(),
        device.created(),
        device.dropped(),
        PORTS.lost_frames()
    );
    defmt::info!("stack: {=usize} bytes at most", stack::used());
    semihosting::process::exit(0)
}

/// The board starts anew with what its bench has brought.
#[cfg(feature = "full")]
fn leave() -> ! {
    fault::restart()
}

/// A board without a bench: its chip comes with a configuration, or it is nobody.
#[cfg(not(feature = "full"))]
fn leave() -> ! {
    fault::end(Cause::Software, &["there is no configuration"])
}

impl Parts {
    /// Why the board started.
    pub(crate) fn reset(&self) -> ResetReason {
        self.crash.as_ref().map_or(ResetReason::PowerOn, |crash| crash.cause.reset_reason())
    }
}

/// The core, started, and everything around it.
async fn prepare<'p>(
    parts: Parts,
    configuration: &'static Configuration,
    place: &'p mut Option<Host<'static, Flash, Upkeep>>,
) -> &'p mut Host<'static, Flash, Upkeep> {
    let reset = parts.reset();
    #[cfg(feature = "full")]
    let copy = parts.copy;
    let Parts { chip, header, core, uplink, downlink, arguments, crash, .. } = parts;
    let pace = Pace { awake: arguments.pace, asleep: arguments.sleep.unwrap_or(arguments.pace) };
    let draw = arguments.sleep.map(|_| Draw::TYPICAL);
    let clock = Clock::new(pace);
    #[cfg(feature = "full")]
    let updates = apart(pin!(updates::start(chip, header, reset, clock.now()))).await;
    let (firmware, obd) = (header.version().0, configuration.bus.ask);
    let settings = Settings { firmware, reset, obd, display: cfg!(feature = "full"), ..Settings::default() };
    let device = make(core, chip, settings);
    if let Err(error) = apart(pin!(device.begin(clock.now()))).await {
        failed("the core does not start: ", &error);
    }
    if let Some(crash) = crash.filter(|crash| !crash.is_wanted()) {
        let told = device.log(clock.now(), LogLevel::Error, &crash.text).await;
        if let Err(error) = told {
            failed("the core failed: ", &error);
        }
    }
    #[cfg(feature = "full")]
    let keeper = apart(pin!(keeper(chip, configuration, copy))).await;
    let boot = device.boot();
    defmt::info!("core: boot {=u32}, {=u32} records wait", boot, device.waiting());
    #[cfg(feature = "full")]
    let upkeep = || Kept::new(keeper, &PORTS.lead, updates);
    #[cfg(not(feature = "full"))]
    let upkeep = || Fixed::new(&PORTS.lead);
    seat(place, || Host::new(device, upkeep(), &PORTS, uplink, downlink, pace, draw))
}

/// Puts the host into its place; by itself, so that what it is made from leaves the stack before anything else needs it.
#[inline(never)]
fn seat<T>(place: &mut Option<T>, make: impl FnOnce() -> T) -> &mut T {
    place.insert(make())
}

/// The core, in its place; by itself, so that what it is made from leaves the stack before anything else needs it.
#[inline(never)]
fn make(place: &'static mut Place, chip: &'static Chip<Nor>, settings: Settings) -> &'static mut Device<Flash> {
    match Device::new_in(place, Region::of_core(chip, &Layout::NOR), settings) {
        Ok(device) => device,
        Err(error) => failed("the core is not made: ", &error),
    }
}

#[cfg(feature = "full")]
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

/// Ends the run because of the core's flash.
fn failed<E>(what: &str, error: &Error<E>) -> ! {
    let [how, doing] = error.words();
    fault::end(Cause::Software, &[what, how, doing])
}

fn tell(news: &News<'_>) {
    match *news {
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
        #[cfg(feature = "full")]
        News::Update(report) => tell_update(report),
        #[cfg(feature = "full")]
        News::BootLoader => defmt::error!("the boot loader's state is not written"),
    }
}

#[cfg(feature = "full")]
fn tell_update(&UpdateReport { update, version: Version([major, minor, patch]), state }: &UpdateReport) {
    let plain = match state {
        UpdateState::Refused(why) => {
            let why = words::refusal(why);
            defmt::info!("update {=u32}: {=u16}.{=u16}.{=u16} Refused({=str})", update, major, minor, patch, why);
            return;
        }
        UpdateState::Receiving(have) => {
            defmt::info!("update {=u32}: {=u16}.{=u16}.{=u16} Receiving({=u32})", update, major, minor, patch, have);
            return;
        }
        UpdateState::Reverted(reset) => {
            let reset = words::reset(reset);
            defmt::info!("update {=u32}: {=u16}.{=u16}.{=u16} Reverted({=str})", update, major, minor, patch, reset);
            return;
        }
        UpdateState::Verified => "Verified",
        UpdateState::Installed => "Installed",
        UpdateState::OnTrial => "OnTrial",
        UpdateState::Confirmed => "Confirmed",
        UpdateState::Withdrawn => "Withdrawn",
    };
    defmt::info!("update {=u32}: {=u16}.{=u16}.{=u16} {=str}", update, major, minor, patch, plain);
}

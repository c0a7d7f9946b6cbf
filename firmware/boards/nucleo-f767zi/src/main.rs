//! The car side on a NUCLEO-F767ZI: drivers and tasks around the core, nothing else.
//!
//! Three levels, each interrupting the next: the CAN controller's frames, the core with its flash, and network, link and display.
//! So neither a handshake nor a drawing costs a frame. Invariant: whatever fails after the start is told, kept and recovered from by a
//! reset; nothing waits for ever.
#![no_std]
#![no_main]

mod can;
mod car;
mod clocks;
mod enrolment;
mod ethernet;
mod fault;
#[path = "../../mps2-an386/src/header.rs"]
mod header;
mod levels;
mod nor;
mod panel;
mod reset;
mod screen;
#[path = "../../mps2-an386/src/stack.rs"]
mod stack;
#[path = "../../mps2-an386/src/updates.rs"]
mod updates;
mod uplink;

use defmt_rtt as _;
use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embassy_stm32::can::{Can, CanRx, CanTx};
use embassy_stm32::gpio::{Input, Pull};
use embassy_stm32::peripherals::IWDG;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_time::{Duration, Instant, Timer};
use milepost_board_kit::crash::Cause;
use milepost_board_kit::ports::{Envelope, Mailbox, Message, Ports};
use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::session::Mailboxes;
use milepost_firmware::configuration::{self, COPY_LEN, Configuration, Copy};
use milepost_firmware::layout::Layout;
use milepost_places_nucleo_f767zi as places;
use static_cell::{ConstStaticCell, StaticCell};

use crate::car::Way;
use crate::nor::Nor;
use crate::panel::Panel;

/// The board, as manifests name it.
const BOARD: &str = "nucleo-f767zi";

/// A run that lasted so long has proved itself.
const SETTLED_S: u64 = 60;

/// The watchdog's patience, in microseconds.
const PATIENCE_US: u32 = 10_000_000;

static PORTS: Ports = Ports::new();

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static COPY: ConstStaticCell<Copy> = ConstStaticCell::new([0; COPY_LEN]);
    let reason = reset::take();
    let crash = fault::take();
    let mut p = embassy_stm32::init(clocks::config());
    if let Some(mut core) = cortex_m::Peripherals::take() {
        // Flash has seven wait states at this clock. Data stay uncached: the Ethernet controller writes them behind the processor's back.
        core.SCB.enable_icache();
    }
    let mut watchdog = IndependentWatchdog::new(p.IWDG, PATIENCE_US);
    watchdog.unleash();
    if let Some(crash) = &crash {
        defmt::warn!("the last run ended: {=str}", crash.text.as_str());
    }

    let chip = nor::Parts {
        spi: p.SPI1,
        clock: p.PB3,
        to_chip: p.PB5,
        from_chip: p.PB4,
        select: p.PA4,
        send: p.DMA2_CH3,
        receive: p.DMA2_CH2,
    };
    let (copy, random) = (COPY.take(), uplink::random(p.RNG));
    let (nor, stored) = match nor::open(chip).await {
        Ok(nor) => read_configuration(nor, copy).await,
        Err(error) => fault::end_over("no flash: ", &error),
    };
    let is_wanted_on_bench = Input::new(p.PC13.reborrow(), Pull::Down).is_high();
    let configuration = stored.filter(|_| !is_wanted_on_bench);

    static UPLINK: ConstStaticCell<[Envelope; 1]> = ConstStaticCell::new([Envelope::new()]);
    static DOWNLINK: ConstStaticCell<[Message; 1]> = ConstStaticCell::new([Message::new()]);
    static UPLINK_MAILBOX: StaticCell<Mailbox<Envelope>> = StaticCell::new();
    static DOWNLINK_MAILBOX: StaticCell<Mailbox<Message>> = StaticCell::new();
    let (uplink_in, uplink_out) = UPLINK_MAILBOX.init(Mailbox::new(UPLINK.take())).split();
    let (downlink_in, downlink_out) = DOWNLINK_MAILBOX.init(Mailbox::new(DOWNLINK.take())).split();

    let (bus_level, core_level) = levels::start();
    let bus = configuration.map(|configuration| configuration.bus).unwrap_or_default();
    let (way, random) = if let Some(configuration) = configuration {
        (Way::Enrolled(configuration, copy), Some(random))
    } else {
        let parts = enrolment::Parts { port: p.USART3, transmit: p.PD8, receive: p.PD9, random, copy };
        (Way::Bench(parts), None)
    };
    let car = car::Parts { nor, way, reason, crash, uplink: uplink_in, downlink: downlink_out };
    match begin_car(car) {
        Ok(token) => core_level.spawn(token),
        Err(_) => no_place(),
    }

    static CAN: StaticCell<Can<'static>> = StaticCell::new();
    let can = CAN.init(can::open(can::Parts { can: p.CAN1, receive: p.PD0, transmit: p.PD1 }, bus));
    match begin_bus(can) {
        Ok(token) => bus_level.spawn(token),
        Err(_) => no_place(),
    }

    if let (Some(configuration), Some(random)) = (configuration, random) {
        PORTS.time.learn(configuration.written_ms, false);
        let ethernet = ethernet::open(ethernet::Parts {
            controller: p.ETH,
            management: p.ETH_SMA,
            clock: p.PA1,
            valid: p.PA7,
            receive: (p.PC4, p.PC5),
            transmit: (p.PG13, p.PB13),
            enable: p.PG11,
            data: p.PA2,
            data_clock: p.PC1,
        });
        let mailboxes = Mailboxes { uplink: uplink_out, downlink: downlink_in };
        uplink::start(spawner, ethernet, random, configuration, mailboxes);
    }

    let surface = panel::Parts {
        spi: p.SPI4,
        clock: p.PE2,
        data: p.PE6,
        select: p.PE4,
        is_data: p.PE5,
        reset: p.PE3,
        light: p.PF8,
    };
    if let Some(panel) = Panel::open(surface) {
        let buttons = screen::Parts { right: (p.PC13, p.EXTI13), left: (p.PF15, p.EXTI15) };
        spawn(spawner, show(panel, screen::open(buttons)));
    } else {
        defmt::error!("the panel takes no commands");
    }
    spawn(spawner, supervise(watchdog));
}

/// A task's place is static and taken once, so starting it cannot fail; if it did, there is nothing to run without it.
fn spawn<T>(spawner: Spawner, token: Result<SpawnToken<T>, SpawnError>) {
    match token {
        Ok(token) => spawner.spawn(token),
        Err(_) => no_place(),
    }
}

fn no_place() -> ! {
    fault::end(Cause::Software, &["a task's place is taken"])
}

async fn read_configuration(nor: Nor, copy: &mut Copy) -> (Nor, Option<&'static Configuration>) {
    static CONFIGURATION: StaticCell<Option<Configuration>> = StaticCell::new();
    let configuration = CONFIGURATION.init(None);
    let chip = Chip::new(nor);
    let mut kept = Region::new(&chip, Layout::NOR.configuration);
    if let Err(error) = configuration::load(&mut kept, copy, configuration).await {
        defmt::error!("configuration is not read: {=str}", error.text());
    }
    (chip.into_inner(), configuration.as_ref())
}

/// Starts the core's tasks on the level that this task runs on.
#[embassy_executor::task]
async fn begin_car(parts: car::Parts) {
    let spawner = levels::mine().await;
    spawn(spawner, car::run(parts));
}

/// Starts the controller and its tasks on the level that this task runs on.
#[embassy_executor::task]
async fn begin_bus(can: &'static mut Can<'static>) {
    can::join(can).await;
    let (transmit, receive) = can.split();
    let spawner = levels::mine().await;
    spawn(spawner, frames(receive));
    spawn(spawner, requests(transmit));
}

#[embassy_executor::task]
async fn frames(bus: CanRx<'static>) -> ! {
    can::receive(bus, &PORTS).await
}

#[embassy_executor::task]
async fn requests(bus: CanTx<'static>) -> ! {
    can::transmit(bus, &PORTS).await
}

#[embassy_executor::task]
async fn show(panel: Panel, buttons: screen::Pair) -> ! {
    screen::run(&PORTS, panel, buttons).await
}

#[embassy_executor::task]
async fn supervise(mut watchdog: IndependentWatchdog<'static, IWDG>) -> ! {
    loop {
        let uptime_s = Instant::now().as_secs();
        match PORTS.supervisor.silent(uptime_s as u32) {
            None => watchdog.pet(),
            Some(member) => defmt::error!("silent: {=str}", member.name()),
        }
        can::tell(can::HEALTH.look());
        if uptime_s == SETTLED_S {
            fault::settled();
            let (errors, bus_offs, unsent) = can::HEALTH.counts();
            defmt::info!("can: {=u32} errors, {=u32} times off, {=u32} requests unsent", errors, bus_offs, unsent);
            defmt::info!("stack: {=usize} bytes at most", stack::used());
        }
        Timer::after(Duration::from_secs(1)).await;
    }
}

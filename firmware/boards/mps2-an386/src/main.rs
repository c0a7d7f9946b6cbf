//! The car side on `qemu-system-arm -M mps2-an386`: drivers and tasks around the core, nothing else.
//!
//! Ethernet leads to the cloud, UART1 stands for the CAN bus, the PSRAM for a NOR chip, and semihosting takes the log.
//! Invariant: whatever fails after the start is told, kept and recovered from by a reset; nothing waits for ever.
#![no_std]
#![no_main]

mod arguments;
#[cfg(feature = "full")]
mod buttons;
mod car;
mod clock;
#[cfg(feature = "full")]
mod display;
mod division;
#[cfg(feature = "full")]
mod enrolment;
mod fault;
#[cfg_attr(not(feature = "full"), expect(dead_code, reason = "the board has no panel"))]
mod gram;
mod header;
mod interrupts;
mod lan9118;
mod memory;
mod nor;
#[cfg(feature = "full")]
mod panel;
mod random;
#[cfg_attr(not(feature = "full"), expect(dead_code, reason = "the board has no panel"))]
mod registers;
mod stack;
mod uart;
#[cfg(feature = "full")]
mod updates;
mod watchdog;
#[cfg(feature = "full")]
mod words;

use defmt_semihosting as _;
use embassy_executor::Spawner;
use embassy_net::{Runner, Stack, StackResources};
use embassy_time::{Duration, Instant, Timer};
use milepost_board_kit::Configuration;
use milepost_board_kit::crash::Cause;
use milepost_board_kit::link;
use milepost_board_kit::network;
use milepost_board_kit::ports::{Envelope, Input, Mailbox, Message, Ports};
use milepost_board_kit::region::{Chip, Region};
use milepost_board_kit::session::Mailboxes;
#[cfg(feature = "full")]
use milepost_firmware::configuration::COPY_LEN;
use milepost_firmware::configuration::{self, Copy};
use milepost_firmware::layout::Layout;
use milepost_firmware::link::Policy;
use milepost_firmware::wire::{Decoder, MAX_WIRE_LEN, Order, Packet};
use milepost_places_mps2_an386 as places;
use rand_core::RngCore as _;
use static_cell::{ConstStaticCell, StaticCell};

use crate::arguments::{Arguments, BAD_CALL};
use crate::lan9118::Lan9118;
use crate::nor::{Cut, Nor};
use crate::random::Random;

/// The board, as manifests name it.
const BOARD: &str = "mps2-an386";

/// The variant of an image that panics as soon as it starts.
const PANICS: u16 = 1;

/// The variant of an image that never reaches the cloud.
const MUTE: u16 = 2;

/// A run that lasted so long has proved itself.
const SETTLED_S: u64 = 60;

const _: () = assert!(Layout::NOR.len() <= places::ACTIVE.start, "what the board keeps reaches into its image");

static PORTS: Ports = Ports::new();

/// One connection at a time, DHCP, and DNS where hosts have names.
type Socket = StackResources<{ if cfg!(feature = "full") { 3 } else { 2 } }>;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let header = header::header();
    assert!(header.variant() != PANICS, "this image panics at its start");
    let Some(peripherals) = cortex_m::Peripherals::take() else { fault::end(Cause::Software, &["no peripherals"]) };
    clock::start(peripherals.SYST);
    let Some(arguments) = Arguments::read() else {
        defmt::error!(
            "the command line is not understood; known are fuel, boot-fuel, cut, pace, sleep, start=bench and link=brisk"
        );
        semihosting::process::exit(BAD_CALL);
    };
    let crash = fault::take();
    if let Some(crash) = crash.as_ref().filter(|crash| !crash.is_wanted()) {
        defmt::warn!("the last run ended: {=str}", crash.text.as_str());
    }
    watchdog::start();

    static CHIP: StaticCell<Chip<Nor>> = StaticCell::new();
    let Some(nor) = Nor::take(Cut { after: arguments.fuel, at: arguments.cut }) else {
        fault::end(Cause::Software, &["flash is taken"])
    };
    let chip: &'static Chip<Nor> = CHIP.init(Chip::new(nor));
    let core = car::place();
    #[cfg(feature = "full")]
    let copy = {
        static COPY: ConstStaticCell<Copy> = ConstStaticCell::new([0; COPY_LEN]);
        COPY.take()
    };
    // The configuration is read through it once, before there is a core.
    #[cfg(not(feature = "full"))]
    let copy = car::copy(core);
    let configuration = if arguments.bench { None } else { read_configuration(chip, copy).await };

    static UPLINK: ConstStaticCell<[Envelope; 1]> = ConstStaticCell::new([Envelope::new()]);
    static DOWNLINK: ConstStaticCell<[Message; 1]> = ConstStaticCell::new([Message::new()]);
    static UPLINK_MAILBOX: StaticCell<Mailbox<Envelope>> = StaticCell::new();
    static DOWNLINK_MAILBOX: StaticCell<Mailbox<Message>> = StaticCell::new();
    let (uplink_in, uplink_out) = UPLINK_MAILBOX.init(Mailbox::new(UPLINK.take())).split();
    let (downlink_in, downlink_out) = DOWNLINK_MAILBOX.init(Mailbox::new(DOWNLINK.take())).split();

    if header.variant() == MUTE {
        defmt::warn!("this image is mute");
    } else if let Some(configuration) = configuration {
        static SOCKET: ConstStaticCell<network::Buffers> = ConstStaticCell::new([0; _]);
        #[cfg(feature = "full")]
        PORTS.time.learn(configuration.written_ms, false);
        let mailboxes = Mailboxes { uplink: uplink_out, downlink: downlink_in };
        let policy = if arguments.brisk { Policy::fleet() } else { Policy::default() };
        start_network(spawner, configuration, SOCKET.take(), mailboxes, policy);
    }
    uart::CAN.start();
    uart::BENCH.start();
    if configuration.is_some() {
        spawn(spawner, packets(&uart::BENCH, End::Bench));
    }
    let (uplink, downlink) = (uplink_in, downlink_out);
    let parts = car::Parts {
        chip,
        header,
        configuration,
        #[cfg(feature = "full")]
        copy,
        core,
        uplink,
        downlink,
        arguments,
        crash,
    };
    spawn(spawner, car::run(parts));
    spawn(spawner, packets(&uart::CAN, End::Bus));
    spawn(spawner, requests());
    #[cfg(feature = "full")]
    spawn(spawner, show());
    spawn(spawner, supervise());
}

/// A task's place is static and taken once, so starting it cannot fail; if it did, there is nothing to run without it.
fn spawn<T>(spawner: Spawner, token: Result<embassy_executor::SpawnToken<T>, embassy_executor::SpawnError>) {
    match token {
        Ok(token) => spawner.spawn(token),
        Err(_) => fault::end(Cause::Software, &["a task's place is taken"]),
    }
}

async fn read_configuration(chip: &'static Chip<Nor>, copy: &mut Copy) -> Option<&'static Configuration> {
    static CONFIGURATION: StaticCell<Option<Configuration>> = StaticCell::new();
    let configuration = CONFIGURATION.init(None);
    let mut region = Region::new(chip, Layout::NOR.configuration);
    if let Err(error) = configuration::load(&mut region, copy, configuration).await {
        defmt::error!("configuration is not read: {=str}", error.text());
    }
    configuration.as_ref()
}

fn start_network(
    spawner: Spawner,
    configuration: &'static Configuration,
    socket: &'static mut network::Buffers,
    mailboxes: Mailboxes,
    policy: Policy,
) {
    static ETHERNET: ConstStaticCell<Lan9118> = ConstStaticCell::new(Lan9118::new());
    static SOCKETS: StaticCell<Socket> = StaticCell::new();
    let ethernet = ETHERNET.take();
    if !ethernet.start() {
        fault::end(Cause::Software, &["no Ethernet controller"]);
    }
    let dhcp = embassy_net::Config::dhcpv4(embassy_net::DhcpConfig::default());
    let (stack, runner) = embassy_net::new(ethernet, dhcp, SOCKETS.init_with(Socket::new), Random.next_u64());
    spawn(spawner, net(runner));
    spawn(spawner, uplink(stack, configuration, socket, mailboxes, policy));
}

#[embassy_executor::task]
async fn net(mut runner: Runner<'static, &'static mut Lan9118>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn uplink(
    stack: Stack<'static>,
    configuration: &'static Configuration,
    socket: &'static mut network::Buffers,
    mut mailboxes: Mailboxes,
    policy: Policy,
) -> ! {
    static MEMORY: ConstStaticCell<link::Memory> = ConstStaticCell::new(link::Memory::new());
    let mut network = network::Tcp::new(stack, socket);
    let memory = MEMORY.take();
    let tell = |news| match news {
        link::News::Connecting => {
            let address = stack.config_v4().map_or([0; 4], |config| config.address.address().octets());
            defmt::info!(
                "link: connecting to {=str}:{=u16} from {=[u8; 4]}",
                configuration.host.as_str(),
                configuration.port,
                address
            );
        }
        link::News::Left => defmt::info!("link: closed"),
        link::News::Lost(loss, wait_ms) => {
            let [what, why] = loss.words();
            defmt::warn!("link: {=str}{=str}, again in {=u64} ms", what, why, wait_ms);
        }
    };
    link::run(&mut network, &mut Random, configuration, policy, memory, (&PORTS, &mut mailboxes), tell).await
}

/// What is at the other end of a serial line.
#[derive(Debug, Clone, Copy)]
enum End {
    /// The CAN bus; an order from there is none.
    Bus,
    /// The test bench, which wants something.
    Bench,
}

/// Takes what a serial line carries.
#[embassy_executor::task(pool_size = 2)]
async fn packets(line: &'static uart::Line, end: End) -> ! {
    let mut decoder = Decoder::new();
    let mut bytes = [0; 64];
    let mut broken = 0_u32;
    loop {
        let len = line.read(&mut bytes).await;
        for &byte in bytes.get(..len).unwrap_or_default() {
            match (end, decoder.push(byte)) {
                (_, None) => {}
                // The other end waits: an emulated wire has no frame to lose.
                (End::Bus, Some(Ok(Packet::Frame(frame)))) => PORTS.frames.send(frame).await,
                #[cfg(feature = "full")]
                (End::Bench, Some(Ok(Packet::Button(button, held)))) => buttons::set(button, held),
                #[cfg(not(feature = "full"))]
                (End::Bench, Some(Ok(Packet::Button(..)))) => defmt::warn!("bench: there are no buttons"),
                (End::Bench, Some(Ok(Packet::Order(order)))) => obey(order).await,
                (End::Bench, Some(Ok(Packet::Frame(_)))) => defmt::warn!("bench: a frame does not belong here"),
                (End::Bus, Some(Ok(_))) => defmt::warn!("CAN wire: no frame"),
                (_, Some(Err(_))) => {
                    broken = broken.saturating_add(1);
                    defmt::warn!("line: {=u32} broken packets", broken);
                }
            }
        }
    }
}

async fn obey(order: Order) {
    match order {
        Order::Finish => {
            // Frames that came before the order are taken before it.
            while !PORTS.frames.is_empty() {
                Timer::after(Duration::from_millis(1)).await;
            }
            PORTS.inputs.send(Input::Finish).await;
        }
        #[expect(clippy::panic, reason = "it was asked for")]
        Order::Panic => panic!(),
        Order::Hang => critical_section::with(|_| {
            loop {
                cortex_m::asm::nop();
            }
        }),
        Order::Fault => cortex_m::asm::udf(),
        Order::Renew => PORTS.inputs.send(Input::Renew).await,
    }
}

#[embassy_executor::task]
async fn requests() -> ! {
    loop {
        let frame = PORTS.requests.receive().await;
        let mut line = [0; MAX_WIRE_LEN];
        uart::CAN.write(Packet::Frame(frame).encode(&mut line)).await;
    }
}

#[cfg(feature = "full")]
#[embassy_executor::task]
async fn show() -> ! {
    display::run(&PORTS).await
}

#[embassy_executor::task]
async fn supervise() -> ! {
    loop {
        let uptime_s = Instant::now().as_secs();
        match PORTS.supervisor.silent(uptime_s as u32) {
            None => watchdog::feed(),
            Some(member) => defmt::error!("silent: {=str}", member.name()),
        }
        if uptime_s == SETTLED_S {
            fault::settled();
        }
        Timer::after(Duration::from_secs(1)).await;
    }
}

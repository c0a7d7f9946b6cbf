//! The way to the cloud: network and link, below the core.
//!
//! Invariant: keys and tokens come from the chip's own random number generator, and from nothing else.

use embassy_executor::Spawner;
use embassy_net::{Runner, Stack, StackResources};
use embassy_stm32::peripherals::RNG;
use embassy_stm32::rng::{self, Rng};
use embassy_stm32::{Peri, bind_interrupts};
use milepost_board_kit::link::{self, News};
use milepost_board_kit::network;
use milepost_board_kit::session::Mailboxes;
use milepost_firmware::configuration::Configuration;
use milepost_firmware::link::Policy;
use static_cell::{ConstStaticCell, StaticCell};

use crate::ethernet::Driver;
use crate::{PORTS, spawn};

bind_interrupts!(struct Irqs {
    RNG => rng::InterruptHandler<RNG>;
});

/// DHCP, DNS and the link, with one to spare.
type Sockets = StackResources<4>;

/// The random number generator.
pub(crate) fn random(generator: Peri<'static, RNG>) -> Rng<'static, RNG> {
    Rng::new(generator, Irqs)
}

/// Starts network and link.
pub(crate) fn start(
    spawner: Spawner,
    ethernet: Driver,
    mut random: Rng<'static, RNG>,
    configuration: &'static Configuration,
    mailboxes: Mailboxes,
) {
    static SOCKETS: StaticCell<Sockets> = StaticCell::new();
    let seed = u64::from(random.next_u32()) << 32 | u64::from(random.next_u32());
    let dhcp = embassy_net::Config::dhcpv4(embassy_net::DhcpConfig::default());
    let (stack, runner) = embassy_net::new(ethernet, dhcp, SOCKETS.init_with(Sockets::new), seed);
    spawn(spawner, net(runner));
    spawn(spawner, uplink(stack, random, configuration, mailboxes));
}

#[embassy_executor::task]
async fn net(mut runner: Runner<'static, Driver>) -> ! {
    runner.run().await
}

#[embassy_executor::task]
async fn uplink(
    stack: Stack<'static>,
    mut random: Rng<'static, RNG>,
    configuration: &'static Configuration,
    mut mailboxes: Mailboxes,
) -> ! {
    static MEMORY: ConstStaticCell<link::Memory> = ConstStaticCell::new(link::Memory::new());
    static SOCKET: ConstStaticCell<network::Buffers> = ConstStaticCell::new([0; _]);
    let mut network = network::Tcp::new(stack, SOCKET.take());
    let memory = MEMORY.take();
    let tell = |news| match news {
        News::Connecting => {
            let address = stack.config_v4().map_or([0; 4], |config| config.address.address().octets());
            let (host, port) = (configuration.host.as_str(), configuration.port);
            defmt::info!("link: connecting to {=str}:{=u16} from {=[u8; 4]}", host, port, address);
        }
        News::Left => defmt::info!("link: closed"),
        News::Lost(loss, wait_ms) => {
            let [what, why] = loss.words();
            defmt::warn!("link: {=str}{=str}, again in {=u64} ms", what, why, wait_ms);
        }
    };
    let policy = Policy::default();
    link::run(&mut network, &mut random, configuration, policy, memory, (&PORTS, &mut mailboxes), tell).await
}

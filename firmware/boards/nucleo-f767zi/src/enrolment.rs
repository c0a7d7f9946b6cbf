//! The board on its bench: without a configuration, or with B1 held as it starts, it is enrolled over the debugger's serial port.
//!
//! USART3 leads to the ST-LINK, which shows it to the host as a port (ST UM1974, chapter 6.9).
//! Invariant: it runs in place of the core, whose memory and flash chip it takes, and ends in a restart.

use core::fmt::Write as _;

use cortex_m::peripheral::SCB;
use embassy_stm32::peripherals::{PD8, PD9, USART3};
use embassy_stm32::rng::Rng;
use embassy_stm32::usart::{BufferedInterruptHandler, BufferedUart, Config};
use embassy_stm32::{Peri, bind_interrupts, peripherals, uid};
use heapless::String;
use milepost_board_kit::crash::Cause;
use milepost_board_kit::enrolment;
use milepost_board_kit::region::{Chip, Region};
use milepost_firmware::configuration::Copy;
use milepost_firmware::layout::Layout;
use milepost_identity::bench::Identity;
use static_cell::ConstStaticCell;

use crate::nor::Nor;
use crate::{PORTS, fault};

bind_interrupts!(struct Irqs {
    USART3 => BufferedInterruptHandler<USART3>;
});

/// The kind of board, as a station asks for it.
const BOARD: &str = "nucleo-f767zi";

/// The station's speed, in bits a second.
const BAUD: u32 = 115_200;

/// Flash is written and a key made while the line goes on: 20 ms of it.
const BUFFER_LEN: usize = 256;

/// What the line is wired to, and where keys come from.
pub(crate) struct Parts {
    pub(crate) port: Peri<'static, USART3>,
    pub(crate) transmit: Peri<'static, PD8>,
    pub(crate) receive: Peri<'static, PD9>,
    pub(crate) random: Rng<'static, peripherals::RNG>,
    pub(crate) copy: &'static mut Copy,
}

/// Waits for the bench, and starts anew with what it brought.
pub(crate) async fn run(chip: &'static Chip<Nor>, parts: Parts) -> ! {
    static TRANSMIT: ConstStaticCell<[u8; BUFFER_LEN]> = ConstStaticCell::new([0; BUFFER_LEN]);
    static RECEIVE: ConstStaticCell<[u8; BUFFER_LEN]> = ConstStaticCell::new([0; BUFFER_LEN]);
    let Parts { port, transmit, receive, mut random, copy } = parts;
    let Some(identity) = identity() else { fault::end(Cause::Software, format_args!("no serial number")) };
    let mut config = Config::default();
    config.baudrate = BAUD;
    let opened = BufferedUart::new(port, receive, transmit, TRANSMIT.take(), RECEIVE.take(), Irqs, config);
    let mut line = match opened {
        Ok(line) => line,
        Err(error) => fault::end(Cause::Software, format_args!("no line to the bench: {error:?}")),
    };
    defmt::info!("enrolment: {=str} waits for the bench", identity.serial.as_str());
    let mut region = Region::new(chip, Layout::NOR.configuration);
    let device = enrolment::run(&mut line, identity, &mut region, copy, |bytes| random.fill_bytes(bytes), &PORTS).await;
    defmt::info!("enrolment: done, this is {=str}", device.as_str());
    SCB::sys_reset()
}

/// The board's serial number is the chip's.
fn identity() -> Option<Identity> {
    let mut serial = String::<24>::new();
    for byte in uid::uid() {
        write!(serial, "{byte:02x}").ok()?;
    }
    Some(Identity { serial: serial.parse().ok()?, board: String::try_from(BOARD).ok()? })
}

//! The board on its bench: without a configuration, or with B1 held as it starts, it is enrolled over the debugger's serial port.
//!
//! USART3 leads to the ST-LINK, which shows it to the host as a port (ST UM1974, chapter 6.9).
//! Invariant: it runs in place of the core, whose memory and flash chip it takes, and ends in a restart.

use embassy_futures::select::{Either, select};
use embassy_stm32::peripherals::{PD8, PD9, USART3};
use embassy_stm32::rng::Rng;
use embassy_stm32::usart::{BufferedInterruptHandler, BufferedUart, Config};
use embassy_stm32::{Peri, bind_interrupts, peripherals, uid};
use heapless::String;
use milepost_board_kit::crash::Cause;
use milepost_board_kit::enrolment;
use milepost_board_kit::hex;
use milepost_board_kit::power::{Clock, Pace};
use milepost_board_kit::region::Region;
use milepost_board_kit::updates::trial_over;
use milepost_firmware::configuration::Copy;
use milepost_firmware::layout::Layout;
use milepost_identity::bench::Identity;
use static_cell::ConstStaticCell;

use crate::car::Start;
use crate::{BOARD, PORTS, fault, header, updates};

bind_interrupts!(struct Irqs {
    USART3 => BufferedInterruptHandler<USART3>;
});

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

/// Waits for the bench; on return its work is in flash, and the board is to start anew.
pub(crate) async fn run(Start { chip, reset }: Start, parts: Parts) {
    static TRANSMIT: ConstStaticCell<[u8; BUFFER_LEN]> = ConstStaticCell::new([0; BUFFER_LEN]);
    static RECEIVE: ConstStaticCell<[u8; BUFFER_LEN]> = ConstStaticCell::new([0; BUFFER_LEN]);
    let Parts { port, transmit, receive, mut random, copy } = parts;
    let Some(identity) = identity() else { fault::end(Cause::Software, &["no serial number"]) };
    let mut config = Config::default();
    config.baudrate = BAUD;
    let opened = BufferedUart::new(port, receive, transmit, TRANSMIT.take(), RECEIVE.take(), Irqs, config);
    let mut line = match opened {
        Ok(line) => line,
        Err(error) => fault::end_over("no line to the bench: ", &format_args!("{error:?}")),
    };
    let updates = updates::start(chip, header::header(), reset, Clock::new(Pace::REAL).now()).await;
    let trial = trial_over(updates.map(|updates| updates.running()));
    defmt::info!("enrolment: {=str} waits for the bench", identity.serial.as_str());
    let mut region = Region::new(chip, Layout::NOR.configuration);
    let fill = |bytes: &mut [u8; 32]| random.fill_bytes(bytes);
    match select(enrolment::run(&mut line, identity, &mut region, copy, fill, &PORTS), trial).await {
        Either::First(device) => defmt::info!("enrolment: done, this is {=str}", device.as_str()),
        Either::Second(()) => fault::end(Cause::Software, &["on trial the cloud was not heard of"]),
    }
}

/// The board's serial number is the chip's.
fn identity() -> Option<Identity> {
    let mut serial = String::<24>::new();
    for digit in uid::uid().iter().copied().flat_map(hex::digits) {
        serial.push(digit).ok()?;
    }
    Some(Identity { serial: serial.parse().ok()?, board: String::try_from(BOARD).ok()? })
}

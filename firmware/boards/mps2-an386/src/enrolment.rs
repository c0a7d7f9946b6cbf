//! The board on its bench: without a configuration, or when it is told so, it is enrolled over UART0.
//!
//! Invariant: it runs in place of the core, and while it does the line carries nothing else, so that no order is taken for a request.

use core::fmt::Write as _;

use cortex_m::peripheral::SCB;
use heapless::String;
use milepost_board_kit::crash::Cause;
use milepost_board_kit::enrolment;
use milepost_board_kit::region::{Chip, Region};
use milepost_firmware::configuration::Copy;
use milepost_firmware::layout::Layout;
use milepost_identity::bench::Identity;
use rand_core::RngCore as _;

use crate::lan9118::Lan9118;
use crate::nor::Nor;
use crate::random::Random;
use crate::{PORTS, fault, uart};

/// The kind of board, as a station asks for it.
const BOARD: &str = "mps2-an386";

/// Waits for the bench, and starts anew with what it brought.
pub(crate) async fn run(chip: &'static Chip<Nor>, copy: &'static mut Copy) -> ! {
    let Some(identity) = identity() else { fault::end(Cause::Software, format_args!("no serial number")) };
    defmt::info!("enrolment: {=str} waits for the bench", identity.serial.as_str());
    let mut region = Region::new(chip, Layout::NOR.configuration);
    let device =
        enrolment::run(&mut &uart::BENCH, identity, &mut region, copy, |bytes| Random.fill_bytes(bytes), &PORTS).await;
    defmt::info!("enrolment: done, this is {=str}", device.as_str());
    SCB::sys_reset()
}

/// The board's serial number is the address of its Ethernet controller.
fn identity() -> Option<Identity> {
    let mut serial = String::<12>::new();
    for byte in Lan9118::address()? {
        write!(serial, "{byte:02x}").ok()?;
    }
    Some(Identity { serial: serial.parse().ok()?, board: String::try_from(BOARD).ok()? })
}

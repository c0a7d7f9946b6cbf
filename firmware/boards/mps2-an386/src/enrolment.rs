//! The board on its bench: without a configuration, or when it is told so, it is enrolled over UART0.
//!
//! Invariant: it runs in place of the core, and while it does the line carries nothing else, so that no order is taken for a request.

use embassy_futures::select::{Either, select};
use heapless::String;
use milepost_board_kit::crash::Cause;
use milepost_board_kit::enrolment;
use milepost_board_kit::hex;
use milepost_board_kit::power::{Clock, Pace};
use milepost_board_kit::region::Region;
use milepost_board_kit::updates::trial_over;
use milepost_firmware::layout::Layout;
use milepost_identity::bench::Identity;
use rand_core::RngCore as _;

use crate::car::Parts;
use crate::lan9118::Lan9118;
use crate::random::Random;
use crate::{BOARD, PORTS, fault, uart, updates};

/// Waits for the bench; on return its work is in flash, and the board is to start anew.
pub(crate) async fn run(parts: Parts) {
    let reset = parts.reset();
    let Parts { chip, header, copy, .. } = parts;
    let Some(identity) = identity() else { fault::end(Cause::Software, &["no serial number"]) };
    let updates = updates::start(chip, header, reset, Clock::new(Pace::REAL).now()).await;
    let trial = trial_over(updates.map(|updates| updates.running()));
    defmt::info!("enrolment: {=str} waits for the bench", identity.serial.as_str());
    let mut region = Region::new(chip, Layout::NOR.configuration);
    let fill = |bytes: &mut [u8; 32]| Random.fill_bytes(bytes);
    match select(enrolment::run(&mut &uart::BENCH, identity, &mut region, copy, fill, &PORTS), trial).await {
        Either::First(device) => defmt::info!("enrolment: done, this is {=str}", device.as_str()),
        Either::Second(()) => fault::end(Cause::Software, &["on trial the cloud was not heard of"]),
    }
}

/// The board's serial number is the address of its Ethernet controller.
fn identity() -> Option<Identity> {
    let mut serial = String::<12>::new();
    for digit in Lan9118::address()?.into_iter().flat_map(hex::digits) {
        serial.push(digit).ok()?;
    }
    Some(Identity { serial: serial.parse().ok()?, board: String::try_from(BOARD).ok()? })
}

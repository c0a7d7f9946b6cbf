//! Ethernet over the board's LAN8742 transceiver.
//!
//! Invariant: the address is the same at every start, and marked as one that no maker assigned.

use embassy_stm32::eth::{Ethernet, GenericPhy, InterruptHandler, PacketQueue, Sma};
use embassy_stm32::peripherals::{ETH, ETH_SMA, PA1, PA2, PA7, PB13, PC1, PC4, PC5, PG11, PG13};
use embassy_stm32::{Peri, bind_interrupts, uid};
use milepost_firmware::checksum::crc32;
use static_cell::ConstStaticCell;

bind_interrupts!(struct Irqs {
    ETH => InterruptHandler;
});

/// Where the transceiver listens on the management lines.
const TRANSCEIVER: u8 = 0;

type Queue = PacketQueue<4, 4>;

/// The driver.
pub(crate) type Driver = Ethernet<'static, ETH, GenericPhy<Sma<'static, ETH_SMA>>>;

/// What the transceiver is wired to; fixed on the board.
pub(crate) struct Parts {
    pub(crate) controller: Peri<'static, ETH>,
    pub(crate) management: Peri<'static, ETH_SMA>,
    pub(crate) clock: Peri<'static, PA1>,
    pub(crate) valid: Peri<'static, PA7>,
    pub(crate) receive: (Peri<'static, PC4>, Peri<'static, PC5>),
    pub(crate) transmit: (Peri<'static, PG13>, Peri<'static, PB13>),
    pub(crate) enable: Peri<'static, PG11>,
    pub(crate) data: Peri<'static, PA2>,
    pub(crate) data_clock: Peri<'static, PC1>,
}

/// Starts the controller.
pub(crate) fn open(parts: Parts) -> Driver {
    static QUEUE: ConstStaticCell<Queue> = ConstStaticCell::new(Queue::new());
    let Parts { controller, management, clock, valid, receive, transmit, enable, data, data_clock } = parts;
    let transceiver = GenericPhy::new(Sma::new(management, data, data_clock), TRANSCEIVER);
    let (receive_0, receive_1) = receive;
    let (transmit_0, transmit_1) = transmit;
    Ethernet::new_with_phy(
        QUEUE.take(),
        controller,
        Irqs,
        clock,
        valid,
        receive_0,
        receive_1,
        transmit_0,
        transmit_1,
        enable,
        address(),
        transceiver,
    )
}

/// An address out of the chip's serial number: locally administered, for one station.
fn address() -> [u8; 6] {
    let [a, b, c, d] = crc32(&uid::uid()).to_be_bytes();
    [0x02, b'M', a, b, c, d]
}

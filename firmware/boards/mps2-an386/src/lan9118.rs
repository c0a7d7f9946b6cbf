//! The SMSC LAN9118 Ethernet controller, for embassy-net.
//!
//! Source: SMSC LAN9118 datasheet, revision 1.5. One frame at a time goes through each FIFO.
//! Invariant: the interrupt is masked from its first call until the receive FIFO was found empty, so that no frame is missed and none storms.

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;

use crate::interrupts::Interrupt;
use crate::registers::Registers;

const CHIP: Registers = Registers::ETHERNET;

const RX_DATA_FIFO: usize = 0x00;
const TX_DATA_FIFO: usize = 0x20;
const RX_STATUS_FIFO: usize = 0x40;
const TX_STATUS_FIFO: usize = 0x48;
const IRQ_CFG: usize = 0x54;
const INT_STS: usize = 0x58;
const INT_EN: usize = 0x5C;
const BYTE_TEST: usize = 0x64;
const FIFO_INT: usize = 0x68;
const TX_CFG: usize = 0x70;
const HW_CFG: usize = 0x74;
const RX_DP_CTL: usize = 0x78;
const RX_FIFO_INF: usize = 0x7C;
const TX_FIFO_INF: usize = 0x80;
const MAC_CSR_CMD: usize = 0xA4;
const MAC_CSR_DATA: usize = 0xA8;

const MAC_CR: u32 = 1;
const MAC_ADDRESS_HIGH: u32 = 2;
const MAC_ADDRESS_LOW: u32 = 3;

const BYTE_TEST_VALUE: u32 = 0x8765_4321;
/// The receive status FIFO reached its level, which is none: a frame is there.
const RX_STATUS_LEVEL: u32 = 1 << 3;
const SOFT_RESET: u32 = 1 << 0;
const TX_FIFO_5_KIB: u32 = 5 << 16;
/// Interrupts on, high while active, driven both ways; otherwise the line storms.
const IRQ_ON: u32 = 1 << 8 | 1 << 4 | 1;
const TX_ON: u32 = 1 << 1;
const RX_DISCARD: u32 = 1 << 31;
const RX_ERROR: u32 = 1 << 15;
const MAC_BUSY: u32 = 1 << 31;
const MAC_READ: u32 = 1 << 30;
const MAC_FULL_DUPLEX: u32 = 1 << 20;
const MAC_TX_ON: u32 = 1 << 3;
const MAC_RX_ON: u32 = 1 << 2;
const FIRST_AND_LAST_SEGMENT: u32 = 1 << 13 | 1 << 12;

const HEADER_LEN: usize = 14;
const CHECK_SEQUENCE_LEN: usize = 4;

/// The longest frame that is sent, without its check sequence: Ethernet's own, or where memory is short one with the longest datagram that
/// every host has to take, 576 bytes (RFC 791, section 3.1).
const MTU: usize = HEADER_LEN + if cfg!(feature = "full") { 1500 } else { 576 };

/// The longest frame with its check sequence, in whole words; what is longer is dropped.
///
/// The stack opens a connection's window by a header more than a frame, and QEMU fills it with one segment, whatever it was told to send.
const FRAME_LEN: usize = (HEADER_LEN + MTU + CHECK_SEQUENCE_LEN).next_multiple_of(4);

static WAKER: AtomicWaker = AtomicWaker::new();

/// The controller with room for one frame each way.
#[derive(Debug)]
pub(crate) struct Lan9118 {
    received: [u8; FRAME_LEN],
    sending: [u8; FRAME_LEN],
    address: [u8; 6],
}

impl Lan9118 {
    /// A controller that was not started.
    pub(crate) const fn new() -> Self {
        Self { received: [0; FRAME_LEN], sending: [0; FRAME_LEN], address: [0; 6] }
    }

    /// The address that the maker gave it; `None` if there is no controller.
    pub(crate) fn address() -> Option<[u8; 6]> {
        if CHIP.read(BYTE_TEST) != BYTE_TEST_VALUE {
            return None;
        }
        let (low, high) = (mac_read(MAC_ADDRESS_LOW)?, mac_read(MAC_ADDRESS_HIGH)?);
        let mut address = [0; 6];
        for (place, byte) in address.iter_mut().zip(low.to_le_bytes().into_iter().chain(high.to_le_bytes())) {
            *place = byte;
        }
        Some(address)
    }

    /// Starts the controller; `false` if there is none.
    pub(crate) fn start(&mut self) -> bool {
        if CHIP.read(BYTE_TEST) != BYTE_TEST_VALUE {
            return false;
        }
        CHIP.write(HW_CFG, SOFT_RESET);
        CHIP.write(HW_CFG, TX_FIFO_5_KIB);
        CHIP.write(FIFO_INT, 0);
        CHIP.write(INT_STS, u32::MAX);
        CHIP.write(IRQ_CFG, IRQ_ON);
        let Some(address) = Self::address() else { return false };
        self.address = address;
        CHIP.write(TX_CFG, TX_ON);
        if !mac_write(MAC_CR, MAC_FULL_DUPLEX | MAC_TX_ON | MAC_RX_ON) {
            return false;
        }
        CHIP.write(INT_EN, RX_STATUS_LEVEL);
        Interrupt::Ethernet.enable();
        true
    }

    /// The length of the next good frame, which is then next in the data FIFO.
    fn next_frame() -> Option<usize> {
        while CHIP.read(RX_FIFO_INF) >> 16 & 0xFF != 0 {
            let status = CHIP.read(RX_STATUS_FIFO);
            let len = (status >> 16 & 0x3FFF) as usize;
            if status & RX_ERROR == 0 && (CHECK_SEQUENCE_LEN..=FRAME_LEN).contains(&len) {
                return Some(len);
            }
            CHIP.write(RX_DP_CTL, RX_DISCARD);
        }
        None
    }
}

/// How often the MAC's registers are asked whether they are ready.
const MAC_PATIENCE: u32 = 1_000;

fn mac_ready() -> bool {
    (0..MAC_PATIENCE).any(|_| CHIP.read(MAC_CSR_CMD) & MAC_BUSY == 0)
}

fn mac_read(register: u32) -> Option<u32> {
    CHIP.write(MAC_CSR_CMD, MAC_BUSY | MAC_READ | register);
    mac_ready().then(|| CHIP.read(MAC_CSR_DATA))
}

fn mac_write(register: u32, value: u32) -> bool {
    CHIP.write(MAC_CSR_DATA, value);
    CHIP.write(MAC_CSR_CMD, MAC_BUSY | register);
    mac_ready()
}

#[expect(unsafe_code, reason = "the vector table names the handler")]
// SAFETY: the only definition of this name, with the signature that the table declares.
#[unsafe(no_mangle)]
extern "C" fn ETHERNET() {
    CHIP.write(INT_EN, 0);
    CHIP.write(INT_STS, u32::MAX);
    WAKER.wake();
}

/// A frame that waits in the receive FIFO.
#[derive(Debug)]
pub(crate) struct Receive<'c> {
    len: usize,
    room: &'c mut [u8; FRAME_LEN],
}

impl RxToken for Receive<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, work: F) -> R {
        let words = self.len.div_ceil(4);
        for word in self.room.chunks_exact_mut(4).take(words) {
            word.copy_from_slice(&CHIP.read(RX_DATA_FIFO).to_le_bytes());
        }
        let payload = self.len.saturating_sub(CHECK_SEQUENCE_LEN);
        work(self.room.get_mut(..payload).unwrap_or_default())
    }
}

/// Room for a frame in the transmit FIFO.
#[derive(Debug)]
pub(crate) struct Transmit<'c> {
    room: &'c mut [u8; FRAME_LEN],
}

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, work: F) -> R {
        let result = work(self.room.get_mut(..len).unwrap_or_default());
        let len = len.min(MTU);
        CHIP.write(TX_DATA_FIFO, FIRST_AND_LAST_SEGMENT | len as u32);
        CHIP.write(TX_DATA_FIFO, len as u32);
        for word in self.room.chunks_exact(4).take(len.div_ceil(4)) {
            let word = word.first_chunk::<4>().copied().unwrap_or_default();
            CHIP.write(TX_DATA_FIFO, u32::from_le_bytes(word));
        }
        // Whether it left is the business of the layers above.
        while CHIP.read(TX_FIFO_INF) >> 16 & 0xFF != 0 {
            CHIP.read(TX_STATUS_FIFO);
        }
        result
    }
}

impl Driver for Lan9118 {
    type RxToken<'a> = Receive<'a>;
    type TxToken<'a> = Transmit<'a>;

    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Receive<'_>, Transmit<'_>)> {
        WAKER.register(context.waker());
        let mut next = Self::next_frame();
        if next.is_none() {
            // A frame that came between the last look and the unmasking raises the interrupt at once.
            CHIP.write(INT_STS, RX_STATUS_LEVEL);
            CHIP.write(INT_EN, RX_STATUS_LEVEL);
            next = Self::next_frame();
        }
        let len = next?;
        Some((Receive { len, room: &mut self.received }, Transmit { room: &mut self.sending }))
    }

    fn transmit(&mut self, context: &mut Context<'_>) -> Option<Transmit<'_>> {
        if (CHIP.read(TX_FIFO_INF) & 0xFFFF) as usize >= FRAME_LEN {
            return Some(Transmit { room: &mut self.sending });
        }
        context.waker().wake_by_ref();
        None
    }

    fn link_state(&mut self, context: &mut Context<'_>) -> LinkState {
        WAKER.register(context.waker());
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MTU;
        capabilities.max_burst_size = Some(1);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

//! UART1, the wire that stands for the CAN bus.
//!
//! Source: Arm DDI 0479, "APB UART". The interrupt moves bytes into a pipe and stops listening when that is full, so that the other end
//! waits; an emulated wire loses nothing. Invariant: every byte that arrived is read once, in order.

use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;

use crate::interrupts::Interrupt;
use crate::registers::Registers;

const UART: Registers = Registers::UART1;

const DATA: usize = 0x00;
const STATE: usize = 0x04;
const CONTROL: usize = 0x08;
const INTERRUPT_CLEAR: usize = 0x0C;
const BAUD_DIVISOR: usize = 0x10;

const TRANSMIT_FULL: u32 = 1 << 0;
const RECEIVE_FULL: u32 = 1 << 1;

const TRANSMIT_ENABLE: u32 = 1 << 0;
const RECEIVE_ENABLE: u32 = 1 << 1;
const RECEIVE_INTERRUPT: u32 = 1 << 3;

const DEAF: u32 = TRANSMIT_ENABLE | RECEIVE_ENABLE;
const LISTENING: u32 = DEAF | RECEIVE_INTERRUPT;

static RECEIVED: Pipe<CriticalSectionRawMutex, 1024> = Pipe::new();

/// Starts the wire.
pub(crate) fn start() {
    UART.write(BAUD_DIVISOR, 16);
    UART.write(CONTROL, LISTENING);
    Interrupt::Uart1Receive.enable();
}

/// Reads what arrived, at least one byte.
pub(crate) async fn read(bytes: &mut [u8]) -> usize {
    let len = RECEIVED.read(bytes).await;
    if UART.read(CONTROL) != LISTENING {
        UART.write(CONTROL, LISTENING);
        Interrupt::Uart1Receive.pend();
    }
    len
}

/// Writes all bytes; other tasks run while the wire is busy.
pub(crate) async fn write(bytes: &[u8]) {
    for &byte in bytes {
        while UART.read(STATE) & TRANSMIT_FULL != 0 {
            yield_now().await;
        }
        UART.write(DATA, u32::from(byte));
    }
}

#[expect(unsafe_code, reason = "the vector table names the handler")]
// SAFETY: the only definition of this name, with the signature that the table declares.
#[unsafe(no_mangle)]
extern "C" fn UART1_RECEIVE() {
    UART.write(INTERRUPT_CLEAR, 2);
    while UART.read(STATE) & RECEIVE_FULL != 0 {
        if RECEIVED.is_full() {
            UART.write(CONTROL, DEAF);
            return;
        }
        let byte = UART.read(DATA) as u8;
        // There is room: only this handler writes.
        let _ = RECEIVED.try_write(&[byte]);
    }
}

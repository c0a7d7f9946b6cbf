//! The serial lines: UART1 stands for the CAN bus, UART0 leads to the test bench.
//!
//! Source: Arm DDI 0479, "APB UART". The interrupt moves bytes into a pipe and stops listening when that is full, so that the other end
//! waits; an emulated line loses nothing. Invariant: every byte that arrived is read once, in order.

use core::convert::Infallible;

use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::{ErrorType, Read, Write};

use crate::interrupts::Interrupt;
use crate::registers::Registers;

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

/// The received interrupt, to be cleared.
const RECEIVED: u32 = 1 << 1;

/// The line that stands for the CAN bus.
pub(crate) static CAN: Line =
    Line { registers: Registers::UART1, interrupt: Interrupt::Uart1Receive, received: &FROM_CAN };

/// The line to the test bench.
pub(crate) static BENCH: Line =
    Line { registers: Registers::UART0, interrupt: Interrupt::Uart0Receive, received: &FROM_BENCH };

// Beside the lines, which are not all zero, so that no image of an empty pipe lies in flash.
static FROM_CAN: Received = Pipe::new();
static FROM_BENCH: Received = Pipe::new();

type Received = Pipe<CriticalSectionRawMutex, 512>;

/// One serial line.
#[derive(Debug)]
pub(crate) struct Line {
    registers: Registers,
    interrupt: Interrupt,
    received: &'static Received,
}

impl Line {
    /// Starts the line.
    pub(crate) fn start(&self) {
        self.registers.write(BAUD_DIVISOR, 16);
        self.registers.write(CONTROL, LISTENING);
        self.interrupt.enable();
    }

    /// Reads what arrived, at least one byte.
    pub(crate) async fn read(&self, bytes: &mut [u8]) -> usize {
        let len = self.received.read(bytes).await;
        if self.registers.read(CONTROL) != LISTENING {
            self.registers.write(CONTROL, LISTENING);
            self.interrupt.pend();
        }
        len
    }

    /// Writes all bytes; other tasks run while the line is busy.
    pub(crate) async fn write(&self, bytes: &[u8]) {
        for &byte in bytes {
            while self.registers.read(STATE) & TRANSMIT_FULL != 0 {
                yield_now().await;
            }
            self.registers.write(DATA, u32::from(byte));
        }
    }

    fn receive(&self) {
        self.registers.write(INTERRUPT_CLEAR, RECEIVED);
        while self.registers.read(STATE) & RECEIVE_FULL != 0 {
            if self.received.is_full() {
                self.registers.write(CONTROL, DEAF);
                return;
            }
            let byte = self.registers.read(DATA) as u8;
            // There is room: only this handler writes.
            let _ = self.received.try_write(&[byte]);
        }
    }
}

impl ErrorType for &Line {
    type Error = Infallible;
}

impl Read for &Line {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        Ok(Line::read(self, bytes).await)
    }
}

impl Write for &Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Line::write(self, bytes).await;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        // The last byte leaves by itself.
        Ok(())
    }
}

#[expect(unsafe_code, reason = "the vector table names the handler")]
// SAFETY: the only definition of this name, with the signature that the table declares.
#[unsafe(no_mangle)]
extern "C" fn UART0_RECEIVE() {
    BENCH.receive();
}

#[expect(unsafe_code, reason = "the vector table names the handler")]
// SAFETY: the only definition of this name, with the signature that the table declares.
#[unsafe(no_mangle)]
extern "C" fn UART1_RECEIVE() {
    CAN.receive();
}

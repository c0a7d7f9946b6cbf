//! The interrupts of the board and its vector table.
//!
//! Source: Arm AN386, "Interrupt map". Invariant: an interrupt that is not named here ends in the default handler.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

/// An interrupt that this image uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Interrupt {
    /// UART0 has received a byte.
    Uart0Receive = 0,
    /// UART1 has received a byte.
    Uart1Receive = 2,
    /// The Ethernet controller wants something.
    Ethernet = 13,
}

#[expect(unsafe_code, reason = "the trait is unsafe to implement")]
// SAFETY: every number lies below the 32 lines of the controller, and each variant has its own.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

impl Interrupt {
    /// Lets the interrupt through.
    pub(crate) fn enable(self) {
        #[expect(unsafe_code, reason = "the processor's interrupt controller is unsafe to open")]
        // SAFETY: no critical section is built on masking single interrupts.
        unsafe {
            NVIC::unmask(self);
        }
    }

    /// Makes the handler run again.
    pub(crate) fn pend(self) {
        NVIC::pend(self);
    }
}

type Vector = unsafe extern "C" fn();

#[expect(unsafe_code, reason = "the handlers have the names that the linker knows")]
// SAFETY: the start-up code defines `DefaultHandler`, the drivers below this module the others, all with this signature.
unsafe extern "C" {
    fn DefaultHandler();
    fn UART0_RECEIVE();
    fn UART1_RECEIVE();
    fn ETHERNET();
}

#[expect(unsafe_code, reason = "the linker script takes the table by its section")]
// SAFETY: the section holds nothing else, and the table has an entry for every line of the controller.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Vector; 32] = table();

#[expect(clippy::indexing_slicing, reason = "the compiler builds the table, and refuses what does not fit")]
const fn table() -> [Vector; 32] {
    let mut table: [Vector; 32] = [DefaultHandler; 32];
    table[Interrupt::Uart0Receive as usize] = UART0_RECEIVE;
    table[Interrupt::Uart1Receive as usize] = UART1_RECEIVE;
    table[Interrupt::Ethernet as usize] = ETHERNET;
    table
}

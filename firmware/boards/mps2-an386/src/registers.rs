//! A block of 32-bit registers at a fixed address.
//!
//! Invariant: the one place of this image that turns an address into an access to a device.

/// The clock of the processor and of every device: 25 MHz.
pub(crate) const CORE_HZ: u32 = 25_000_000;

/// A device's registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registers(usize);

impl Registers {
    /// The block of timer 0.
    pub(crate) const TIMER: Self = Self(0x4000_0000);
    /// The block of UART0.
    pub(crate) const UART0: Self = Self(0x4000_4000);
    /// The block of UART1.
    pub(crate) const UART1: Self = Self(0x4000_5000);
    /// The block of the watchdog.
    pub(crate) const WATCHDOG: Self = Self(0x4000_8000);
    /// The block of the Ethernet controller.
    pub(crate) const ETHERNET: Self = Self(0x4020_0000);
    /// The panel, whose memory lies in the PSRAM.
    pub(crate) const PANEL: Self = Self(0x2100_0000 + crate::gram::START);

    /// Reads the register at `offset`.
    pub(crate) fn read(self, offset: usize) -> u32 {
        let register = self.0.wrapping_add(offset) as *const u32;
        #[expect(unsafe_code, reason = "a device is read through its address")]
        // SAFETY: the blocks above are devices of this board, word-aligned, and never memory that Rust owns.
        unsafe {
            register.read_volatile()
        }
    }

    /// Writes the register at `offset`.
    pub(crate) fn write(self, offset: usize, value: u32) {
        let register = self.0.wrapping_add(offset) as *mut u32;
        #[expect(unsafe_code, reason = "a device is written through its address")]
        // SAFETY: as for `read`; no register of these devices makes the device write to memory.
        unsafe {
            register.write_volatile(value);
        }
    }
}

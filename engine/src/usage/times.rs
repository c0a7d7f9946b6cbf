//! The two times of a record, and which of them counts.
//!
//! Invariant: a device's clock is believed only as far as ours allows, so that one wrong date cannot outlive all right ones.

/// How far a device's clock may run ahead of ours before it is not believed, in milliseconds.
const CLOCK_AHEAD_MS: u64 = 3_600_000;

/// The two times of a record, in milliseconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// By the device's clock.
    pub measured_at_ms: u64,
    /// By the cloud's clock.
    pub received_at_ms: u64,
}

impl Times {
    /// The time that counts: the measured one, unless the device had no clock or one that runs ahead of ours.
    pub fn when_ms(self) -> u64 {
        let ahead = self.measured_at_ms > self.received_at_ms.saturating_add(CLOCK_AHEAD_MS);
        if self.measured_at_ms == 0 || ahead { self.received_at_ms } else { self.measured_at_ms }
    }
}

//! When something happened, as far as a teller can be believed.
//!
//! Invariant: a moment never lies after ours at which it was taken in, whatever clock it came from.

/// A moment that has come, in milliseconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Now, by the service's clock.
    pub fn now(now_ms: u64) -> Self {
        Self(now_ms)
    }

    /// What the car's clock says; one that runs ahead is believed no further than ours.
    pub fn told(at_ms: u64, now_ms: u64) -> Self {
        Self(at_ms.min(now_ms))
    }

    /// Milliseconds of Unix time.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// This moment, or `floor_ms` if a clock that lags put it before that.
    #[must_use]
    pub fn not_before(self, floor_ms: u64) -> Self {
        Self(self.0.max(floor_ms))
    }
}

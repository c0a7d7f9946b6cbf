//! When a failed sending is tried again.
//!
//! Invariant: a wait grows with every failure up to its bound, and is never shorter than half of what it could be.

/// How long to wait, and when to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure at most, in milliseconds.
    pub first_ms: u64,
    /// The longest wait, in milliseconds.
    pub most_ms: u64,
    /// How long after the first attempt is given up, in milliseconds.
    pub give_up_ms: u64,
}

impl Backoff {
    /// The wait after `failures` in a row, `age_ms` after the first attempt, in milliseconds; `None` to give up.
    ///
    /// `draw` from 0 to 1 spreads those that failed together ("equal jitter": half of the wait is fixed).
    pub fn wait_ms(self, failures: u32, age_ms: u64, draw: f64) -> Option<u64> {
        if age_ms >= self.give_up_ms {
            return None;
        }
        let doublings = failures.saturating_sub(1).min(40);
        let longest = self.first_ms.saturating_mul(1 << doublings).min(self.most_ms);
        let half = longest / 2;
        Some(half + ((longest - half) as f64 * draw.clamp(0.0, 1.0)) as u64)
    }
}

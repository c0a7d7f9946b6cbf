//! What time it is for the check of the server's certificate, as far as it can be trusted.
//!
//! A time that flash remembers is a lower bound: it proves that a certificate is past, never that it comes too early.
//! A time that the cloud said in this run counts both ways. Invariant: the bound never goes back.

use core::cell::Cell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;

/// Unix time as it is known at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// It is not earlier, in seconds.
    pub at_least_s: u64,
    /// It is not much later either.
    pub exact: bool,
}

/// The board's knowledge of time, written by the core's task and read by the link's.
#[derive(Debug)]
pub struct Time(Mutex<CriticalSectionRawMutex, Cell<Known>>);

impl Default for Time {
    fn default() -> Self {
        Self::new()
    }
}

impl Time {
    /// Nothing is known.
    pub const fn new() -> Self {
        Self(Mutex::new(Cell::new(Known { at_least_s: 0, exact: false })))
    }

    /// What is known.
    pub fn known(&self) -> Known {
        self.0.lock(Cell::get)
    }

    /// It is at least `unix_ms` milliseconds; `exact` if the cloud said so in this run.
    pub fn learn(&self, unix_ms: u64, exact: bool) {
        self.0.lock(|cell| {
            let known = cell.get();
            cell.set(Known { at_least_s: known.at_least_s.max(unix_ms / 1000), exact: known.exact || exact });
        });
    }
}

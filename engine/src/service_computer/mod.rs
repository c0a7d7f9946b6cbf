//! What a car's own service computer tells: how far, how long and how much of the oil and the pads is left until service.
//!
//! Readings are folded into a bounded history, from which follow what the car says now and when one of its counters went
//! back to its beginning.
//! Invariant: the history and what follows from it depend on the set of readings alone, whatever their order and however
//! often each comes; it never grows beyond its bound.

mod computer;
mod counter;
mod readings;
mod reset;
#[cfg(test)]
mod tests;

pub use computer::ServiceComputer;
pub use counter::Counter;
pub use readings::{Reading, Readings};
pub use reset::Reset;

//! What every board does around the core, without knowing any board: the link over TLS, the clock, flash regions, crash record, watchdog.
//!
//! A board crate brings drivers and tasks; the core brings what is thought. Invariant: nothing here allocates, touches a register or
//! knows an executor, and none of it panics after the start.
#![no_std]
#![cfg_attr(
    test,
    expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test that panics has failed")
)]

#[cfg(test)]
extern crate std;

pub mod apart;
pub mod callers;
mod certificate;
pub mod crash;
pub mod enrolment;
#[cfg(test)]
mod forge;
pub mod guard;
pub mod hex;
pub mod host;
pub mod keeper;
pub mod lead;
pub mod link;
mod mqtt;
mod name;
pub mod network;
pub mod ports;
pub mod power;
pub mod region;
pub mod renewal;
#[cfg(feature = "screen")]
pub mod screen;
pub mod session;
mod signature;
pub mod supervisor;
#[cfg(test)]
mod testing;
pub mod time;
pub mod trust;
pub mod updates;

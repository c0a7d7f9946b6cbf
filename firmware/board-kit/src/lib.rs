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

/// What a board with TLS reads of its configuration: all of it.
#[cfg(feature = "tls")]
pub use milepost_firmware::configuration::Configuration;

/// What a board without TLS reads of its configuration: it has no use for certificates.
#[cfg(not(feature = "tls"))]
pub type Configuration = milepost_firmware::configuration::Configuration<milepost_firmware::configuration::Passed>;

pub mod apart;
pub mod callers;
#[cfg(feature = "tls")]
mod certificate;
pub mod crash;
#[cfg(feature = "tls")]
pub mod enrolment;
#[cfg(test)]
#[cfg(feature = "tls")]
mod forge;
#[cfg(feature = "tls")]
pub mod guard;
pub mod hex;
pub mod host;
#[cfg(feature = "tls")]
pub mod keeper;
#[cfg(feature = "tls")]
pub mod kept;
pub mod lead;
pub mod link;
mod mqtt;
#[cfg(feature = "tls")]
mod name;
pub mod network;
pub mod ports;
pub mod power;
pub mod region;
#[cfg(feature = "tls")]
pub mod renewal;
#[cfg(feature = "screen")]
pub mod screen;
pub mod session;
#[cfg(feature = "tls")]
mod signature;
pub mod supervisor;
#[cfg(test)]
#[cfg(feature = "tls")]
mod testing;
pub mod time;
#[cfg(feature = "tls")]
pub mod trust;
#[cfg(feature = "tls")]
pub mod updates;
pub mod upkeep;

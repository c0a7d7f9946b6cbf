//! The portable core of the car side: CAN frames in, records out, notices both ways.
//!
//! A host (a board crate, the gateway) owns the bus, the network, the clock and the flash chip, and hands what they yield to [`Device`].
//! Invariant: nothing here reads a clock, allocates, or knows a board; when a call returns, everything it derived is in flash.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(target_pointer_width = "32")]
mod budget;
pub mod checksum;
pub mod clock;
pub mod collection;
pub mod configuration;
mod debt;
pub mod device;
pub mod error;
pub mod facts;
pub mod frame;
pub mod isotp;
pub mod j1939;
pub mod layout;
pub mod link;
pub mod notices;
pub mod obd;
pub mod outbox;
pub mod power;
pub mod signal;
mod stamp;
pub mod status;
mod store;
mod table_store;
pub mod uds;
pub mod update;
pub mod usage;
pub mod wire;

pub use clock::Now;
pub use device::{Device, Flash, Settings};
pub use error::{DownlinkError, Error, Operation};
pub use frame::Frame;
pub use status::{Event, Status};

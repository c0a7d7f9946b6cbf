//! Where vehicles connect: our own MQTT 3.1.1 and 5 endpoint over mutual TLS 1.3.
//!
//! A device publishes to `v/{id}/up` and subscribes to `v/{id}/dn`, and nothing else; there is no routing, nothing is retained
//! and no session outlives its connection, because the store's outbox is the session.
//! Invariant: a PUBACK leaves only after the commit, in the order of the publishes.

mod claim;
mod close;
mod codec;
mod connect;
mod door;
mod listener;
mod outgoing;
mod rate;
mod registry;
mod session;
#[cfg(test)]
mod tests;
mod tls;

pub use close::Close;
pub use listener::{FrontDoor, FrontDoorError};
pub use registry::{Push, Registry};
pub use tls::{Standing, TlsError, server_config};

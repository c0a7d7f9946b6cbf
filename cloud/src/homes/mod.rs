//! An owner's own Home Assistant sees the car: discovery and state over MQTT, at a broker that the owner names.
//!
//! Invariant: what may be at a broker is noted before it is sent there, so that everything can be taken away again:
//! when the owner switches it off, names another broker, or gives a car away.

mod discovery;
mod link;
mod mqtt;
mod service;
mod session;
mod worker;

pub use link::{Broker, HomeLink, LinkFault, LinkWish, Placed, Status};
pub use service::{HomeError, Homes};
pub use worker::{HomeWorker, drive};

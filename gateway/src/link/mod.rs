//! The vehicle's uplink: one MQTT 3.1.1 connection that is lost, refused or stuck and comes back by itself.
//!
//! Invariant: nothing is kept here. What must survive is in the device's flash, and every loss is told to the host,
//! which then sends again whatever has no receipt.
//!
//! How the client library behaves, and what follows from it:
//! - It reconnects by itself on the next poll, without any pause, and replays or silently drops what was pending depending on the
//!   broker's session. So every connection gets an event loop of its own, and a lost one is thrown away whole.
//! - After a packet-id collision and a lost session it can stay stuck for ever. A fresh event loop has no ids to collide with,
//!   at most [`WINDOW`] publishes are under way, and a watchdog abandons a connection that makes no progress.
//! - Polling stalls when the same task waits for the request channel to drain. So the poll task only polls and reports, and the
//!   host only ever uses the `try_` calls, whose channel is larger than everything that can be under way.
//! - Subscriptions are not repeated. So the device subscribes after every CONNACK, whether or not the broker kept the session;
//!   the cloud takes the SUBSCRIBE as the sign to send again what has not been acknowledged.
//! - The session is not clean, so that a broker in between keeps notices for a sleeping car.
//! - Acknowledgements of messages are sent by hand, after the device has them in flash; unsent ones die with the connection
//!   and the broker delivers again.
//! - TLS 1.3 reports a refused client certificate only on the first read. So a connection that opens and then closes
//!   before CONNACK, several times in a row, counts as a refused identity and waits long.

mod client;
mod loss;
mod session;
mod tls;

pub use client::Message;
pub use loss::Loss;
pub use milepost_firmware::link::{Policy, State, Stuck};
pub use session::{Event, Link, Options, WINDOW};
pub(crate) use tls::client_config_of;
pub use tls::{Identity, TlsError, client_config};

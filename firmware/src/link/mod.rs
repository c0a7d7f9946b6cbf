//! When to connect, when to wait and when to give a connection up, for any host and any MQTT client.
//!
//! Invariant: no I/O and no clock; times go in, steps come out, and the waits follow from a seed.

mod backoff;
mod machine;

pub use backoff::Backoff;
pub use machine::{Loss, Machine, Policy, State, Step, Stuck};

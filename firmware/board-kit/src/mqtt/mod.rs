//! MQTT 3.1.1 as a device speaks it: two topics, quality of service 1, one session that the broker keeps.
//!
//! Bytes and times go in, packets come out; nothing here waits. Invariant: what is under way and what is read are bounded, and no bytes of
//! a broker lead to a panic.

mod client;
mod keep_alive;
mod packets;
mod reader;
mod window;

pub(crate) use client::{Client, Heard};

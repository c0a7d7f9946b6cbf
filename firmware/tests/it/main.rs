//! The core over a flash that can lose its power at any word, and over recorded drives.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail loudly and say what they skip")]

mod anything;
mod car;
mod cuts;
mod drives;
mod flash;
mod isotp;
mod log;
mod notices;
mod operations;
mod outbox;
mod polling;
mod power;
mod tables;
mod updates;
mod usage;

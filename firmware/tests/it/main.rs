//! The core over a flash that can lose its power at any word, and over recorded drives.

mod car;
mod cuts;
mod drives;
mod flash;
mod isotp;
mod notices;
mod outbox;
mod tables;
mod usage;

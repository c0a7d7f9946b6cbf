//! The bench at which boards come to their identity: it asks a board over a line, and the cloud over its API.
//!
//! Invariant: a private key never comes here; the board makes it and keeps it.

pub mod board;
pub mod cloud;
pub mod enrol;
pub mod wire;

//! What a person asks a car's diagnostics from the command line: recordings and single words in, lines of JSON or CSV out.
//!
//! Invariant: input is told or refused with its reason, never guessed at, and nothing here puts a frame on a bus.

pub mod cli;
pub mod dtc;
pub mod isotp;
pub mod j1939;
pub mod log;
mod makers;
pub mod obd;
pub mod obdb;
pub mod vin;

//! The car-side core hosted on Linux: as the agent of a gateway board, as a replay tool, and many at a time as a simulated fleet.
//!
//! Invariant: nothing here decides or measures; the core does, and this crate carries frames in, envelopes out and messages back.

pub mod agent;
pub mod bus;
pub mod chip;
pub mod cli;
pub mod clock;
pub mod collection;
pub mod config;
pub mod dbc;
pub mod decimal;
pub mod decode;
pub mod diagnostics;
pub mod elm327;
pub mod flash_file;
pub mod fleet;
pub mod host;
pub mod identity;
pub mod link;
pub mod log;
pub mod loopback;
pub mod parameters;
pub mod recording;
pub mod replay;
pub mod stop;
pub mod table;
pub mod telematics;
pub mod uart;
pub mod units;
pub mod usage;

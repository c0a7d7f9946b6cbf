//! CAN logs of every common tool, recognised by what stands in them.

pub mod asc;
pub mod candump;
pub mod crtd;
pub mod csv;
mod entry;
mod format;
mod parse;
mod reader;
pub mod trc;

pub use candump::parse_line;
pub use entry::{Broken, Channels, Entry, LineError, LogError, Payload};
pub use format::{Format, Parser};
pub use reader::Reader;

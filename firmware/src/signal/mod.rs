//! Signals out of frames, by a table that is data.

pub mod bits;
pub mod builtin;
mod precise;
pub mod program;
pub mod table;

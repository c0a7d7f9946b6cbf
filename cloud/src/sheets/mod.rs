//! Service records as CSV: `LubeLogger`'s table and one of our own, in and out.
//!
//! Invariant: a file is taken whole or not at all; every error names row (the header is row 1) and column, and no cell is
//! guessed: dates that could be read in two ways are refused until one row says which way it is.

mod dates;
mod error;
mod read;
mod words;
mod write;

pub use error::{SheetError, SheetFault};
pub use read::read;
pub use write::{Layout, write};

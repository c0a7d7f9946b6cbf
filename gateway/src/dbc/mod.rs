//! DBC files: what they say, what of it cannot be honoured, and the program and the table that come of it.

mod check;
pub mod j1939;
mod lanes;
mod matrix;
mod program;
mod read;
mod scan;

pub use check::check;
pub use matrix::{Branch, Diagnostic, Matrix, Message, Signal};
pub use program::{Compiled, compile, position, quotient};
pub use read::{LoadError, load, read};

//! Receipts that owners attach to the entries of a service book.
//!
//! Invariant: their bytes and names lie in the store under their owner's key alone, and whoever erases the key erases them.

mod error;
mod kind;
mod paper;
mod shelf;

pub use error::PapersError;
pub use kind::Kind;
pub use paper::{Paper, PaperId};
pub use shelf::Papers;

//! What a telematics service tells of a car, row by row, and what it amounts to.
//!
//! Invariant: a reading that contradicts the others is counted with its reason and not believed.

pub mod battery;
mod odometer;
mod table;
mod trips;

pub use table::{Row, Table, TableError, is_table};
pub use trips::{Summary, summarise};

//! When a vehicle will have driven a distance, from its own odometer history, with the band that holds four times of five.
//!
//! A plain mean of the past is not wrong by much, but every simple way of putting a band around it is far too narrow:
//! use changes, and how much it changes has to be learnt from the same few months.
//! So the rate of use is a level that wanders and comes back, filtered over blocks of two weeks; many such models run
//! side by side and count as much as each has foretold; season and weekday bend the calendar under all of them;
//! and the band is widened or narrowed by how well it would have held before.
//!
//! Invariant: everything is a function of the readings and the moment; a date that moves has a cause in data.

mod basis;
mod blocks;
mod bound;
mod calendar;
mod cause;
mod filter;
mod history;
mod mixture;
mod project;
mod quantiles;
#[cfg(test)]
mod tests;

pub use basis::{Basis, Method};
pub use bound::{Deciding, DueDate, due_date};
pub use cause::{Cause, causes};
pub use history::{History, Reading, Refused};
pub use project::{Projection, project};

//! Journeys on pages: an owner's programmes, and for the customer-experience lead the board, the audit and one owner's way.
//!
//! Invariant: an owner is named only where they share a car with the workshop.

mod board;
mod owner;
mod programmes;
mod runs;
mod touchpoints;
mod words;

pub(crate) use board::board;
pub(crate) use owner::{find, note, owner};
pub(crate) use programmes::{programmes, take_part};
pub(crate) use runs::programmes as all_programmes;
pub(crate) use touchpoints::touchpoints;
